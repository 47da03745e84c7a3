"""record_power_levels: the room's power levels as the homeserver tells them."""

import asyncio
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id

BOT = "@bot:localhost"


def levels(channel: Channel, by_member: dict[str, int], **changes: Any) -> dict[str, Any]:
    """Power levels in which the owner keeps theirs."""
    every = {OWNER: 100, **by_member}
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(who): level for who, level in every.items()},
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


async def test_a_level_is_a_role(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    for level, expected in (
        (50, ("admin", True, True, 50)),
        (100, ("owner", True, True, 100)),
        (75, ("admin", True, True, 75)),
        (10, ("member", False, True, 10)),
        (-1, ("member", False, False, -1)),
        (0, ("member", False, True, 0)),
    ):
        await db.call("record_power_levels", **levels(channel, {"user:mia": level}))
        assert await rights(world, channel, "user:mia") == expected
    # From 100 to 75 and so on: each is one change of role; a level between two roles is none.
    assert await db.subjects(channel.id) == ["channel.created"] + ["member.role_changed"] * 6


async def test_a_role_below_the_levels_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:gus", role="guest")
    await world.member(channel, "agent:ada")
    await db.call("record_power_levels", **levels(channel, {"user:gus": 5, "agent:ada": 100}))
    assert (await rights(world, channel, "user:gus"))[0] == "guest"
    assert (await rights(world, channel, "agent:ada"))[0] == "agent"
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_the_default_is_everybodys_level_who_is_not_named(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await db.call("record_power_levels", **levels(channel, {}, default=-1))
    assert (await rights(world, channel, "user:mia"))[2:] == (False, -1)


async def test_the_last_owner_stays_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_power_levels", **levels(channel, {OWNER: 0}))
    assert (await rights(world, channel, OWNER))[0] == "owner"


async def test_a_change_through_the_api_is_one_event_whoever_tells_of_it_first(world: World, db: Database) -> None:
    details = {"role": "admin", "can_invite": True, "can_kick": False, "can_create_tasks": True}
    for push_first in (True, False):
        channel = await world.channel()
        await world.member(channel, "user:mia")
        await db.call("prepare_member_change", **channel.by(OWNER), member_id="user:mia", details=details)
        push = ("record_power_levels", levels(channel, {"user:mia": 50}, sender_id=BOT, by_bot=True))
        record = {"channel_id": channel.id, "caller": OWNER, "member_id": "user:mia", "details": details}
        steps = [push, ("record_member_change", record)]
        for function, arguments in steps if push_first else steps[::-1]:
            await db.call(function, **arguments)
        assert await rights(world, channel, "user:mia") == ("admin", False, True, 50)
        assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, "user:mia")]


async def test_an_older_push_does_not_undo_what_was_asked_for_since(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    details = {"role": "admin"}
    await db.call("prepare_member_change", **channel.by(OWNER), member_id="user:mia", details=details)
    record = {"channel_id": channel.id, "caller": OWNER, "member_id": "user:mia", "details": details}
    await db.call("record_member_change", **record)
    await db.call("record_power_levels", **levels(channel, {"user:mia": 0}, changed_at=at(-60)))
    assert (await rights(world, channel, "user:mia"))[0] == "admin"
    # Neither does one that is older than another push.
    await db.call("record_power_levels", **levels(channel, {"user:mia": 100}))
    await db.call("record_power_levels", **levels(channel, {"user:mia": 0}, changed_at=at(-30)))
    assert (await rights(world, channel, "user:mia"))[0] == "owner"


async def test_a_level_that_is_dropped_on_the_way_out_is_no_change_of_role(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:adam")
    await db.call("record_power_levels", **levels(channel, {"user:adam": 0}, sender_id=BOT, by_bot=True))
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_a_level_that_cannot_be_read_changes_nothing_for_whose_it_is(world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:mia", "user:ben"):
        await world.member(channel, who, role="admin")
    arguments = levels(channel, {"user:ben": 0}, default=None)
    arguments["levels"][matrix_id("user:mia")] = None
    await db.call("record_power_levels", **arguments)
    assert (await rights(world, channel, "user:mia"))[0] == "admin"
    assert (await rights(world, channel, "user:ben"))[0] == "member"
    # Nor for those who are not named, when the default cannot be read.
    await db.call("record_power_levels", **levels(channel, {}, default=None))
    assert (await rights(world, channel, "user:mia"))[0] == "admin"


async def test_of_several_owners_who_step_down_at_once_one_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia", role="owner")
    await db.call("record_power_levels", **levels(channel, {OWNER: 0, "user:mia": 50}))
    roles = [(await rights(world, channel, who))[0] for who in (OWNER, "user:mia")]
    assert roles.count("owner") == 1
    assert await db.subjects(channel.id) == ["channel.created", "member.role_changed"]


async def test_an_owner_may_hand_over_in_one_change(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await db.call("record_power_levels", **levels(channel, {OWNER: 0, "user:mia": 100}))
    assert [(await rights(world, channel, who))[0] for who in (OWNER, "user:mia")] == ["member", "owner"]


async def many_members(db: Database, channel: Channel, count: int) -> None:
    sql = """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at)
             SELECT $1, 'user:m' || n, 'human', '@user-m' || n || ':localhost', 'member', now()
             FROM generate_series(1, $2::integer) n"""
    await db.execute(sql, channel.id, count)


async def test_up_to_a_hundred_members_are_told_of_one_by_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await many_members(db, channel, 100)
    await db.call("record_power_levels", **levels(channel, {}, default=50))
    assert await db.subjects(channel.id) == ["channel.created"] + ["member.role_changed"] * 100
    events = (await db.events(channel.id))[1:]
    assert {event["member_id"] for event in events} == {f"user:m{n}" for n in range(1, 101)}
    assert len(await db.audit(channel.id)) == 101
    assert await db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id) == 101


async def test_a_default_that_moves_thousands_is_one_event_within_a_statements_time(world: World, db: Database) -> None:
    """README tells operators to set statement_timeout; a change of the default must end within it."""
    channel = await world.channel()
    await many_members(db, channel, 15_000)
    session = await db.session()
    await session.execute("SET statement_timeout = '10s'")
    for level, role in ((50, "admin"), (0, "member")):
        await session.call("record_power_levels", **levels(channel, {}, default=level))
        count = "SELECT count(*) FROM public.channel_members WHERE channel_id = $1 AND role = $2 AND matrix_power_level = $3"
        assert await db.value(count, channel.id, role, level) == 15_000
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated", "channel.updated"]
    [*_, last] = await db.events(channel.id)
    assert (last["members_changed"], last["actor_id"], last["channel"]["id"]) == (15_000, OWNER, channel.id)
    assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, None)] * 2


async def test_the_same_levels_at_once_are_one_change(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    sessions = await db.sessions(4)
    arguments = levels(channel, {"user:mia": 50})
    await asyncio.gather(*(session.call("record_power_levels", **arguments) for session in sessions))
    assert await db.subjects(channel.id) == ["channel.created", "member.role_changed"]


async def test_a_room_of_no_channel_is_refused(db: Database) -> None:
    nowhere = Channel("", "!unknown:localhost", "")
    assert await db.refusal("record_power_levels", **levels(nowhere, {})) == "channel_not_found"
