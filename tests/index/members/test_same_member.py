"""Acts about the same member at the same time do not undo each other in the room, and what the room refused leaves nothing."""

from datetime import timedelta
from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, OWNER, Channel, World, at, matrix_id, membership

BOT = "@bot:localhost"
ADMIN = {"role": "admin"}


def changing(channel: Channel, by: str = OWNER, details: dict[str, Any] = ADMIN) -> dict[str, Any]:
    return {**channel.by(by), "member_id": "user:mia", "details": details}


def removing(channel: Channel, by: str = OWNER, **more: Any) -> dict[str, Any]:
    return {**channel.by(by), "member_id": "user:mia", **more}


def inviting(channel: Channel, by: str = OWNER, details: dict[str, Any] = ADMIN) -> dict[str, Any]:
    return {**changing(channel, by, details), "client_key": None, "fingerprint": "f"}


def ending(actor: str = BOT) -> dict[str, Any]:
    return {"microdao_id": DAO, "member_id": "user:mia", "limit": 25, "actor_id": actor}


def dropping(channel: Channel, act: str, target: str = "user:mia", by: str = OWNER) -> dict[str, Any]:
    return {"channel_id": channel.id, "caller": by, "act": act, "target_id": target}


async def staffed(world: World) -> Channel:
    channel = await world.channel()
    await world.member(channel, "user:olaf", role="owner")
    await world.member(channel, "user:mia")
    return channel


@pytest.mark.parametrize("way", ["removal", "ending"])
async def test_who_is_being_removed_is_not_changed(world: World, db: Database, way: str) -> None:
    channel = await staffed(world)
    if way == "removal":
        assert "must_wait" not in await db.call("prepare_removal", **removing(channel, "user:olaf"))
    else:
        assert (await db.call("list_ending_memberships", **ending()))["must_wait"] is False
    assert await db.refusal("prepare_member_change", **changing(channel)) == "member_being_changed"
    # Whatever became of that, it does not last.
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 minutes'")
    assert await db.call("prepare_member_change", **changing(channel))


async def test_a_removal_waits_for_a_change_that_has_begun_and_no_other_begins(world: World, db: Database) -> None:
    channel = await staffed(world)
    prepared = await db.call("prepare_member_change", **changing(channel))
    assert (await db.call("prepare_removal", **removing(channel, "user:olaf")))["must_wait"] is True
    assert (await db.call("list_ending_memberships", **ending()))["must_wait"] is True
    for by in (OWNER, "user:olaf"):
        assert await db.refusal("prepare_member_change", **changing(channel, by)) == "member_being_changed"
    details = {"details": prepared["details"], "member_id": "user:mia"}
    await db.call("record_member_change", channel_id=channel.id, caller=OWNER, **details)
    assert "must_wait" not in (last := await db.call("prepare_removal", **removing(channel, "user:olaf")))
    assert last["power_level"] == 50
    assert (await db.call("list_ending_memberships", **ending()))["must_wait"] is False


async def test_two_change_a_member_to_different_levels_one_after_the_other(world: World, db: Database) -> None:
    channel = await staffed(world)
    await db.call("prepare_member_change", **changing(channel))
    other = changing(channel, "user:olaf", {"role": "owner"})
    assert await db.refusal("prepare_member_change", **other) == "member_being_changed"
    # To the same level, and the same request again.
    for by in (OWNER, "user:olaf"):
        assert await db.call("prepare_member_change", **changing(channel, by))
    await db.call(
        "record_member_change", channel_id=channel.id, caller="user:olaf", member_id="user:mia", details=ADMIN
    )
    assert await db.call("prepare_member_change", **other)


