"""record_room_state and record_encryption: the room's state as the homeserver tells it."""

import itertools
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World, at

BOT = "@bot:localhost"
TYPES = {"name": "m.room.name", "topic": "m.room.topic", "avatar_url": "m.room.avatar"}


def state(channel: Channel, field: str, value: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "event_type": TYPES[field],
        "field": field,
        "value": value,
        "sender_id": "user:mia",
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


async def shown(db: Database, channel: Channel, *fields: str) -> list[Any]:
    document = await db.call("get_channel", **channel.by(OWNER))
    return [document[field] for field in fields]


async def test_a_change_in_matrix_is_a_change_of_the_channel(world: World, db: Database) -> None:
    channel = await world.channel()
    for field in TYPES:
        await db.call("record_room_state", **state(channel, field, f"new {field}"))
    assert await shown(db, channel, *TYPES) == ["new name", "new topic", "new avatar_url"]
    assert await db.subjects(channel.id) == ["channel.created"] + ["channel.updated"] * 3
    assert {actor for _, actor, _ in (await db.audit(channel.id))[1:]} == {"user:mia"}


async def test_the_newest_state_counts_in_whatever_order_it_comes(world: World, db: Database) -> None:
    for order in itertools.permutations(range(3)):
        channel = await world.channel()
        for i in order:
            await db.call("record_room_state", **state(channel, "topic", f"{i}", changed_at=at(i - 60)))
        assert await shown(db, channel, "topic") == ["2"], order


async def test_nothing_changed_in_the_future(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_room_state", **state(channel, "topic", "first", changed_at=at(3600)))
    await db.call("record_room_state", **state(channel, "topic", "second"))
    assert await shown(db, channel, "topic") == ["second"]


async def test_an_empty_topic_is_none_and_an_empty_name_is_no_name(world: World, db: Database) -> None:
    channel = await world.channel(name="Name", topic="Topic")
    for field in ("topic", "name"):
        await db.call("record_room_state", **state(channel, field, ""))
    assert await shown(db, channel, "name", "topic") == ["Name", None]


async def test_the_parts_of_one_change_are_one_event_in_whatever_order_they_come(world: World, db: Database) -> None:
    changes = {"name": "New", "topic": "Talk", "description": "Talk"}
    parts = [("name", "New"), ("topic", "Talk")]
    for order in itertools.permutations([*parts, ("api", "")]):
        channel = await world.channel()
        await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
        for field, value in order:
            if field == "api":
                await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes=changes)
            else:
                await db.call("record_room_state", **state(channel, field, value, sender_id=BOT, by_bot=True))
        assert await shown(db, channel, *changes) == list(changes.values()), order
        assert await db.subjects(channel.id) == ["channel.created", "channel.updated"], order
        assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)], order


async def test_a_change_whose_request_was_cut_off_is_completed_by_the_pushes(world: World, db: Database) -> None:
    channel = await world.channel()
    changes = {"name": "New", "topic": "Talk"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    await db.call("record_room_state", **state(channel, "name", "New", sender_id=BOT, by_bot=True))
    assert await db.subjects(channel.id) == ["channel.created"]
    await db.call("record_room_state", **state(channel, "topic", "Talk", sender_id=BOT, by_bot=True))
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_somebody_elses_change_is_not_taken_for_the_apis(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New"})
    await db.call("record_room_state", **state(channel, "name", "New", sender_id="user:mia"))
    assert (await db.audit(channel.id))[1:] == [("channel.updated", "user:mia", None)]


async def test_a_room_becomes_encrypted_once(world: World, db: Database) -> None:
    channel = await world.channel()
    for _ in range(2):
        await db.call("record_encryption", room_id=channel.room_id, sender_id="user:mia")
    assert await shown(db, channel, "is_encrypted") == [True]
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]


async def test_a_room_of_no_channel_is_refused(db: Database) -> None:
    nowhere = Channel("", "!unknown:localhost", "")
    assert await db.refusal("record_room_state", **state(nowhere, "name", "x")) == "channel_not_found"
    assert await db.refusal("record_encryption", room_id=nowhere.room_id, sender_id=OWNER) == "channel_not_found"
