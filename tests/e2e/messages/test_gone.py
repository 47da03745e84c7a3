"""Deleted means gone: no version of a deleted message stays in Matrix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.api import World, path_to
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness

SECRET = "the password is rosebud"


async def nothing_left(rooms: Rooms, room: str) -> None:
    """Waits until no event of the room has the secret."""

    async def gone() -> bool:
        return SECRET not in json.dumps(await rooms.messages(room))

    await eventually("every version is redacted", gone)


@pytest.mark.parametrize("way", ["the sender through the API", "the owner through the API", "the sender in Matrix"])
async def test_every_edit_goes_from_matrix_with_the_message(world: World, rooms: Rooms, way: str) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    message = await alice.send(channel["id"], f"v1 {SECRET}")
    for n in range(2, 5):
        response = await alice.patch(path_to(channel["id"], message["id"]), {"text": f"v{n} {SECRET}"})
        assert response.status_code == 200, response.text
    client = await matrix_client(rooms, alice)
    await client.edit(room, message["matrix_event_id"], f"v5 {SECRET}")
    other = await alice.send(channel["id"], "stays")
    assert len([e for e in await rooms.messages(room) if SECRET in json.dumps(e)]) == 5
    if way == "the sender in Matrix":
        await client.redact(room, message["matrix_event_id"])
    else:
        deleter = alice if way.startswith("the sender") else owner
        response = await deleter.delete(path_to(channel["id"], message["id"]))
        assert response.status_code == 204, response.text
        # Those that the homeserver knows of are gone before the response.
        assert SECRET not in json.dumps(await rooms.messages(room))
    await nothing_left(rooms, room)
    assert [e["content"].get("body") for e in await rooms.messages(room)][-1] == "stays"
    assert (await alice.content(other))["text"] == "stays"


async def test_an_edit_that_comes_after_the_deletion_is_redacted(world: World, rooms: Rooms, person: NewPerson) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)
    event = await bob.say(room, "first")

    async def indexed() -> list[dict[str, Any]]:
        return await owner.history(channel["id"])

    [message] = await eventually("the message is indexed", indexed)
    assert (await owner.delete(path_to(channel["id"], message["id"]))).status_code == 204
    await bob.edit(room, event, SECRET)
    await nothing_left(rooms, room)


async def test_the_redaction_of_an_earlier_edit_takes_it_out_of_the_log(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    message = await alice.send(channel["id"], "v1")
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        earlier = await client.edit(room, message["matrix_event_id"], f"v2 {SECRET}")
        await client.edit(room, message["matrix_event_id"], "v3")
    assert observed.kinds == ["message.updated"] * 2
    assert SECRET in await witness.index.stored_text(channel["id"])
    await client.redact(room, earlier)

    async def purged() -> bool:
        return SECRET not in await witness.index.stored_text(channel["id"])

    await eventually("the log has lost the text", purged)
    assert (await alice.content(message))["text"] == "v3"
    async with witness.listen(channel["id"], alice, since_seq=0) as late:
        await late.until(observed.events[-1].seq)
        assert SECRET not in str(late.events)


async def test_the_fingerprint_in_matrix_does_not_give_the_text_away(world: World, rooms: Rooms) -> None:
    """A plain hash of a short text is as good as the text."""
    alice = world.user("alice")
    channel = await world.channel(alice)
    for key in ("one", "two"):
        await alice.send(channel["id"], "pin 4711", key=f"{channel['id']}-{key}")
    fingerprints = {e["content"]["city.daarion.fingerprint"] for e in await rooms.messages(channel["matrix_room_id"])}
    assert len(fingerprints) == 1 and fingerprints.pop().startswith("2:")
