"""The ways into a channel: a post, a reaction, PUT me, a direct channel found again, a join told of by the homeserver.

One rule for all of them, asked before and again when the join is recorded.
"""

import asyncio
from typing import Any

import pytest

from harness.database import Database, Outcome
from harness.world import DAO, OWNER, Channel, World, at, matrix_id, membership, reaction, sent, type_of

BOT = "@bot:localhost"
SEND = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}


def joining(channel: Channel, who: str, microdaos: list[str] | None = None) -> dict[str, Any]:
    return {
        **channel.by(who, microdaos),
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "asked_at": at(),
    }


async def close(db: Database, channel: Channel) -> None:
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes={"visibility": "private"})


async def intend(world: World, db: Database, way: str, channel: Channel, who: str, microdaos: list[str]) -> None:
    """Asks to come in by one of the API's ways; it is allowed."""
    by = channel.by(who, microdaos)
    if way == "post":
        assert (await db.call("prepare_send", **by, **SEND))["must_join"]
    elif way == "reaction":
        message = await world.message(channel)
        assert (await db.call("prepare_reaction", **by, message_id=message.id, emoji="x"))["must_join"]
    else:
        assert "member" not in await db.call("prepare_join", **by)


async def test_who_came_through_the_microdao_is_noted(world: World, db: Database) -> None:
    channel, public = await world.channel(visibility="microdao"), await world.channel()
    for one in (channel, public):
        await db.call("record_join", **joining(one, "user:sam", [DAO]))
    await world.member(channel, "user:gus", role="guest", state="invited", invited_by=OWNER)
    await db.call("record_join", **joining(channel, "user:gus", [DAO]))
    rows = [
        await world.row(channel, "user:sam"),
        await world.row(public, "user:sam"),
        await world.row(channel, "user:gus"),
    ]
    assert [row and row["via_microdao"] for row in rows] == [True, False, False]


async def test_a_lost_claim_ends_what_came_of_it(world: World, db: Database) -> None:
    """Also the rights to manage, and in a channel that has become public since or private since."""
    channel = await world.channel(visibility="microdao")
    await db.call("record_join", **joining(channel, "user:sam", [DAO]))
    details = {"role": "admin", "can_invite": True, "can_kick": True, "can_create_tasks": True}
    await db.call("record_member_change", channel_id=channel.id, caller=OWNER, member_id="user:sam", details=details)
    message = await world.message(channel)
    acts: dict[str, dict[str, Any]] = {
        "prepare_channel_change": {"changes": {"name": "mine"}},
        "prepare_archive": {},
        "prepare_member_change": {"member_id": "user:sam", "details": {"role": "member"}},
        "prepare_removal": {"member_id": "user:mia"},
        "prepare_invite": {
            "member_id": "user:eve",
            "details": {"role": "member"},
            "client_key": None,
            "fingerprint": "f",
        },
        "prepare_deletion": {"message_id": message.id},
    }
    await world.member(channel, "user:mia")
    for visibility in ("microdao", "private", "public"):
        await db.execute("UPDATE public.channels SET visibility = $2 WHERE id = $1", channel.id, visibility)
        for function, arguments in acts.items():
            refused = await db.refusal(function, **channel.by("user:sam", []), **arguments)
            assert (refused == "channel_not_found") is (visibility != "public"), (function, refused)
            with_the_claim = await db.outcome(function, **channel.by("user:sam", [DAO]), **arguments)
            assert with_the_claim.refusal is None, (function, with_the_claim)
        assert await db.may_read(**channel.by("user:sam", [])) is (visibility == "public")


