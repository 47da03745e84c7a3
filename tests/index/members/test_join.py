"""prepare_join, record_join and record_return."""

import asyncio
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, type_of


def joining(channel: Channel, who: str, microdaos: list[str] | None = None) -> dict[str, Any]:
    return {
        **channel.by(who, microdaos),
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "asked_at": at(),
    }


def returning(channel: Channel, who: str) -> dict[str, Any]:
    return {
        "channel_id": channel.id,
        "member_id": who,
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "asked_at": at(),
    }


async def test_a_person_joins_once(world: World, db: Database) -> None:
    channel = await world.channel()
    assert await db.call("prepare_join", **channel.by("user:sam")) == {"room_id": channel.room_id}
    sessions = await db.sessions(4)
    documents = await asyncio.gather(*(s.call("record_join", **joining(channel, "user:sam")) for s in sessions))
    assert {(d["member_id"], d["role"], d["can_kick"]) for d in documents} == {("user:sam", "member", False)}
    assert await db.subjects(channel.id) == ["channel.created", "member.joined"]
    assert (await db.audit(channel.id))[1:] == [("member.joined", "user:sam", "user:sam")]
    again = await db.call("prepare_join", **channel.by("user:sam"))
    assert again["member"]["id"] == documents[0]["id"]


async def test_refusals_of_a_join(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    assert await db.refusal("prepare_join", **private.by("user:sam")) == "channel_not_found"
    assert await db.refusal("prepare_join", **channel.by("agent:ada")) == "not_a_member"
    await world.archive(channel)
    assert await db.refusal("prepare_join", **channel.by("user:sam")) == "channel_archived"


async def test_an_agent_joins_where_somebody_has_invited_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "agent:ada", state="invited")
    assert await db.call("prepare_join", **channel.by("agent:ada")) == {"room_id": channel.room_id}
    assert (await db.call("record_join", **joining(channel, "agent:ada")))["role"] == "agent"


async def test_who_loses_the_right_while_joining_is_refused(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    assert await db.call("prepare_join", **channel.by("user:sam"))
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes={"visibility": "private"})
    assert await db.refusal("record_join", **joining(channel, "user:sam")) == "channel_not_found"


async def test_a_former_admin_comes_back_as_a_member(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin", can_write=False, state="left", matrix_power_level=0)
    document = await db.call("record_join", **joining(channel, "user:adam"))
    assert (document["role"], document["can_invite"], document["can_kick"], document["can_create_tasks"]) == (
        "member",
        False,
        False,
        False,
    )
    # What was forbidden stays so.
    assert document["can_write"] is False


async def test_an_invited_admin_joins_as_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin", state="invited", invited_by=OWNER)
    document = await db.call("record_join", **joining(channel, "user:adam"))
    assert (document["role"], document["can_kick"], document["invited_by"]) == ("admin", True, OWNER)


async def test_a_kick_beside_a_join_leaves_one_truth(world: World, db: Database) -> None:
    for first in ("kick", "join"):
        channel = await world.channel()
        await world.member(channel, "user:sam")
        one, other = await db.sessions(2)
        kick = ("record_removal", {"channel_id": channel.id, "caller": OWNER, "member_id": "user:sam"})
        join = ("record_join", joining(channel, "user:sam"))
        steps = [kick, join] if first == "kick" else [join, kick]
        async with one.transaction():
            await one.call(steps[0][0], **steps[0][1])
            late = asyncio.create_task(other.call(steps[1][0], **steps[1][1]))
            await db.waiting(other)
        await late
        assert await world.is_member(channel, "user:sam") is (first == "kick")
        kinds = await db.subjects(channel.id)
        expected = ["member.kicked", "member.joined"] if first == "kick" else ["member.kicked"]
        assert kinds == ["channel.created", *expected]


async def test_one_of_the_two_comes_back_to_a_direct_channel_as_an_owner(world: World, db: Database) -> None:
    direct = await world.channel(visibility="private", is_direct=True)
    await world.member(direct, "user:bob", state="left", left_by="user:bob")
    document = await db.call("record_return", **returning(direct, "user:bob"))
    assert document["id"] == direct.id
    row = await world.row(direct, "user:bob")
    assert row and (row["role"], row["can_kick"], row["matrix_power_level"], row["left_at"]) == (
        "owner",
        True,
        100,
        None,
    )


async def test_nobody_else_comes_back(world: World, db: Database) -> None:
    direct, channel = await world.channel(visibility="private", is_direct=True), await world.channel()
    await world.member(channel, "user:bob", state="left")
    assert await db.refusal("record_return", **returning(direct, "user:sam")) == "channel_not_found"
    assert await db.refusal("record_return", **returning(channel, "user:bob")) == "channel_not_found"
