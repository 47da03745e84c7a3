"""Members without can_write may not write, in Matrix neither."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, member_path
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.witness import Witness


async def may_write(client: MatrixClient, room: str) -> bool:
    response = await client.try_call(
        "PUT", f"rooms/{room}/send/m.room.message/{client.id}", {"msgtype": "m.text", "body": "May I?"}
    )
    assert response.status_code in (200, 403), response.text
    return response.status_code == 200


async def change(owner: Caller, channel: dict[str, Any], member: str, **capabilities: bool) -> None:
    response = await owner.patch(member_path(channel["id"], member), capabilities)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("whose", ["a person in Matrix", "a user"])
async def test_a_muted_member_cannot_write_with_a_matrix_client(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, whose: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    if whose == "a user":
        member, client = alice.id, await matrix_client(rooms, alice)
    else:
        client = await matrix_client(rooms, await person("bob"))
        member = client.id
    async with witness.watch(channel, owner) as observed:
        await client.join(room)
    assert observed.kinds == ["member.joined"]
    async with witness.watch(channel, owner) as observed:
        await change(owner, channel, member, can_write=False)
        assert not await may_write(client, room)
    assert observed.audit == [("member.role_changed", owner.id, member)]
    async with witness.watch(channel, owner) as observed:
        await change(owner, channel, member, can_write=True)
        assert await may_write(client, room)
    assert observed.kinds == ["member.role_changed", "message.created"]


@pytest.mark.parametrize("whose", ["a person in Matrix", "a user"])
async def test_a_muted_member_who_leaves_and_returns_is_still_muted(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, whose: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    if whose == "a user":
        member, client = alice.id, await matrix_client(rooms, alice)
    else:
        client = await matrix_client(rooms, await person("bob"))
        member = client.id
    async with witness.watch(channel, owner):
        await client.join(room)
    await change(owner, channel, member, can_write=False)
    async with witness.watch(channel, owner) as observed:
        await client.leave(room)
    assert observed.kinds == ["member.left"]
    assert member not in await owner.members(channel["id"])
    async with witness.watch(channel, owner) as observed:
        await client.join(room)
        assert not await may_write(client, room)
    assert observed.kinds == ["member.joined"]
    assert (await owner.members(channel["id"]))[member]["can_write"] is False


async def test_a_person_who_is_invited_without_the_right_to_write_comes_in_muted(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    bob = await matrix_client(rooms, await person("bob"))
    await owner.invite(channel["id"], bob.id, can_write=False)
    async with witness.watch(channel, owner) as observed:
        await bob.join(channel["matrix_room_id"])
        assert not await may_write(bob, channel["matrix_room_id"])
    assert observed.kinds == ["member.joined"]
    member = (await owner.members(channel["id"]))[bob.id]
    assert (member["can_write"], member["can_read"], member["role"]) == (False, True, "member")


async def test_a_negative_power_level_in_matrix_takes_the_right_to_write(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    bob, client = await matrix_client(rooms, await person("bob")), await matrix_client(rooms, owner)
    await bob.join(channel["matrix_room_id"])
    await witness.settle()
    for level, may in ((-1, False), (0, True)):
        async with witness.watch(channel, owner) as observed:
            await client.set_power(channel["matrix_room_id"], bob.id, level)
        assert observed.audit == [("member.role_changed", owner.id, bob.id)]
        member = (await owner.members(channel["id"]))[bob.id]
        assert (member["can_write"], member["matrix_power_level"], member["role"]) == (may, level, "member")
