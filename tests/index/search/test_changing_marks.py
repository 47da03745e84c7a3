"""Reactions, threads and pins: a message is found by them as long as it has them, whatever becomes of its text meanwhile."""

from __future__ import annotations

from pathlib import Path

from harness.database import Database
from harness.pins import pin, told
from harness.search import entry, marks
from harness.world import World, edit, pushed, reaction, redaction
from search.asking import Searched

MIGRATION = Path(__file__).parents[3] / "migrations/030_mark_reactions_threads_and_pins.sql"


async def test_reactions_are_found_until_the_last_is_taken_back(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    message = await search.say(channel, "needle")
    other = await search.say(channel, "needle")
    given = [reaction(channel, message.event_id, who) for who in ("user:ann", "user:bob")]
    for one in given:
        await db.call("record_reaction", **one)
    assert await search.found("needle has:reaction") == [message.id]
    assert await search.found("needle -has:reaction") == [other.id]
    assert await search.found("has:reaction -has:reaction") == []
    await db.call("record_edit", **edit(channel, message.event_id, content_preview="new", search=entry("new")))
    assert await search.found("has:reaction") == [message.id]
    await db.call("record_redaction", **redaction(channel, given[0]["event_id"]))
    assert await search.found("has:reaction") == [message.id]
    await db.call("record_redaction", **redaction(channel, given[1]["event_id"]))
    assert await search.found("has:reaction") == []
    await db.call("record_reaction", **given[1] | {"event_id": "$again"})
    assert await search.found("has:reaction") == [message.id]


async def test_a_thread_is_found_until_its_last_reply_is_deleted(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    root = await search.say(channel, "needle")
    replies = [await search.say(channel, "reply", thread_event_id=root.event_id) for _ in range(2)]
    for reply in replies:
        assert await search.found("has:thread") == [root.id]
        await world.delete(channel, reply)
    assert await search.found("has:thread") == []
    await search.say(channel, "reply", thread_event_id=root.event_id)
    assert await search.found("has:thread") == [root.id]


async def test_a_pin_is_found_until_it_is_taken_down(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await search.say(channel, "one"), await search.say(channel, "two")
    await db.call("record_pinned_events", **told(channel, one.event_id))
    assert await search.found("has:pin") == [one.id]
    await db.call("record_pinned_events", **told(channel, two.event_id, "$unknown"))
    assert await search.found("has:pin") == [two.id]
    await db.call("record_pinned_events", **told(channel))
    assert await search.found("has:pin") == []
    for is_pinned, found in ((True, [one.id]), (False, [])):
        await pin(db, channel, one, is_pinned=is_pinned)
        assert await search.found("has:pin") == found


async def test_what_came_before_its_message_marks_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message = pushed(channel, search=entry("late"))
    await db.call("record_pinned_events", **told(channel, message["event_id"]))
    assert (
        await db.outcome("record_reaction", **reaction(channel, message["event_id"]))
    ).refusal == "message_not_found"
    await db.call("record_message", **pushed(channel, thread_event_id=message["event_id"], search=entry("reply")))
    await db.call("record_message", **message)
    # The reaction is recorded anew by who kept it.
    await db.call("record_reaction", **reaction(channel, message["event_id"]))
    expected = {":has reaction", ":has thread", ":has pin"}
    assert await marks(db, message["event_id"]) - {f":from {message['sender_id']}"} == expected


async def test_messages_of_before_have_their_marks(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    liked, root, pinned, plain = [await search.say(channel, "needle") for _ in range(4)]
    await db.call("record_reaction", **reaction(channel, liked.event_id))
    removed = reaction(channel, plain.event_id)
    await db.call("record_reaction", **removed)
    await db.call("record_redaction", **redaction(channel, removed["event_id"]))
    reply = await search.say(channel, "reply", thread_event_id=root.event_id)
    await db.call("record_pinned_events", **told(channel, pinned.event_id, root.event_id))
    rows = "SELECT m.matrix_event_id, s.lexemes FROM messaging.message_search s JOIN public.messages m ON m.id = s.message_id"
    expected = dict(await db.rows(rows))
    lost = "UPDATE messaging.message_search SET lexemes = ts_delete(lexemes, '{:has reaction,:has thread,:has pin}'::text[])"
    await db.execute(lost)
    assert await search.found("has:reaction") == []
    for _ in range(2):
        await db.execute(MIGRATION.read_text())
        assert dict(await db.rows(rows)) == expected
    assert ":has" not in expected[plain.event_id] + expected[reply.event_id]
