"""Which state of a room counts: the one that the homeserver says it has now, whatever time stamps say."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at, matrix_id, membership

SAM, MIA = "@sam:elsewhere", "user:mia"


def member(channel: Channel, kind: str, event: str, **changes: Any) -> dict[str, Any]:
    arguments = {"event_id": event, "order": "told", **changes}
    return membership(channel, SAM, kind, arguments.pop("sender", None), **arguments)


async def asked(db: Database, function: str, **arguments: Any) -> str:
    """The version that comes with the question; nothing was changed."""
    before = await db.contents()
    version = (await db.call(function, **arguments))["ask_version"]
    assert version is not None and await db.contents() == before
    return version


async def test_a_back_dated_join_counts_when_the_room_has_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **member(channel, "join", "$1"))
    await db.call("record_membership", **member(channel, "leave", "$2"))
    again = member(channel, "join", "$3", changed_at="1970-01-01T00:00:00Z")
    version = await asked(db, "record_membership", **again)
    assert (await db.call("record_membership", **again | {"order": "now", "version": version}))["ask_version"] is None
    assert await world.is_member(channel, SAM)
    # And a kick after it counts, too, though no time is later.
    kick = member(channel, "leave", "$4", sender=OWNER, changed_at=at(-3600))
    version = await asked(db, "record_membership", **kick)
    await db.call("record_membership", **kick | {"order": "now", "version": version})
    assert not await world.is_member(channel, SAM)


async def test_a_join_from_the_future_does_not_outlive_a_kick(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **member(channel, "join", "$1", changed_at=at(86_400)))
    kick = member(channel, "leave", "$2", sender=OWNER, changed_at=at(-5))
    version = await asked(db, "record_membership", **kick)
    await db.call("record_membership", **kick | {"order": "now", "version": version})
    assert not await world.is_member(channel, SAM)


async def test_another_servers_time_says_nothing(world: World, db: Database) -> None:
    """A join that was sent before a kick with a later time, and comes after it."""
    channel = await world.channel()
    await db.call("record_membership", **member(channel, "leave", "$2", sender=OWNER))
    late = member(channel, "join", "$1", changed_at=at(60), order="unsure")
    version = await asked(db, "record_membership", **late)
    # The homeserver says that the kick is what the room has.
    now = member(channel, "leave", "$2", sender=OWNER, order="now", version=version)
    await db.call("record_membership", **now)
    assert not await world.is_member(channel, SAM)


async def test_an_answer_that_is_overtaken_is_asked_for_again(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **member(channel, "join", "$1"))
    version = await asked(db, "record_membership", **member(channel, "leave", "$2", order="unsure"))
    await db.call("record_membership", **member(channel, "leave", "$3"))
    stale = member(channel, "join", "$1", order="now", version=version)
    fresh = await asked(db, "record_membership", **stale)
    assert fresh != version
    assert not await world.is_member(channel, SAM)


async def test_the_same_event_again_is_no_question(world: World, db: Database) -> None:
    channel = await world.channel()
    for order in ("told", "unsure", "told"):
        told = member(channel, "join", "$1", order=order, version=None)
        if order == "unsure":
            continue
        assert (await db.call("record_membership", **told))["ask_version"] is None
    assert (await db.call("record_membership", **member(channel, "join", "$1", order="unsure")))["ask_version"] is None
    assert await db.subjects(channel.id) == ["channel.created", "member.joined"]


@pytest.mark.parametrize("order", ["clock", "told"])
async def test_without_an_answer_the_time_decides(world: World, db: Database, order: str) -> None:
    channel = await world.channel()
    await db.call("record_membership", **member(channel, "leave", "$2", order=order))
    late = member(channel, "join", "$1", changed_at=at(-60), order="clock")
    assert (await db.call("record_membership", **late))["ask_version"] is None
    assert not await world.is_member(channel, SAM)


def topic(channel: Channel, value: str, event: str, **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "event_type": "m.room.topic",
        "field": "topic",
        "value": value,
        "sender_id": SAM,
        "by_bot": False,
        "changed_at": at(),
        "event_id": event,
        "order": "told",
        **changes,
    }


async def test_a_topic_is_the_rooms_whatever_its_time(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_room_state", **topic(channel, "from the future", "$1", changed_at=at(86_400)))
    back = topic(channel, "back-dated", "$2", changed_at="1970-01-01T00:00:00Z")
    version = await asked(db, "record_room_state", **back)
    await db.call("record_room_state", **back | {"order": "now", "version": version})
    shown = (await db.call("get_channel", **channel.by(OWNER)))["topic"]
    assert shown == "back-dated"
    # An answer that was given before this one does not undo it.
    stale = topic(channel, "from the future", "$1", order="now", version=version)
    assert (await db.call("record_room_state", **stale))["ask_version"]


def levels(channel: Channel, by_member: dict[str, int], event: str, **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(OWNER): 100, **{matrix_id(who): level for who, level in by_member.items()}},
        "default": 0,
        "sender_id": OWNER,
        "by_bot": False,
        "changed_at": at(),
        "event_id": event,
        "order": "told",
        **changes,
    }


async def test_a_demotion_counts_though_the_databases_clock_is_ahead(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, MIA)
    await db.call("prepare_member_change", **channel.by(OWNER), member_id=MIA, details={"role": "admin"})
    record = {"channel_id": channel.id, "caller": OWNER, "member_id": MIA, "details": {"role": "admin"}}
    await db.call("record_member_change", **record)
    down = levels(channel, {MIA: 0}, "$2", changed_at=at(-5))
    version = await asked(db, "record_power_levels", **down)
    await db.call("record_power_levels", **down | {"order": "now", "version": version})
    row = await world.row(channel, MIA)
    assert row and (row["role"], row["matrix_power_level"]) == ("member", 0)


async def test_a_change_through_the_api_overtakes_an_answer(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, MIA)
    version = await asked(db, "record_power_levels", **levels(channel, {}, "$1", order="unsure"))
    await db.call("prepare_member_change", **channel.by(OWNER), member_id=MIA, details={"role": "admin"})
    record = {"channel_id": channel.id, "caller": OWNER, "member_id": MIA, "details": {"role": "admin"}}
    await db.call("record_member_change", **record)
    stale = levels(channel, {}, "$1", order="now", version=version)
    assert (await db.call("record_power_levels", **stale))["ask_version"]
    row = await world.row(channel, MIA)
    assert row and row["role"] == "admin"
