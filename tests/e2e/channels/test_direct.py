"""Direct channels: one per pair and microDAO, private to the two."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from support.api import CHANNELS, Caller, World, member_path, path_to
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness


async def direct(world: World, caller: Caller, other: str, status: int, **fields: Any) -> dict[str, Any]:
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [other]} | fields
    response = await caller.post(CHANNELS, body)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_pair_has_one_direct_channel_whoever_asks(world: World, rooms: Rooms, witness: Witness) -> None:
    alice, bob, carol = world.user("alice"), world.user("bob"), world.user("carol")
    channel = await direct(world, alice, bob.id, 201)
    assert (channel["is_direct"], channel["visibility"], channel["created_by"]) == (True, "private", alice.id)
    async with witness.watch(channel, alice) as observed:
        for one, other in ((alice, bob), (bob, alice)):
            assert await direct(world, one, other.id, 200) == channel
            # Naming oneself as well means the same pair, and further fields change nothing.
            assert await direct(world, one, other.id, 200, members=[one.id, other.id], visibility="public") == channel
            listed = (await one.get(CHANNELS, microdao_id=world.microdao)).json()
            assert [found["id"] for found in listed] == [channel["id"]]
    assert observed.kinds == []
    assert {one.matrix_id for one in (alice, bob)} <= await rooms.joined(channel["matrix_room_id"])
    members = await bob.members(channel["id"])
    assert {name: (m["role"], m["can_read"], m["can_write"]) for name, m in members.items()} == {
        alice.id: ("owner", True, True),
        bob.id: ("owner", True, True),
    }
    hello = await alice.send(channel["id"], "Hello Bob")
    reply = await bob.send(channel["id"], "Hello Alice", reply_to=hello["id"])
    assert await bob.history(channel["id"]) == [hello, reply]
    assert (await direct(world, alice, carol.id, 201))["id"] != channel["id"]


async def test_two_people_who_open_their_direct_channel_at_the_same_time_share_one(world: World, index: Index) -> None:
    alice, bob = world.user("alice"), world.user("bob")

    async def meet(caller: Caller, other: Caller) -> dict[str, Any]:
        async def met() -> dict[str, Any]:
            body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
            response = await caller.post(CHANNELS, body)
            if response.status_code == 409:
                # The other one is creating it: a retry finds it.
                problem(response, 409, "being_created")
                return {}
            assert response.status_code in (200, 201), response.text
            return response.json()

        return await eventually("they meet", met)

    made = await asyncio.gather(*(meet(a, b) for a, b in ((alice, bob), (bob, alice)) * 2))
    assert len({one["id"] for one in made}) == 1
    assert await index.count_channels(world.microdao) == 1
    for one in (alice, bob):
        await one.send(made[0]["id"], "Hello")


async def test_both_get_the_direct_channel_that_they_open_at_once(world: World) -> None:
    for _ in range(3):
        alice, bob = world.user("alice"), world.user("bob")
        bodies = [{"microdao_id": world.microdao, "is_direct": True, "members": [other.id]} for other in (bob, alice)]
        responses = await asyncio.gather(alice.post(CHANNELS, bodies[0]), bob.post(CHANNELS, bodies[1]))
        assert sorted(r.status_code for r in responses) == [200, 201], [r.text for r in responses]
        assert len({response.json()["id"] for response in responses}) == 1
        for one in (alice, bob):
            await one.send(responses[0].json()["id"], "Hello")


async def test_a_pair_has_another_direct_channel_in_another_microdao(world: World) -> None:
    home, away = world.microdao, world.other_microdao("away")
    alice, bob = world.member_of("alice", home, away), world.member_of("bob", home, away)
    here = await direct(world, alice, bob.id, 201)
    there = await direct(world, bob, alice.id, 201, microdao_id=away)
    assert here["id"] != there["id"]
    listed = (await alice.get(CHANNELS, microdao_id=away)).json()
    assert [one["id"] for one in listed] == [there["id"]]


async def test_a_direct_channel_is_hidden_from_the_rest_of_the_microdao(world: World, unchanged: Unchanged) -> None:
    alice, bob, carol = (world.member_of(name, world.microdao) for name in ("alice", "bob", "carol"))
    channel = await direct(world, alice, bob.id, 201)
    message = await alice.send(channel["id"], "Between us")
    async with unchanged(channel):
        for path in ("", "/messages", "/members", f"/messages/{message['id']}"):
            problem(await carol.get(path_to(channel["id"]) + path), 404, "not_found")
        problem(await carol.try_send(channel["id"], "x"), 404, "not_found")
        problem(await carol.put(member_path(channel["id"])), 404, "not_found")
        assert (await carol.get(CHANNELS, microdao_id=world.microdao)).json() == []


async def test_nobody_can_be_invited_into_a_direct_channel(world: World, unchanged: Unchanged) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    async with unchanged(channel):
        for third in (world.user("carol").id, world.agent("sofia").id, "@dave:localhost"):
            for one in (alice, bob):
                problem(await one.try_invite(channel["id"], third), 409, "direct_is_of_two")


async def test_a_direct_channel_stays_private(world: World, rooms: Rooms, unchanged: Unchanged) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    async with unchanged(channel):
        for visibility in ("public", "microdao"):
            response = await alice.patch(path_to(channel["id"]), {"visibility": visibility})
            problem(response, 409, "direct_stays_private")
    assert not await rooms.listed(channel["matrix_room_id"])
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "invite"


async def test_an_agent_has_a_direct_channel_with_each_person(world: World) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await direct(world, alice, sofia.id, 201)
    assert (await direct(world, bob, sofia.id, 201))["id"] != channel["id"]
    assert await direct(world, alice, sofia.id, 200) == channel
    assert (await alice.members(channel["id"]))[sofia.id]["role"] == "agent"
    assert (await sofia.say(channel["id"], "How can I help?"))["status"] == "posted"
    assert (await sofia.context(channel["id"]))["allowed_agents"] == [sofia.id]


async def test_a_person_in_matrix_joins_by_accepting(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    bob = await matrix_client(rooms, await person("bob"))
    channel = await direct(world, alice, bob.id, 201)
    assert (await alice.members(channel["id"]))[bob.id]["joined_at"] is None
    async with witness.watch(channel, alice) as observed:
        assert await direct(world, alice, bob.id, 200) == channel
        await bob.join(channel["matrix_room_id"])
        await bob.say(channel["matrix_room_id"], "Hello Alice")
    assert observed.kinds == ["member.joined", "message.created"]
    assert [m["content_preview"] for m in await alice.history(channel["id"])] == ["Hello Alice"]


async def m_direct(client: MatrixClient) -> dict[str, list[str]]:
    """Whose conversation each room is to somebody's Matrix client."""
    response = await client.try_call("GET", f"user/{quote(client.id, safe='')}/account_data/m.direct")
    assert response.status_code in (200, 404), response.text
    return response.json() if response.status_code == 200 else {}


