"""Acts that were cut off half-way: what the homeserver tells of them counts, in the name of who wanted it, however late."""

import asyncio
from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, membership

BOT = "@bot:localhost"
ADAM = "user:adam"


def levels(channel: Channel, by_member: dict[str, int], **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(OWNER): 100, **{matrix_id(who): level for who, level in by_member.items()}},
        "default": 0,
        "sender_id": BOT,
        "by_bot": True,
        "changed_at": at(),
        **changes,
    }


def state(channel: Channel, field: str, value: str, **changes: Any) -> dict[str, Any]:
    types = {"name": "m.room.name", "topic": "m.room.topic"}
    return {
        "room_id": channel.room_id,
        "event_type": types[field],
        "field": field,
        "value": value,
        "sender_id": BOT,
        "by_bot": True,
        "changed_at": at(),
        **changes,
    }


async def age_intents(db: Database, interval: str = "2 minutes") -> None:
    await db.execute(f"UPDATE messaging.intents SET created_at = created_at - interval '{interval}'")


async def half_kicked(world: World, db: Database) -> Channel:
    """An admin whose level was dropped in the room, and who was never removed from it."""
    channel = await world.channel(visibility="private")
    await world.member(channel, ADAM, role="admin")
    await world.member(channel, "user:mia")
    await db.call("prepare_removal", **channel.by(OWNER), member_id=ADAM)
    await db.call("record_power_levels", **levels(channel, {ADAM: 0}))
    row = await world.row(channel, ADAM)
    assert row and row["role"] == "admin", "he may still be on his way out"
    return channel


ACTS: dict[str, dict[str, Any]] = {
    "prepare_channel_change": {"changes": {"name": "mine"}},
    "prepare_archive": {},
    "prepare_member_change": {"member_id": "user:mia", "details": {"can_write": False}},
    "prepare_removal": {"member_id": "user:mia"},
    "prepare_invite": {"member_id": "user:eve", "details": {"role": "member"}, "client_key": None, "fingerprint": "f"},
}


@pytest.mark.parametrize("act", ACTS)
async def test_who_was_half_kicked_has_no_power_for_the_next_act(world: World, db: Database, act: str) -> None:
    channel = await half_kicked(world, db)
    await age_intents(db)
    outcome = await db.outcome(act, **channel.by(ADAM), **ACTS[act])
    assert outcome.refusal in ("cannot_manage", "cannot_kick", "cannot_invite")
    row = await world.row(channel, ADAM)
    assert row and (row["role"], row["can_kick"], row["matrix_power_level"]) == ("member", False, 0)
    assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, ADAM)]


async def test_who_was_half_kicked_loses_the_role_at_the_next_push(world: World, db: Database) -> None:
    channel = await half_kicked(world, db)
    await age_intents(db)
    await db.call("record_room_state", **state(channel, "topic", "Talk", sender_id="user:mia", by_bot=False))
    row = await world.row(channel, ADAM)
    assert row and row["role"] == "member"


async def test_a_level_that_is_told_of_late_counts_at_once(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, ADAM, role="admin")
    await db.call("prepare_removal", **channel.by(OWNER), member_id=ADAM)
    await age_intents(db, "2 hours")
    await db.call("record_power_levels", **levels(channel, {ADAM: 0}))
    row = await world.row(channel, ADAM)
    assert row and row["role"] == "member"
    assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, ADAM)]


async def test_a_kick_that_is_told_of_in_time_is_one_event(world: World, db: Database) -> None:
    channel = await half_kicked(world, db)
    await db.call("record_membership", **membership(channel, ADAM, "leave", BOT, by_bot=True))
    await age_intents(db)
    await db.call("record_room_state", **state(channel, "topic", "Talk"))
    assert (await db.audit(channel.id))[1:2] == [("member.kicked", OWNER, ADAM)]
    assert await db.subjects(channel.id) == ["channel.created", "member.kicked", "channel.updated"]


