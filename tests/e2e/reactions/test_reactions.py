"""Reactions through the API: one per person and emoji, in the index and in the room."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from support.api import World, path_to, reaction_path
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged


async def reactions_in_room(rooms: Rooms, channel: dict[str, Any]) -> list[tuple[str, str]]:
    """The reactions that the room holds and that nobody has redacted."""
    events = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.reaction" and e["content"]]
    return [(e["sender"], e["content"]["m.relates_to"]["key"]) for e in events]


@pytest.mark.parametrize(
    "emoji",
    ["👍", "👍🏽", "❤️", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇺🇦", "1️⃣", "+1", "a/b", "%", "?", "#", "ок"],
)
async def test_any_emoji_is_kept_as_it_is_in_index_and_room(world: World, rooms: Rooms, emoji: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    response = await alice.put(reaction_path(message, emoji))
    assert response.is_success, response.text
    assert await alice.reactions(message) == {emoji: (1, True)}
    assert await reactions_in_room(rooms, channel) == [(alice.matrix_id, emoji)]


@pytest.mark.parametrize("emoji", [" ", "\u200b", "\ufe0f", "\n", "a\u202eb", "\u001b[31m", "\u3164", "👍\u200d"])
async def test_a_reaction_is_something_one_can_see(world: World, unchanged: Unchanged, emoji: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    async with unchanged(channel):
        problem(await alice.put(reaction_path(message, emoji)), 422, "invalid")


async def test_adding_and_removing_a_reaction_are_events(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    await bob.send(channel["id"], "I will")
    async with listen(channel["id"], alice) as socket:
        assert (await bob.put(reaction_path(message, "👍"))).is_success
        assert await alice.reactions(message) == {"👍": (1, False)}
        assert (await bob.delete(reaction_path(message, "👍"))).is_success
        assert await alice.reactions(message) == {}
        assert (await bob.put(reaction_path(message, "👍"))).is_success
        events = await journal.so_far(alice, channel["id"])
        await socket.until(events[-1].seq)
    about = [e for e in events if e.kind.startswith("reaction.")]
    assert [e.kind for e in about] == ["reaction.added", "reaction.removed", "reaction.added"]
    for event in about:
        expected = {"message_id": message["id"], "reactor_id": bob.id, "emoji": "👍"}
        assert event.payload | expected == event.payload
    frames = [f for f in socket.events if f["type"].startswith("reaction.")]
    assert [(f["type"], f["seq"], f["message_id"], f["emoji"]) for f in frames] == [
        (e.kind, e.seq, message["id"], "👍") for e in about
    ]
    assert await reactions_in_room(rooms, channel) == [(bob.matrix_id, "👍")]


async def test_reacting_again_is_the_same_reaction(world: World, rooms: Rooms, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    responses = await asyncio.gather(*(alice.put(reaction_path(message, "👍")) for _ in range(8)))
    assert all(response.is_success for response in responses), [response.text for response in responses]
    # With a variation selector it is the same emoji.
    assert (await alice.put(reaction_path(message, "👍\ufe0f"))).is_success
    assert await alice.reactions(message) == {"👍": (1, True)}
    assert await reactions_in_room(rooms, channel) == [(alice.matrix_id, "👍")]
    assert [e.kind for e in await journal.so_far(alice, channel["id"])].count("reaction.added") == 1


async def test_everybody_has_their_own_reactions(world: World, rooms: Rooms) -> None:
    people = [world.user(f"user{n}") for n in range(3)]
    channel = await world.channel(people[0])
    message = await people[0].send(channel["id"], "React!")
    for n, one in enumerate(people):
        assert (await one.put(reaction_path(message, "👍"))).is_success
        if n:
            assert (await one.put(reaction_path(message, "🎉"))).is_success
    assert await people[0].reactions(message) == {"👍": (3, True), "🎉": (2, False)}
    # Nobody removes another's.
    assert (await people[0].delete(reaction_path(message, "🎉"))).is_success
    assert (await people[1].delete(reaction_path(message, "👍"))).is_success
    assert await people[0].reactions(message) == {"👍": (2, True), "🎉": (2, False)}
    assert len(await reactions_in_room(rooms, channel)) == 4
    members = await people[0].members(channel["id"])
    assert {one.id for one in people} == set(members), "people who react join by it"


async def test_wrong_reactions_are_problems_and_change_nothing(world: World, unchanged: Unchanged) -> None:
    alice, muted = world.user("alice"), world.user("muted")
    channel, other = await world.channel(alice), await world.channel(alice)
    message, gone = await alice.send(channel["id"], "React!"), await alice.send(channel["id"], "deleted")
    assert (await alice.delete(path_to(channel["id"], gone["id"]))).status_code == 204
    await alice.invite(channel["id"], muted.id, can_write=False)
    async with unchanged(channel), unchanged(other):
        base = f"{path_to(channel['id'], message['id'])}/reactions"
        for emoji in ("👍" * 100, "\x07", "%00", "%ff", "a\nb"):
            raw = emoji if emoji.startswith("%") else quote(emoji, safe="")
            response = await alice.put(f"{base}/{raw}")
            problem(response, response.status_code)
            assert response.status_code in (404, 422), emoji
        problem(await muted.put(reaction_path(message, "👍")), 403, "cannot_write")
        problem(await alice.put(reaction_path(gone, "👍")), 409, "message_deleted")
        problem(await alice.put(f"{path_to(other['id'], message['id'])}/reactions/x"), 404, "not_found")
        problem(await alice.get(f"{path_to(other['id'], message['id'])}/reactions"), 404, "not_found")
        problem(await alice.post(base, {}), 405, "method_not_allowed")
        problem(await alice.get(reaction_path(message, "👍")), 405, "method_not_allowed")


async def test_of_many_reactions_at_once_the_room_has_no_more_than_the_index(world: World, rooms: Rooms) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "React!")
    responses = await asyncio.gather(*(alice.put(reaction_path(message, f"e{n}")) for n in range(26)))
    assert sorted(response.status_code for response in responses) == [204] * 20 + [409] * 6
    for response in responses:
        if response.status_code == 409:
            problem(response, 409, "too_many_reactions")
    kept = [emoji for _, emoji in await reactions_in_room(rooms, channel)]
    assert sorted(kept) == sorted(await alice.reactions(message))
    # A place that is free again is one, also for what was refused.
    refused = next(f"e{n}" for n, response in enumerate(responses) if response.status_code == 409)
    assert (await alice.delete(reaction_path(message, kept[0]))).status_code == 204
    assert (await alice.put(reaction_path(message, refused))).status_code == 204
    assert refused in await alice.reactions(message)
    assert refused in [emoji for _, emoji in await reactions_in_room(rooms, channel)]
