"""Reactions from both sides: one per person and picture, whatever a client calls the picture."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from support.api import Caller, World, at
from support.element import element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.rooms import Rooms
from support.sockets import Listen
from support.witness import Witness

THUMB, THUMB_WITH_SELECTOR = "👍", "👍\ufe0f"


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


def reaction(message: dict[str, Any], emoji: str) -> str:
    return f"{at(message['channel_id'], message['id'])}/reactions/{quote(emoji, safe='')}"


async def reactions(caller: Caller, message: dict[str, Any]) -> list[tuple[str, int, bool]]:
    response = await caller.get(f"{at(message['channel_id'], message['id'])}/reactions")
    assert response.status_code == 200, response.text
    return [(one["emoji"], one["count"], one["reacted"]) for one in response.json()]


@pytest.mark.parametrize("emoji", ["👍🏿", "❤️", "👩🏽‍🚀", "🏳️‍🌈", "🇺🇦", "#️⃣", "+1", "дякую", "a/b?c=%41"])
async def test_any_reaction_of_a_matrix_client_is_listed_and_can_be_taken_back_here(
    world: World, rooms: Rooms, witness: Witness, emoji: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], emoji)
    assert [(e.kind, e.payload["emoji"]) for e in told.events] == [("reaction.added", emoji)]
    assert await reactions(alice, message) == [(emoji, 1, True)]
    async with witness.watch(channel, alice) as told:
        assert (await alice.delete(reaction(message, emoji))).status_code == 204
    assert [(e.kind, e.payload["emoji"]) for e in told.events] == [("reaction.removed", emoji)]
    assert await reactions(alice, message) == []


async def test_a_reaction_through_the_api_is_taken_back_in_matrix(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    assert (await alice.put(reaction(message, THUMB))).status_code == 204
    [sent] = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.reaction"]
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        await client.redact(channel["matrix_room_id"], sent["event_id"])
    assert told.kinds == ["reaction.removed"]
    assert await reactions(alice, message) == []
    # And again: the old event does not stand in the way of a new one.
    async with witness.watch(channel, alice) as told:
        assert (await alice.put(reaction(message, THUMB))).status_code == 204
    assert told.kinds == ["reaction.added"]
    assert await reactions(alice, message) == [(THUMB, 1, True)]


async def test_people_who_mean_the_same_picture_are_counted_together(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    bob = await element(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    async with witness.watch(channel, alice) as told:
        await bob.react(channel["matrix_room_id"], message["matrix_event_id"], THUMB_WITH_SELECTOR)
        assert (await alice.put(reaction(message, THUMB))).status_code == 204
    assert told.kinds == ["reaction.added"] * 2
    [(emoji, count, reacted)] = await reactions(alice, message)
    assert (emoji.rstrip("\ufe0f"), count, reacted) == (THUMB, 2, True)
    [(emoji, count, reacted)] = await reactions(world.user("reader"), message)
    assert (count, reacted) == (2, False)


async def test_one_person_who_sends_the_same_picture_twice_has_reacted_once(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        assert (await alice.put(reaction(message, THUMB))).status_code == 204
        # To the homeserver it is another one.
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], THUMB_WITH_SELECTOR)
    assert told.kinds == ["reaction.added"]
    assert await reactions(alice, message) == [(THUMB, 1, True)]


async def test_a_reaction_to_what_is_deleted_is_none(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "gone")
    assert (await alice.delete(at(channel["id"], message["id"]))).status_code == 204
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], THUMB)
    assert told.kinds == []
    assert await reactions(alice, message) == []
