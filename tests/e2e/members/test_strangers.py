"""Nobody is put into a channel by a stranger: whom the microDAO does not know is invited, and decides."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, member_path
from support.problems import problem
from support.rooms import Rooms


async def direct(world: World, caller: Caller, other: Caller, status: int) -> dict[str, Any]:
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
    response = await caller.post(CHANNELS, body)
    assert response.status_code == status, response.text
    return response.json()


@pytest.mark.parametrize("way", ["PUT me", "post", "declines"])
async def test_a_strangers_direct_channel_waits_until_it_is_accepted(world: World, rooms: Rooms, way: str) -> None:
    spammer, victim = world.member_of("spammer", world.microdao), world.member_of("victim", "microdao:elsewhere")
    channel = await direct(world, spammer, victim, 201)
    room = channel["matrix_room_id"]
    invited = (await spammer.members(channel["id"]))[victim.id]
    assert (invited["joined_at"], invited["invited_by"]) == (None, spammer.id)
    assert victim.matrix_id not in await rooms.joined(room)
    await spammer.send(channel["id"], "Hello!")
    # They see who asks, and what for.
    assert [found["id"] for found in (await victim.get(CHANNELS)).json()][:1] == [channel["id"]]
    assert len(await victim.history(channel["id"])) == 1
    if way == "declines":
        await victim.remove(channel["id"])
        await direct(world, spammer, victim, 200)
        assert victim.id not in await spammer.members(channel["id"])
        problem(await victim.get(f"{CHANNELS}/{channel['id']}"), 404, "not_found")
        return
    if way == "post":
        await victim.send(channel["id"], "Hello?")
    else:
        assert (await victim.put(member_path(channel["id"]))).status_code == 200
    member = (await spammer.members(channel["id"]))[victim.id]
    assert member["joined_at"] and member["role"] == "owner"
    assert victim.matrix_id in await rooms.joined(room)


async def test_members_of_one_microdao_are_in_at_once_when_it_knows_them(world: World, rooms: Rooms) -> None:
    alice, bob = world.member_of("alice", world.microdao), world.member_of("bob", world.microdao)
    general = await alice.create(**world.fields(visibility="microdao"))
    await bob.send(general["id"], "Hello all")
    channel = await direct(world, alice, bob, 201)
    assert (await alice.members(channel["id"]))[bob.id]["joined_at"]
    assert bob.matrix_id in await rooms.joined(channel["matrix_room_id"])


async def test_who_left_a_channel_is_only_invited_to_it(world: World, rooms: Rooms) -> None:
    owner, bob, sofia = world.user("owner"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], bob.id)
    await owner.invite(channel["id"], sofia.id)
    await bob.remove(channel["id"])
    assert (await owner.invite(channel["id"], bob.id))["joined_at"] is None
    assert bob.matrix_id not in await rooms.joined(channel["matrix_room_id"])
    await bob.send(channel["id"], "Back")
    # Who was removed comes back when they are invited, and so does an agent.
    for member in (bob.id, sofia.id):
        await owner.remove(channel["id"], member)
        assert (await owner.invite(channel["id"], member))["joined_at"]
