"""Two changes of one channel at once: in whatever order they are told and recorded, the index ends as the room."""

import asyncio
import itertools
from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, at

ADAM = "user:adam"
TYPES = {"name": "m.room.name", "topic": "m.room.topic", "avatar_url": "m.room.avatar"}


def told(channel: Channel, field: str, value: str, sender: str, event: str, seconds: float) -> dict[str, Any]:
    return {
        "room_id": channel.room_id,
        "event_type": TYPES[field],
        "field": field,
        "value": value,
        "sender_id": sender,
        "by_bot": False,
        "changed_at": at(seconds),
        "event_id": event,
        "order": "told",
    }


def orders() -> list[tuple[str, ...]]:
    """Every order in which the homeserver tells of one before two, and each API records at any time."""
    every = itertools.permutations(["told one", "told two", "recorded one", "recorded two"])
    return [order for order in every if order.index("told one") < order.index("told two")]


@pytest.mark.parametrize("field", TYPES)
@pytest.mark.parametrize("actors", [(OWNER, ADAM), (OWNER, OWNER)], ids=["two people", "one person"])
async def test_the_rooms_last_state_wins(world: World, db: Database, field: str, actors: tuple[str, str]) -> None:
    for order in orders():
        channel = await world.channel(**{field: "before"})
        await world.member(channel, ADAM, role="admin")
        values = {"one": "first", "two": "second"}
        who = dict(zip(values, actors, strict=True))
        for one, value in values.items():
            await db.call("prepare_channel_change", **channel.by(who[one]), changes={field: value})
        for step in order:
            act, one = step.split()
            value = values[one]
            if act == "told":
                event = told(channel, field, value, who[one], f"${channel.id}-{one}", 0.001 if one == "one" else 0.002)
                await db.call("record_room_state", **event)
            else:
                change = {"channel_id": channel.id, "caller": who[one], "changes": {field: value}}
                await db.call("record_channel_change", **change)
        shown = await db.call("get_channel", **channel.by(OWNER))
        assert shown[field] == "second", order
        assert await db.value("SELECT count(*) FROM messaging.intents") == 0, order
        await db.subjects(channel.id)


async def test_changes_of_different_parts_are_both_there(world: World, db: Database) -> None:
    channel = await world.channel(name="before", topic="before")
    await world.member(channel, ADAM, role="admin")
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "new"})
    await db.call("prepare_channel_change", **channel.by(ADAM), changes={"topic": "new"})
    await db.call("record_room_state", **told(channel, "topic", "new", ADAM, "$t", 0))
    await db.call("record_room_state", **told(channel, "name", "new", OWNER, "$n", 0))
    shown = await db.call("get_channel", **channel.by(OWNER))
    assert (shown["name"], shown["topic"]) == ("new", "new")
    assert sorted((await db.audit(channel.id))[1:]) == [("channel.updated", who, None) for who in (ADAM, OWNER)]


async def test_changes_that_come_to_nothing_do_not_pile_up(world: World, db: Database) -> None:
    channel = await world.channel()
    for i in range(30):
        await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": f"name {i}"})
    assert await db.value("SELECT count(*) FROM messaging.intents") == 20


async def test_an_archived_channel_changes_no_more(world: World, db: Database) -> None:
    channel = await world.channel(name="before")
    await world.archive(channel)
    await db.call("record_room_state", **told(channel, "name", "after", ADAM, "$n", 0))
    change = {"channel_id": channel.id, "caller": OWNER, "changes": {"name": "after"}}
    assert await db.refusal("record_channel_change", **change) == "channel_archived"
    assert (await db.call("get_channel", **channel.by(OWNER)))["name"] == "before"
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived"]


async def test_a_change_locks_its_channel_before_its_intents(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    changes = {"visibility": "public"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    await db.execute("UPDATE public.channels SET alias_name = NULL WHERE id = $1", channel.id)
    recording, preparing = await db.sessions(2)
    async with recording.transaction():
        await recording.execute("SELECT FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", channel.id)
        change = asyncio.create_task(preparing.call("prepare_channel_change", **channel.by(OWNER), changes=changes))
        await db.waiting(preparing)
        await recording.execute("SELECT FROM messaging.intents WHERE channel_id = $1 FOR UPDATE NOWAIT", channel.id)
    await change