@pytest.mark.parametrize("late", ["0 minutes", "3 hours"])
async def test_a_change_of_role_has_what_was_asked_for_however_late(world: World, db: Database, late: str) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    details = {"role": "admin", "can_kick": False}
    await db.call("prepare_member_change", **channel.by(OWNER), member_id="user:mia", details=details)
    await age_intents(db, late)
    await db.call("record_power_levels", **levels(channel, {"user:mia": 50}))
    row = await world.row(channel, "user:mia")
    assert row and (row["role"], row["can_invite"], row["can_kick"]) == ("admin", True, False)
    assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, "user:mia")]
    # It was one change: the same level later is nobody's intent.
    await age_intents(db)
    for level in (0, 50):
        await db.call("record_power_levels", **levels(channel, {"user:mia": level}))
    row = await world.row(channel, "user:mia")
    assert row and (row["role"], row["can_kick"]) == ("admin", True)


@pytest.mark.parametrize("late", ["0 minutes", "3 hours"])
async def test_an_archive_that_was_cut_off_is_carried_out_by_the_push(world: World, db: Database, late: str) -> None:
    channel = await world.channel()
    await db.call("prepare_archive", **channel.by(OWNER))
    await age_intents(db, late)
    await db.call("record_power_levels", **levels(channel, {}, is_read_only=True))
    await db.call("record_archive", channel_id=channel.id, caller=OWNER)
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived"]
    assert (await db.audit(channel.id))[1:] == [("channel.archived", OWNER, None)]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_a_room_that_is_read_only_for_other_reasons_is_not_archived(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    await db.call("record_power_levels", **levels(channel, {}, is_read_only=True))
    await db.call("prepare_archive", **other.by(OWNER))
    somebody = {"sender_id": "@bob:elsewhere", "by_bot": False}
    await db.call("record_power_levels", **levels(other, {}, is_read_only=True, **somebody))
    for one in (channel, other):
        assert await db.value("SELECT archived_at FROM public.channels WHERE id = $1", one.id) is None


async def test_of_a_change_that_was_cut_off_the_room_has_a_part(world: World, db: Database) -> None:
    channel = await world.channel(name="Old", topic="Old")
    changes = {"name": "New", "topic": "New"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    await db.call("record_room_state", **state(channel, "name", "New"))
    await age_intents(db)
    await db.call("record_power_levels", **levels(channel, {}))
    shown = await db.call("get_channel", **channel.by(OWNER))
    assert (shown["name"], shown["topic"]) == ("New", "Old")
    assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)]
    # The rest may still come.
    await db.call("record_room_state", **state(channel, "topic", "New"))
    assert (await db.call("get_channel", **channel.by(OWNER)))["topic"] == "New"
    assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)] * 2
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_what_waited_does_not_undo_what_came_since(world: World, db: Database) -> None:
    channel = await world.channel(name="Old")
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New", "topic": "New"})
    await db.call("record_room_state", **state(channel, "name", "New"))
    await db.call("record_room_state", **state(channel, "name", "Newest", sender_id="user:mia", by_bot=False))
    await age_intents(db)
    await db.call("record_room_state", **state(channel, "topic", "New"))
    shown = await db.call("get_channel", **channel.by(OWNER))
    assert (shown["name"], shown["topic"]) == ("Newest", "New")


async def test_what_was_settled_while_somebody_waited_is_not_settled_again(world: World, db: Database) -> None:
    channel = await world.channel(name="Old", topic="Old")
    await world.member(channel, ADAM, role="admin")
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New", "topic": "New"})
    await db.call("record_room_state", **state(channel, "name", "New"))
    await age_intents(db)
    first, second = await db.sessions(2)
    async with first.transaction():
        await first.execute("SELECT FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", channel.id)
        waiting = asyncio.create_task(second.call("prepare_channel_change", **channel.by(OWNER), changes={}))
        await db.waiting(second)
        changes = {"name": "Newest"}
        await first.call("prepare_channel_change", **channel.by(ADAM), changes=changes)
        await first.call("record_channel_change", channel_id=channel.id, caller=ADAM, changes=changes)
    await waiting
    assert (await db.call("get_channel", **channel.by(OWNER)))["name"] == "Newest"
