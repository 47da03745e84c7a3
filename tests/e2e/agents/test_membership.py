"""Agents come in when somebody adds them, and never by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, INTERNAL_CHANNELS, AsCaller, Caller, World, member_path, path_to, reaction_path, rows
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


async def test_an_invited_agent_is_a_member_with_the_role_agent(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    member = await owner.invite(channel["id"], sofia.id)
    assert (member["member_id"], member["member_type"], member["role"]) == (sofia.id, "agent", "agent")
    assert (member["invited_by"], member["can_write"], member["matrix_power_level"]) == (owner.id, True, 0)
    assert member["joined_at"] and not member["left_at"]
    assert sofia.matrix_id in await rooms.joined(channel["matrix_room_id"])
    assert (await sofia.say(channel["id"], "Thank you"))["status"] == "posted"


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_an_agent_never_joins_by_itself(
    world: World, unchanged: Unchanged, as_caller: AsCaller, visibility: str
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility=visibility)
    agent = as_caller(sofia)
    async with unchanged(channel):
        problem(await sofia.try_say(channel["id"], "Let me in"), 403, "not_a_member")
        expected = (404, "not_found") if visibility == "private" else (403, "not_a_member")
        problem(await agent.try_send(channel["id"], "Let me in"), *expected)
        problem(await agent.put(member_path(channel["id"])), *expected)
    await owner.invite(channel["id"], sofia.id)
    assert (await agent.send(channel["id"], "Thank you"))["sender_type"] == "agent"


async def test_a_private_channel_is_closed_to_an_agent_before_its_invitation_and_after_its_removal(
    world: World, witness: Witness, unchanged: Unchanged, as_caller: AsCaller
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    message = await owner.send(channel["id"], "hello")
    agent, inside = as_caller(sofia), f"{INTERNAL_CHANNELS}/{channel['id']}/messages"

    async def is_out() -> None:
        await witness.settle()
        async with unchanged(channel):
            problem(await agent.get(path_to(channel["id"])), 404, "not_found")
            problem(await agent.get(f"{path_to(channel['id'])}/messages"), 404, "not_found")
            problem(await sofia.get(inside, agent_id=sofia.id), 404, "not_found")
            problem(await agent.put(member_path(channel["id"])), 404, "not_found")
            problem(await agent.try_send(channel["id"], "x"), 404, "not_found")
            problem(await sofia.try_say(channel["id"], "x"), 403, "not_a_member")
            assert (await sofia.context(channel["id"]))["allowed_agents"] == []

    await is_out()
    await owner.invite(channel["id"], sofia.id)
    assert await agent.page(channel["id"]) == [message]
    assert rows(await sofia.get(inside, agent_id=sofia.id)) == [message]
    assert (await sofia.context(channel["id"]))["allowed_agents"] == [sofia.id]
    await owner.remove(channel["id"], sofia.id)
    await is_out()


async def test_an_agent_that_was_removed_does_not_come_back_by_itself(
    world: World, witness: Witness, unchanged: Unchanged, as_caller: AsCaller
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    message = await owner.send(channel["id"], "hello")
    await owner.remove(channel["id"], sofia.id)
    agent = as_caller(sofia)
    await witness.settle()
    async with unchanged(channel):
        problem(await agent.try_send(channel["id"], "x"), 403, "not_a_member")
        problem(await agent.put(member_path(channel["id"])), 403, "not_a_member")
        problem(await agent.put(reaction_path(message, "x")), 403, "not_a_member")
        problem(await sofia.try_say(channel["id"], "x"), 403, "not_a_member")


async def test_an_agent_that_was_invited_in_matrix_joins_with_its_first_post(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await matrix_client(rooms, sofia)
    async with witness.watch(channel, owner) as observed:
        await (await matrix_client(rooms, owner)).invite(channel["matrix_room_id"], sofia.matrix_id)
    assert observed.audit == [("member.invited", owner.id, sofia.id)]
    async with witness.watch(channel, owner) as observed:
        assert (await sofia.say(channel["id"], "Thank you"))["status"] == "posted"
    assert observed.kinds == ["member.joined", "message.created"]
    assert (await owner.members(channel["id"]))[sofia.id]["role"] == "agent"
    assert (await sofia.context(channel["id"]))["allowed_agents"] == [sofia.id]


@pytest.mark.parametrize("removed_by", ["alice", "itself"])
async def test_an_agent_does_not_put_itself_back_into_a_direct_channel(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged, as_caller: AsCaller, removed_by: str
) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    agent = as_caller(sofia)

    def pair(other: Caller) -> dict[str, Any]:
        return {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}

    channel = (await alice.post(CHANNELS, pair(sofia))).json()
    await (alice if removed_by == "alice" else agent).remove(channel["id"], sofia.id)
    await witness.settle()
    async with unchanged(channel):
        problem(await agent.post(CHANNELS, pair(alice)), 403, "not_a_member")
    problem(await agent.get(path_to(channel["id"])), 404, "not_found")
    assert sofia.matrix_id not in await rooms.joined(channel["matrix_room_id"])
    assert await rooms.power_level(channel["matrix_room_id"], sofia.matrix_id) == 0
    # Alice may add it again.
    assert (await alice.post(CHANNELS, pair(sofia))).status_code == 200
    assert sofia.matrix_id in await rooms.joined(channel["matrix_room_id"])
    assert await rooms.power_level(channel["matrix_room_id"], sofia.matrix_id) == 0


async def test_an_agent_opens_direct_channels_only_and_owns_none(
    world: World, rooms: Rooms, as_caller: AsCaller
) -> None:
    sofia, alice = world.agent("sofia"), world.user("alice")
    agent = as_caller(sofia)
    problem(await agent.post(CHANNELS, world.fields()), 403, "agents_make_no_channels")
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [alice.id]}
    response = await agent.post(CHANNELS, body)
    assert response.status_code == 201, response.text
    channel = response.json()
    await agent.send(channel["id"], "Hello, I am Sofia.")
    await alice.send(channel["id"], "Hello!")
    roles = {member: row["role"] for member, row in (await alice.members(channel["id"])).items()}
    assert roles == {sofia.id: "agent", alice.id: "owner"}
    assert await rooms.power_level(channel["matrix_room_id"], sofia.matrix_id) == 0
    assert (await alice.patch(path_to(channel["id"]), {"name": "Sofia and I"})).status_code == 200
