"""Of several edits the newest counts, in whatever order they come, and what it has replaced when it is redacted."""

import itertools
from typing import Any

from harness.database import Database
from harness.edits import shown
from harness.world import OWNER, Channel, Message, World, at, edit


async def test_the_newest_edit_counts_in_whatever_order_they_come(world: World, db: Database) -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        channel = await world.old_channel()
        # Before its edits, whose times would all be its own otherwise.
        message = await world.message(channel, sent_at=at(-120))
        edits = [edit(channel, message.event_id, content_preview=f"{i}", edited_at=at(i - 60)) for i in range(3)]
        for i in order:
            await db.call("record_edit", **edits[i])
        assert await shown(db, channel, message) == ("2", True), order


async def test_the_newest_edit_counts_also_when_the_message_came_late(world: World, db: Database) -> None:
    """Such a message stands behind those that came before it, and is then younger than its edits."""
    for order in ([0, 1], [1, 0]):
        channel = await world.channel()
        await world.message(channel, sent_at=at(-10))
        message = await world.message(channel, sent_at=at(-60))
        edits = [
            edit(
                channel, message.event_id, content_preview=f"{i}", event_id=f"$e-{2 - i}-{order}", edited_at=at(i - 50)
            )
            for i in range(2)
        ]
        for i in order:
            await db.call("record_edit", **edits[i])
        assert await shown(db, channel, message) == ("1", True), order


async def test_the_newest_edit_counts_also_when_its_server_is_ahead_of_time(world: World, db: Database) -> None:
    for order in ([0, 1, 0], [1, 0]):
        channel = await world.channel()
        message = await world.message(channel)
        edits = [edit(channel, message.event_id, content_preview=f"{i}", edited_at=at(600 + i)) for i in range(2)]
        for i in order:
            await db.call("record_edit", **edits[i])
        assert await shown(db, channel, message) == ("1", True), order
    document = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    assert document["edited_at"] < at(60), "nothing has happened in the future"


async def test_edits_of_one_moment_are_ordered_by_their_events(world: World, db: Database) -> None:
    moment = at(-60)
    for order in ([0, 1], [1, 0]):
        channel = await world.channel()
        message = await world.message(channel)
        edits = [
            edit(channel, message.event_id, content_preview=name, event_id=f"$e-{name}-{order}", edited_at=moment)
            for name in "ab"
        ]
        for i in order:
            await db.call("record_edit", **edits[i])
        assert await shown(db, channel, message) == ("b", True), order


async def redact(
    db: Database, channel: Channel, message: Message, shows: dict[str, Any], becomes: dict[str, Any]
) -> None:
    await db.call(
        "record_edit_redaction",
        room_id=channel.room_id,
        event_id=message.event_id,
        redacted_event_id=shows["event_id"],
        content_preview=becomes["content_preview"],
        edit_event_id=becomes.get("event_id"),
        edited_at=becomes.get("edited_at"),
    )


async def test_a_message_whose_edit_is_redacted_shows_what_was_before(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_preview="first")
    older, newer = (
        edit(channel, message.event_id, content_preview=f"edit {i}", edited_at=at(i - 60)) for i in range(2)
    )
    for arguments in (older, newer):
        await db.call("record_edit", **arguments)
    find = {"room_id": channel.room_id, "edit_event_id": newer["event_id"]}
    assert await db.call("find_message_of_edit", **find) == {"event_id": message.event_id}
    await redact(db, channel, message, newer, older)
    assert await shown(db, channel, message) == ("edit 0", True)
    assert await db.call("find_message_of_edit", **find) == {"event_id": None}
    await redact(db, channel, message, older, {"content_preview": "first"})
    assert await shown(db, channel, message) == ("first", False)
    # Neither comes back, nor stays in the log.
    for arguments in (older, newer):
        await db.call("record_edit", **arguments)
    assert await shown(db, channel, message) == ("first", False)
    assert "edit 1" not in str(await db.events(channel.id))
    assert (await db.subjects(channel.id))[2:] == ["message.updated"] * 4


async def test_the_redaction_of_an_edit_that_is_not_shown_changes_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    older, newer = (edit(channel, message.event_id, edited_at=at(i - 60)) for i in range(2))
    for arguments in (older, newer):
        await db.call("record_edit", **arguments)
    before = await db.contents()
    await redact(db, channel, message, older, {"content_preview": "first"})
    assert await db.contents() == before


async def test_matrix_says_which_edit_is_the_newest_and_no_clock_of_ours(world: World, db: Database) -> None:
    """The app's clock is ahead: an edit in Matrix after the API's counts, once the homeserver has told of both."""
    channel = await world.old_channel()
    message = await world.message(channel)
    at_ms = 1_750_000_000_000
    first = edit(channel, message.event_id, content_preview="by the API", edited_at=at(0))
    await db.call("record_edit", **first)
    await db.call("record_edit", **first | {"origin_ts": at_ms, "edited_at": at(-60)})
    later = edit(channel, message.event_id, content_preview="in Matrix", edited_at=at(-50), origin_ts=at_ms + 1)
    await db.call("record_edit", **later)
    assert await shown(db, channel, message) == ("in Matrix", True)


async def test_edits_of_any_time_have_the_order_of_matrix(world: World, db: Database) -> None:
    """By the time that their server says, also one that no calendar has, and then by their ids."""
    told = [("$a", -1), ("$b", 0), ("$c", 5), ("$d", 5), ("$e", 2**53 - 1)]
    for order in itertools.permutations(range(len(told))):
        channel = await world.channel()
        message = await world.message(channel)
        for i in order:
            event, origin_ts = told[i]
            change = {"event_id": f"{event}-{message.id}", "content_preview": event, "origin_ts": origin_ts}
            await db.call("record_edit", **edit(channel, message.event_id, **change))
        assert await shown(db, channel, message) == ("$e", True), order
