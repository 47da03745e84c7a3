"""Direct channels: who comes back to one, and who may be brought back."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, OWNER, Channel, World, at, matrix_id, membership, number, type_of


def returning(channel: Channel, who: str) -> dict[str, Any]:
    return {
        "channel_id": channel.id,
        "member_id": who,
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "asked_at": at(),
    }


def found_again(slug: str, caller: str) -> dict[str, Any]:
    return {
        "caller": caller,
        "microdaos": [DAO],
        "microdao_id": DAO,
        "slug": slug,
        "is_direct": True,
        "client_key": None,
        "fingerprint": "f",
    }


async def direct(world: World, **columns: Any) -> tuple[Channel, str]:
    """A direct channel of the owner and somebody who is not in it any more."""
    slug = f"direct-{number()}"
    channel = await world.channel(visibility="private", is_direct=True, slug=slug)
    await world.member(channel, columns.pop("other", "user:bob"), state="left", **columns)
    return channel, slug


@pytest.mark.parametrize(("left_by", "expected"), [("user:bob", None), (OWNER, "not_a_member"), (None, "not_a_member")])
async def test_a_direct_channel_is_found_again_by_who_left_it(
    world: World, db: Database, left_by: str | None, expected: str | None
) -> None:
    channel, slug = await direct(world, left_by=left_by)
    assert (await db.outcome("reserve_channel", **found_again(slug, "user:bob"))).refusal == expected
    assert (await db.outcome("record_return", **returning(channel, "user:bob"))).refusal == expected
    assert await world.is_member(channel, "user:bob") is (expected is None)


@pytest.mark.parametrize("left_by", ["agent:ada", OWNER])
async def test_an_agent_does_not_come_back_to_a_direct_channel(world: World, db: Database, left_by: str) -> None:
    channel, slug = await direct(world, other="agent:ada", left_by=left_by)
    assert await db.refusal("reserve_channel", **found_again(slug, "agent:ada")) == "not_a_member"
    assert await db.refusal("record_return", **returning(channel, "agent:ada")) == "not_a_member"


async def test_who_is_removed_while_they_come_back_is_not_let_in(world: World, db: Database) -> None:
    channel, slug = await direct(world, left_by="user:bob")
    assert (await db.call("reserve_channel", **found_again(slug, "user:bob")))["must_return"] is True
    await db.execute("UPDATE public.channel_members SET left_by = $1 WHERE member_id = 'user:bob'", OWNER)
    assert await db.refusal("record_return", **returning(channel, "user:bob")) == "not_a_member"
    assert (await db.call("record_membership", **membership(channel, "user:bob", "join")))["must_remove"] is True


async def test_what_was_forbidden_stays_so_in_a_direct_channel(world: World, db: Database) -> None:
    channel, slug = await direct(world, left_by="user:bob", can_write=False)
    assert (await db.call("reserve_channel", **found_again(slug, "user:bob")))["power_level"] == -1
    await db.call("record_return", **returning(channel, "user:bob"))
    row = await world.row(channel, "user:bob")
    assert row and (row["role"], row["can_write"], row["can_kick"], row["matrix_power_level"]) == (
        "member",
        False,
        False,
        -1,
    )


async def test_nobody_is_put_into_a_direct_channel_that_they_left(world: World, db: Database) -> None:
    for other, left_by, expected in (
        ("user:bob", "user:bob", "has_left"),
        ("user:bob", OWNER, None),
        ("agent:ada", "agent:ada", None),
        # Only in Matrix: they accept the invitation, or do not.
        ("@m:elsewhere.example", "@m:elsewhere.example", None),
    ):
        channel, _ = await direct(world, other=other, left_by=left_by)
        role = "agent" if other.startswith("agent") else "owner"
        invitation = {"member_id": other, "details": {"role": role}, "client_key": None, "fingerprint": "f"}
        assert (await db.outcome("prepare_invite", **channel.by(OWNER), **invitation)).refusal == expected