async def test_a_matrix_client_of_ours_shows_a_direct_channel_as_a_conversation(world: World, rooms: Rooms) -> None:
    alice, bob, kim, sofia = world.user("alice"), world.user("bob"), world.user("kim"), world.agent("sofia")
    rooms_of = {}
    for other in (bob, kim, sofia):
        channel = await direct(world, alice, other.id, 201)
        rooms_of[other.matrix_id] = [channel["matrix_room_id"]]
        assert await m_direct(await matrix_client(rooms, other)) == {alice.matrix_id: [channel["matrix_room_id"]]}
        membership = await rooms.state(channel["matrix_room_id"], "m.room.member", other.matrix_id)
        assert membership and membership["membership"] == "join"
    client = await matrix_client(rooms, alice)
    assert await m_direct(client) == rooms_of
    # What a client has put there itself stays, and a room is in it once.
    own = {"@elsewhere:far": ["!theirs:far"]}
    await client.call("PUT", f"user/{quote(client.id, safe='')}/account_data/m.direct", own)
    lea = world.user("lea")
    channel = await direct(world, lea, alice.id, 201)
    await direct(world, alice, lea.id, 200)
    assert await m_direct(client) == own | {lea.matrix_id: [channel["matrix_room_id"]]}
    # An ordinary channel is none.
    await world.channel(alice)
    assert lea.matrix_id in await m_direct(client) and len(await m_direct(client)) == 2


async def test_a_retry_marks_what_was_cut_off_before(world: World, rooms: Rooms, key: str) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [bob.id]}
    channel = (await alice.post(CHANNELS, body, key)).json()
    client = await matrix_client(rooms, alice)
    await client.call("PUT", f"user/{quote(client.id, safe='')}/account_data/m.direct", {})
    assert (await alice.post(CHANNELS, body, key)).json() == channel
    assert await m_direct(client) == {bob.matrix_id: [channel["matrix_room_id"]]}


