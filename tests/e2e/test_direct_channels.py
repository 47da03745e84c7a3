"""Direct channels: one per pair and microDAO, private to the two, whoever they are."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, at
from support.element import element
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


async def direct(world: World, caller: Caller, other: str, status: int, **fields: Any) -> dict[str, Any]:
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [other]} | fields
    response = await caller.post(CHANNELS, body)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_direct_channel_is_made_once_and_then_found(world: World, rooms: Rooms, witness: Witness) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    assert (channel["is_direct"], channel["visibility"], channel["created_by"]) == (True, "private", alice.id)
    async with witness.watch(channel, alice) as told:
        for one, other in ((alice, bob), (bob, alice)):
            assert await direct(world, one, other.id, 200) == channel
            # Naming oneself as well means the same pair, and what is asked for beside it changes nothing.
            assert await direct(world, one, other.id, 200, members=[one.id, other.id], visibility="public") == channel
            listed = (await one.get(CHANNELS, microdao_id=world.microdao)).json()
            assert [found["id"] for found in listed] == [channel["id"]]
    assert told.kinds == []
    assert {one.matrix_id for one in (alice, bob)} <= await rooms.joined(channel["matrix_room_id"])
    members = await bob.members(channel["id"])
    assert {name: (m["role"], m["can_read"], m["can_write"]) for name, m in members.items()} == {
        alice.id: ("owner", True, True),
        bob.id: ("owner", True, True),
    }


async def test_the_same_pair_has_another_one_in_another_microdao(world: World) -> None:
    home, away = world.microdao, world.other_microdao("away")
    alice, bob = world.member_of("alice", home, away), world.member_of("bob", home, away)
    here = await direct(world, alice, bob.id, 201)
    there = await direct(world, bob, alice.id, 201, microdao_id=away)
    assert here["id"] != there["id"]
    listed = (await alice.get(CHANNELS, microdao_id=away)).json()
    assert [one["id"] for one in listed] == [there["id"]]


async def test_nobody_else_sees_it_whatever_their_microdao(world: World, unchanged: Unchanged) -> None:
    alice, bob, carol = (world.member_of(name, world.microdao) for name in ("alice", "bob", "carol"))
    channel = await direct(world, alice, bob.id, 201)
    message = await alice.send(channel["id"], "Between us")
    async with unchanged(channel):
        for path in ("", "/messages", "/members", f"/messages/{message['id']}"):
            problem(await carol.get(at(channel["id"]) + path), 404, "not_found")
        problem(await carol.try_send(channel["id"], "x"), 404, "not_found")
        problem(await carol.put(f"{at(channel['id'])}/members/me"), 404, "not_found")
        assert (await carol.get(CHANNELS, microdao_id=world.microdao)).json() == []


async def test_nobody_else_can_be_brought_in(world: World, unchanged: Unchanged) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    async with unchanged(channel):
        for third in (world.user("carol").id, world.agent("sofia").id, "@dave:localhost"):
            for one in (alice, bob):
                problem(await one.try_invite(channel["id"], third), 409, "direct_is_of_two")


async def test_it_stays_private(world: World, rooms: Rooms, unchanged: Unchanged) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    async with unchanged(channel):
        for visibility in ("public", "microdao"):
            response = await alice.patch(at(channel["id"]), {"visibility": visibility})
            problem(response, 409, "direct_stays_private")
    assert not await rooms.listed(channel["matrix_room_id"])
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "invite"


async def test_an_agent_has_its_own_with_everybody(world: World) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await direct(world, alice, sofia.id, 201)
    assert (await direct(world, bob, sofia.id, 201))["id"] != channel["id"]
    assert await direct(world, alice, sofia.id, 200) == channel
    assert (await alice.members(channel["id"]))[sofia.id]["role"] == "agent"
    assert (await sofia.say(channel["id"], "How can I help?"))["status"] == "posted"
    context = await sofia.get(f"/internal/messaging/channels/{channel['id']}/context")
    assert context.json()["allowed_agents"] == [sofia.id]


async def test_a_person_in_matrix_comes_when_they_accept(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    bob = await element(rooms, await person("bob"))
    channel = await direct(world, alice, bob.id, 201)
    assert (await alice.members(channel["id"]))[bob.id]["joined_at"] is None
    async with witness.watch(channel, alice) as told:
        assert await direct(world, alice, bob.id, 200) == channel
        await bob.join(channel["matrix_room_id"])
        await bob.say(channel["matrix_room_id"], "Hello Alice")
    assert told.kinds == ["member.joined", "message.created"]
    assert [m["content_preview"] for m in await alice.history(channel["id"])] == ["Hello Alice"]


async def test_who_left_it_is_back_when_either_asks_for_it(world: World, rooms: Rooms, witness: Witness) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    said = await alice.send(channel["id"], "Hello")
    response = await bob.delete(f"{at(channel['id'])}/members/me")
    assert response.status_code == 204, response.text
    problem(await bob.get(at(channel["id"])), 404, "not_found")
    # Alice writes to Bob again: he is asked in again.
    assert (await direct(world, alice, bob.id, 200))["id"] == channel["id"]
    assert await bob.page(channel["id"]) == [said]
    # And Bob, who has left once more, writes to Alice: it is his channel as much as hers.
    assert (await bob.delete(f"{at(channel['id'])}/members/me")).status_code == 204
    assert (await direct(world, bob, alice.id, 200))["id"] == channel["id"]
    assert await bob.page(channel["id"]) == [said]
    await bob.send(channel["id"], "Hello again")
    assert bob.matrix_id in await rooms.joined(channel["matrix_room_id"])


@pytest.mark.parametrize("members", [["user:a", "user:b"], ["microdao:x"], [""], [1]])
async def test_a_direct_channel_has_exactly_one_other(world: World, members: list[Any]) -> None:
    alice = world.user("alice")
    body = {"microdao_id": world.microdao, "is_direct": True, "members": members}
    response = await alice.post(CHANNELS, body)
    assert "members" in problem(response, 422, "invalid")["errors"][0]["pointer"]
    body["members"] = [alice.id]
    problem(await alice.post(CHANNELS, body), 422, "invalid", "/members")
    assert (await alice.get(CHANNELS, microdao_id=world.microdao)).json() == []


async def test_an_encrypted_direct_channel_is_encrypted(world: World, rooms: Rooms) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201, is_encrypted=True)
    assert channel["is_encrypted"]
    assert await rooms.state(channel["matrix_room_id"], "m.room.encryption") == {"algorithm": "m.megolm.v1.aes-sha2"}
    problem(await bob.try_send(channel["id"], "plain"), 409, "channel_encrypted")
