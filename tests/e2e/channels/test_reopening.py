"""An archived channel that is opened again: its room too, once, whoever asks, and whatever breaks on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, path_to, reaction_path, row
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness

LEVELS = "m.room.power_levels"


async def archived(owner: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    response = await owner.delete(path_to(channel["id"]))
    assert response.status_code == 204, response.text
    return channel


async def reopen(caller: Caller, channel: dict[str, Any], **changes: Any) -> dict[str, Any]:
    response = await caller.patch(path_to(channel["id"]), {"archived": False, **changes})
    assert response.status_code == 200, response.text
    assert response.json()["archived_at"] is None
    return response.json()


async def events_default(rooms: Rooms, channel: dict[str, Any]) -> Any:
    return ((await rooms.state(channel["matrix_room_id"], LEVELS)) or {}).get("events_default", 0)


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_everybody_talks_again_in_both_directions(
    world: World, rooms: Rooms, person: NewPerson, witness: Witness, visibility: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility=visibility, topic="Talk")
    await owner.invite(channel["id"], alice.id)
    message = await alice.send(channel["id"], "before")
    client = await matrix_client(rooms, alice)
    alias = await rooms.resolve(world.alias(channel))
    await archived(owner, channel)
    async with witness.watch(channel, owner) as observed:
        opened = await reopen(owner, channel)
        # Again is no event.
        assert await reopen(owner, channel) == opened
    assert observed.kinds == ["channel.updated"]
    assert observed.audit == [("channel.updated", owner.id, None)]
    assert observed.events[0].payload["channel"] == opened
    assert opened == channel | {"updated_at": opened["updated_at"]}
    assert await events_default(rooms, channel) == 0
    assert await rooms.resolve(world.alias(channel)) == alias
    async with witness.watch(channel, owner) as observed:
        sent = await alice.send(channel["id"], "after")
        assert (await owner.put(reaction_path(message, "x"))).status_code == 204
        await client.say(channel["matrix_room_id"], "From Element")
    assert observed.kinds == ["message.created", "reaction.added", "message.created"]
    texts = [one["content_preview"] for one in await owner.history(channel["id"])]
    assert texts == ["before", sent["content_preview"], "From Element"]
    listed = (await owner.get(CHANNELS, microdao_id=world.microdao)).json()
    assert [row(one)["id"] for one in listed] == [channel["id"]]


async def test_other_changes_come_with_it(world: World, witness: Witness) -> None:
    owner = world.user("owner")
    channel = await archived(owner, await world.channel(owner))
    async with witness.watch(channel, owner) as observed:
        opened = await reopen(owner, channel, name="Anew")
    assert observed.kinds == ["channel.updated"] * 2
    assert opened["name"] == "Anew"


async def test_archiving_is_no_change(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        body = problem(await owner.patch(path_to(channel["id"]), {"archived": True}), 422, "invalid")
        assert [error["pointer"] for error in body["errors"]] == ["/archived"]


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_only_who_manages_a_channel_opens_it(world: World, unchanged: Unchanged, visibility: str) -> None:
    owner, admin, member, sofia = world.user("owner"), world.user("admin"), world.user("member"), world.agent("sofia")
    channel = await world.channel(owner, visibility=visibility)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], member.id)
    await owner.invite(channel["id"], sofia.id)
    await archived(owner, channel)
    foreigner = world.member_of("foreigner", world.other_microdao("away"))
    async with unchanged(channel):
        problem(await member.patch(path_to(channel["id"]), {"archived": False}), 403, "cannot_manage")
        status = 403 if visibility == "public" else 404
        problem(await foreigner.patch(path_to(channel["id"]), {"archived": False}), status)
    await reopen(admin, channel)


async def test_in_element_nobody_opens_the_room_of_an_archived_channel(
    world: World, rooms: Rooms, unchanged: Unchanged
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    await archived(owner, channel)
    levels = await rooms.state(channel["matrix_room_id"], LEVELS)
    async with unchanged(channel):
        path = f"rooms/{channel['matrix_room_id']}/state/{LEVELS}"
        refused = await client.try_call("PUT", path, {**(levels or {}), "events_default": 0})
        assert refused.status_code == 403, refused.text


async def test_many_who_open_it_at_once_are_one_event(world: World, witness: Witness) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await archived(owner, channel)
    async with witness.watch(channel, owner) as observed:
        await asyncio.gather(*(reopen(who, channel) for who in (owner, admin) * 3))
    assert observed.kinds == ["channel.updated"]
    await owner.send(channel["id"], "after")


async def test_archived_and_opened_at_once_it_is_in_the_index_as_in_the_room(world: World, rooms: Rooms) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    for _ in range(3):
        responses = await asyncio.gather(
            owner.delete(path_to(channel["id"])),
            admin.patch(path_to(channel["id"]), {"archived": False}),
        )
        for response in responses:
            if not response.is_success:
                problem(response, 409)

        async def agrees() -> bool:
            is_archived = (await owner.get(path_to(channel["id"]))).json()["archived_at"] is not None
            return is_archived == (await events_default(rooms, channel) > 100)

        await eventually("index and room agree", agrees)


async def direct(world: World, caller: Caller, other: str, status: int) -> dict[str, Any]:
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [other]}
    response = await caller.post(CHANNELS, body)
    assert response.status_code == status, response.text
    return response.json()


@pytest.mark.parametrize("who_asks", ["who archived it", "the other one"])
async def test_a_pair_whose_direct_channel_was_archived_talks_again(
    world: World, witness: Witness, who_asks: str
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await archived(alice, await direct(world, alice, bob.id, 201))
    asking, other = (alice, bob) if who_asks == "who archived it" else (bob, alice)
    async with witness.watch(channel, alice) as observed:
        found = await direct(world, asking, other.id, 200)
        assert found == channel | {"updated_at": found["updated_at"]}
        assert await direct(world, other, asking.id, 200) == found
    assert observed.kinds == ["channel.updated"]
    for one in (alice, bob):
        await one.send(channel["id"], "Hello again")


async def test_who_had_left_the_archived_direct_channel_is_back_in_it(world: World, rooms: Rooms) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await direct(world, alice, bob.id, 201)
    await bob.remove(channel["id"])
    await archived(alice, channel)
    assert (await direct(world, bob, alice.id, 200))["id"] == channel["id"]
    await bob.send(channel["id"], "Hello again")
    assert bob.matrix_id in await rooms.joined(channel["matrix_room_id"])
