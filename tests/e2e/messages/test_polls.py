"""Polls that people make in Matrix: who reads one here sees how many voted for what, as Matrix counts it."""

from __future__ import annotations

from typing import Any

import pytest

from messages.test_kinds import new_poll, old_poll
from support.api import Caller, World, path_to
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.witness import Witness

PREFIXES = {"m.poll": new_poll, "org.matrix.msc3381.poll": old_poll}


def about(poll: str) -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": "m.reference", "event_id": poll}}


async def vote(client: MatrixClient, room: str, prefix: str, poll: str, *answers: str) -> str:
    said = {"m.selections": list(answers)}
    content = said if prefix == "m.poll" else {f"{prefix}.response": {"answers": list(answers)}}
    return await client.send(room, f"{prefix}.response", about(poll) | content)


async def shown(reader: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    """The newest message's poll, which the page and the message itself have alike."""
    message = (await reader.get(f"{path_to(channel['id'])}/messages", params={"limit": 1})).json()[0]
    whole = (await reader.get(path_to(channel["id"], message["id"]))).json()
    assert whole["poll"] == message["poll"] and whole["poll"]["ended_at"] == whole["poll_ended_at"]
    return message["poll"]


def votes(poll: dict[str, Any]) -> dict[str, int | None]:
    return {answer["id"]: answer["votes"] for answer in poll["answers"]}


@pytest.mark.parametrize("prefix", list(PREFIXES))
async def test_votes_are_counted_until_the_end(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, prefix: str
) -> None:
    alice, reader = world.user("alice"), world.user("reader")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    dave, erin = [await matrix_client(rooms, await person(name)) for name in ("dave", "erin")]
    for who in (dave, erin):
        await who.join(room)
    mine = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        poll = await dave.send(room, f"{prefix}.start", PREFIXES[prefix]("Lunch?", "Borshch", "Salad"))
        await vote(dave, room, prefix, poll, "Salad")
        await vote(erin, room, prefix, poll, "Borshch")
        taken_back = await vote(erin, room, prefix, poll, "Salad", "Borshch")
        await vote(mine, room, prefix, poll, "Borshch")
    assert observed.kinds == ["message.created"]
    seen = await shown(alice, channel)
    assert seen == {
        "question": "Lunch?",
        "answers": [
            {"id": "Borshch", "text": "Borshch", "votes": 1},
            {"id": "Salad", "text": "Salad", "votes": 2},
        ],
        "max_selections": 1,
        "voters": 3,
        "my_answers": ["Borshch"],
        "ended_at": None,
        "disclosed": True,
    }
    assert await shown(reader, channel) == seen | {"my_answers": []}
    # The vote before counts again where one is redacted; a spoiled one counts for nothing.
    async with witness.watch(channel, alice) as observed:
        await erin.redact(room, taken_back)
        await vote(mine, room, prefix, poll, "Pizza")
    assert observed.kinds == []
    seen = await shown(alice, channel)
    assert (votes(seen), seen["voters"], seen["my_answers"]) == ({"Borshch": 1, "Salad": 1}, 2, [])
    # After the end nothing changes, whoever votes or leaves.
    async with witness.watch(channel, alice) as observed:
        await dave.send(room, f"{prefix}.end", about(poll) | {f"{prefix}.end": {}, "m.text": "Over"})
        await vote(mine, room, prefix, poll, "Salad")
        await erin.leave(room)
    assert observed.kinds == ["message.updated", "member.left"]
    over = await shown(alice, channel)
    assert over["ended_at"] and over | {"ended_at": None} == seen
    [message] = await alice.page(channel["id"])
    assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    assert "poll" not in (await alice.get(path_to(channel["id"], message["id"]))).json()


async def test_a_poll_that_is_not_disclosed_tells_its_count_after_the_end(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room, element = channel["matrix_room_id"], await matrix_client(rooms, alice)
    content = new_poll("Lunch?", "Borshch", "Salad")
    content["m.poll"] |= {"kind": "m.undisclosed", "max_selections": 2}
    async with witness.watch(channel, alice):
        poll = await element.send(room, "m.poll.start", content)
        await vote(element, room, "m.poll", poll, "Salad", "Borshch")
    seen = await shown(alice, channel)
    assert (votes(seen), seen["voters"], seen["my_answers"]) == (
        {"Borshch": None, "Salad": None},
        None,
        ["Salad", "Borshch"],
    )
    async with witness.watch(channel, alice):
        await element.send(room, "m.poll.end", about(poll))
    seen = await shown(alice, channel)
    assert (votes(seen), seen["voters"], seen["disclosed"]) == ({"Borshch": 1, "Salad": 1}, 1, False)


async def test_a_poll_asks_what_its_last_edit_asks(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room, element = channel["matrix_room_id"], await matrix_client(rooms, alice)
    async with witness.watch(channel, alice):
        poll = await element.send(room, "m.poll.start", new_poll("Lunch?", "Borshch", "Salad"))
        relation = {"rel_type": "m.replace", "event_id": poll}
        new = {"m.new_content": new_poll("Dinner?", "Salad", "Soup"), "m.relates_to": relation}
        edit = await element.send(room, "m.poll.start", new_poll("* Dinner?", "Salad", "Soup") | new)
    seen = await shown(alice, channel)
    assert (seen["question"], list(votes(seen))) == ("Dinner?", ["Salad", "Soup"])
    async with witness.watch(channel, alice):
        await element.redact(room, edit)
    seen = await shown(alice, channel)
    assert (seen["question"], list(votes(seen))) == ("Lunch?", ["Borshch", "Salad"])
