"""list_members."""

from harness.database import Database
from harness.world import OWNER, World


async def test_pages_hold_every_member_once(world: World, db: Database) -> None:
    channel = await world.channel()
    people = [f"user:u{i}" for i in range(6)]
    for who in people:
        await world.member(channel, who)
    await world.member(channel, "user:ivo", state="invited")
    await world.member(channel, "user:lea", state="left")
    for limit in (1, 3, 4, 8, 9):
        seen, cursor = [], None
        while True:
            document = await db.call("list_members", **channel.by("user:sam"), limit=limit, after=cursor)
            seen += [item["member_id"] for item in document["items"]]
            if "next" not in document["links"]:
                break
            assert len(document["items"]) == limit
            cursor = document["links"]["next"].removeprefix("cursor=")
        assert sorted(seen) == sorted([OWNER, "user:ivo", *people]), limit


async def test_a_member_is_their_row(world: World, db: Database) -> None:
    channel = await world.channel()
    [item] = (await db.call("list_members", **channel.by(OWNER), limit=10, after=None))["items"]
    assert {name: value for name, value in item.items() if name not in ("id", "joined_at")} == {
        "channel_id": channel.id,
        "member_id": OWNER,
        "member_type": "human",
        "matrix_user_id": "@user-olga:localhost",
        "role": "owner",
        "can_read": True,
        "can_write": True,
        "can_invite": True,
        "can_kick": True,
        "can_create_tasks": True,
        "matrix_power_level": 100,
        "invited_by": None,
        "invited_at": None,
        "left_at": None,
        "banned_at": None,
        "display_name": None,
        "avatar_url": None,
    }


async def test_who_may_know_of_a_channel_sees_its_members(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await world.member(private, "user:rob", can_read=False)
    page = {"limit": 10, "after": None}
    assert len((await db.call("list_members", **private.by("user:rob"), **page))["items"]) == 2
    assert await db.refusal("list_members", **private.by("user:sam"), **page) == "channel_not_found"


async def test_recent_joins_are_those_of_our_own_users_who_are_in(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:new")
    await world.member(channel, "user:old")
    await world.member(channel, "user:ivo", state="invited")
    await world.member(channel, "user:lea", state="left")
    await world.member(channel, "@guest:elsewhere")
    earlier = "UPDATE public.channel_members SET joined_at = now() - interval '2 minutes' WHERE member_id IN ($1, $2)"
    await db.execute(earlier, "user:old", OWNER)
    assert await db.call("list_recent_joins", channel_id=channel.id) == ["@user-new:localhost"]
