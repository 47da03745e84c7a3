"""Who types, from both sides: here it is seen in Matrix, there it is seen on the sockets, and it ends by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.api import UNKNOWN_ID, Caller, World, api_client, path_to
from support.faulty_homeserver import FaultyHomeserver, breaks_off, responds
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.second_relay import second_relay
from support.sockets import Listen, Listener, ListenToMany, listener
from support.stack import Stack
from support.tokens import token
from support.typists import member_in_matrix, typists
from support.unchanged import Unchanged
from support.waiting import eventually


async def types(caller: Caller, channel: dict[str, Any], typing: bool = True) -> None:
    response = await caller.request("PUT", f"{path_to(channel['id'])}/typing", json={"typing": typing})
    assert response.status_code == 204, response.text


async def says(socket: Listener, channel: dict[str, Any], typing: bool = True) -> None:
    await socket.send(json.dumps({"typing": {"channel_id": channel["id"], "typing": typing}}))


async def starts(caller: Caller, socket: Listener, channel: dict[str, Any], *others: str) -> None:
    """Types until the socket has heard of it: what comes before its channel is live is lost, as promised."""

    async def heard() -> dict[str, Any]:
        await types(caller, channel, False)
        await types(caller, channel)
        return await typists(socket, channel, caller.id, *others, deadline=3)

    await eventually(f"{caller.id} is heard of", heard)


async def seen_in_matrix(client: MatrixClient, channel: dict[str, Any], *matrix_ids: str) -> None:
    """Syncs until the room's typing is this, or was it: an ordinary client keeps what it was told last."""
    room, since, told = channel["matrix_room_id"], "", [None]

    async def shown() -> bool:
        nonlocal since
        answer = await client.call("GET", f"sync?timeout=500{since}")
        since = f"&since={answer['next_batch']}"
        events = answer.get("rooms", {}).get("join", {}).get(room, {}).get("ephemeral", {}).get("events", [])
        for event in events:
            if event["type"] == "m.typing":
                told[0] = event["content"]["user_ids"]
        return set(told[0] or []) == set(matrix_ids)

    await eventually(f"{matrix_ids or 'nobody'} types in Matrix", shown, deadline=40)


async def test_typing_here_is_seen_here_and_in_matrix(
    world: World, rooms: Rooms, listen: Listen, person: NewPerson
) -> None:
    alice, reader, name = world.user("alice"), world.user("reader"), world.agent("sofia").id
    sofia = world.bearer(name, token(name, world.secret(), [world.microdao]))
    channel = await world.channel(alice)
    await alice.invite(channel["id"], sofia.id)
    bob = await member_in_matrix(alice, channel, person)
    element = await matrix_client(rooms, bob)
    async with listen(channel["id"], reader) as socket:
        await starts(alice, socket, channel)
        await seen_in_matrix(element, channel, alice.matrix_id)
        # An agent thinks, and bob answers in Element: one list.
        await types(sofia, channel)
        await typists(socket, channel, alice.id, sofia.id)
        await bob.set_typing(channel["matrix_room_id"], True)
        # Who types says so again and again.
        await types(alice, channel)
        await types(sofia, channel)
        await typists(socket, channel, alice.id, sofia.id, bob.id)
        await types(alice, channel)
        await types(sofia, channel, False)
        await bob.set_typing(channel["matrix_room_id"], False)
        await typists(socket, channel, alice.id)
        assert not [frame for frame in socket.ephemeral if "seq" in frame]
        # What was typed is sent.
        await alice.send(channel["id"], "typed")
        await typists(socket, channel)
        await seen_in_matrix(element, channel)


