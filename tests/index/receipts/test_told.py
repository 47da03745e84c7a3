"""Reading at once, and what is told of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database, Session
from harness.receipts import BOB, joined, read, state
from harness.world import Channel, World, reaction, sent


async def test_two_reads_at_once_end_at_the_further_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    messages = [await world.message(channel) for _ in range(20)]
    sessions = await db.sessions(8)
    places = [messages[(7 * n) % 20].seq for n in range(40)]
    await asyncio.gather(
        *(
            asyncio.gather(*[]) if not mine else in_turn(session, channel, mine)
            for session, mine in zip(sessions, [places[n::8] for n in range(8)], strict=True)
        )
    )
    assert (await state(db, channel, BOB))["read_seq"] == max(places)
    row = await db.rows("SELECT * FROM messaging.receipts_to_send")
    assert [r["seq"] for r in row] == [max(places)], "one is told of, the newest"


async def in_turn(session: Session, channel: Channel, places: list[int]) -> None:
    for place in places:
        await read(session, channel, BOB, seq=place)


async def test_what_is_sent_while_one_reads_is_unread_or_read_and_never_lost(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    sender, reader, writer = await db.sessions(3)

    async def send() -> None:
        for _ in range(30):
            await sender.call("record_message", **sent(channel))

    async def follow() -> None:
        for _ in range(30):
            await read(reader, channel, BOB, seq=10**9)

    async def write() -> None:
        for _ in range(5):
            await writer.call("record_message", **sent(channel, BOB))

    await asyncio.gather(send(), follow(), write())
    found = await state(db, channel, BOB)
    sql = "SELECT count(*) FROM public.messages WHERE channel_id = $1 AND sender_id <> $2 AND seq > $3"
    assert found["unread_count"] == await db.value(sql, channel.id, BOB, found["read_seq"])


async def test_what_has_moved_is_told_and_nothing_is_numbered(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    message = await world.message(channel)
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    listener = await db.session()
    for road in ("ephemeral", "personal"):
        await listener.connection.add_listener(road, lambda _c, _p, road, payload: heard.put_nowait((road, payload)))

    async def told(count: int) -> list[tuple[str, dict[str, Any]]]:
        frames = [await asyncio.wait_for(heard.get(), 10) for _ in range(count)]
        assert heard.empty()
        return [(road, json.loads(payload)) for road, payload in frames]

    events = await db.subjects(channel.id)
    await read(db, channel, BOB, message_id=message.id, is_private=True)
    [(road, frame)] = await told(1)
    assert (road, frame["type"], frame["to"], frame["unread_count"]) == ("personal", "unread.updated", BOB, 0)
    await read(db, channel, BOB, message_id=message.id)
    [(_, shown), _] = await told(2)
    assert shown == {"type": "receipt.updated", "channel_id": channel.id, "member_id": BOB, "read_seq": message.seq}
    await db.call("set_muted", **channel.by(BOB), is_muted=True)
    [(_, frame)] = await told(1)
    assert frame["muted"] and frame["channel_id"] == channel.id
    await db.call("mark_unread", **channel.by(BOB))
    assert (await told(1))[0][1]["marked_unread"]
    await read(db, channel, "user:sam", seq=1)
    [(road, frame)] = await told(1)
    assert (road, frame["to"]) == ("personal", "user:sam"), "a stranger's marker is their own"
    assert await db.subjects(channel.id) == events


async def test_who_sends_is_told_with_the_event_and_notifies_nobody(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    await read(db, channel, BOB, seq=10**9)
    await world.message(channel)
    heard: list[str] = []
    listener = await db.session()
    await listener.connection.add_listener("personal", lambda _c, _p, _road, payload: heard.append(payload))
    for has_unread in (True, False, False):
        message = (await db.call("record_message", **sent(channel, BOB)))["message"]
        sql = "SELECT personal FROM public.outbox WHERE channel_id = $1 AND seq = $2"
        personal = await db.value(sql, channel.id, message["seq"])
        if not has_unread:
            assert personal is None, "message.created tells enough"
            # A number that is no message's leaves nothing unread.
            await db.call("record_reaction", **reaction(channel, message["matrix_event_id"], BOB))
            continue
        frame = json.loads(personal)
        assert (frame["type"], frame["to"], frame["channel_id"]) == ("unread.updated", BOB, channel.id)
        assert (frame["read_seq"], frame["unread_count"]) == (message["seq"], 0)
    await listener.value("SELECT 1")
    assert not heard


async def test_of_many_members_receipts_are_counted_and_not_named(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    for n in range(98):
        await world.member(channel, f"user:u{n}")
    message = await world.message(channel)
    await read(db, channel, BOB, message_id=message.id)
    receipts = await db.call("list_receipts", **channel.by(BOB))
    assert (receipts["member_count"], receipts["read_count"], len(receipts["receipts"])) == (100, 2, 2)
    named = [{name: one[name] for name in ("member_id", "read_seq")} for one in receipts["receipts"]]
    assert (await db.call("get_reading", **channel.by(BOB)))["receipts"] == named
    await world.member(channel, "user:one-more")
    receipts = await db.call("list_receipts", **channel.by(BOB))
    assert (receipts["member_count"], receipts["read_count"], receipts["receipts"]) == (101, 2, [])
    told = await db.call("get_reading", **channel.by(BOB))
    assert told["receipts"] is None
    assert told["reading"]["read_seq"] == message.seq
