"""Every channel has an owner, as long as somebody can be it, and the owner has the room's highest level."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, membership


def left(channel: Channel, who: str, **changes: Any) -> dict[str, Any]:
    return membership(channel, who, "leave", **changes)


def levels(channel: Channel, by_member: dict[str, int], **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(who): level for who, level in by_member.items()},
        "default": 0,
        "sender_id": OWNER,
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


async def joined(world: World, channel: Channel, *people: str, **columns: Any) -> None:
    for who in people:
        await world.member(channel, who, **columns)


@pytest.mark.parametrize("what", ["admin before member", "longest", "by themselves", "may speak"])
async def test_who_is_owner_after_the_last_one_has_left_in_matrix(world: World, db: Database, what: str) -> None:
    channel = await world.channel()
    await joined(world, channel, "agent:ada")
    match what:
        case "admin before member":
            await joined(world, channel, "user:mia")
            await joined(world, channel, "user:heir", role="admin")
        case "longest":
            await joined(world, channel, "user:heir", "user:mia")
            await db.execute(
                "UPDATE public.channel_members SET joined_at = now() - interval '1 day' WHERE member_id = 'user:heir'"
            )
        case "by themselves":
            await joined(world, channel, "user:mia", via_microdao=True)
            await joined(world, channel, "user:heir")
        case "may speak":
            await joined(world, channel, "user:mia", can_write=False)
            await joined(world, channel, "user:ivo", state="invited")
            await joined(world, channel, "user:heir")
    told = left(channel, OWNER, event_id="$left", order="told")
    # A retry of the push raises them in the room again: the first try may have been cut off before that.
    for _ in range(2):
        assert (await db.call("record_membership", **told))["must_raise"] == [matrix_id("user:heir")]
    row = await world.row(channel, "user:heir")
    assert row and (row["role"], row["can_invite"], row["can_kick"]) == ("owner", True, True)
    assert await db.subjects(channel.id) == ["channel.created", "member.left", "member.role_changed"]
    muted = -1 if what == "may speak" else 0
    # The room follows, which is nothing new.
    told_levels = await db.call("record_power_levels", **levels(channel, {"user:heir": 100, "user:mia": muted}))
    assert told_levels["must_raise"] == []
    assert (await db.subjects(channel.id))[3:] == []
    # And the channel goes on: the new owner may make others owners.
    grant = {"member_id": "user:heir", "details": {"role": "owner"}}
    assert await db.call("prepare_member_change", **channel.by("user:heir"), **grant)


async def test_where_another_owner_is_left_nobody_is_raised(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(world, channel, "user:bob", role="owner")
    await joined(world, channel, "user:adam", role="admin")
    assert (await db.call("record_membership", **left(channel, OWNER)))["must_raise"] == []
    row = await world.row(channel, "user:adam")
    assert row and row["role"] == "admin"


async def test_nobody_is_raised_in_an_empty_or_archived_channel(world: World, db: Database) -> None:
    empty, archived = await world.channel(), await world.channel()
    await joined(world, archived, "user:mia")
    await world.archive(archived)
    for channel in (empty, archived):
        assert (await db.call("record_membership", **left(channel, OWNER)))["must_raise"] == []
    await db.call("record_membership", **membership(empty, "user:sam", "join"))
    row = await world.row(empty, "user:sam")
    assert row and row["role"] == "member", "nobody takes an empty channel over by coming in"


async def test_an_owner_whom_nobody_can_follow_keeps_the_level(world: World, db: Database) -> None:
    """The index keeps them an owner, so the room has to as well."""
    channel = await world.channel()
    told = levels(channel, {OWNER: 0}, event_id="$levels", order="told")
    for _ in range(2):
        assert (await db.call("record_power_levels", **told))["must_raise"] == [matrix_id(OWNER)]
    assert (await db.call("record_power_levels", **levels(channel, {OWNER: 100})))["must_raise"] == []
    assert await db.subjects(channel.id) == ["channel.created"]
