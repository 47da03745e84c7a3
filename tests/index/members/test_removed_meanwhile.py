"""Somebody is removed between the homeserver's join and the API's record of it: the record does not undo that."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, membership, reaction, sent, type_of

BOT = "@bot:localhost"
SEND = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}


def joining(channel: Channel, who: str) -> dict[str, Any]:
    # The app's clock may be ahead.
    joined = {"member_type": type_of(who), "matrix_user_id": matrix_id(who), "asked_at": at(30)}
    return {**channel.by(who), **joined}


@pytest.mark.parametrize("way", ["join", "message", "reaction"])
async def test_who_was_kicked_while_joining_is_not_in(world: World, db: Database, way: str) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("prepare_send", **channel.by("user:sam"), **SEND)
    for kind, sender in (("join", "user:sam"), ("leave", OWNER)):
        await db.call("record_membership", **membership(channel, "user:sam", kind, sender))
    # The join that was told of has taken the intent; a second request has noted it again before the kick.
    await db.execute(
        "INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details, created_at) "
        "VALUES ($1, 'join', 'user:sam', 'user:sam', '{\"has_claim\": true}', now() - interval '1 second')",
        channel.id,
    )
    if way == "join":
        assert await db.refusal("record_join", **joining(channel, "user:sam")) == "not_a_member"
    elif way == "message":
        await db.call("record_message", **sent(channel, "user:sam", joined_at=at(30)))
    else:
        await db.call("record_reaction", **reaction(channel, message.event_id, "user:sam", joined_at=at(30)))
    assert not await world.is_member(channel, "user:sam")


async def test_who_was_kicked_before_they_asked_comes_back(world: World, db: Database) -> None:
    channel = await world.channel()
    for kind, sender in (("join", "user:sam"), ("leave", OWNER)):
        await db.call("record_membership", **membership(channel, "user:sam", kind, sender))
    await db.call("prepare_join", **channel.by("user:sam"))
    await db.call("record_join", **joining(channel, "user:sam"))
    assert await world.is_member(channel, "user:sam")


def inviting(who: str) -> dict[str, Any]:
    return {"member_id": who, "details": {"role": "admin"}, "client_key": None, "fingerprint": "f"}


def invited(channel: Channel, who: str) -> dict[str, Any]:
    ids = {"channel_id": channel.id, "caller": OWNER, "member_type": type_of(who), "matrix_user_id": matrix_id(who)}
    return {**ids, **inviting(who), "has_joined": True, "asked_at": at(30)}


async def test_who_was_kicked_while_being_invited_is_not_in(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:bob", role="admin")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:sam"))
    await db.call("record_membership", **membership(channel, "user:sam", "leave", "user:bob"))
    document = await db.call("record_invite", **invited(channel, "user:sam"))
    assert document["left_at"] is not None
    assert not await world.is_member(channel, "user:sam")
    assert not await db.may_read(**channel.by("user:sam", []))


async def test_an_invitation_after_the_kick_counts_when_it_is_told_of(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:sam")
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:sam")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:sam"))
    # The push of the kick is late.
    await db.call("record_membership", **membership(channel, "user:sam", "leave", OWNER, changed_at=at(-1)))
    await db.call("record_invite", **invited(channel, "user:sam"))
    assert await world.is_member(channel, "user:sam")
    row = await world.row(channel, "user:sam")
    assert row and row["role"] == "admin"


async def test_a_leave_that_the_room_has_not_any_more_does_not_lose_the_invitation(world: World, db: Database) -> None:
    """Told of after the API has asked, it is taken for newer; the pushes of the invitation and the join set that right."""
    channel = await world.channel(visibility="private")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:sam"))
    await db.call("record_membership", **membership(channel, "user:sam", "leave", OWNER, changed_at=at(-3)))
    await db.call("record_invite", **invited(channel, "user:sam"))
    await db.call("record_membership", **membership(channel, "user:sam", "invite", BOT, by_bot=True, changed_at=at(-2)))
    await db.call("record_membership", **membership(channel, "user:sam", "join", changed_at=at(-1)))
    row = await world.row(channel, "user:sam")
    assert row and (row["role"], row["invited_by"], row["left_at"]) == ("admin", OWNER, None)
    assert row["joined_at"] is not None


@pytest.mark.parametrize("who", ["user:sam", "@bob:elsewhere"])
async def test_nobody_comes_into_a_channel_that_has_ended(world: World, db: Database, who: str) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await world.archive(channel)
    recorded = await db.call("record_membership", **membership(channel, who, "join"))
    assert recorded["must_remove"] is (who == "user:sam")
    assert not await world.is_member(channel, who)
    # Who is in may be told of again, and may go.
    assert (await db.call("record_membership", **membership(channel, "user:mia", "join")))["must_remove"] is False
    await db.call("record_membership", **membership(channel, "user:mia", "leave"))
    assert not await world.is_member(channel, "user:mia")


@pytest.mark.parametrize("who", ["user:sam", "@bob:elsewhere"])
async def test_a_stranger_in_the_room_of_a_direct_channel_is_taken_out(world: World, db: Database, who: str) -> None:
    direct = await world.channel(visibility="private", is_direct=True)
    assert (await db.call("record_membership", **membership(direct, who, "join")))["must_remove"] is True
    assert await world.row(direct, who) is None
    await db.call("prepare_invite", **direct.by(OWNER), **inviting(who))
    assert (await db.call("record_membership", **membership(direct, who, "join")))["must_remove"] is False


async def test_a_kick_that_follows_the_push_of_the_invitation_stands(world: World, db: Database) -> None:
    """The push has taken the intent, so the record has nothing to add to it."""
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:bob", role="owner")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:sam"))
    await db.call("record_membership", **membership(channel, "user:sam", "invite", BOT, by_bot=True))
    await db.call("prepare_removal", **channel.by("user:bob"), member_id="user:sam")
    await db.call("record_removal", channel_id=channel.id, caller="user:bob", member_id="user:sam")
    document = await db.call("record_invite", **invited(channel, "user:sam"))
    assert document["left_at"] is not None
    assert not await world.is_member(channel, "user:sam")
