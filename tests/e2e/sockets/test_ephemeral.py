"""Ephemeral frames: who is typing passes by on the open sockets, without a number, and is never stored."""

from __future__ import annotations

from typing import Any

from support.api import World
from support.matrix_client import matrix_client
from support.person import NewPerson, Person
from support.rooms import Rooms
from support.sockets import Listen, Listener, ListenToMany
from support.typists import member_in_matrix, typists
from support.waiting import eventually


async def begins_to_type(typist: Person, socket: Listener, channel: dict[str, Any]) -> dict[str, Any]:
    """Types until the socket has heard of it: what comes before its channel is live is lost, as promised."""

    async def heard() -> dict[str, Any]:
        await typist.set_typing(channel["matrix_room_id"], False)
        await typist.set_typing(channel["matrix_room_id"], True)
        return await typists(socket, channel, typist.id, deadline=3)

    return await eventually(f"{typist.id} is heard of", heard)


async def test_a_person_who_types_in_matrix_is_shown_to_the_channels_readers_and_to_no_others(
    world: World, listen: Listen, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel, other = await world.channel(alice), await world.channel(alice)
    bob = await member_in_matrix(alice, channel, person)
    async with listen(channel["id"], alice) as socket, listen(other["id"], alice) as elsewhere:
        frame = await begins_to_type(bob, socket, channel)
        assert frame == {"type": "typing", "channel_id": channel["id"], "member_ids": [bob.id]}, "it has no number"
        await bob.set_typing(channel["matrix_room_id"], False)
        frame = await typists(socket, channel)
        assert frame == {"type": "typing", "channel_id": channel["id"], "member_ids": []}
        # Whatever the other socket might have received is in front of these.
        message = await alice.send(other["id"], "hello")
        await elsewhere.message(message["id"])
        await elsewhere.pong()
        assert elsewhere.ephemeral == []


async def test_everybody_who_types_is_named_as_a_member(
    world: World, rooms: Rooms, listen: Listen, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob, alices_client = await member_in_matrix(alice, channel, person), await matrix_client(rooms, alice)
    async with listen(channel["id"], alice) as socket:
        await begins_to_type(bob, socket, channel)
        await alices_client.set_typing(room, True)
        await typists(socket, channel, alice.id, bob.id)
        await bob.set_typing(room, False)
        await typists(socket, channel, alice.id)
        await alices_client.set_typing(room, False)
        await typists(socket, channel)


async def test_a_resume_does_not_bring_typing_back(world: World, listen: Listen, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await member_in_matrix(alice, channel, person)
    async with listen(channel["id"], alice) as socket:
        await begins_to_type(bob, socket, channel)
    async with listen(channel["id"], alice, since_seq=0) as resumed:
        message = await alice.send(channel["id"], "hello")
        await resumed.until(message["seq"])
        await resumed.pong()
        assert resumed.seqs == list(range(1, message["seq"] + 1))
        assert resumed.ephemeral == []


async def test_typing_leaves_no_gap_between_the_events(world: World, listen: Listen, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await member_in_matrix(alice, channel, person)
    first = await alice.send(channel["id"], "first")
    async with listen(channel["id"], alice, since_seq=first["seq"]) as socket:
        sent = []
        for n in range(5):
            await bob.set_typing(channel["matrix_room_id"], n % 2 == 0)
            sent.append(await alice.send(channel["id"], f"message {n}"))
        await typists(socket, channel, bob.id)
        await socket.until(sent[-1]["seq"])
        assert socket.seqs == list(range(first["seq"] + 1, sent[-1]["seq"] + 1))
        assert socket.messages == sent
        assert not [frame for frame in socket.ephemeral if "seq" in frame]


async def test_a_removed_reader_is_not_shown_who_types(
    world: World, listen: Listen, listen_to_many: ListenToMany, person: NewPerson
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel, public = await world.channel(owner, visibility="private"), await world.channel(owner)
    bob = await member_in_matrix(owner, channel, person)
    await owner.invite(channel["id"], alice.id)
    async with (
        listen(channel["id"], owner) as owners,
        listen(channel["id"], alice) as single,
        listen_to_many(alice) as many,
    ):
        await many.subscribe({"channel_id": channel["id"]}, {"channel_id": public["id"]})
        await many.pong()
        for socket in (owners, single, many):
            await begins_to_type(bob, socket, channel)
        await owner.remove(channel["id"], alice.id)
        assert await single.closed() == 4403

        async def ended() -> bool:
            return channel["id"] in [n.get("channel_id") for n in many.notices if n["type"] == "error"]

        await eventually("the subscription has ended", ended)
        seen = len(many.ephemeral)
        await bob.set_typing(channel["matrix_room_id"], False)
        await typists(owners, channel)
        message = await owner.send(public["id"], "hello")
        await many.message(message["id"])
        await many.pong()
        assert len(many.ephemeral) == seen
