"""Messages of every kind: which edits count, and how a poll ends."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, Message, World, at, edit, number, pushed, redaction


async def shown(db: Database, channel: Channel, message: Message) -> dict[str, Any]:
    """The row as it is shown; nobody has reacted to it."""
    row: dict[str, Any] = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    assert row.pop("reactions") == []
    return row


INVALID: list[dict[str, Any]] = [
    {"content_preview": None},
    {"matrix_type": "m.sticker"},
    {"matrix_type": "m.room.encrypted", "content_preview": ""},
    {"sender_id": "user:sam"},
]


@pytest.mark.parametrize("wrong", INVALID)
@pytest.mark.parametrize("comes_first", [False, True])
async def test_what_is_no_valid_edit_changes_nothing_and_goes_with_the_message(
    world: World, db: Database, wrong: dict[str, Any], comes_first: bool
) -> None:
    channel = await world.old_channel()
    content = pushed(channel, content_preview="first", sent_at=at(-60), mentions=["user:bob"])
    invalid = edit(channel, content["event_id"], **{"matrix_type": "m.room.message", "content_type": "image", **wrong})
    if comes_first:
        await db.outcome("record_edit", **invalid)
        row = (await db.call("record_message", **content))["message"]
    else:
        row = (await db.call("record_message", **content))["message"]
        await db.call("record_edit", **invalid)
    message = Message(row["id"], row["matrix_event_id"], row["seq"])
    assert await shown(db, channel, message) == row
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]
    found = {"room_id": channel.room_id, "event_ids": [invalid["event_id"]], "kinds": ["edit"]}
    found |= {"about": [message.event_id], "senders": [invalid["sender_id"]]}
    assert (await db.call("find_unindexed", **found))["unindexed"] == []
    # A valid one counts, however old the other one is.
    valid = edit(channel, message.event_id, content_preview="second", edited_at=at(-30), matrix_type="m.room.message")
    assert (await db.call("record_edit", **valid))["content_preview"] == "second"
    left = await db.call("record_redaction", **redaction(channel, message.event_id))
    theirs = {invalid["event_id"]} if invalid["sender_id"] == OWNER else set()
    assert set(left["edits"]) == theirs | {valid["event_id"]}


async def test_an_edit_may_change_the_kind_and_its_redaction_brings_it_back(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_type="image")
    new = edit(channel, message.event_id, content_type="text", matrix_type="m.room.message")
    assert (await db.call("record_edit", **new))["content_type"] == "text"
    back = {"event_id": message.event_id, "redacted_event_id": new["event_id"], "content_preview": "cat.png"}
    back |= {"edit_event_id": None, "edited_at": None, "content_type": "image"}
    await db.call("record_edit_redaction", room_id=channel.room_id, **back)
    assert (await shown(db, channel, message))["content_type"] == "image"
    # Through the API it stays what it is.
    caption = await db.call("record_edit", **edit(channel, message.event_id))
    assert caption["content_type"] == "image"


@pytest.mark.parametrize("matrix_type", ["m.sticker", "m.poll.start", "org.matrix.msc3381.poll.start"])
async def test_what_is_no_text_is_not_edited_through_the_api(world: World, db: Database, matrix_type: str) -> None:
    channel = await world.channel()
    message = await world.message(channel, matrix_type=matrix_type, content_type="sticker")
    assert await db.refusal("prepare_edit", **channel.by(OWNER), message_id=message.id) == "not_editable"


def end(channel: Channel, poll: str, sender: str = OWNER, **changes: Any) -> dict[str, Any]:
    there = {"room_id": channel.room_id, "target_event_id": poll, "event_id": f"$end-{number()}"}
    return {**there, "sender_id": sender, "ended_at": at(), **changes}


async def poll(world: World, channel: Channel, sender: str = OWNER, **changes: Any) -> Message:
    return await world.message(channel, sender, **{"matrix_type": "m.poll.start", "content_type": "poll", **changes})


async def test_the_first_end_of_a_poll_counts(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await poll(world, channel)
    assert (await shown(db, channel, message))["poll_ended_at"] is None
    first = end(channel, message.event_id)
    await db.call("record_poll_end", **first)
    ended = await shown(db, channel, message)
    assert ended["poll_ended_at"] and ended["edited_at"] is None
    for again in (first, end(channel, message.event_id)):
        await db.call("record_poll_end", **again)
    assert await shown(db, channel, message) == ended
    [event] = await db.events(channel.id, "messaging.message.updated")
    assert event["message"] == ended


async def test_who_started_a_poll_and_who_manages_the_channel_end_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ada", role="admin")
    await world.member(channel, "user:ann", role="admin", state="left")
    for who in ("user:mia", "user:sam"):
        await world.member(channel, who)
    for ender, ends in [
        ("user:mia", True),
        ("user:ada", True),
        (OWNER, True),
        ("user:sam", False),
        ("user:ann", False),
        ("@far:x", False),
    ]:
        message = await poll(world, channel, "user:mia")
        ending = end(channel, message.event_id, ender)
        await db.call("record_poll_end", **ending)
        assert bool((await shown(db, channel, message))["poll_ended_at"]) == ends, ender
        found = {"room_id": channel.room_id, "event_ids": [ending["event_id"]], "kinds": ["poll_end"]}
        missing = await db.call("find_unindexed", **found, about=[message.event_id], senders=[ender])
        assert missing["unindexed"] == [], ender


async def test_an_end_that_comes_first_waits_for_its_poll(world: World, db: Database) -> None:
    channel = await world.old_channel()
    ending = end(channel, "$poll")
    assert (await db.outcome("record_poll_end", **ending)).refusal == "message_not_found"
    found = {"room_id": channel.room_id, "event_ids": [ending["event_id"]], "kinds": ["poll_end"]}
    found |= {"about": ["$poll"], "senders": [OWNER]}
    assert (await db.call("find_unindexed", **found))["unindexed"] == []
    message = await poll(world, channel, event_id="$poll", sent_at=at(-60))
    assert (await shown(db, channel, message))["poll_ended_at"]
    other = await poll(world, channel)
    missing = {**found, "event_ids": ["$unseen"], "about": [other.event_id]}
    assert (await db.call("find_unindexed", **missing))["unindexed"] == ["$unseen"]


async def test_an_end_ends_nothing_but_a_poll_of_its_channel(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    text, message = await world.message(channel), await poll(world, channel)
    await db.call("record_poll_end", **end(channel, text.event_id))
    await db.outcome("record_poll_end", **end(other, message.event_id))
    redacted = end(channel, message.event_id)
    await db.call("record_redaction", **redaction(channel, redacted["event_id"]))
    await db.call("record_poll_end", **redacted)
    for one in (text, message):
        assert (await shown(db, channel, one))["poll_ended_at"] is None
    await db.call("record_redaction", **redaction(channel, message.event_id))
    await db.call("record_poll_end", **end(channel, message.event_id))
    assert (await db.subjects(channel.id))[-1] == "message.deleted"
