"""list_ending_memberships and record_ended_membership: all of somebody's memberships in a microDAO."""

from typing import Any

from harness.database import Database
from harness.world import DAO, OWNER, World, at, membership

SAM, BOT = "user:sam", "@daarion:localhost"


async def listed(db: Database, limit: int = 10, who: str = SAM) -> dict[str, Any]:
    return await db.call("list_ending_memberships", microdao_id=DAO, member_id=who, limit=limit, actor_id=BOT)


async def end(db: Database, who: str, membership: dict[str, Any]) -> bool:
    successor = membership["successor"] and membership["successor"]["member_id"]
    arguments = {"channel_id": membership["channel_id"], "member_id": who, "actor_id": BOT, "successor_id": successor}
    return (await db.call("record_ended_membership", **arguments))["has_owner"]


async def test_every_membership_ends_some_at_a_time(world: World, db: Database) -> None:
    for visibility in ("public", "microdao", "private"):
        await world.member(await world.channel(visibility=visibility), SAM)
    await world.member(await world.channel(), SAM, state="invited")
    await world.member(await world.channel(), SAM, state="left")
    elsewhere = await world.channel(microdao_id="microdao:other")
    await world.member(elsewhere, SAM)
    ended = []
    while (page := await listed(db, 3))["memberships"]:
        assert page["remaining"] == max(4 - len(ended) - 3, 0)
        for one in page["memberships"]:
            assert await end(db, SAM, one) is True
            # Again changes nothing.
            assert await end(db, SAM, one) is True
            ended.append(one["channel_id"])
    assert len(set(ended)) == 4
    assert await world.is_member(elsewhere, SAM)
    for channel_id in ended:
        assert (await db.audit(channel_id))[1:] == [("member.kicked", BOT, SAM)]
        assert (await db.subjects(channel_id))[-1] == "member.kicked"


async def test_the_level_that_goes_first_is_no_change_of_role(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, SAM, role="admin")
    [one] = (await listed(db))["memberships"]
    levels = {"levels": {"@user-sam:localhost": 0, "@user-olga:localhost": 100}, "default": 0}
    pushed = {"room_id": channel.room_id, "sender_id": BOT, "by_bot": True, "changed_at": at()}
    await db.call("record_power_levels", **pushed, **levels)
    await db.call("record_membership", **membership(channel, SAM, "leave", BOT, by_bot=True))
    await end(db, SAM, one)
    assert (await db.audit(channel.id))[1:] == [("member.kicked", BOT, SAM)]


async def test_who_was_the_last_owner_hands_on(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:old")
    await world.member(channel, "user:mute", role="admin", can_write=False)
    await world.member(channel, "user:adam", role="admin")
    await world.member(channel, "user:lea", role="owner", state="left")
    await world.member(channel, "agent:ada")
    [one] = (await listed(db, who=OWNER))["memberships"]
    assert one["successor"] == {"member_id": "user:adam", "matrix_user_id": "@user-adam:localhost"}
    assert (one["needs_owner"], one["power_level"]) == (True, 100)
    assert await end(db, OWNER, one) is True
    heir = await world.row(channel, "user:adam")
    assert heir and (heir["role"], heir["matrix_power_level"], heir["can_kick"]) == ("owner", 100, True)
    assert (await db.subjects(channel.id))[1:] == ["member.role_changed", "member.kicked"]


async def test_where_there_is_nobody_else_the_channel_is_left_without_an_owner(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "agent:ada")
    [one] = (await listed(db, who=OWNER))["memberships"]
    assert (one["channel_id"], one["needs_owner"], one["successor"]) == (channel.id, True, None)
    assert await end(db, OWNER, one) is False
    assert not await world.is_member(channel, OWNER)


async def test_two_owners_who_are_ended_at_once_leave_a_successor(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:lea", role="owner")
    await world.member(channel, "user:adam", role="admin")
    pages = [(who, (await listed(db, who=who))["memberships"][0]) for who in (OWNER, "user:lea")]
    # Each of them counts on the other.
    assert [page["successor"] and page["successor"]["member_id"] for _, page in pages] == [None, OWNER]
    assert [await end(db, who, page) for who, page in pages] == [True, True]
    heir = await world.row(channel, "user:adam")
    assert heir and (heir["role"], heir["can_kick"]) == ("owner", True)
