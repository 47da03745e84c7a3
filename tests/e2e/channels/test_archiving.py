"""Archived channels: nobody writes there any more, in Matrix neither, and everybody reads as before."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, links, member_path, path_to, reaction_path, row, rows
from support.journal import Journal
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson, joined_member
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


class Scene:
    """A channel with members, a message and a reaction, ready to be archived."""

    owner: Caller
    alice: Caller
    sofia: Caller
    bob: MatrixClient
    channel: dict[str, Any]
    message: dict[str, Any]


@pytest.fixture
async def scene(world: World, rooms: Rooms, person: NewPerson, journal: Journal) -> Scene:
    s = Scene()
    s.owner, s.alice, s.sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    s.channel = await world.channel(s.owner, topic="Talk")
    await s.owner.invite(s.channel["id"], s.sofia.id)
    bob = await person("bob")
    s.bob = await matrix_client(rooms, bob)
    await s.bob.join(s.channel["matrix_room_id"])
    await joined_member(s.owner, s.channel, bob)
    s.message = await s.alice.send(s.channel["id"], "before")
    response = await s.alice.put(reaction_path(s.message, "x"))
    assert response.status_code == 204, response.text
    return s


async def archive(scene: Scene) -> None:
    response = await scene.owner.delete(path_to(scene.channel["id"]))
    assert response.status_code == 204, response.text


async def test_archiving_is_one_event_and_every_member_stays(scene: Scene, witness: Witness) -> None:
    before = await scene.owner.members(scene.channel["id"])
    async with witness.watch(scene.channel, scene.alice) as observed:
        await archive(scene)
        await archive(scene)
    assert observed.kinds == ["channel.archived"]
    assert observed.audit == [("channel.archived", scene.owner.id, None)]
    payload = observed.events[0].payload
    shown = (await scene.alice.get(path_to(scene.channel["id"]))).json()
    assert payload["channel"] == row(shown)
    assert shown["archived_at"] and shown["topic"] == "Talk"
    assert await scene.owner.members(scene.channel["id"]) == before


async def test_every_write_but_the_deletion_of_ones_own_is_refused(
    scene: Scene, world: World, unchanged: Unchanged
) -> None:
    await archive(scene)
    channel, message = path_to(scene.channel["id"]), path_to(scene.channel["id"], scene.message["id"])
    newcomer = world.user("newcomer")
    async with unchanged(scene.channel):
        refused = [
            await scene.alice.try_send(scene.channel["id"], "after"),
            await newcomer.try_send(scene.channel["id"], "after"),
            await scene.sofia.post(
                f"/internal/agents/{scene.sofia.id}/post-to-channel",
                {"channel_id": scene.channel["id"], "text": "after"},
            ),
            await scene.alice.patch(message, {"text": "after"}),
            await scene.owner.delete(message),
            await scene.alice.put(f"{message}/reactions/y"),
            await scene.alice.delete(f"{message}/reactions/x"),
            await scene.owner.try_invite(scene.channel["id"], newcomer.id),
            await newcomer.put(f"{channel}/members/me"),
            await scene.owner.patch(f"{channel}/members/{scene.alice.id}", {"role": "admin"}),
            await scene.owner.patch(channel, {"name": "after"}),
        ]
        for response in refused:
            problem(response, 409, "channel_archived")


async def test_the_room_refuses_messages_and_reactions_of_matrix_clients(
    scene: Scene, rooms: Rooms, witness: Witness
) -> None:
    room, event = scene.channel["matrix_room_id"], scene.message["matrix_event_id"]
    owner = await matrix_client(rooms, scene.owner)
    await archive(scene)
    async with witness.watch(scene.channel, scene.alice) as observed:
        for client in (scene.bob, owner):
            for kind, content in [
                ("m.room.message", {"msgtype": "m.text", "body": "after"}),
                ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "y"}}),
            ]:
                response = await client.try_call("PUT", f"rooms/{room}/send/{kind}/1", content)
                assert response.status_code == 403, response.text
    assert observed.kinds == []
    assert await scene.alice.history(scene.channel["id"]) == [scene.message]


async def test_everything_can_be_read_as_before(scene: Scene, world: World) -> None:
    await archive(scene)
    reader, path = world.user("reader"), path_to(scene.channel["id"])
    assert await reader.history(scene.channel["id"]) == [scene.message]
    shown = (await reader.get(path_to(scene.channel["id"], scene.message["id"]))).json()
    assert shown["text"] == "before"
    reactions = (await reader.get(f"{path}/messages/{scene.message['id']}/reactions")).json()
    assert [(one["emoji"], one["count"]) for one in reactions] == [("x", 1)]
    assert scene.alice.id in await reader.members(scene.channel["id"])
    inside = f"/internal/messaging/channels/{scene.channel['id']}"
    assert rows(await scene.sofia.get(f"{inside}/messages", agent_id=scene.sofia.id)) == [scene.message]
    context = (await scene.sofia.get(f"{inside}/context")).json()
    assert (context["allowed_agents"], context["disabled_agents"]) == ([], [scene.sofia.id])
    assert context["archived_at"]


async def test_an_archived_channel_is_in_no_list_and_its_slug_stays_taken(scene: Scene, world: World) -> None:
    other = await world.channel(scene.owner)
    await archive(scene)
    for caller in (scene.owner, scene.alice, world.user("reader")):
        listed = await caller.get(CHANNELS, microdao_id=world.microdao, limit=1)
        assert [one["id"] for one in listed.json()] == [other["id"]]
        assert "next" not in links(listed)
    body = world.fields(slug=scene.channel["slug"])
    problem(await scene.owner.post(CHANNELS, body), 409, "slug_taken")


async def test_members_may_leave(scene: Scene, rooms: Rooms, witness: Witness) -> None:
    await archive(scene)
    response = await scene.alice.delete(member_path(scene.channel["id"]))
    assert response.status_code == 204, response.text
    assert scene.alice.matrix_id not in await rooms.joined(scene.channel["matrix_room_id"])
    assert scene.alice.id not in await scene.owner.members(scene.channel["id"])
