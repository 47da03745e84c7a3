"""A message, its edits, its reactions and their redactions, in every order in which they may arrive."""

import itertools
from typing import Any

import pytest

from harness.database import Database
from harness.world import Channel, World, at, edit, pushed, reaction, redaction

SENDER, REACTOR = "user:mia", "user:rea"

# Name of an act: the function, and its arguments.
Acts = dict[str, tuple[str, dict[str, Any]]]


def acts(channel: Channel, *names: str) -> Acts:
    message = pushed(channel, SENDER, content_preview="first", sent_at=at(-60))
    target = message["event_id"]
    older, newer = (edit(channel, target, SENDER, content_preview=f"edit {i}", edited_at=at(i - 30)) for i in range(2))
    thumb = reaction(channel, target, REACTOR)
    every: Acts = {
        "message": ("record_message", message),
        "older edit": ("record_edit", older),
        "newer edit": ("record_edit", newer),
        "reaction": ("record_reaction", thumb),
        "redaction of the newer edit": ("record_redaction", redaction(channel, newer["event_id"], SENDER)),
        "redaction of the reaction": ("record_redaction", redaction(channel, thumb["event_id"], REACTOR)),
        "redaction of the message": ("record_redaction", redaction(channel, target, SENDER)),
    }
    return {name: every[name] for name in names}


async def state(db: Database, channel: Channel) -> tuple[list[str], list[str]]:
    """The texts of the messages that are not deleted, and the emojis on them."""
    texts = await db.rows(
        "SELECT content_preview FROM public.messages WHERE channel_id = $1 AND deleted_at IS NULL ORDER BY seq",
        channel.id,
    )
    emojis = await db.rows(
        "SELECT emoji FROM public.message_reactions r JOIN public.messages m ON m.id = r.message_id "
        "WHERE m.channel_id = $1 AND r.removed_at IS NULL AND m.deleted_at IS NULL",
        channel.id,
    )
    return [row[0] for row in texts], [row[0] for row in emojis]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("message", "older edit", "newer edit"), (["edit 1"], [])),
        (("message", "older edit", "reaction"), (["edit 0"], ["👍"])),
        (("message", "reaction", "redaction of the reaction"), (["first"], [])),
        (("message", "older edit", "reaction", "redaction of the message"), ([], [])),
    ],
    ids=lambda value: " + ".join(value) if isinstance(value[0], str) else "",
)
async def test_every_order_ends_in_the_same(world: World, db: Database, names: tuple[str, ...], expected: Any) -> None:
    for order in itertools.permutations(names):
        channel = await world.channel()
        steps = acts(channel, *names)
        for name in order:
            function, arguments = steps[name]
            await db.outcome(function, **arguments)
            # The same again, as the homeserver does.
            await db.outcome(function, **arguments)
        assert await state(db, channel) == expected, order
        await db.subjects(channel.id)


async def test_an_edit_that_was_redacted_before_its_message_came_is_never_shown(world: World, db: Database) -> None:
    names = ("newer edit", "redaction of the newer edit", "message")
    for order in (names, (names[1], names[0], names[2]), (names[1], names[2], names[0])):
        channel = await world.channel()
        steps = acts(channel, *names)
        for name in order:
            await db.outcome(steps[name][0], **steps[name][1])
        assert await state(db, channel) == (["first"], []), order


async def test_a_relation_of_a_message_of_another_sender_changes_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    message = pushed(channel, SENDER, content_preview="first")
    await db.outcome("record_edit", **edit(channel, message["event_id"], "user:sam", content_preview="forged"))
    await db.call("record_message", **message)
    assert await state(db, channel) == (["first"], [])


async def test_a_flood_of_relations_without_a_message_is_cut_off(world: World, db: Database) -> None:
    channel = await world.channel()
    for i in range(105):
        await db.outcome("record_reaction", **reaction(channel, "$later", f"user:u{i}"))
    assert await db.value("SELECT count(*) FROM messaging.pending_relations") == 100
    await db.outcome("record_reaction", **reaction(channel, "$other"))
    assert await db.value("SELECT count(*) FROM messaging.pending_relations") == 101


async def test_nothing_of_one_channel_reaches_into_another(world: World, db: Database) -> None:
    """Whoever has a room of their own can name events of other rooms in it."""
    channel, other = await world.channel(), await world.channel()
    message = pushed(channel, SENDER, content_preview="first")
    target = message["event_id"]
    await db.outcome("record_reaction", **reaction(other, target, "user:sam"))
    await db.outcome("record_edit", **edit(other, target, SENDER, content_preview="forged"))
    await db.outcome("record_redaction", **redaction(other, target, "user:sam"))
    assert (await db.call("record_message", **message))["inserted"] is True
    assert await state(db, channel) == (["first"], [])
    await db.outcome("record_redaction", **redaction(other, target, "user:sam"))
    assert await state(db, channel) == (["first"], [])


async def test_another_channels_redaction_does_not_stand_for_ones_own(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    message = pushed(channel, SENDER)
    for place in (other, channel):
        await db.outcome("record_redaction", **redaction(place, message["event_id"], SENDER))
    assert await db.call("record_message", **message) == {"inserted": False}
