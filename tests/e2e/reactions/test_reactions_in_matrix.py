"""Reactions with a Matrix client: one per person and emoji, however the client writes the emoji."""

from __future__ import annotations

import pytest

from support.api import World, path_to, reaction_path
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.witness import Witness

THUMB, THUMB_WITH_SELECTOR = "👍", "👍\ufe0f"


@pytest.mark.parametrize("emoji", ["👍🏿", "❤️", "👩🏽‍🚀", "🏳️‍🌈", "🇺🇦", "#️⃣", "+1", "дякую", "a/b?c=%41"])
async def test_any_reaction_of_a_matrix_client_is_listed_and_can_be_removed_through_the_api(
    world: World, rooms: Rooms, witness: Witness, emoji: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], emoji)
    assert [(e.kind, e.payload["emoji"]) for e in observed.events] == [("reaction.added", emoji)]
    assert await alice.reactions(message) == {emoji: (1, True)}
    async with witness.watch(channel, alice) as observed:
        assert (await alice.delete(reaction_path(message, emoji))).status_code == 204
    assert [(e.kind, e.payload["emoji"]) for e in observed.events] == [("reaction.removed", emoji)]
    assert await alice.reactions(message) == {}


async def test_a_reaction_through_the_api_can_be_removed_with_a_matrix_client(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    assert (await alice.put(reaction_path(message, THUMB))).status_code == 204
    [sent] = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.reaction"]
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        await client.redact(channel["matrix_room_id"], sent["event_id"])
    assert observed.kinds == ["reaction.removed"]
    assert await alice.reactions(message) == {}
    # The old event does not stand in the way of a new one.
    async with witness.watch(channel, alice) as observed:
        assert (await alice.put(reaction_path(message, THUMB))).status_code == 204
    assert observed.kinds == ["reaction.added"]
    assert await alice.reactions(message) == {THUMB: (1, True)}


async def test_people_who_send_variants_of_an_emoji_are_counted_together(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    message = await alice.send(channel["id"], "React!")
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)
    async with witness.watch(channel, alice) as observed:
        event_id = await bob.react(room, message["matrix_event_id"], THUMB_WITH_SELECTOR)
        assert (await alice.put(reaction_path(message, THUMB))).status_code == 204
    assert observed.kinds == ["reaction.added"] * 2
    assert {event.payload["reactor_id"] for event in observed.events} == {alice.id, bob.id}
    [(emoji, counted)] = (await alice.reactions(message)).items()
    assert (emoji.rstrip("\ufe0f"), counted) == (THUMB, (2, True))
    [counted] = (await world.user("reader").reactions(message)).values()
    assert counted == (2, False)
    async with witness.watch(channel, alice) as observed:
        await bob.redact(room, event_id)
    [removed] = observed.events
    assert (removed.kind, removed.payload["reactor_id"]) == ("reaction.removed", bob.id)
    assert removed.payload["message_id"] == message["id"]
    [counted] = (await alice.reactions(message)).values()
    assert counted == (1, True)


async def test_two_variants_of_an_emoji_are_both_indexed_and_taken_back_and_count_once(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        assert (await alice.put(reaction_path(message, THUMB))).status_code == 204
        # To the homeserver it is another one.
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], THUMB_WITH_SELECTOR)
        # By the API it is the same picture.
        assert (await alice.put(reaction_path(message, THUMB_WITH_SELECTOR))).status_code == 204
    assert observed.kinds == ["reaction.added", "reaction.added"]
    assert await alice.reactions(message) == {THUMB: (1, True)}
    async with witness.watch(channel, alice) as observed:
        assert (await alice.delete(reaction_path(message, THUMB))).status_code == 204
    assert observed.kinds == ["reaction.removed", "reaction.removed"]
    assert await alice.reactions(message) == {}


async def test_a_reaction_to_a_deleted_message_does_not_count(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "gone")
    assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        await client.react(channel["matrix_room_id"], message["matrix_event_id"], THUMB)
    assert observed.kinds == []
    assert await alice.reactions(message) == {}
