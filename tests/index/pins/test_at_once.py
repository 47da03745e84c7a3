"""A pin here and lists that people write in Matrix at the same time, with every order in which they can be told."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from harness.database import Database
from harness.pins import pinned, pinning, recording, told
from harness.world import OWNER, Channel, Message, World, number

MIA = "user:mia"


class Room:
    """The lists that were written, and the one that the room has now."""

    def __init__(self, channel: Channel, *listed: str):
        self.channel = channel
        self.now: dict[str, Any] = {}
        self.write(MIA, *listed)

    def write(self, sender: str, *listed: str) -> dict[str, Any]:
        self.now = {"event_id": f"$list-{number()}", "event_ids": list(listed), "sender_id": sender, "by_bot": False}
        return self.now

    def change(self, sender: str, event: str, is_pinned: bool) -> dict[str, Any]:
        others = [one for one in self.now["event_ids"] if one != event]
        return self.write(sender, *others, *([event] if is_pinned else []))

    def push(self, written: dict[str, Any], **order: Any) -> dict[str, Any]:
        return told(self.channel, *written["event_ids"], **{**written, "event_ids": written["event_ids"], **order})


async def act(db: Database, room: Room, message: Message, is_pinned: bool) -> AsyncIterator[None]:
    """What the component does, a step at a time; at its end the caller is answered, and looks."""
    channel = room.channel
    prepared = await db.call("prepare_pin", **pinning(channel, message, is_pinned=is_pinned))
    assert not prepared["is_done"]
    yield
    written = room.change(OWNER, message.event_id, is_pinned)
    yield
    recorded = recording(channel, message, is_pinned=is_pinned, state_event_id=written["event_id"])
    document = await db.call("record_pin", **recorded, order="told")
    yield
    for _ in range(5):
        version = document and document["ask_version"]
        if version is None:
            break
        listed = room.now | {"room_id": channel.room_id}
        document = await db.call("record_pin", **recorded, order="now", version=version, list=listed)
    assert version is None
    assert (message.id in await pinned(db, channel)) == is_pinned
    yield


async def element(db: Database, room: Room, event: str) -> AsyncIterator[None]:
    """Somebody pins in Matrix; the homeserver pushes it, and is asked for the list before that is followed."""
    written = room.change(MIA, event, True)
    yield
    version = await ask(db, room, written)
    listed = room.now
    yield
    await follow(db, room, version, listed)
    yield


async def push(db: Database, room: Room) -> AsyncIterator[None]:
    await follow(db, room, await ask(db, room, room.now), room.now)
    yield


async def ask(db: Database, room: Room, written: dict[str, Any]) -> str | None:
    return (await db.call("record_pinned_events", **room.push(written, order="unsure")))["ask_version"]


async def follow(db: Database, room: Room, version: str | None, listed: dict[str, Any]) -> None:
    for _ in range(5):
        if version is None:
            return
        push = room.push(listed, order="now", version=version)
        version = (await db.call("record_pinned_events", **push))["ask_version"]
        listed = room.now
    raise AssertionError("it is asked about again and again")


def orders() -> list[str]:
    """Of the four steps of the act, the three of Element, and the push of the act's own list, which follows its second."""
    every = sorted({"".join(order) for order in itertools.permutations("AAAAEEEP")})
    return [order for order in every if order[: order.index("P")].count("A") >= 2]


@pytest.mark.parametrize("is_pinned", [True, False])
async def test_who_pins_sees_it_at_once_whatever_is_told_meanwhile(world: World, db: Database, is_pinned: bool) -> None:
    for order in orders():
        channel = await world.channel()
        message, other = await world.message(channel), await world.message(channel)
        room = Room(channel, "$unknown", *([] if is_pinned else [message.event_id]))
        await follow(db, room, await ask(db, room, room.now), room.now)
        steps = {"A": act(db, room, message, is_pinned), "E": element(db, room, other.event_id), "P": push(db, room)}
        try:
            for step in order:
                await anext(steps[step])
            # The newest list may never have been pushed by itself, as with a gateway that asks.
            await follow(db, room, await ask(db, room, room.now), room.now)
            messages = {message.event_id: message.id, other.event_id: other.id}
            assert await pinned(db, channel) == [messages[e] for e in room.now["event_ids"] if e in messages]
            acts = [entry for entry in await db.audit(channel.id) if entry[0].startswith("message.")]
            own = ("message.pinned" if is_pinned else "message.unpinned", message.id)
            before = [] if is_pinned else [("message.pinned", message.id)]
            assert sorted((kind, of) for kind, _, of in acts) == sorted([*before, own, ("message.pinned", other.id)])
            # A list that holds both acts has but one sender.
            assert (own[0], OWNER, own[1]) in acts or order.index("E") >= 2
            assert await db.value("SELECT count(*) FROM messaging.intents WHERE channel_id = $1", channel.id) == 0
        except AssertionError as failure:
            raise AssertionError(f"in the order {order}: {failure}") from failure


async def test_a_list_that_was_taken_back_by_then_is_told_as_it_was(world: World, db: Database) -> None:
    """The room is asked, and somebody has unpinned the message again: both acts are told, each as whose it is."""
    channel = await world.channel()
    message, other = await world.message(channel), await world.message(channel)
    room = Room(channel, "$unknown")
    own = act(db, room, message, True)
    await anext(own)
    await follow(db, room, await ask(db, room, room.now), room.now)
    await anext(own)
    room.write(MIA, other.event_id)
    recorded = recording(channel, message, state_event_id="$ours")
    version = (await db.call("record_pin", **recorded, order="told"))["ask_version"]
    listed = room.now | {"room_id": channel.room_id}
    stale = await db.call("record_pin", **recorded, order="now", version="another", list=listed)
    assert stale == {"ask_version": version} and await pinned(db, channel) == []
    await db.call("record_pin", **recorded, order="now", version=version, list=listed)
    assert await pinned(db, channel) == [other.id]
    acts = [entry for entry in await db.audit(channel.id) if entry[0].startswith("message.")]
    assert acts == [
        ("message.pinned", OWNER, message.id),
        ("message.unpinned", MIA, message.id),
        ("message.pinned", MIA, other.id),
    ]


async def test_a_list_of_a_room_that_the_channel_has_left_is_not_followed(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("prepare_pin", **pinning(channel, message))
    await db.call("record_pinned_events", **told(channel, "$x", event_id="$old"))
    recorded = recording(channel, message, state_event_id="$ours")
    version = (await db.call("record_pin", **recorded, order="told"))["ask_version"]
    listed = {"room_id": "!former", "event_id": "$f", "event_ids": ["$f"], "sender_id": MIA, "by_bot": False}
    await db.call("record_pin", **recorded, order="now", version=version, list=listed)
    assert await pinned(db, channel) == [message.id]
    rows = await db.rows("SELECT event_id FROM messaging.pins WHERE channel_id = $1 ORDER BY place", channel.id)
    assert [row[0] for row in rows] == ["$x", message.event_id]
