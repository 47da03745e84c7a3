"""Bans: who makes and lifts one, and that it holds on every way in."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, NOWHERE, OWNER, Channel, World, at, matrix_id, membership, number, type_of

BOT = "@bot:localhost"
SEND = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}


async def ban(db: Database, channel: Channel, who: str, by: str = OWNER) -> None:
    await db.call("prepare_removal", **channel.by(by), member_id=who, ban=True)
    await db.call(
        "record_removal",
        channel_id=channel.id,
        caller=by,
        member_id=who,
        ban=True,
        member_type=type_of(who),
        matrix_user_id=matrix_id(who),
    )


def inviting(channel: Channel, who: str, by: str = OWNER) -> dict[str, Any]:
    key = {"client_key": None, "fingerprint": "f"}
    return {**channel.by(by), "member_id": who, "details": {"role": "member"}, **key}


async def invite(db: Database, channel: Channel, who: str) -> dict[str, Any]:
    prepared = await db.call("prepare_invite", **inviting(channel, who))
    arguments = {k: v for k, v in inviting(channel, who).items() if k != "microdaos"}
    await db.call(
        "record_invite",
        **arguments,
        member_type=type_of(who),
        matrix_user_id=matrix_id(who),
        has_joined=True,
        asked_at=at(),
    )
    return prepared


@pytest.mark.parametrize("state", ["joined", "invited", "left", None])
async def test_a_ban_is_of_whoever_may_come(world: World, db: Database, state: str | None) -> None:
    channel = await world.channel()
    if state:
        await world.member(channel, "user:sam", state=state)
    prepared = await db.call("prepare_removal", **channel.by(OWNER), member_id="user:sam", ban=True)
    assert prepared == {
        "room_id": channel.room_id,
        "matrix_user_id": matrix_id("user:sam") if state else None,
        "power_level": 0,
        "is_member": state in ("joined", "invited"),
    }
    for _ in range(2):
        await ban(db, channel, "user:sam")
    [event] = await db.events(channel.id, "messaging.member.%")
    assert (event["subject"], event["banned"], event["actor_id"]) == ("messaging.member.kicked", True, OWNER)
    assert event["member"]["banned_at"] and event["member"]["left_at"]
    assert (await db.audit(channel.id))[1:] == [("member.kicked", OWNER, "user:sam")]
    metadata = "SELECT metadata ->> 'banned' FROM public.channel_events WHERE event_type = 'member.kicked'"
    assert await db.value(metadata) == "true"


async def test_a_kick_says_nothing_of_a_ban(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:sam")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:sam")
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:sam")
    [event] = await db.events(channel.id, "messaging.member.%")
    assert "banned" not in event and event["member"]["banned_at"] is None


async def test_who_may_remove_may_ban_by_the_same_ranks(world: World, db: Database) -> None:
    channel, direct = await world.channel(), await world.channel(visibility="private", is_direct=True)
    for who, columns in {
        "user:mia": {},
        "user:kim": {"can_kick": True},
        "user:adam": {"role": "admin"},
        "user:abel": {"role": "admin"},
        "user:lea": {"role": "admin", "state": "left"},
    }.items():
        await world.member(channel, who, **columns)
    cases = [
        ("cannot_kick", channel.by("user:sam"), "user:new"),
        ("cannot_kick", channel.by("user:mia"), "user:new"),
        ("cannot_kick", channel.by("user:kim"), "user:adam"),
        ("cannot_kick", channel.by("user:adam"), "user:abel"),
        ("cannot_kick", channel.by(OWNER), OWNER),
        ("member_not_found", direct.by(OWNER), "user:new"),
    ]
    for expected, by, who in cases:
        assert await db.refusal("prepare_removal", **by, member_id=who, ban=True) == expected, (by, who)
    # A role that somebody had once protects from nothing.
    for by, who in (("user:kim", "user:new"), ("user:kim", "user:lea"), (OWNER, "user:adam")):
        await ban(db, channel, who, by)


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_a_ban_holds_on_every_way_in(world: World, db: Database, visibility: str) -> None:
    channel = await world.channel(visibility=visibility)
    message = await world.message(channel)
    for who, state in (("user:sam", "joined"), ("user:new", None)):
        if state:
            await world.member(channel, who, state=state)
        await ban(db, channel, who)
        expected = "channel_not_found" if visibility == "private" else "banned"
        by = channel.by(who, [DAO])
        assert await db.refusal("prepare_send", **by, **SEND) == expected
        assert await db.refusal("prepare_reaction", **by, message_id=message.id, emoji="x") == expected
        assert await db.refusal("prepare_join", **by) == expected
        # One who had asked before, in Matrix already.
        joined = {"member_type": "human", "matrix_user_id": matrix_id(who), "asked_at": at()}
        assert await db.refusal("record_join", **by, **joined) == expected
        await db.execute(
            "INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details) "
            "VALUES ($1, 'join', $2, $2, '{\"has_claim\": true}')",
            channel.id,
            who,
        )
        pushed = await db.call("record_membership", **membership(channel, who, "join"))
        assert pushed["must_ban"] is True
        assert not await world.is_member(channel, who)
        assert await db.may_read(**by) is (visibility == "public")
    await ban(db, channel, "@bob:elsewhere")
    pushed = await db.call("record_membership", **membership(channel, "@bob:elsewhere", "join"))
    assert pushed["must_ban"] is True


async def test_a_direct_channel_is_not_found_again(world: World, db: Database) -> None:
    slug = f"direct-{number()}"
    channel = await world.channel(visibility="private", is_direct=True, slug=slug)
    await world.member(channel, "user:bob", state="left", left_by="user:bob", banned_at=await db.value("SELECT now()"))
    found = {"microdao_id": DAO, "slug": slug, "is_direct": True, "client_key": None, "fingerprint": "f"}
    assert await db.refusal("reserve_channel", caller="user:bob", microdaos=[DAO], **found) == "banned"


async def test_a_banned_member_of_the_microdao_reads_no_more(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    assert await db.may_read(**channel.by("user:sam", [DAO]))
    await ban(db, channel, "user:sam")
    page = {"limit": 1, "before": None, "after": None, "thread_id": None}
    assert await db.refusal("list_messages", **channel.by("user:sam", [DAO]), **page) == "cannot_read"
    listed = {"microdao_id": None, "limit": 10, "before_time": None, "before_id": None}
    channels = await db.call("list_channels", caller="user:sam", microdaos=[DAO], **listed)
    assert [c["id"] for c in channels["items"]] == [channel.id]


async def test_only_an_invitation_by_who_may_ban_lifts_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ina", can_invite=True)
    for who in ("user:sam", "agent:ada"):
        await world.member(channel, who)
        await ban(db, channel, who)
        assert await db.refusal("prepare_invite", **inviting(channel, who, "user:ina")) == "banned"
    assert await invite(db, channel, "user:sam") == {
        "room_id": channel.room_id,
        "power_level": None,
        "must_unban": True,
    }
    row = await world.row(channel, "user:sam")
    assert row and (row["banned_at"], row["banned_in_room"]) == (None, False)
    assert await world.is_member(channel, "user:sam")
    # A copy of the push of the ban's end that comes late takes nobody out.
    lifted = membership(channel, "user:sam", "leave", OWNER, changed_at=at(-5))
    await db.call("record_membership", **lifted)
    assert await world.is_member(channel, "user:sam")


async def test_a_ban_in_matrix_is_one_here_and_so_is_its_end(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    for who in ("user:sam", "@bob:elsewhere"):
        for state in ("joined", None):
            if state:
                await db.call("record_membership", **membership(channel, who, "join"))
            await db.call("record_membership", **membership(channel, who, "ban", OWNER))
            assert await db.value("SELECT messaging.is_banned($1, $2)", channel.id, who)
            await db.call("record_membership", **membership(channel, who, "leave", OWNER))
            assert not await db.value("SELECT messaging.is_banned($1, $2)", channel.id, who)
            assert not await world.is_member(channel, who)
    kicked = await db.events(channel.id, "messaging.member.kicked")
    assert [event.get("banned") for event in kicked] == [True] * 4


async def test_the_push_of_our_own_ban_is_told_once(world: World, db: Database) -> None:
    for kind in ("ban", "leave"):  # A gateway that cannot ban removes.
        channel = await world.channel()
        await world.member(channel, "user:sam")
        await db.call("prepare_removal", **channel.by(OWNER), member_id="user:sam", ban=True)
        await db.call("record_membership", **membership(channel, "user:sam", kind, BOT, by_bot=True))
        await ban(db, channel, "user:sam")
        # Another copy, and the end of no ban.
        await db.call("record_membership", **membership(channel, "user:sam", kind, BOT, by_bot=True))
        assert (await db.audit(channel.id))[1:] == [("member.kicked", OWNER, "user:sam")]
        assert await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)


async def test_an_invitation_in_matrix_lifts_it_when_it_is_a_moderators(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await ban(db, channel, "user:sam")
    pushed = await db.call("record_membership", **membership(channel, "user:sam", "invite", "user:mia"))
    assert pushed["must_ban"] is True
    assert await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)
    await db.call("record_membership", **membership(channel, "user:sam", "invite", OWNER))
    assert not await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)


async def test_the_room_that_replaces_another_learns_of_the_bans(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **membership(channel, "user:sam", "ban", OWNER))
    new = f"!new-{number()}:localhost"
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=new, actor_id=OWNER)
    followed = {"replacement_room_id": new, "predecessor_room_id": channel.room_id}
    assert await db.call("follow_upgrade", **followed) == {"banned": [matrix_id("user:sam")], "has_closed": False}
    moved = Channel(channel.id, new, OWNER)
    assert (await db.call("record_membership", **membership(moved, "user:sam", "join")))["must_ban"] is True
    # Leaving that room is the end of no ban.
    await db.call("record_membership", **membership(moved, "user:sam", "leave"))
    assert await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)
    assert await db.call("follow_upgrade", **followed | {"replacement_room_id": NOWHERE}) is None


@pytest.mark.parametrize("state", ["left", None])
async def test_a_ban_while_somebody_is_being_invited_stands(world: World, db: Database, state: str | None) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ina", can_invite=True)
    if state:
        await world.member(channel, "user:sam", state=state)
    asked = inviting(channel, "user:sam", "user:ina")
    await db.call("prepare_invite", **asked)
    await ban(db, channel, "user:sam")
    record = {k: v for k, v in asked.items() if k != "microdaos"}
    ids = {"member_type": "human", "matrix_user_id": matrix_id("user:sam")}
    await db.call("record_invite", **record, **ids, has_joined=True, asked_at=at())
    assert await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)
    assert not await world.is_member(channel, "user:sam")


async def test_an_intent_from_before_the_ban_does_not_lift_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ina", can_invite=True)
    await db.call("prepare_invite", **inviting(channel, "user:sam", "user:ina"))
    await ban(db, channel, "user:sam")
    # A moment later, as the homeserver has it.
    told = membership(channel, "user:sam", "invite", BOT, by_bot=True, changed_at=at(30))
    assert (await db.call("record_membership", **told))["must_ban"] is True
    assert await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)
    # One that was noted after it does.
    await db.call("prepare_invite", **inviting(channel, "user:sam"))
    assert (await db.call("record_membership", **told | {"changed_at": at(31)}))["must_ban"] is False
    assert not await db.value("SELECT messaging.is_banned($1, 'user:sam')", channel.id)
