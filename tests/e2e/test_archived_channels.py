"""Archived channels: over for everybody, in Matrix too, and still there to be read."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, at, links
from support.element import Element, element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


class Ended:
    """A channel with some life in it, archived."""

    owner: Caller
    alice: Caller
    sofia: Caller
    bob: Element
    channel: dict[str, Any]
    message: dict[str, Any]


@pytest.fixture
async def ended(world: World, rooms: Rooms, person: NewPerson, journal: Journal) -> Ended:
    e = Ended()
    e.owner, e.alice, e.sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    e.channel = await world.channel(e.owner, topic="Talk")
    await e.owner.invite(e.channel["id"], e.sofia.id)
    e.bob = await element(rooms, await person("bob"))
    await e.bob.join(e.channel["matrix_room_id"])
    e.message = await e.alice.send(e.channel["id"], "before")
    response = await e.alice.put(f"{at(e.channel['id'], e.message['id'])}/reactions/x")
    assert response.status_code == 204, response.text
    return e


async def archive(e: Ended) -> None:
    response = await e.owner.delete(at(e.channel["id"]))
    assert response.status_code == 204, response.text


async def test_archiving_is_told_once_and_nobody_is_lost(ended: Ended, witness: Witness) -> None:
    before = await ended.owner.members(ended.channel["id"])
    async with witness.watch(ended.channel, ended.alice) as told:
        await archive(ended)
        await archive(ended)
    assert told.kinds == ["channel.archived"]
    assert told.audit == [("channel.archived", ended.owner.id, None)]
    payload = told.events[0].payload
    shown = (await ended.alice.get(at(ended.channel["id"]))).json()
    assert payload["channel"] == shown
    assert shown["archived_at"] and shown["topic"] == "Talk"
    assert await ended.owner.members(ended.channel["id"]) == before


async def test_nothing_can_be_written_any_more(ended: Ended, world: World, unchanged: Unchanged) -> None:
    await archive(ended)
    channel, message = at(ended.channel["id"]), at(ended.channel["id"], ended.message["id"])
    newcomer = world.user("newcomer")
    async with unchanged(ended.channel):
        refused = [
            await ended.alice.try_send(ended.channel["id"], "after"),
            await newcomer.try_send(ended.channel["id"], "after"),
            await ended.sofia.post(
                f"/internal/agents/{ended.sofia.id}/post-to-channel",
                {"channel_id": ended.channel["id"], "text": "after"},
            ),
            await ended.alice.patch(message, {"text": "after"}),
            await ended.alice.delete(message),
            await ended.owner.delete(message),
            await ended.alice.put(f"{message}/reactions/y"),
            await ended.alice.delete(f"{message}/reactions/x"),
            await ended.owner.try_invite(ended.channel["id"], newcomer.id),
            await newcomer.put(f"{channel}/members/me"),
            await ended.owner.patch(f"{channel}/members/{ended.alice.id}", {"role": "admin"}),
            await ended.owner.patch(channel, {"name": "after"}),
        ]
        for response in refused:
            problem(response, 409, "channel_archived")


async def test_in_matrix_nobody_is_heard_any_more(ended: Ended, rooms: Rooms, witness: Witness) -> None:
    room, event = ended.channel["matrix_room_id"], ended.message["matrix_event_id"]
    owner = await element(rooms, ended.owner)
    await archive(ended)
    async with witness.watch(ended.channel, ended.alice) as told:
        for client in (ended.bob, owner):
            for kind, content in [
                ("m.room.message", {"msgtype": "m.text", "body": "after"}),
                ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "y"}}),
            ]:
                response = await client.try_call("PUT", f"rooms/{room}/send/{kind}/1", content)
                assert response.status_code == 403, response.text
    assert told.kinds == []
    assert await ended.alice.history(ended.channel["id"]) == [ended.message]


async def test_it_can_be_read_as_before(ended: Ended, world: World) -> None:
    await archive(ended)
    reader, path = world.user("reader"), at(ended.channel["id"])
    assert await reader.history(ended.channel["id"]) == [ended.message]
    shown = (await reader.get(at(ended.channel["id"], ended.message["id"]))).json()
    assert shown["text"] == "before"
    reactions = (await reader.get(f"{path}/messages/{ended.message['id']}/reactions")).json()
    assert [(one["emoji"], one["count"]) for one in reactions] == [("x", 1)]
    assert ended.alice.id in await reader.members(ended.channel["id"])
    inside = f"/internal/messaging/channels/{ended.channel['id']}"
    assert (await ended.sofia.get(f"{inside}/messages", agent_id=ended.sofia.id)).json() == [ended.message]
    context = (await ended.sofia.get(f"{inside}/context")).json()
    assert (context["allowed_agents"], context["disabled_agents"]) == ([], [ended.sofia.id])
    assert context["archived_at"]


async def test_it_is_in_no_list_and_its_slug_stays_taken(ended: Ended, world: World) -> None:
    other = await world.channel(ended.owner)
    await archive(ended)
    for caller in (ended.owner, ended.alice, world.user("reader")):
        listed = await caller.get(CHANNELS, microdao_id=world.microdao, limit=1)
        assert [one["id"] for one in listed.json()] == [other["id"]]
        assert "next" not in links(listed)
    body = world.fields(slug=ended.channel["slug"])
    problem(await ended.owner.post(CHANNELS, body), 409, "slug_taken")


async def test_who_wants_to_leave_it_may(ended: Ended, rooms: Rooms, witness: Witness) -> None:
    await archive(ended)
    response = await ended.alice.delete(f"{at(ended.channel['id'])}/members/me")
    assert response.status_code == 204, response.text
    assert ended.alice.matrix_id not in await rooms.joined(ended.channel["matrix_room_id"])
    assert ended.alice.id not in await ended.owner.members(ended.channel["id"])
