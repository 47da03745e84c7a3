"""record_join_rule: who may join the room, and the channel's visibility, agree in both directions."""

import itertools
from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at

BOT = "@bot:localhost"
MODERATOR = "@bob:elsewhere"


def rule(channel: Channel, is_open: bool, **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "is_open": is_open,
        "sender_id": MODERATOR,
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


async def visibility(db: Database, channel: Channel) -> str:
    return await db.value("SELECT visibility FROM public.channels WHERE id = $1", channel.id)


@pytest.mark.parametrize("before", ["private", "microdao"])
async def test_a_room_that_is_opened_is_a_public_channel(world: World, db: Database, before: str) -> None:
    """Strangers read it: it must not be called closed."""
    channel = await world.channel(visibility=before)
    for _ in range(2):
        assert (await db.call("record_join_rule", **rule(channel, True)))["must_close"] is False
    assert await visibility(db, channel) == "public"
    assert await db.may_read(**channel.by("user:sam", []))
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]
    assert (await db.audit(channel.id))[1:] == [("channel.updated", MODERATOR, None)]


@pytest.mark.parametrize("is_archived", [False, True])
async def test_a_room_that_is_closed_is_a_private_channel(world: World, db: Database, is_archived: bool) -> None:
    """Neither its alias nor the homeserver's list leads to it any more; a retry of the push does that again."""
    channel = await world.channel()
    if is_archived:
        await world.archive(channel)
    told = rule(channel, False, event_id="$rule", order="told")
    for _ in range(2):
        answer = await db.call("record_join_rule", **told)
        assert (answer["must_close"], answer["keeps_alias"]) == (True, False)
    assert await visibility(db, channel) == "private"
    assert await db.value("SELECT alias_name FROM public.channels WHERE id = $1", channel.id) is None
    assert not await db.may_read(**channel.by("user:sam", []))
    # What is closed already is not closed again, whoever says so.
    closed = rule(channel, False, sender_id=BOT, by_bot=True, event_id="$other", order="told")
    assert (await db.call("record_join_rule", **closed))["must_close"] is False
    archived = ["channel.archived"] if is_archived else []
    assert await db.subjects(channel.id) == ["channel.created", *archived, "channel.updated"]


async def test_a_room_that_the_bot_closes_for_nobody_is_closed_with_all_that_leads_to_it(
    world: World, db: Database
) -> None:
    """It has closed what was being opened: the alias and the place in the list may have come after that."""
    channel = await world.channel()
    told = rule(channel, False, sender_id=BOT, by_bot=True, event_id="$rule", order="told")
    for _ in range(2):
        assert (await db.call("record_join_rule", **told))["must_close"] is True
    assert await visibility(db, channel) == "private"


@pytest.mark.parametrize("before", ["private", "microdao"])
async def test_a_closed_channel_whose_room_is_closed_stays_what_it_is(world: World, db: Database, before: str) -> None:
    channel = await world.channel(visibility=before)
    assert (await db.call("record_join_rule", **rule(channel, False)))["must_close"] is False
    assert await visibility(db, channel) == before
    assert await db.subjects(channel.id) == ["channel.created"]


@pytest.mark.parametrize("kind", ["direct", "archived"])
async def test_a_direct_channel_and_an_archived_one_are_closed_again(world: World, db: Database, kind: str) -> None:
    channel = await world.channel(visibility="private", is_direct=kind == "direct")
    if kind == "archived":
        await world.archive(channel)
    opened = rule(channel, True, event_id="$rule", order="told")
    # The first try may have been cut off before the room was closed.
    for _ in range(2):
        assert (await db.call("record_join_rule", **opened))["must_close"] is True
    assert await visibility(db, channel) == "private"
    audit = (await db.audit(channel.id))[-1]
    assert audit == ("channel.updated", MODERATOR, None)


@pytest.mark.parametrize("to", ["public", "microdao", "private"])
async def test_a_change_through_the_api_is_one_event_whoever_tells_of_it_first(
    world: World, db: Database, to: str
) -> None:
    for push_first, before in itertools.product((True, False), ("public", "private")):
        if before == to:
            continue
        channel = await world.channel(visibility=before)
        changes = {"visibility": to}
        await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
        push = ("record_join_rule", rule(channel, to == "public", sender_id=BOT, by_bot=True))
        api = ("record_channel_change", {"channel_id": channel.id, "caller": OWNER, "changes": changes})
        for function, arguments in [push, api] if push_first else [api, push]:
            answer = await db.call(function, **arguments)
            assert function != "record_join_rule" or answer["must_close"] is False
        assert await visibility(db, channel) == to
        assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)], (push_first, before)


async def test_opening_and_closing_at_once_end_as_the_room(world: World, db: Database) -> None:
    """The API's record comes last, and tells of what the room has not any more."""
    channel = await world.channel(visibility="private")
    changes = {"visibility": "public"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    await db.call("record_join_rule", **rule(channel, True, sender_id=OWNER, event_id="$1", order="told"))
    await db.call("record_join_rule", **rule(channel, False, event_id="$2", order="told"))
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes=changes, has_alias=True)
    assert await visibility(db, channel) == "private"


@pytest.mark.parametrize("with_name", [False, True])
async def test_a_change_to_the_microdaos_that_was_cut_off_is_followed_however_late(
    world: World, db: Database, with_name: bool
) -> None:
    """It keeps its alias, and leaves the homeserver's list."""
    channel, changes = await world.channel(), {"visibility": "microdao"}
    alias = "SELECT alias_name FROM public.channels WHERE id = $1"
    before = await db.value(alias, channel.id)
    name = {"name": "New"} if with_name else {}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=name | changes)
    if with_name:
        arguments = {"channel_id": channel.id, "caller": OWNER, "changes": name}
        await db.call("record_channel_change", **arguments, failed="visibility")
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 minutes'")
    told = rule(channel, False, sender_id=BOT, by_bot=True, event_id="$rule", order="told")
    answer = await db.call("record_join_rule", **told)
    assert (answer["must_close"], answer["keeps_alias"]) == (True, True)
    assert (await db.call("record_join_rule", **told))["must_close"] is False
    assert (await visibility(db, channel), await db.value(alias, channel.id)) == ("microdao", before)
    assert before is not None


async def test_a_room_of_no_channel_is_refused(db: Database) -> None:
    nowhere = Channel("", "!unknown:localhost", "")
    assert await db.refusal("record_join_rule", **rule(nowhere, True)) == "channel_not_found"


@pytest.mark.parametrize("before", ["private", "microdao"])
async def test_a_closed_rooms_own_rule_that_is_told_again_closes_nothing(
    world: World, db: Database, before: str
) -> None:
    channel = await world.channel(visibility=before)
    told = rule(channel, False, event_id="$knock", order="told")
    for _ in range(2):
        assert (await db.call("record_join_rule", **told))["must_close"] is False
