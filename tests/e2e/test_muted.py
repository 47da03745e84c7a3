"""Who may not write does not, in Matrix either."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, at
from support.element import Element, element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.rooms import Rooms
from support.sockets import Listen
from support.witness import Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


async def may_speak(client: Element, room: str) -> bool:
    response = await client.try_call(
        "PUT", f"rooms/{room}/send/m.room.message/{client.id}", {"msgtype": "m.text", "body": "May I?"}
    )
    assert response.status_code in (200, 403), response.text
    return response.status_code == 200


async def change(owner: Caller, channel: dict[str, Any], member: str, **capabilities: bool) -> None:
    response = await owner.patch(f"{at(channel['id'])}/members/{member}", capabilities)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("whose", ["a person in Matrix", "one of ours"])
async def test_who_is_muted_cannot_speak_with_a_matrix_client(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, whose: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    if whose == "one of ours":
        member, client = alice.id, await element(rooms, alice)
    else:
        client = await element(rooms, await person("bob"))
        member = client.id
    async with witness.watch(channel, owner) as told:
        await client.join(room)
    assert told.kinds == ["member.joined"]
    async with witness.watch(channel, owner) as told:
        await change(owner, channel, member, can_write=False)
        assert not await may_speak(client, room)
    assert told.audit == [("member.role_changed", owner.id, member)]
    async with witness.watch(channel, owner) as told:
        await change(owner, channel, member, can_write=True)
        assert await may_speak(client, room)
    assert told.kinds == ["member.role_changed", "message.created"]


@pytest.mark.parametrize("whose", ["a person in Matrix", "one of ours"])
async def test_coming_back_does_not_give_back_the_voice(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, whose: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    if whose == "one of ours":
        member, client = alice.id, await element(rooms, alice)
    else:
        client = await element(rooms, await person("bob"))
        member = client.id
    async with witness.watch(channel, owner):
        await client.join(room)
    await change(owner, channel, member, can_write=False)
    async with witness.watch(channel, owner) as told:
        await client.leave(room)
    assert told.kinds == ["member.left"]
    async with witness.watch(channel, owner) as told:
        await client.join(room)
        assert not await may_speak(client, room)
    assert told.kinds == ["member.joined"]
    assert (await owner.members(channel["id"]))[member]["can_write"] is False


async def test_who_is_invited_without_the_right_to_write_comes_in_muted(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    bob = await element(rooms, await person("bob"))
    await owner.invite(channel["id"], bob.id, can_write=False)
    async with witness.watch(channel, owner) as told:
        await bob.join(channel["matrix_room_id"])
        assert not await may_speak(bob, channel["matrix_room_id"])
    assert told.kinds == ["member.joined"]
    now = (await owner.members(channel["id"]))[bob.id]
    assert (now["can_write"], now["can_read"], now["role"]) == (False, True, "member")


async def test_a_person_who_is_silenced_in_matrix_may_not_write_here(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    bob, client = await element(rooms, await person("bob")), await element(rooms, owner)
    await bob.join(channel["matrix_room_id"])
    await witness.quiet()
    for level, may in ((-1, False), (0, True)):
        async with witness.watch(channel, owner) as told:
            await client.set_power(channel["matrix_room_id"], bob.id, level)
        assert told.audit == [("member.role_changed", owner.id, bob.id)]
        now = (await owner.members(channel["id"]))[bob.id]
        assert (now["can_write"], now["matrix_power_level"], now["role"]) == (may, level, "member")