async def test_who_is_invited_since_stays_without_the_claim(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await db.call("record_join", **joining(channel, "user:sam", [DAO]))
    invitation = {"member_id": "user:sam", "details": {"role": "member"}, "client_key": None, "fingerprint": "f"}
    assert (await db.call("prepare_invite", **channel.by(OWNER), **invitation)).get("member") is None
    await db.call(
        "record_invite",
        channel_id=channel.id,
        caller=OWNER,
        member_type="human",
        matrix_user_id=matrix_id("user:sam"),
        has_joined=True,
        asked_at=at(),
        **invitation,
    )
    assert await world.is_member(channel, "user:sam")
    assert await db.may_read(**channel.by("user:sam", []))


async def test_nobody_invites_themselves_for_good(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await world.member(channel, "user:sam", can_invite=True, via_microdao=True)
    invitation = {"member_id": "user:sam", "details": {"role": "member"}, "client_key": None, "fingerprint": "f"}
    assert (await db.call("prepare_invite", **channel.by("user:sam", [DAO]), **invitation))["member"]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


@pytest.mark.parametrize("way", ["post", "reaction", "PUT me"])
@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_a_channel_that_is_closed_meanwhile_stays_closed(
    world: World, db: Database, way: str, visibility: str
) -> None:
    """Whoever tells first that they are in the room, the API or the homeserver: they have to be taken out."""
    for push_first in (True, False):
        channel = await world.channel(visibility=visibility)
        await intend(world, db, way, channel, "user:sam", [DAO])
        await close(db, channel)
        pushed = membership(channel, "user:sam", "join")
        if push_first:
            assert (await db.call("record_membership", **pushed))["must_remove"] is True
        assert (await db.outcome("record_join", **joining(channel, "user:sam", [DAO]))).refusal == "channel_not_found"
        # The push may come at any time, and again.
        assert (await db.call("record_membership", **pushed))["must_remove"] is True
        await db.call("record_membership", **membership(channel, "user:sam", "leave"))
        assert not await world.is_member(channel, "user:sam")
        assert not await db.may_read(**channel.by("user:sam", [DAO]))


@pytest.mark.parametrize("how", ["record_join", "record_membership"])
async def test_closing_and_joining_at_once_have_one_order(world: World, db: Database, how: str) -> None:
    for first in ("close", "join"):
        channel = await world.channel(visibility="microdao")
        await intend(world, db, "post", channel, "user:sam", [DAO])
        one, other = await db.sessions(2)
        told = joining(channel, "user:sam", [DAO]) if how == "record_join" else membership(channel, "user:sam", "join")
        closing = (
            "record_channel_change",
            {"channel_id": channel.id, "caller": OWNER, "changes": {"visibility": "private"}},
        )
        steps = [closing, (how, told)] if first == "close" else [(how, told), closing]
        async with one.transaction():
            await one.call(steps[0][0], **steps[0][1])
            late = asyncio.create_task(other.outcome(steps[1][0], **steps[1][1]))
            await db.waiting(other)
        outcome: Outcome = await late
        assert await world.is_member(channel, "user:sam") is (first == "join")
        if first == "close":
            refused = (
                outcome.refusal == "channel_not_found" if how == "record_join" else outcome.document["must_remove"]
            )
            assert refused


async def test_a_push_of_a_join_through_the_api_is_judged_as_there(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await intend(world, db, "post", channel, "user:sam", [DAO])
    assert (await db.call("record_membership", **membership(channel, "user:sam", "join")))["must_remove"] is False
    row = await world.row(channel, "user:sam")
    assert row and row["via_microdao"] is True
    await db.call("record_join", **joining(channel, "user:sam", [DAO]))
    assert await db.subjects(channel.id) == ["channel.created", "member.joined"]


async def test_who_joins_in_matrix_was_let_in_by_the_room(world: World, db: Database) -> None:
    """One of our users, invited by a push that has not come yet, counts as come through the microDAO until then."""
    channel = await world.channel(visibility="private")
    for who in ("user:sam", "@bob:elsewhere"):
        assert (await db.call("record_membership", **membership(channel, who, "join")))["must_remove"] is False
    rows = [await world.row(channel, who) for who in ("user:sam", "@bob:elsewhere")]
    assert [row and row["via_microdao"] for row in rows] == [True, False]


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
@pytest.mark.parametrize("was_here", [True, False])
async def test_an_agent_does_not_let_itself_in_in_matrix(
    world: World, db: Database, visibility: str, was_here: bool
) -> None:
    channel = await world.channel(visibility=visibility)
    if was_here:
        await world.member(channel, "agent:ada", state="left", left_by="agent:ada")
    pushed = membership(channel, "agent:ada", "join")
    for _ in range(2):
        assert (await db.call("record_membership", **pushed))["must_remove"] is True
    assert not await world.is_member(channel, "agent:ada")
    # With an invitation it is in, also when that is told of late.
    invitation = {"member_id": "agent:ada", "details": {"role": "agent"}, "client_key": None, "fingerprint": "f"}
    await db.call("prepare_invite", **channel.by(OWNER), **invitation)
    assert (await db.call("record_membership", **pushed))["must_remove"] is False
    await db.call("record_membership", **membership(channel, "agent:ada", "invite", BOT, by_bot=True))
    await db.call("record_membership", **membership(channel, "agent:ada", "join"))
    assert await world.is_member(channel, "agent:ada")


async def test_a_removal_says_by_whom_it_was(world: World, db: Database) -> None:
    channel = await world.channel()
    for who, by in (("user:sam", "user:sam"), ("user:tom", OWNER)):
        await world.member(channel, who)
        await db.call("record_removal", channel_id=channel.id, caller=by, member_id=who)
    await db.call("record_membership", **membership(channel, "user:eve", "ban", OWNER))
    rows = [await world.row(channel, who) for who in ("user:sam", "user:tom", "user:eve")]
    assert [row and row["left_by"] for row in rows] == ["user:sam", OWNER, OWNER]


async def test_components_of_the_version_before_join_by_recording_a_message(world: World, db: Database) -> None:
    channel, closed = await world.channel(visibility="microdao"), await world.channel(visibility="private")
    for one in (channel, closed):
        message = await db.call("record_message", **sent(one, "user:sam", joined_at=at()))
        await db.call(
            "record_reaction", **reaction(one, message["message"]["matrix_event_id"], "user:tom", joined_at=at())
        )
        for who in ("user:sam", "user:tom"):
            assert await world.is_member(one, who) is (one is channel)


def inviting(who: str, **details: Any) -> dict[str, Any]:
    return {"member_id": who, "details": {"role": "member", **details}, "client_key": None, "fingerprint": "f"}


async def test_an_invitation_that_is_told_of_late_has_its_role(world: World, db: Database) -> None:
    """Nobody has recorded it: the API was cut off, and the homeserver's push took its time."""
    channel = await world.channel(visibility="private")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:gus", role="guest", can_write=False))
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 hours'")
    await db.call("record_membership", **membership(channel, "user:gus", "invite", BOT, by_bot=True))
    await db.call("record_membership", **membership(channel, "user:gus", "join"))
    row = await world.row(channel, "user:gus")
    assert row and (row["role"], row["can_write"], row["invited_by"]) == ("guest", False, OWNER)
    again = await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:gus", role="guest", can_write=False))
    assert again["is_member"] is True
    other = await db.outcome(
        "prepare_invite", **channel.by(OWNER), **inviting("user:gus", role="guest", can_write=True)
    )
    assert other.refusal == "already_a_member"


async def test_the_bot_lets_in_who_joins_by_themselves_and_as_nothing_more(world: World, db: Database) -> None:
    """An invitation that never got into the room is not meant by the bot's when they come by themselves."""
    channel = await world.channel(visibility="microdao")
    await db.call("prepare_invite", **channel.by(OWNER), **inviting("user:sam", role="admin"))
    await intend(world, db, "post", channel, "user:sam", [DAO])
    await db.call("record_membership", **membership(channel, "user:sam", "invite", BOT, by_bot=True))
    await db.call("record_membership", **membership(channel, "user:sam", "join"))
    row = await world.row(channel, "user:sam")
    assert row and (row["role"], row["via_microdao"]) == ("member", True)
