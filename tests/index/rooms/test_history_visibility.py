"""record_history_visibility: what a room shows to those who are not in it, and the channel's visibility, agree."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at

BOT = "@bot:localhost"
BOB = "@bob:elsewhere"


async def tell(db: Database, channel: Channel, shown: str, event_id: str = "$1", **changes: Any) -> bool:
    """Whether the room has to be closed; with its alias only where nothing is private."""
    event: dict[str, Any] = {
        "room_id": channel.room_id,
        "history_visibility": shown,
        "sender_id": BOB,
        "by_bot": False,
        "changed_at": at(),
        "event_id": event_id,
        "order": "told",
    }
    answer = await db.call("record_history_visibility", **event | changes)
    assert answer["keeps_alias"] == (await visibility(db, channel) != "private")
    return answer["must_close"]


async def visibility(db: Database, channel: Channel) -> str:
    return await db.value("SELECT visibility FROM public.channels WHERE id = $1", channel.id)


@pytest.mark.parametrize("is_archived", [False, True])
@pytest.mark.parametrize("shown", ["invited", "joined"])
async def test_a_public_room_that_hides_its_history_is_a_private_channel(
    world: World, db: Database, shown: str, is_archived: bool
) -> None:
    channel = await world.channel()
    if is_archived:
        await world.archive(channel)
    # A retry of the push closes again: the first may have been cut off.
    for _ in range(2):
        assert await tell(db, channel, shown)
    assert await visibility(db, channel) == "private"
    assert not await db.may_read(**channel.by("user:sam", []))
    archived = ["channel.archived"] if is_archived else []
    assert await db.subjects(channel.id) == ["channel.created", *archived, "channel.updated"]
    assert (await db.audit(channel.id))[1 + len(archived) :] == [("channel.updated", BOB, None)]
    # To show it again opens nothing.
    assert not await tell(db, channel, "shared", "$2", sender_id=BOT, by_bot=True)
    assert await visibility(db, channel) == "private"


async def test_a_join_rule_opens_no_channel_whose_room_hides_its_history(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    assert not await tell(db, channel, "joined")
    rule = {"room_id": channel.room_id, "is_open": True, "sender_id": BOB, "by_bot": False, "changed_at": at()}
    assert (await db.call("record_join_rule", **rule, event_id="$rule", order="told"))["must_close"] is True
    assert await visibility(db, channel) == "private"
    # But for the API's own opening, which shows the history first.
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"visibility": "public"})
    opened = rule | {"sender_id": OWNER, "event_id": "$2", "order": "told", "changed_at": at()}
    assert (await db.call("record_join_rule", **opened))["must_close"] is False
    assert await visibility(db, channel) == "public"


@pytest.mark.parametrize("push_first", [True, False])
async def test_a_room_that_is_hidden_while_the_api_opens_it_is_closed_again(
    world: World, db: Database, push_first: bool
) -> None:
    channel, changes = await world.channel(visibility="private"), {"visibility": "public"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    assert not await tell(db, channel, "joined")
    rule = {"room_id": channel.room_id, "is_open": True, "sender_id": OWNER, "by_bot": False, "changed_at": at()}
    told = ("record_join_rule", {**rule, "event_id": "$rule", "order": "told"})
    recorded = (
        "record_channel_change",
        {"channel_id": channel.id, "caller": OWNER, "changes": changes, "has_alias": True},
    )
    for function, arguments in [told, recorded] if push_first else [recorded, told]:
        answer = await db.call(function, **arguments)
        assert function != told[0] or answer["must_close"] is True
        assert await visibility(db, channel) == "private"
    # A retry of the push closes it too.
    assert (await db.call(told[0], **told[1]))["must_close"] is True
    assert await db.value("SELECT alias_name FROM public.channels WHERE id = $1", channel.id) is None


@pytest.mark.parametrize("shown", ["shared", "world_readable"])
async def test_a_public_room_may_show_its_history(world: World, db: Database, shown: str) -> None:
    channel = await world.channel()
    assert not await tell(db, channel, shown)
    assert await visibility(db, channel) == "public"
    assert await db.subjects(channel.id) == ["channel.created"]


@pytest.mark.parametrize("before", ["private", "microdao", "archived"])
async def test_a_closed_room_must_not_show_itself_to_the_world(world: World, db: Database, before: str) -> None:
    channel = await world.channel(visibility="private" if before == "archived" else before)
    if before == "archived":
        await world.archive(channel)
    before = await visibility(db, channel)
    for _ in range(2):
        assert await tell(db, channel, "world_readable")
    assert await visibility(db, channel) == before
    assert (await db.audit(channel.id))[-1] == ("channel.updated", BOB, None)
    for number, shown in enumerate(("shared", "joined", "invited")):
        assert not await tell(db, channel, shown, f"${number + 2}")
    assert await visibility(db, channel) == before


async def test_a_room_of_no_channel_is_refused(db: Database) -> None:
    event = {"history_visibility": "joined", "sender_id": BOB, "by_bot": False, "changed_at": at()}
    assert await db.refusal("record_history_visibility", room_id="!unknown:localhost", **event) == "channel_not_found"