async def test_two_invite_somebody_with_different_levels_one_after_the_other(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:olaf", role="owner")
    await db.call("prepare_invite", **inviting(channel))
    plain = inviting(channel, "user:olaf", {"role": "member"})
    assert await db.refusal("prepare_invite", **plain) == "member_being_changed"
    assert await db.call("prepare_invite", **inviting(channel, "user:olaf"))


async def test_what_the_room_refused_is_not_taken_for_something_later(world: World, db: Database) -> None:
    channel = await staffed(world)
    await db.call("prepare_removal", **removing(channel, ban=True))
    await db.call("drop_intent", **dropping(channel, "remove"))
    await db.call("record_membership", **membership(channel, "user:mia", "leave", OWNER))
    assert not await db.value("SELECT messaging.is_banned($1, 'user:mia')", channel.id)
    prepared = await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New", "description": "x"})
    await db.call("drop_intent", **dropping(channel, "update", prepared["intent"]))
    await db.call("prepare_archive", **channel.by(OWNER))
    # Another's note stays.
    await db.call("drop_intent", **dropping(channel, "archive", "channel", "user:olaf"))
    assert await db.rows("SELECT act FROM messaging.intents") == [("archive",)]
    await db.call("drop_intent", **dropping(channel, "archive", "channel"))
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_a_level_that_fell_on_the_way_to_a_refused_removal_counts(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia", role="admin")
    await db.call("prepare_removal", **removing(channel))
    levels = {"room_id": channel.room_id, "levels": {matrix_id(OWNER): 100}, "default": 0, "changed_at": at()}
    await db.call("record_power_levels", **levels, sender_id=OWNER, by_bot=False)
    assert (await world.row(channel, "user:mia") or {})["role"] == "admin"
    await db.call("drop_intent", **dropping(channel, "remove"))
    assert (await world.row(channel, "user:mia") or {})["role"] == "member"


def invited(channel: Channel, **changes: Any) -> dict[str, Any]:
    ids = {"channel_id": channel.id, "caller": "user:ina", "member_id": "user:sam", "member_type": "human"}
    record = {"matrix_user_id": matrix_id("user:sam"), "details": {"role": "member"}, "has_joined": True}
    return {**ids, **record, "asked_at": at(), "client_key": None, "fingerprint": "f", "microdaos": None, **changes}


LOST = {
    "removed": "UPDATE public.channel_members SET left_at = now() WHERE member_id = 'user:ina'",
    "may not invite": "UPDATE public.channel_members SET can_invite = false WHERE member_id = 'user:ina'",
    "archived": "UPDATE public.channels SET archived_at = now()",
}


@pytest.mark.parametrize("lost", list(LOST))
async def test_who_has_lost_the_right_while_inviting_brings_nobody_in(world: World, db: Database, lost: str) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:ina", can_invite=True)
    asked = {**channel.by("user:ina"), "member_id": "user:sam", "details": {"role": "member"}}
    prepared = await db.call("prepare_invite", **asked, client_key=None, fingerprint="f")
    assert "is_in" not in prepared
    await db.execute(LOST[lost])
    told = membership(channel, "user:sam", "invite", BOT, by_bot=True)
    outcome = await db.outcome("record_invite", **invited(channel))
    assert outcome.refusal == ("channel_archived" if lost == "archived" else "cannot_invite")
    assert await world.row(channel, "user:sam") is None
    # The homeserver's word of it is no way in either, whichever comes first.
    await db.execute(
        "INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details) "
        "VALUES ($1, 'invite', 'user:sam', 'user:ina', '{\"role\": \"member\"}')",
        channel.id,
    )
    assert (await db.call("record_membership", **told))["must_remove"] is True
    assert await world.row(channel, "user:sam") is None


async def test_a_membership_by_the_microdao_invites_only_with_the_claim(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await world.member(channel, "user:ina", can_invite=True, via_microdao=True)
    assert (await db.outcome("record_invite", **invited(channel, microdaos=[]))).refusal == "cannot_invite"
    assert (await db.call("record_invite", **invited(channel, microdaos=[DAO])))["joined_at"]


ABSENT = """
INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, left_at, noted_by, noted_at)
SELECT $1, 'user:never' || n, 'human', '@user-never' || n || ':localhost', 'member', now(), $2, now() - $3::interval
FROM generate_series(1, 100) n
"""


async def test_who_was_restricted_without_ever_being_in_does_not_learn_of_the_channel(
    world: World, db: Database
) -> None:
    channel = await world.channel(visibility="private")
    await db.call("record_member_change", channel_id=channel.id, caller=OWNER, member_id="user:two",
                  details={"can_write": False}, matrix_user_id="@user-two:localhost")  # fmt: skip
    by = channel.by("user:two", [])
    assert await db.refusal("prepare_removal", **by, member_id="user:two") == "channel_not_found"


async def test_bans_and_restrictions_of_the_absent_have_a_bound_for_each_day(world: World, db: Database) -> None:
    channel, mute = await world.channel(), {"details": {"can_write": False}}
    await world.member(channel, "user:lea", state="left")
    for who in ("user:olaf", "user:otto"):
        await world.member(channel, who, role="owner")
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:one", ban=True,
                  member_type="human", matrix_user_id="@user-one:localhost")  # fmt: skip
    await db.call("record_member_change", channel_id=channel.id, caller=OWNER, member_id="user:two", **mute,
                  matrix_user_id="@user-two:localhost")  # fmt: skip
    assert await db.value("SELECT count(*) FROM public.channel_members WHERE noted_by = $1", OWNER) == 2
    await db.connection.execute(ABSENT, channel.id, OWNER, timedelta(hours=1))
    by = channel.by(OWNER, [DAO])
    assert await db.refusal("prepare_removal", **by, member_id="user:new", ban=True) == "too_many_absent"
    assert await db.refusal("prepare_member_change", **by, member_id="user:new", **mute) == "too_many_absent"
    # Who was here, and anybody else's.
    assert await db.call("prepare_removal", **by, member_id="user:lea", ban=True)
    assert await db.call("prepare_removal", **channel.by("user:olaf", [DAO]), member_id="user:new", ban=True)
    await db.execute("UPDATE public.channel_members SET noted_at = now() - interval '25 hours'")
    assert await db.call("prepare_removal", **by, member_id="user:new", ban=True)