async def test_it_ends_by_itself(world: World, rooms: Rooms, listen: Listen, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await member_in_matrix(alice, channel, person)
    async with listen(channel["id"], alice) as socket:
        await starts(alice, socket, channel)
        # Said once and never again.
        await typists(socket, channel, deadline=30)
        await seen_in_matrix(await matrix_client(rooms, bob), channel)


async def test_what_a_socket_says_is_seen_on_another_relay_and_in_matrix(
    world: World, rooms: Rooms, person: NewPerson, stack: Stack, tmp_path: Path
) -> None:
    alice, reader = world.user("alice"), world.user("reader")
    channel = await world.channel(alice)
    bob = await member_in_matrix(alice, channel, person)
    element = await matrix_client(rooms, bob)

    def url(base: str, who: Caller) -> str:
        return f"{base}/ws/messaging" + (f"?user_id={who.id}" if "Authorization" not in who.headers else "")

    stack.need("ws_url")
    async with (
        second_relay(stack, tmp_path) as second,
        listener(url(stack.ws_url or "", alice), headers=alice.headers) as here,
        listener(url(second, reader), headers=reader.headers) as there,
    ):
        await there.subscribe({"channel_id": channel["id"]})

        async def heard() -> dict[str, Any]:
            await says(here, channel, False)
            await says(here, channel)
            return await typists(there, channel, alice.id, deadline=3)

        await eventually("alice is heard of on the other relay", heard)
        # One of the two tells of the end, and once.
        frames = len(there.ephemeral)
        await seen_in_matrix(element, channel, alice.matrix_id)
        await typists(there, channel, deadline=30)
        await there.pong()
        assert [frame["member_ids"] for frame in there.ephemeral[frames:]] == [[]]


async def test_what_a_socket_may_not_say_is_ignored(
    world: World, listen: Listen, listen_to_many: ListenToMany, unchanged: Unchanged
) -> None:
    owner, eve, muted = world.user("owner"), world.user("eve"), world.user("muted")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], muted.id, can_write=False)
    async with listen(channel["id"], owner) as owners, listen_to_many(eve) as eves, listen_to_many(muted) as muteds:
        await starts(owner, owners, channel)
        await types(owner, channel, False)
        await typists(owners, channel)
        seen = len(owners.ephemeral)
        async with unchanged(channel):
            for socket in (eves, muteds):
                await says(socket, channel)
                for odd in ({}, True, {"channel_id": "x", "typing": True}, {"channel_id": channel["id"]}):
                    await socket.send(json.dumps({"typing": odd}))
                await socket.pong()
        await starts(owner, owners, channel)
        assert {name for frame in owners.ephemeral[seen:] for name in frame["member_ids"]} == {owner.id}
        assert not eves.notices and not muteds.notices


async def test_who_may_not_write_may_not_type_and_nobody_joins_by_it(world: World, unchanged: Unchanged) -> None:
    owner, new, eve = world.user("owner"), world.user("new"), world.user("eve")
    public, private = await world.channel(owner), await world.channel(owner, visibility="private")
    async with unchanged(public), unchanged(private):
        await types(new, public)
        problem(await eve.request("PUT", f"{path_to(private['id'])}/typing", json={"typing": True}), 404, "not_found")
        problem(await eve.request("PUT", f"{path_to(UNKNOWN_ID)}/typing", json={"typing": True}), 404, "not_found")
        problem(await owner.request("PUT", f"{path_to(public['id'])}/typing", json={"typing": "yes"}), 422, "invalid")
    assert new.id not in await owner.members(public["id"])
    assert (await owner.delete(path_to(public["id"]))).status_code == 204
    response = await owner.request("PUT", f"{path_to(public['id'])}/typing", json={"typing": True})
    problem(response, 409, "channel_archived")


@pytest.mark.faults
async def test_a_homeserver_that_fails_holds_nobody_up(
    world: World, faulty: FaultyHomeserver, stack: Stack, listen: Listen, tmp_path: Path
) -> None:
    owner, people = world.user("owner"), [world.user(name) for name in ("alice", "bob", "carol")]
    channel = await world.channel(owner)
    for one in people:
        await one.send(channel["id"], "I am in")
    async with (
        second_app(stack, tmp_path, matrix_homeserver_url=faulty.url) as url,
        api_client(url) as app,
        listen(channel["id"], owner) as socket,
    ):
        await starts(owner, socket, channel)
        await types(owner, channel, False)
        await typists(socket, channel)
        for one, fault in zip(people, (faulty.hangs, breaks_off, responds(500, "{}")), strict=True):
            faulty.heal()
            faulty.fail("PUT", "/typing/", fault)
            await types(one.through(app), channel)
            await typists(socket, channel, one.id)
            assert faulty.hit, "the fault was met"
            await types(one.through(app), channel, False)
            await typists(socket, channel)
        faulty.heal()
