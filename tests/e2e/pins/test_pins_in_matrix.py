"""Pins that people make with their Matrix client: followed as they are, whatever their lists hold."""

from __future__ import annotations

from typing import Any

from support.api import World, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.matrix_client import MatrixClient, bot_client, matrix_client
from support.pins import done, in_room, pins
from support.rooms import Rooms
from support.witness import Witness

KIND = "m.room.pinned_events"


async def write(client: MatrixClient, channel: dict[str, Any], *ids: str) -> None:
    await client.set_state(channel["matrix_room_id"], KIND, {"pinned": list(ids)})


async def test_a_pin_here_is_the_rooms_and_theirs_is_ours(world: World, rooms: Rooms, witness: Witness) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    one, two, three = [await owner.send(channel["id"], text) for text in ("one", "two", "three")]
    element = await matrix_client(rooms, owner)
    await done(owner, "PUT", one)
    state = await element.call("GET", f"rooms/{channel['matrix_room_id']}/state/{KIND}/")
    assert state == {"pinned": [one["matrix_event_id"]]}
    # An ordinary client writes the whole list, in the order that its user wants.
    async with witness.watch(channel, owner) as observed:
        await write(element, channel, two["matrix_event_id"], *state["pinned"])
    assert observed.kinds == ["message.pinned"]
    assert observed.audit == [("message.pinned", owner.id, two["id"])]
    assert [message["id"] for message in await pins(owner, channel)] == [two["id"], one["id"]]
    async with witness.watch(channel, owner) as observed:
        await write(element, channel, three["matrix_event_id"], one["matrix_event_id"])
    assert observed.kinds == ["message.unpinned", "message.pinned"]
    assert [message["id"] for message in await pins(owner, channel)] == [three["id"], one["id"]]


async def test_what_is_unknown_here_stays_in_the_list_and_is_not_shown(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner = world.user("owner")
    channel, other = await world.channel(owner), await world.channel(owner, visibility="private")
    one, two = [await owner.send(channel["id"], text) for text in ("one", "two")]
    secret = await owner.send(other["id"], "not for here")
    element = await matrix_client(rooms, owner)
    unknown = ["$unknown", secret["matrix_event_id"]]
    async with witness.watch(channel, owner) as observed:
        await write(element, channel, unknown[0], one["matrix_event_id"], unknown[1])
    assert observed.kinds == ["message.pinned"]
    await done(owner, "PUT", two)
    await done(owner, "DELETE", one)
    assert [message["id"] for message in await pins(owner, channel)] == [two["id"]]
    assert await in_room(rooms, channel) == [*unknown, two["matrix_event_id"]]


async def test_a_list_full_of_what_is_unknown_is_full(world: World, rooms: Rooms, witness: Witness) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "no place")
    async with witness.watch(channel, owner):
        await write(await matrix_client(rooms, owner), channel, *(f"$unknown-{n}" for n in range(100)))
    response = await owner.put(f"{path_to(channel['id'])}/pins/{message['id']}")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_pins")


async def test_a_redaction_in_matrix_unpins(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, mia = world.user("owner"), world.user("mia")
    channel = await world.channel(owner)
    gone, stays = await mia.send(channel["id"], "mine"), await owner.send(channel["id"], "stays")
    for message in (gone, stays):
        await done(owner, "PUT", message)
    async with witness.watch(channel, owner) as observed:
        await (await matrix_client(rooms, mia)).redact(channel["matrix_room_id"], gone["matrix_event_id"])
    assert observed.kinds == ["message.deleted", "message.unpinned"]
    assert await in_room(rooms, channel) == [stays["matrix_event_id"]]


async def test_late_repeated_and_malformed_lists_change_nothing(
    world: World, homeserver: Homeserver, witness: Witness
) -> None:
    """The homeserver is asked what the room has: a push is only a reason to ask."""
    owner = world.user("owner")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "pinned")
    await done(owner, "PUT", message)
    contents: list[Any] = [{"pinned": []}, {}, {"pinned": [f"${n}" for n in range(10_000)]}, {"pinned": "$x"}, None]
    async with witness.watch(channel, owner) as observed:
        for content in contents:
            for _ in range(2):
                event = pushed_message(channel, type=KIND, state_key="", sender=owner.matrix_id, content=content or {})
                accepted(await homeserver.push(event))
    assert observed.kinds == []
    assert [one["id"] for one in await pins(owner, channel)] == [message["id"]]


async def test_pins_stay_when_the_room_is_upgraded(world: World, rooms: Rooms, witness: Witness) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    old = await owner.send(channel["id"], "in the old room")
    await done(owner, "PUT", old)
    async with witness.watch(channel, owner) as observed:
        replacement = await bot_client(rooms).upgrade(channel["matrix_room_id"])
    assert observed.kinds == ["channel.updated"]
    new = await owner.send(channel["id"], "in the new room")
    await done(owner, "PUT", new)
    async with witness.watch(channel, owner) as observed:
        pass
    assert [message["id"] for message in await pins(owner, channel)] == [old["id"], new["id"]]
    assert new["matrix_event_id"] in ((await rooms.state(replacement, KIND)) or {})["pinned"]
    await done(owner, "DELETE", old)
    assert [message["id"] for message in await pins(owner, channel)] == [new["id"]]
