"""Joining: people come in by themselves where the permission table lets them, and it is recorded as that."""

from __future__ import annotations

import nio
import pytest

from support.api import World, member_path, reaction_path
from support.journal import Journal
from support.matrix_client import matrix_client
from support.person import NewPerson, joined_member
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.mark.parametrize("way", ["join", "post", "react"])
@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_a_person_who_comes_in_by_themselves_has_joined(
    world: World, rooms: Rooms, witness: Witness, visibility: str, way: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility=visibility)
    message = await owner.send(channel["id"], "Come in")
    async with witness.watch(channel, owner) as observed:
        if way == "join":
            response = await alice.put(member_path(channel["id"]))
            again = await alice.put(member_path(channel["id"], alice.id))
            assert (again.status_code, again.json()) == (200, response.json())
            assert (await owner.members(channel["id"]))[alice.id] == response.json()
        elif way == "post":
            response = await alice.try_send(channel["id"], "Here I am")
        else:
            response = await alice.put(reaction_path(message, "x"))
        assert response.is_success, response.text
    assert observed.audit == [("member.joined", alice.id, alice.id)]
    done = {"join": [], "post": ["message.created"], "react": ["reaction.added"]}[way]
    assert observed.kinds == ["member.joined", *done]
    assert (await owner.members(channel["id"]))[alice.id]["invited_by"] is None
    assert alice.matrix_id in await rooms.joined(channel["matrix_room_id"])


async def test_a_person_joins_once_with_their_first_message(world: World, rooms: Rooms) -> None:
    channel = await world.channel()
    alice = world.user("alice")
    await alice.send(channel["id"], "one")
    await alice.send(channel["id"], "two")
    member = (await alice.members(channel["id"]))[alice.id]
    assert (member["role"], member["member_type"], member["left_at"]) == ("member", "human", None)
    joins = [
        event
        for event in await rooms.events(channel["matrix_room_id"])
        if event["type"] == "m.room.member" and event["state_key"] == alice.matrix_id
    ]
    assert [event["content"]["membership"] for event in joins][-1] == "join"
    assert sum(event["content"]["membership"] == "join" for event in joins) == 1


async def test_nobody_joins_a_private_channel_or_in_the_name_of_somebody_else(
    world: World, unchanged: Unchanged
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    closed, public = await world.channel(owner, visibility="private"), await world.channel(owner)
    async with unchanged(closed), unchanged(public):
        problem(await alice.put(member_path(closed["id"])), 404, "not_found")
        problem(await alice.put(member_path(public["id"], world.user("bob").id)), 403)
        outsider = world.member_of("outsider", world.other_microdao("other"))
        problem(await outsider.put(member_path(closed["id"])), 404, "not_found")


async def test_a_person_who_joins_in_matrix_is_a_member_under_their_matrix_id(
    world: World, person: NewPerson, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    await bob.join(world.alias(channel))
    joined = await joined_member(alice, channel, bob)
    assert (joined["member_id"], joined["matrix_user_id"], joined["member_type"]) == (bob.id, bob.id, "human")
    assert (joined["role"], joined["matrix_power_level"]) == ("member", 0)
    last = await alice.send(channel["id"], "welcome")
    events = await journal.until(channel["id"], last["seq"])
    about = [e.subject for e in events if e.payload.get("member_id") == bob.id]
    assert about == ["messaging.member.joined"]


async def test_a_kicked_person_in_matrix_may_rejoin_public_rooms_only(
    world: World, rooms: Rooms, person: NewPerson, witness: Witness
) -> None:
    owner, bob = world.user("owner"), await person("bob")
    client = await matrix_client(rooms, bob)
    public, private = await world.channel(owner), await world.channel(owner, visibility="private")
    for channel in (public, private):
        await owner.invite(channel["id"], bob.id)
        async with witness.watch(channel, owner) as observed:
            await client.join(channel["matrix_room_id"])
        assert observed.kinds == ["member.joined"]
        await owner.remove(channel["id"], bob.id)
        assert bob.id not in await rooms.joined(channel["matrix_room_id"])
    assert isinstance(await bob.client.join(private["matrix_room_id"]), nio.JoinError)
    async with witness.watch(public, owner) as observed:
        await client.join(public["matrix_room_id"])
    assert observed.kinds == ["member.joined"]
