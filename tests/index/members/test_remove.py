"""prepare_removal and record_removal: leaving and kicking."""

import asyncio

from harness.database import Database
from harness.world import OWNER, World, at, membership


async def test_a_member_leaves_and_is_kicked(world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:mia", "user:ned"):
        await world.member(channel, who)
    prepared = await db.call("prepare_removal", **channel.by("user:mia"), member_id="user:mia")
    assert prepared == {"room_id": channel.room_id, "matrix_user_id": "@user-mia:localhost", "power_level": 0}
    await db.call("record_removal", channel_id=channel.id, caller="user:mia", member_id="user:mia")
    await db.call("record_removal", channel_id=channel.id, caller="user:mia", member_id="user:mia")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:ned")
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:ned")
    assert await db.subjects(channel.id) == ["channel.created", "member.left", "member.kicked"]
    assert (await db.audit(channel.id))[1:] == [
        ("member.left", "user:mia", "user:mia"),
        ("member.kicked", OWNER, "user:ned"),
    ]


async def test_who_has_done_it_is_told_so_again(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:adam", role="admin")
    for who in ("user:mia", "user:ned"):
        await world.member(channel, who)
    for by, whom in (("user:mia", "user:mia"), ("user:adam", "user:ned")):
        await db.call("prepare_removal", **channel.by(by, []), member_id=whom)
        await db.call("record_removal", channel_id=channel.id, caller=by, member_id=whom)
        before = await db.contents()
        again = await db.call("prepare_removal", **channel.by(by, []), member_id=whom)
        assert again["is_gone"] is True
        assert await db.contents() == before
        # For anybody else they are no member.
        assert await db.refusal("prepare_removal", **channel.by(OWNER), member_id=whom) == "member_not_found"
    assert (
        await db.refusal("prepare_removal", **channel.by("user:ned", []), member_id="user:ned") == "channel_not_found"
    )
    # Of a ban there is something to do.
    banning = await db.call("prepare_removal", **channel.by("user:adam"), member_id="user:ned", ban=True)
    assert "is_gone" not in banning


async def test_refusals_of_a_removal(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    for who, columns in {
        "user:mia": {},
        "user:kim": {"can_kick": True},
        "user:adam": {"role": "admin"},
        "user:abel": {"role": "admin"},
        "user:ivo": {"can_kick": True, "state": "invited"},
        "user:lea": {"state": "left"},
    }.items():
        await world.member(channel, who, **columns)
    cases = [
        ("channel_not_found", private.by("user:sam"), OWNER),
        ("member_not_found", channel.by(OWNER), "user:sam"),
        ("member_not_found", channel.by(OWNER), "user:lea"),
        ("cannot_kick", channel.by("user:sam"), "user:mia"),
        ("cannot_kick", channel.by("user:mia"), "user:kim"),
        ("cannot_kick", channel.by("user:ivo"), "user:mia"),
        ("cannot_kick", channel.by("user:kim"), "user:adam"),
        ("cannot_kick", channel.by("user:adam"), "user:abel"),
        ("cannot_kick", channel.by("user:adam"), OWNER),
        ("last_owner", channel.by(OWNER), OWNER),
    ]
    for expected, by, member_id in cases:
        assert await db.refusal("prepare_removal", **by, member_id=member_id) == expected, (by, member_id)
    for who, member_id in (("user:kim", "user:mia"), ("user:adam", "user:kim"), (OWNER, "user:adam")):
        assert await db.call("prepare_removal", **channel.by(who), member_id=member_id)


async def test_two_owners_cannot_leave_past_each_other(world: World, db: Database) -> None:
    for _ in range(5):
        channel = await world.channel()
        await world.member(channel, "user:bob", role="owner")
        one, other = await db.sessions(2)
        outcomes = await asyncio.gather(
            one.outcome("prepare_removal", **channel.by(OWNER), member_id=OWNER),
            other.outcome("prepare_removal", **channel.by("user:bob"), member_id="user:bob"),
        )
        assert sorted(outcome.refusal or "prepared" for outcome in outcomes) == ["last_owner", "prepared"]


async def test_an_owner_who_never_joined_is_not_the_other_owner(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:bob", role="owner", state="invited")
    assert await db.refusal("prepare_removal", **channel.by(OWNER), member_id=OWNER) == "last_owner"


async def test_an_owner_who_stayed_after_all_counts_again(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:bob", role="owner")
    await db.call("prepare_removal", **channel.by("user:bob"), member_id="user:bob")
    assert await db.refusal("prepare_removal", **channel.by(OWNER), member_id=OWNER) == "last_owner"
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 minutes'")
    assert await db.call("prepare_removal", **channel.by(OWNER), member_id=OWNER)


async def test_the_push_of_a_kick_is_told_as_the_kickers(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:mia")
    await db.call("record_membership", **membership(channel, "user:mia", "leave", "@bot:localhost", by_bot=True))
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:mia")
    assert (await db.audit(channel.id))[1:] == [("member.kicked", OWNER, "user:mia")]


async def test_a_former_admin_keeps_no_level_and_no_older_push_lets_them_in(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:adam")
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:adam")
    row = await world.row(channel, "user:adam")
    assert row and row["matrix_power_level"] == 0
    await db.call("record_membership", **membership(channel, "user:adam", "join", changed_at=at(-60)))
    assert not await world.is_member(channel, "user:adam")
