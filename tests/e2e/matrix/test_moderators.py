"""Moderators who exist only in Matrix: what they do in the room counts, in their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from support.api import Caller, World, member_path, path_to
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.witness import Witness


@dataclass
class Scene:
    """A channel in which a person in Matrix is an admin, and alice has sent a message."""

    owner: Caller
    alice: Caller
    bob: MatrixClient
    channel: dict[str, Any]
    message: dict[str, Any]

    @property
    def id(self) -> str:
        return self.channel["id"]

    @property
    def room(self) -> str:
        return self.channel["matrix_room_id"]


@pytest.fixture
async def scene(world: World, rooms: Rooms, person: NewPerson, witness: Witness) -> Scene:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    await witness.settle()
    response = await owner.patch(member_path(channel["id"], bob.id), {"role": "admin"})
    assert response.status_code == 200, response.text
    return Scene(owner, alice, bob, channel, await alice.send(channel["id"], "spam"))


async def test_a_moderator_in_matrix_deletes_messages(scene: Scene, witness: Witness) -> None:
    async with witness.watch(scene.channel, scene.owner) as observed:
        await scene.bob.redact(scene.room, scene.message["matrix_event_id"])
    [event] = observed.events
    assert (event.kind, event.payload["actor_id"]) == ("message.deleted", scene.bob.id)
    [deleted] = await scene.owner.history(scene.id)
    assert deleted["deleted_at"] and deleted["content_preview"] == ""


@pytest.mark.parametrize("act", ["kick", "ban"])
async def test_a_moderator_in_matrix_kicks_and_bans(scene: Scene, witness: Witness, act: str) -> None:
    alice = scene.alice
    async with witness.watch(scene.channel, scene.owner) as observed:
        await getattr(scene.bob, act)(scene.room, alice.matrix_id)
    [event] = observed.events
    assert (event.kind, event.payload["actor_id"]) == ("member.kicked", scene.bob.id)
    assert observed.audit == [("member.kicked", scene.bob.id, alice.id)]
    assert alice.id not in await scene.owner.members(scene.id)
    response = await alice.try_send(scene.id, "again")
    if act == "ban":
        problem(response, 403)
        assert alice.id not in await scene.owner.members(scene.id)
    else:
        assert response.status_code == 201, response.text


async def test_a_moderator_in_matrix_invites_others(
    scene: Scene, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    carol = await matrix_client(rooms, await person("carol"))
    async with witness.watch(scene.channel, scene.owner) as observed:
        await scene.bob.invite(scene.room, carol.id)
    [event] = observed.events
    assert (event.kind, event.payload["invited_by"]) == ("member.invited", scene.bob.id)
    assert observed.audit == [("member.invited", scene.bob.id, carol.id)]
    assert (await scene.owner.members(scene.id))[carol.id]["joined_at"] is None
    async with witness.watch(scene.channel, scene.owner) as observed:
        await carol.join(scene.room)
    assert observed.kinds == ["member.joined"]
    assert (await scene.owner.members(scene.id))[carol.id]["joined_at"]


async def test_a_moderator_in_matrix_changes_name_topic_and_avatar(scene: Scene, witness: Witness) -> None:
    async with witness.watch(scene.channel, scene.owner) as observed:
        await scene.bob.set_state(scene.room, "m.room.name", {"name": "Renamed in Element"})
        await scene.bob.set_state(scene.room, "m.room.topic", {"topic": "Talk"})
        await scene.bob.set_state(scene.room, "m.room.avatar", {"url": "mxc://localhost/new"})
    assert observed.kinds == ["channel.updated"] * 3
    assert observed.audit == [("channel.updated", scene.bob.id, None)] * 3
    shown = (await scene.owner.get(path_to(scene.id))).json()
    assert (shown["name"], shown["topic"], shown["avatar_url"]) == ("Renamed in Element", "Talk", "mxc://localhost/new")


async def test_an_owner_in_matrix_changes_roles(scene: Scene, witness: Witness) -> None:
    response = await scene.owner.patch(member_path(scene.id, scene.bob.id), {"role": "owner"})
    assert response.status_code == 200, response.text
    async with witness.watch(scene.channel, scene.owner) as observed:
        for level, role in ((50, "admin"), (0, "member")):
            await scene.bob.set_power(scene.room, scene.alice.matrix_id, level)
            await witness.settle()
            assert (await scene.owner.members(scene.id))[scene.alice.id]["role"] == role
    changes = [(e.kind, e.payload["member_id"], e.payload["role"], e.payload["actor_id"]) for e in observed.events]
    assert changes == [("member.role_changed", scene.alice.id, role, scene.bob.id) for role in ("admin", "member")]
