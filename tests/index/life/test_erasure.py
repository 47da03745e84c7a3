"""Erasing a person: what they said goes in Matrix and here, and the rows that stay say somebody who is nobody."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from harness.database import Database, Session
from harness.erasure import AGENT, ALICE, MARK, MATRIX, begin, carry_out, leave, marked, matrix_id
from harness.life import claim, end, living, note
from harness.pins import pin
from harness.world import NOWHERE, OWNER, Channel, World, at, edit, membership, number, pushed, reaction
from support.waiting import eventually


async def life(world: World, db: Database, who: str, channel: Channel) -> list[str]:
    """Everything that somebody can leave behind in a channel; the events that are to be redacted."""
    join = f"$join-{number()}"
    if who == AGENT:
        await world.member(channel, who)
    else:
        await db.call("record_membership", **membership(channel, who, "join"))
    await db.execute(
        "UPDATE public.channel_members SET matrix_event_id = $3 WHERE channel_id = $1 AND member_id = $2",
        channel.id,
        who,
        join,
    )
    theirs = await world.message(
        channel, OWNER, mentions=[who], search={"analysis": 1, "has_link": False, "lexemes": "'x':1"}
    )
    file = {"content_uri": "mxc://localhost/abc", "thumbnail_uri": None, "filename": f"{MARK}.txt"}
    said = await world.message(
        channel,
        who,
        content_preview=MARK,
        pushed_content={"body": MARK},
        content_type="file",
        file=file,
        mentions=[OWNER],
    )
    reply = await world.message(channel, who, thread_event_id=theirs.event_id)
    changed = edit(channel, said.event_id, who, content_preview=f"{MARK} again")
    await db.call("record_edit", **changed)
    thumb, answer = reaction(channel, theirs.event_id, who), reaction(channel, said.event_id, OWNER)
    for each in (thumb, answer):
        await db.call("record_reaction", **each)
    await pin(db, channel, said)
    await db.execute(
        "INSERT INTO messaging.profiles (member_id, display_name, changed_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING",
        who,
        MARK,
    )
    await db.call(
        "record_upload", caller=who, channel_id=channel.id, server_name="localhost", media_id=f"m{number()}",
        filename=f"{MARK}.png", content_type="image/png", size=1, sha256="0",
    )  # fmt: skip
    await db.outcome("record_edit", **edit(channel, "$never", who, content_preview=MARK))
    await db.call("begin_request", caller=who, key=f"k {number()}", fingerprint="f", resource=channel.id)
    await db.call("announce_typing", room_id=channel.room_id, member_ids=[who])
    return [join, said.event_id, reply.event_id, changed["event_id"], thumb["event_id"], answer["event_id"]]


@pytest.mark.parametrize("who", [ALICE, AGENT, MATRIX])
async def test_nothing_names_the_person_any_more(world: World, db: Database, who: str) -> None:
    channel, other = await world.channel(), await world.channel(visibility="private")
    events = [event for place in (channel, other) for event in await life(world, db, who, place)]
    own = await world.channel(owner=who) if who == ALICE else None
    before = await db.value("SELECT count(*) FROM public.messages")
    erasure = await begin(db, who)
    assert (erasure["phase"], erasure["held_channel_ids"], erasure["member_id"]) == ("leaving", [], who)
    redacted: list[str] = []
    await leave(db)
    for _ in range(200):
        await db.execute("UPDATE public.outbox SET published_at = now() WHERE published_at IS NULL")
        has_more = (await db.call("advance_erasure", limit=3))["has_more"]
        await note(db)
        for event_id in await claim(db):
            await end(db, event_id)
            redacted.append(event_id)
        if not has_more and not await note(db):
            break
    assert sorted(redacted) == sorted(events)
    done = await db.call("get_erasure", erasure_id=erasure["id"])
    assert (done["phase"], done["member_id"], done["waiting"]) == ("finished", None, 0)
    assert done["removed"] == len(events) and done["finished_at"]
    left = await marked(db)
    assert left.keys() <= {"messaging.content_to_delete"}, (
        "the homeserver's work goes on under the uploader's Matrix id"
    )
    assert await db.value("SELECT count(*) FROM public.messages") == before
    rows = await db.rows("SELECT sender_id, deleted_at, seq FROM public.messages WHERE sender_id <> $1", OWNER)
    assert {row[0] for row in rows} == {done["anonymous_id"]} and all(row[1] for row in rows)
    assert not await db.value("SELECT count(*) FROM public.channel_members WHERE member_id = $1", who)
    if own:
        assert await db.value("SELECT created_by FROM public.channels WHERE id = $1", own.id) == done["anonymous_id"]
    # The others' messages are what they were.
    assert len(await living(db, channel)) == 1
    assert await db.value("SELECT mentions FROM public.messages WHERE deleted_at IS NULL LIMIT 1") == [
        done["anonymous_id"]
    ]
    await db.subjects(channel.id)


async def test_channels_on_hold_keep_it_and_are_named(world: World, db: Database) -> None:
    channel, held = await world.channel(), await world.channel()
    for place in (channel, held):
        await world.message(place, ALICE, content_preview=MARK)
        await db.call("record_membership", **membership(place, ALICE, "join"))
    await db.call("set_hold", channel_id=held.id, reason="a case", actor_id="service:internal")
    erasure = await begin(db)
    await carry_out(db)
    done = await db.call("get_erasure", erasure_id=erasure["id"])
    assert (done["phase"], done["held_channel_ids"]) == ("finished", [held.id])
    assert await living(db, channel) == [] and len(await living(db, held)) == 1
    assert await db.value("SELECT sender_id FROM public.messages WHERE channel_id = $1", held.id) == ALICE
    assert await db.value(
        "SELECT left_at IS NOT NULL FROM public.channel_members WHERE channel_id = $1 AND member_id = $2",
        held.id,
        ALICE,
    )
    # After the hold it is asked for again, and they are the same nobody.
    await db.call("set_hold", channel_id=held.id, reason=None, actor_id="service:internal")
    again = await begin(db)
    assert again["id"] != done["id"] and again["anonymous_id"] == done["anonymous_id"]
    await carry_out(db)
    assert not await marked(db)


async def test_it_is_under_way_once(world: World, db: Database) -> None:
    erasure = await begin(db)
    assert await begin(db) == erasure
    assert await db.refusal("get_erasure", erasure_id=NOWHERE) == "erasure_not_found"
    assert (await db.call("claim_departure", seconds=60))["erasure_id"] == erasure["id"]
    assert await db.call("claim_departure", seconds=60) is None, "one at a time"
    assert (await db.call("advance_erasure", limit=10)) == {"has_more": False}


async def test_what_came_in_between_is_removed_before_it_is_finished(world: World, db: Database) -> None:
    channel = await world.channel()
    erasure = await begin(db)
    await leave(db)
    while (await db.call("get_erasure", erasure_id=erasure["id"]))["phase"] != "anonymising":
        await db.call("advance_erasure", limit=10)
    # A component of before asks nobody whether they are being erased.
    await db.execute("UPDATE messaging.erasures SET person = 'x', member_id = 'user:x'")
    between = await world.message(channel, ALICE)
    await db.execute("UPDATE messaging.erasures SET member_id = $1", ALICE)
    await carry_out(db)
    assert await living(db, channel) == [] and between.event_id
    assert not await marked(db)


async def test_the_log_is_published_first_as_it_was(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.message(channel, ALICE)
    erasure = await begin(db)
    await leave(db)
    for _ in range(50):
        await db.call("advance_erasure", limit=10)
        await note(db)
        for event_id in await claim(db):
            await end(db, event_id)
    assert (await db.call("get_erasure", erasure_id=erasure["id"]))["phase"] == "log"
    assert any(event["sender_id"] == ALICE for event in await db.events(channel.id, "messaging.message.%"))
    await carry_out(db)
    assert not await marked(db)


async def test_a_ban_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **membership(channel, ALICE, "join"))
    await db.call("record_membership", **membership(channel, ALICE, "ban", OWNER))
    await begin(db)
    await carry_out(db)
    row = await world.row(channel, ALICE)
    assert row and row["banned_at"]


def set_aside(sender: str, **content: Any) -> str:
    """The text of an event."""
    return json.dumps({"type": "m.room.message", "sender": sender, "content": content})


async def test_what_others_say_goes_on_waiting(world: World, db: Database) -> None:
    channel, held = await world.channel(), await world.channel()
    await db.execute("INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES ('!former', $1)", held.id)
    await db.call("set_hold", channel_id=held.id, reason="a case", actor_id="service:internal")
    alice = matrix_id(ALICE)
    waiting = [
        ("$theirs", channel.room_id, set_aside(alice, body="x")),
        ("$others", channel.room_id, set_aside("@user-bob:localhost", body="x", user_ids=[alice])),
        ("$longer", channel.room_id, set_aside("@user-zebra2:localhost", body="x")),
        ("$held", "!former", set_aside(alice, body="evidence")),
    ]
    for event_id, room_id, event in waiting:
        await db.call(
            "note_failed_event", event_id=event_id, room_id=room_id, event_type="m.room.message", event=event,
            reason="odd", fault="event", others=[],
        )  # fmt: skip
    await db.execute("INSERT INTO messaging.rate_limits VALUES ('send', 'user:zebraX far', now())")
    await begin(db, "user:zebra_")
    await begin(db)
    await carry_out(db)
    left = await db.rows("SELECT event_id, event FROM messaging.set_aside_events ORDER BY event_id")
    assert [row[0] for row in left] == ["$held", "$longer", "$others"]
    texts = {row[0]: row[1] for row in left}
    assert MARK not in texts["$others"] and alice in texts["$held"] and "zebra2" in texts["$longer"]
    assert await db.rows("SELECT FROM messaging.rate_limits"), (
        "of somebody else, whose id another one's pattern would fit"
    )


async def test_a_membership_of_before_brings_nobody_back(world: World, db: Database) -> None:
    channel = await world.channel()
    profile = json.dumps({"display_name": MARK, "avatar_url": None})
    late = membership(channel, ALICE, "join", changed_at=at(-60)) | {"profile": profile}
    await db.call("record_membership", **late)
    await begin(db)
    await carry_out(db)
    assert not await marked(db)
    await db.call("record_membership", **late)
    await db.call("record_membership", **membership(channel, ALICE, "invite", OWNER, changed_at=at(-60)))
    assert not await marked(db)
    await db.call("record_membership", **membership(channel, ALICE, "join"))
    assert await world.row(channel, ALICE), "who comes back later is somebody new"


async def test_who_sends_meanwhile_waits_for_no_deadlock(world: World, db: Database) -> None:
    channel = await world.channel(owner=ALICE)
    root = await world.message(channel)
    await world.message(channel, ALICE, thread_event_id=root.event_id)
    await begin(db)
    await db.execute("UPDATE messaging.erasures SET phase = 'forgetting'")
    sending, relay = await db.sessions(2)
    async with sending.transaction():
        await sending.execute("SELECT FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", channel.id)
        # As far as it goes without the channel, which is the order of whoever sends.
        forgetting = asyncio.create_task(forget(relay))
        at_channel = "SELECT place = 10 FROM messaging.erasures"
        await eventually("it comes to the channel", lambda: db.value(at_channel))
        reply = pushed(channel, OWNER, thread_event_id=root.event_id)
        assert (await sending.call("record_message", **reply))["inserted"]
    await forgetting


async def forget(relay: Session) -> None:
    """The steps that follow each other at once."""
    while (await relay.call("advance_erasure", limit=3))["has_more"]:
        pass
