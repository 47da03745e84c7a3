"""A power level that is given before its member comes counts when they do."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, membership, type_of

BOT = "@bot:localhost"


def levels(channel: Channel, by_member: dict[str, int], **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(OWNER): 100, **{matrix_id(who): level for who, level in by_member.items()}},
        "default": 0,
        "sender_id": OWNER,
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


async def rights(world: World, channel: Channel, who: str) -> tuple[Any, ...]:
    row = await world.row(channel, who)
    assert row
    return row["role"], row["can_kick"], row["can_write"], row["matrix_power_level"]


async def come(db: Database, channel: Channel, who: str, how: str) -> None:
    if how == "pushed":
        await db.call("record_membership", **membership(channel, who, "join"))
    else:
        joining = {"member_type": type_of(who), "matrix_user_id": matrix_id(who), "asked_at": at()}
        await db.call("record_join", **channel.by(who), **joining)


@pytest.mark.parametrize("how", ["pushed", "recorded"])
@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (100, ("owner", True, True, 100)),
        (50, ("admin", True, True, 50)),
        (10, ("member", False, True, 10)),
        (-1, ("member", False, False, -1)),
    ],
)
async def test_who_has_never_been_here(
    world: World, db: Database, how: str, level: int, expected: tuple[Any, ...]
) -> None:
    channel = await world.channel()
    await db.call("record_power_levels", **levels(channel, {"user:sam": level}))
    await come(db, channel, "user:sam", how)
    assert await rights(world, channel, "user:sam") == expected
    # The same again, as with every later change of the room's levels, is nothing new.
    await db.call("record_power_levels", **levels(channel, {"user:sam": level}))
    assert await db.subjects(channel.id) == ["channel.created", "member.joined"]


async def test_an_agent_stays_an_agent(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "agent:ada", state="invited")
    await db.call("record_power_levels", **levels(channel, {"agent:ada": 100}))
    await db.call("record_membership", **membership(channel, "agent:ada", "join"))
    assert (await rights(world, channel, "agent:ada"))[:2] == ("agent", False)


async def test_everybodys_level_is_that_of_who_is_not_named(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_power_levels", **levels(channel, {}, default=-1))
    await come(db, channel, "user:sam", "recorded")
    assert (await rights(world, channel, "user:sam"))[2:] == (False, -1)


async def test_who_is_invited_in_matrix_and_then_given_a_level(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **membership(channel, "@bob:elsewhere", "invite", OWNER))
    await db.call("record_power_levels", **levels(channel, {"@bob:elsewhere": 50}))
    await db.call("record_membership", **membership(channel, "@bob:elsewhere", "join"))
    assert await rights(world, channel, "@bob:elsewhere") == ("admin", True, True, 50)


async def test_an_invited_owner_is_not_the_owner_that_is_left(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ivo", state="invited")
    await db.call("record_power_levels", **levels(channel, {OWNER: 0, "user:ivo": 100}))
    assert (await rights(world, channel, OWNER))[0] == "owner"


async def test_a_level_that_waits_for_who_has_gone_does_not_count(world: World, db: Database) -> None:
    """Others change levels, and the map that they copy still has it."""
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    await db.call("record_power_levels", **levels(channel, {"user:adam": 50}))
    recorded = await db.call("record_membership", **membership(channel, "user:adam", "leave", OWNER))
    assert recorded["drop_power_level"] is True
    await db.call("record_power_levels", **levels(channel, {"user:adam": 50, "user:mia": 50}))
    await come(db, channel, "user:adam", "recorded")
    assert await rights(world, channel, "user:adam") == ("member", False, True, 0)


async def test_a_level_is_dropped_until_the_room_has_dropped_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    await db.call("record_power_levels", **levels(channel, {"user:adam": 50}))
    told = membership(channel, "user:adam", "leave", OWNER, event_id="$left", order="told")
    for _ in range(2):
        assert (await db.call("record_membership", **told))["drop_power_level"] is True
    await db.call("record_power_levels", **levels(channel, {}))
    assert (await db.call("record_membership", **told))["drop_power_level"] is False


async def test_a_level_that_is_given_to_who_has_gone_counts(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", state="left")
    await db.call("record_power_levels", **levels(channel, {}))
    await db.call("record_power_levels", **levels(channel, {"user:adam": 50}))
    await come(db, channel, "user:adam", "pushed")
    assert await rights(world, channel, "user:adam") == ("admin", True, True, 50)


async def test_what_was_forbidden_stays_so(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:wim", can_write=False, state="left")
    await db.call("record_power_levels", **levels(channel, {"user:wim": -1}))
    await come(db, channel, "user:wim", "recorded")
    assert (await rights(world, channel, "user:wim"))[2:] == (False, -1)


@pytest.mark.parametrize("order", ["told", "clock"])
@pytest.mark.parametrize("removed_by", ["user:sam", OWNER, "push"])
async def test_a_level_of_before_they_left_that_is_told_late_is_not_theirs_when_they_come_back(
    world: World, db: Database, removed_by: str, order: str
) -> None:
    """The homeserver's pushes may be late by as much as an application service was away."""
    channel = await world.channel()
    await world.member(channel, "user:sam")
    await db.call("record_power_levels", **levels(channel, {}, changed_at=at(-60), event_id="$first", order="told"))
    details = {"role": "admin"}
    change = {"member_id": "user:sam", "details": details}
    await db.call("prepare_member_change", **channel.by(OWNER), **change)
    raised = levels(channel, {"user:sam": 50}, changed_at=at(), event_id="$raised", order=order)
    await db.call("record_member_change", channel_id=channel.id, caller=OWNER, **change)
    if removed_by == "push":
        await db.call("record_membership", **membership(channel, "user:sam", "leave"))
    else:
        await db.call("prepare_removal", **channel.by(removed_by), member_id="user:sam")
        await db.call("record_removal", channel_id=channel.id, caller=removed_by, member_id="user:sam")
    dropped = levels(channel, {}, changed_at=at(), event_id="$dropped", order=order, sender_id=BOT, by_bot=True)

    answer = await db.call("record_power_levels", **raised)
    assert bool(answer["ask_version"]) == (order == "told")
    await come(db, channel, "user:sam", "recorded")
    assert await rights(world, channel, "user:sam") == ("member", False, True, 0)
    if order == "told":
        await db.call("record_power_levels", **raised)
        assert await rights(world, channel, "user:sam") == ("member", False, True, 0)
    await db.call("record_power_levels", **dropped)
    changes = [subject for subject in await db.subjects(channel.id) if subject == "member.role_changed"]
    assert changes == ["member.role_changed"], "only what the owner did is told"