async def test_a_person_in_matrix_and_one_of_ours_talk_in_their_direct_channel(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    bob = await matrix_client(rooms, await person("bob"))
    channel = await direct(world, alice, bob.id, 201)
    room = channel["matrix_room_id"]
    # Their client files the room under who invites them.
    state = (await bob.call("GET", "sync?timeout=0"))["rooms"]["invite"][room]["invite_state"]["events"]
    [invitation] = [event for event in state if event["type"] == "m.room.member" and event["state_key"] == bob.id]
    assert (invitation["sender"], invitation["content"]["is_direct"]) == (alice.matrix_id, True)
    assert await m_direct(await matrix_client(rooms, alice)) == {bob.id: [room]}
    async with witness.watch(channel, alice) as observed:
        await bob.join(room)
        hello = await alice.send(channel["id"], "Hello Bob")
        await bob.say(
            room, "Hello Alice", **{"m.relates_to": {"m.in_reply_to": {"event_id": hello["matrix_event_id"]}}}
        )
        for _ in range(2):
            assert await direct(world, alice, bob.id, 200) == channel
    assert observed.kinds == ["member.joined", "message.created", "message.created"]
    past = await bob.call("GET", f"rooms/{quote(room, safe='')}/messages?dir=b&limit=2")
    assert [event["content"]["body"] for event in past["chunk"]] == ["Hello Alice", "Hello Bob"]
    members = await alice.members(channel["id"])
    assert {name: member["role"] for name, member in members.items()} == {alice.id: "owner", bob.id: "owner"}
    # Both may do what the other one may, and nobody else gets in.
    await bob.set_state(room, "m.room.topic", {"topic": "Us"})
    await witness.settle()
    async with unchanged(channel):
        problem(await alice.try_invite(channel["id"], world.user("carol").id), 409, "direct_is_of_two")
    # Who has left is not fetched back, and it is the pair's channel still.
    await bob.leave(room)
    await witness.settle()
    assert (await direct(world, alice, bob.id, 200))["id"] == channel["id"]
    assert bob.id not in await rooms.joined(room)


async def test_a_person_who_left_is_back_when_they_open_it_again_and_not_before(
    world: World, rooms: Rooms, unchanged: Unchanged, witness: Witness
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    message = await alice.send(channel["id"], "Hello")
    await bob.remove(channel["id"])
    await witness.settle()
    problem(await bob.get(path_to(channel["id"])), 404, "not_found")
    # Alice opens it: it is hers still, and it is not put on Bob again, whatever she tries.
    async with unchanged(channel):
        assert (await direct(world, alice, bob.id, 200))["id"] == channel["id"]
        problem(await alice.try_invite(channel["id"], bob.id, role="owner"), 409, "has_left")
    problem(await bob.get(path_to(channel["id"])), 404, "not_found")
    # Bob opens it himself: it is his channel as much as hers.
    assert (await direct(world, bob, alice.id, 200))["id"] == channel["id"]
    assert await bob.page(channel["id"]) == [message]
    await bob.send(channel["id"], "Hello again")
    assert bob.matrix_id in await rooms.joined(channel["matrix_room_id"])


@pytest.mark.parametrize(
    "members",
    [
        [],
        ["user:a", "user:b"],
        ["user:a", "user:b", "user:c"],
        ["nobody"],
        ["microdao:x"],
        [""],
        [1],
        "user:a",
        None,
        ["the caller"],
    ],
)
async def test_a_direct_channel_has_exactly_one_other_member(world: World, members: Any) -> None:
    alice = world.user("alice")
    members = [alice.id] if members == ["the caller"] else members
    body = {"microdao_id": world.microdao, "is_direct": True, "members": members}
    refused = problem(await alice.post(CHANNELS, body), 422, "invalid")
    # A member of the wrong type is named with its place in the list.
    assert refused["errors"][0]["pointer"] in ("/members", "/members/0", "/members[0]")
    assert (await alice.get(CHANNELS, microdao_id=world.microdao)).json() == []


async def test_an_encrypted_direct_channel_is_encrypted(world: World, rooms: Rooms) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201, is_encrypted=True)
    assert channel["is_encrypted"]
    assert await rooms.state(channel["matrix_room_id"], "m.room.encryption") == {"algorithm": "m.megolm.v1.aes-sha2"}
    problem(await bob.try_send(channel["id"], "plain"), 409, "channel_encrypted")
