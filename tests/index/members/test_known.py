"""Whom an invitation brings in at once: people whom the microDAO knows. Others are invited and decide themselves."""

from typing import Any

from harness.database import Database
from harness.world import DAO, EVERY, OWNER, Channel, World, at, matrix_id, membership

SAM = "user:sam"


def inviting(channel: Channel, who: str = SAM, microdaos: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    key = {"client_key": None, "fingerprint": "f"}
    role = "agent" if who.startswith("agent:") else "member"
    return {**channel.by(OWNER, microdaos), "member_id": who, "details": {"role": role}, **key, **changes}


async def must_accept(db: Database, channel: Channel, who: str = SAM) -> bool:
    return (await db.call("prepare_invite", **inviting(channel, who, [DAO]))).get("must_accept", False)


async def test_a_stranger_is_invited_and_not_brought_in(world: World, db: Database) -> None:
    for fields in ({"visibility": "private", "is_direct": True}, {"visibility": "private"}, {"visibility": "public"}):
        channel = await world.channel(**fields)
        assert await must_accept(db, channel) is True
        # In development everybody is known, and an agent is added by whoever may.
        assert "must_accept" not in await db.call("prepare_invite", **inviting(channel, microdaos=EVERY))
        assert await must_accept(db, channel, "agent:ada") is False


async def test_a_member_of_a_channel_of_the_microdao_is_known(world: World, db: Database) -> None:
    direct, other = await world.channel(visibility="private", is_direct=True), await world.channel()
    for state, expected in (("invited", True), ("left", True), ("joined", False)):
        await world.member(other, f"user:{state}", state=state)
        assert await must_accept(db, direct, f"user:{state}") is expected, state


async def test_a_member_of_another_microdaos_channel_is_known_where_the_caller_is_in_it(
    world: World, db: Database
) -> None:
    direct = await world.channel(visibility="private", is_direct=True)
    for who, owner, visibility, expected in (
        ("user:a", OWNER, "private", False),
        ("user:b", OWNER, "microdao", False),
        # The stranger has only come into a public channel.
        ("user:c", OWNER, "public", True),
        ("user:d", "user:eve", "private", True),
    ):
        other = await world.channel(owner, visibility=visibility, microdao_id="microdao:other")
        await world.member(other, who)
        assert await must_accept(db, direct, who) is expected, who


async def test_who_left_by_themselves_is_not_brought_back(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    for who, left_by, expected in ((SAM, SAM, True), ("user:ned", OWNER, False), ("agent:ada", "agent:ada", False)):
        await world.member(other, who)
        await world.member(channel, who, state="left", left_by=left_by)
        assert await must_accept(db, channel, who) is expected, who
    # In development neither.
    assert (await db.call("prepare_invite", **inviting(channel, microdaos=EVERY)))["must_accept"] is True


async def test_an_invited_stranger_comes_by_joining_or_writing(world: World, db: Database) -> None:
    joining = {"member_type": "human", "matrix_user_id": matrix_id(SAM), "asked_at": at()}
    for way in ("join", "post"):
        channel = await world.channel(visibility="private", is_direct=True)
        arguments = {k: v for k, v in inviting(channel).items() if k != "microdaos"}
        invited = {"member_type": "human", "matrix_user_id": matrix_id(SAM), "has_joined": False, "asked_at": at()}
        await db.call("record_invite", **arguments | {"details": {"role": "owner"}}, **invited)
        assert not await world.is_member(channel, SAM)
        by = channel.by(SAM, [])
        if way == "join":
            assert "member" not in await db.call("prepare_join", **by)
        else:
            send = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}
            assert (await db.call("prepare_send", **by, **send))["must_join"] is True
        row = await db.call("record_join", **by, **joining)
        assert (row["role"], row["joined_at"] is not None) == ("owner", True)


async def test_an_invitation_that_is_declined_is_over(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private", is_direct=True)
    await world.member(channel, SAM, state="invited", role="owner")
    await db.call("record_membership", **membership(channel, SAM, "leave"))
    invitation = inviting(channel, microdaos=[DAO], details={"role": "owner"})
    assert await db.refusal("prepare_invite", **invitation) == "has_left"


async def test_new_ids_are_bounded(world: World, db: Database) -> None:
    channel = await world.channel()
    now = await db.value("SELECT now()")
    for n in range(99):
        await world.member(channel, f"user:n{n}", state="invited", invited_by=OWNER, invited_at=now)
    await must_accept(db, channel)
    await world.member(channel, "agent:n", invited_by=OWNER, invited_at=now)
    for who in (SAM, "agent:ada"):
        assert await db.refusal("prepare_invite", **inviting(channel, who, [DAO])) == "too_many_invitations"
    # Before there is a room, of a direct channel.
    opening = {"caller": OWNER, "microdao_id": DAO, "slug": "d-1", "is_direct": True, "client_key": None}
    opening |= {"fingerprint": "f", "visibility": "private"}
    assert await db.refusal("reserve_channel", **opening, microdaos=[DAO], other_id=SAM) == "too_many_invitations"
    assert await db.call("reserve_channel", **opening, microdaos=[DAO], other_id="user:n1")
    # Not of those who are here already, nor of who has an account elsewhere, nor in development, nor tomorrow.
    other = await world.channel()
    for free in (inviting(other, "user:n1", [DAO]), inviting(channel, "@bob:x", [DAO]), inviting(channel)):
        await db.call("prepare_invite", **free)
    await db.execute(
        "UPDATE public.channel_members SET invited_at = now() - interval '25 hours' WHERE member_id = 'user:n5'"
    )
    await must_accept(db, channel)
