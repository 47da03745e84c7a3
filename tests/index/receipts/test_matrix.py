"""Receipts on their way to Matrix, and those that come from there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database
from harness.receipts import ANN, BOB, joined, read, state
from harness.world import OWNER, Channel, World, edit, membership, reaction

EVE = "@eve:elsewhere.example"


def told(event_id: str, member_id: str, is_private: bool = False, root: str | None = None) -> dict[str, Any]:
    return {"event_id": event_id, "member_id": member_id, "is_private": is_private, "thread_event_id": root}


async def push(db: Database, channel: Channel, *receipts: dict[str, Any]) -> int:
    told = json.dumps(list(receipts))
    return (await db.call("record_receipts", room_id=channel.room_id, receipts=told))["moved"]


async def shown(db: Database, channel: Channel) -> dict[str, int]:
    receipts = (await db.call("list_receipts", **channel.by(OWNER)))["receipts"]
    return {receipt["member_id"]: receipt["read_seq"] for receipt in receipts if receipt["member_id"] != OWNER}


async def due(db: Database) -> list[dict[str, Any]]:
    """What is claimed when a second is over."""
    await db.execute("UPDATE messaging.receipts_to_send SET due_at = now() - interval '1 second'")
    return await db.call("claim_receipts", limit=100, seconds=30)


async def test_a_receipt_waits_for_a_second_and_only_the_newest_is_told(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    messages = [await world.message(channel) for _ in range(3)]
    assert await db.call("are_receipts_due") == {"are_due": False}
    for message in messages:
        await read(db, channel, BOB, message_id=message.id)
        assert await db.call("claim_receipts", limit=100, seconds=30) == [], "not at once"
    [claimed] = await due(db)
    newest = messages[-1]
    assert claimed == {
        "id": claimed["id"],
        "seq": newest.seq,
        "member_id": BOB,
        "room_id": channel.room_id,
        "event_id": newest.event_id,
        "thread_event_id": None,
        "is_private": False,
    }
    assert await db.call("claim_receipts", limit=100, seconds=30) == [], "nobody else gets it meanwhile"
    later = await world.message(channel)
    await read(db, channel, BOB, message_id=later.id)
    await db.call("end_receipts", receipts=json.dumps([claimed]))
    [again] = await due(db)
    assert (again["seq"], again["event_id"]) == (later.seq, later.event_id)
    await db.call("end_receipts", receipts=json.dumps([again]))
    assert await due(db) == []
    # One that could not be told comes again.
    await read(db, channel, BOB, message_id=(await world.message(channel)).id)
    assert len(await due(db)) == 1
    await db.execute("UPDATE messaging.receipts_to_send SET due_at = now()")
    assert await db.call("are_receipts_due") == {"are_due": True}
    assert len(await db.call("claim_receipts", limit=100, seconds=30)) == 1


async def test_private_and_shown_ones_and_those_of_threads_are_told_apart(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    root = await world.message(channel)
    await world.message(channel, BOB, thread_event_id=root.event_id)
    reply = await world.message(channel, thread_event_id=root.event_id)
    gone = await world.message(channel)
    await world.delete(channel, gone)
    await read(db, channel, BOB, message_id=root.id)
    await read(db, channel, BOB, seq=gone.seq, is_private=True)
    await read(db, channel, BOB, seq=gone.seq, thread_id=root.id)
    found = {(r["thread_event_id"], r["is_private"]): r["event_id"] for r in await due(db)}
    assert found == {
        (None, False): root.event_id,
        (None, True): root.event_id,
        (root.event_id, False): reply.event_id,
    }


async def test_two_relays_never_tell_the_same(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(12)]
    for channel in channels:
        await joined(db, channel, BOB)
        await read(db, channel, BOB, message_id=(await world.message(channel)).id)
    await db.execute("UPDATE messaging.receipts_to_send SET due_at = now()")
    claims = await asyncio.gather(*(s.call("claim_receipts", limit=5, seconds=30) for s in await db.sessions(6)))
    ids = [receipt["id"] for claim in claims for receipt in claim]
    assert len(ids) == len(set(ids)) == 12


async def test_only_members_of_a_living_channel_are_told_of(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await read(db, channel, "user:sam", message_id=message.id)
    await joined(db, channel, BOB)
    await world.archive(channel)
    await read(db, channel, BOB, seq=10**6)
    assert await due(db) == []


async def test_a_receipt_of_a_matrix_client_moves_the_marker(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    await joined(db, channel, EVE)
    first, second = await world.message(channel), await world.message(channel)
    assert await push(db, channel, told(first.event_id, BOB), told(second.event_id, EVE)) == 2
    assert await shown(db, channel) == {BOB: first.seq, EVE: second.seq}
    assert (await state(db, channel, BOB))["unread_count"] == 1
    assert await push(db, channel, told(second.event_id, BOB, is_private=True)) == 1
    assert await shown(db, channel) == {BOB: first.seq, EVE: second.seq}
    assert (await state(db, channel, BOB))["unread_count"] == 0
    before = await db.contents()
    again = [told(first.event_id, BOB), told(second.event_id, EVE), told(second.event_id, BOB, is_private=True)]
    assert await push(db, channel, *again) == 0, "an echo is no news"
    assert await db.contents() == before
    assert await db.value("SELECT count(*) FROM messaging.receipts_to_send") == 0, "Matrix has it"


async def test_a_receipt_of_an_edit_or_a_reaction_is_one_of_what_was_there(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    await joined(db, channel, ANN)
    first = await world.message(channel)
    old = reaction(channel, first.event_id)
    await db.call("record_reaction", **old)
    second = await world.message(channel)
    change = edit(channel, first.event_id)
    await db.call("record_edit", **change)
    third = await world.message(channel)
    assert await push(db, channel, told(old["event_id"], BOB), told(change["event_id"], ANN)) == 2
    # Times are those of the statements, and the reaction's comes behind its message's.
    assert await shown(db, channel) == {BOB: first.seq, ANN: second.seq + 1}
    assert (await state(db, channel, ANN))["unread_count"] == 1
    assert third.seq == second.seq + 2


async def test_a_receipt_of_a_thread_moves_that_thread(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    root = await world.message(channel)
    await world.message(channel, BOB, thread_event_id=root.event_id)
    reply = await world.message(channel, thread_event_id=root.event_id)
    sql = "SELECT read_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2"
    assert await push(db, channel, told(reply.event_id, BOB, root=root.event_id)) == 1
    assert await db.value(sql, root.id, BOB) == reply.seq
    assert (await state(db, channel, BOB))["unread_count"] == 1
    assert await push(db, channel, told(reply.event_id, BOB, root="$unknown")) == 0


async def test_hostile_receipts_move_nothing(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    await joined(db, channel, BOB)
    await db.call("record_membership", **membership(channel, ANN, "invite", OWNER))
    await world.member(channel, "user:rob", can_read=False)
    message, elsewhere = await world.message(channel), await world.message(other)
    before = await db.contents()
    hostile = [
        told("$unknown", BOB),
        told(elsewhere.event_id, BOB),
        told(message.event_id, "user:stranger"),
        told(message.event_id, EVE),
        told(message.event_id, ANN),
        told(message.event_id, "user:rob"),
        *(told(f"${n}", BOB) for n in range(500)),
        *(told(message.event_id, f"@u{n}:x") for n in range(494)),
        # Beyond the first thousand nothing is read.
        told(message.event_id, BOB),
    ]
    assert await push(db, channel, *hostile) == 0
    for room in ("!unknown:localhost", other.room_id):
        await world.archive(other) if room == other.room_id else None
        outcome = await db.outcome("record_receipts", room_id=room, receipts=json.dumps([told("$x", BOB)]))
        assert outcome.refusal == "channel_not_found"
    await db.execute("UPDATE public.channels SET archived_at = NULL WHERE id = $1", other.id)
    after = await db.contents()
    assert after["messaging.channel_reads"] == before["messaging.channel_reads"]


async def test_many_receipts_at_once_in_two_orders_do_not_wait_for_each_other_for_ever(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    people = [f"user:u{n}" for n in range(30)]
    for who in people:
        await joined(db, channel, who)
    messages = [await world.message(channel) for _ in range(10)]
    sessions = await db.sessions(4)

    async def pushes(n: int) -> None:
        for message in messages:
            receipts = [told(message.event_id, who) for who in (people if n % 2 else reversed(people))]
            await sessions[n].call("record_receipts", room_id=channel.room_id, receipts=json.dumps(receipts))

    await asyncio.gather(*(pushes(n) for n in range(4)))
    assert set((await shown(db, channel)).values()) == {messages[-1].seq}


async def test_only_what_moves_a_marker_ends_a_mark_by_hand(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    first, second = await world.message(channel), await world.message(channel)
    await read(db, channel, BOB, message_id=first.id)
    await db.call("mark_unread", **channel.by(BOB))
    # Our own receipt comes back, by both types.
    assert await push(db, channel, told(first.event_id, BOB), told(first.event_id, BOB, is_private=True)) == 0
    assert (await state(db, channel, BOB))["marked_unread"]
    assert await push(db, channel, told(second.event_id, BOB)) == 1
    assert not (await state(db, channel, BOB))["marked_unread"]
    await db.call("mark_unread", **channel.by(BOB))
    await read(db, channel, BOB)
    assert not (await state(db, channel, BOB))["marked_unread"], "they say so themselves"


async def test_everybody_is_who_is_in(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    for who in (ANN, BOB):
        await read(db, channel, who)
    await world.message(channel, mentions=["room"])
    assert [(await state(db, channel, who))["mention_count"] for who in (ANN, BOB)] == [0, 1]
