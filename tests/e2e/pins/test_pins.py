"""Pinned messages, through the API: who pins, what is shown, and what it does to the room's list."""

from __future__ import annotations

import asyncio

from support.api import UNKNOWN_ID, World, path_to, pin_path
from support.matrix_client import matrix_client
from support.pins import done, in_room, pins
from support.problems import problem
from support.rooms import Rooms
from support.witness import Witness


async def test_what_is_pinned_is_shown_in_its_order_and_told(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, admin, reader = world.user("owner"), world.user("admin"), world.user("reader")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    one, two = [await owner.send(channel["id"], text) for text in ("one", "two")]
    async with witness.watch(channel, reader) as observed:
        await done(owner, "PUT", two)
        await done(admin, "PUT", one)
        await done(admin, "PUT", one)
        await done(admin, "DELETE", two)
        await done(admin, "DELETE", two)
    assert observed.kinds == ["message.pinned", "message.pinned", "message.unpinned"]
    told = [(frame["type"], frame["message_id"], frame["actor_id"]) for frame in observed.frames]
    assert told == [
        ("message.pinned", two["id"], owner.id),
        ("message.pinned", one["id"], admin.id),
        ("message.unpinned", two["id"], admin.id),
    ]
    assert sorted(observed.audit) == sorted((kind, actor, target) for kind, target, actor in told)
    await done(owner, "PUT", two)
    history = {message["id"]: message for message in await owner.history(channel["id"])}
    assert await pins(reader, channel) == [history[one["id"]], history[two["id"]]]
    assert await in_room(rooms, channel) == [one["matrix_event_id"], two["matrix_event_id"]]
    # Each has written as themselves: an owner and an admin have the level for it.
    lists = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.room.pinned_events"]
    assert [e["sender"] for e in lists] == [p.matrix_id for p in (owner, admin, admin, owner)]


async def test_refusals(world: World) -> None:
    owner, mia = world.user("owner"), world.user("mia")
    channel, other = await world.channel(owner), await world.channel(owner)
    message, elsewhere = await mia.send(channel["id"], "mine"), await owner.send(other["id"], "there")
    problem(await mia.put(pin_path(message)), 403, "cannot_manage")
    problem(await mia.delete(pin_path(message)), 403, "cannot_manage")
    pins_of_channel = f"{path_to(channel['id'])}/pins"
    for wrong in (elsewhere["id"], UNKNOWN_ID, "x"):
        for method in ("PUT", "DELETE"):
            problem(await owner.request(method, f"{pins_of_channel}/{wrong}"), 404, "not_found")
    problem(await mia.get(f"{path_to(UNKNOWN_ID)}/pins"), 404, "not_found")
    assert (await owner.delete(path_to(channel["id"], message["id"]))).status_code == 204
    problem(await owner.put(pin_path(message)), 409, "message_deleted")
    await done(owner, "PUT", elsewhere)
    assert (await owner.delete(path_to(other["id"]))).status_code == 204
    problem(await owner.delete(pin_path(elsewhere)), 409, "channel_archived")
    assert [m["id"] for m in await pins(owner, other)] == [elsewhere["id"]]


async def test_many_at_once_lose_none(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    messages = [await owner.send(channel["id"], f"text {n}") for n in range(6)]
    async with witness.watch(channel, owner) as observed:
        await asyncio.gather(
            *(done(who, "PUT", message) for who, message in zip([owner, admin] * 3, messages, strict=True))
        )
    assert observed.kinds == ["message.pinned"] * 6
    ids = {message["matrix_event_id"] for message in messages}
    listed = await in_room(rooms, channel)
    assert set(listed) == ids and len(listed) == 6
    assert [message["matrix_event_id"] for message in await pins(owner, channel)] == listed


async def test_who_pins_sees_it_at_once_whoever_writes_the_list_meanwhile(world: World, rooms: Rooms) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    room, element = channel["matrix_room_id"], await matrix_client(rooms, owner)
    message = await owner.send(channel["id"], "here and gone")
    for n in range(8):
        method = "DELETE" if n % 2 else "PUT"
        theirs = [f"$unknown-{n}", *([message["matrix_event_id"]] if n % 2 else [])]
        await asyncio.gather(
            element.set_state(room, "m.room.pinned_events", {"pinned": theirs}), done(owner, method, message)
        )
        # Theirs may be the later list, which has it as it was before.
        is_pinned = message["matrix_event_id"] in await in_room(rooms, channel)
        if is_pinned == (method == "PUT"):
            assert [one["id"] for one in await pins(owner, channel)] == [message["id"]] * is_pinned, n
        else:
            await done(owner, method, message)


async def test_a_deleted_message_is_unpinned_here_and_in_the_room(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, mia = world.user("owner"), world.user("mia")
    channel = await world.channel(owner)
    gone, stays = await mia.send(channel["id"], "mine"), await owner.send(channel["id"], "stays")
    for message in (gone, stays):
        await done(owner, "PUT", message)
    async with witness.watch(channel, owner) as observed:
        assert (await mia.delete(path_to(channel["id"], gone["id"]))).status_code == 204
    assert observed.kinds == ["message.deleted", "message.unpinned"]
    assert ("message.unpinned", mia.id, gone["id"]) in observed.audit
    assert [message["id"] for message in await pins(owner, channel)] == [stays["id"]]
    # As the bot, since mia's own level does not reach.
    assert await in_room(rooms, channel) == [stays["matrix_event_id"]]


async def test_ciphertext_is_pinned_without_a_text(world: World, rooms: Rooms) -> None:
    owner = world.user("owner")
    channel = await owner.create(**world.fields(is_encrypted=True))
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK"}
    response = await owner.request("POST", f"{path_to(channel['id'])}/messages", json={"encrypted": content})
    assert response.status_code == 201, response.text
    await done(owner, "PUT", response.json())
    [shown] = await pins(owner, channel)
    assert (shown["id"], shown["is_encrypted"], shown["content_preview"]) == (response.json()["id"], True, "")
    assert await in_room(rooms, channel) == [response.json()["matrix_event_id"]]
