"""Rights end with what they came from, and nobody gives them to themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, member_path, path_to, reaction_path
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Address, handshake_refused, listener
from support.tokens import token
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness


def again(world: World, caller: Caller, *microdaos: str) -> Caller:
    """The same person with a new token."""
    return world.bearer(caller.id, token(caller.id, world.secret(), microdaos))


async def test_who_has_lost_the_microdao_has_lost_its_channels(
    world: World, ws_address: Address, unchanged: Unchanged
) -> None:
    owner, employee = world.member_of("owner", world.microdao), world.member_of("employee", world.microdao)
    channel = await owner.create(**world.fields(visibility="microdao"))
    await employee.send(channel["id"], "My first message")
    message = await owner.send(channel["id"], "Written afterwards")
    for former in (again(world, employee), again(world, employee, world.other_microdao("next"))):
        async with unchanged(channel):
            for path in ("", "/messages", "/members", f"/messages/{message['id']}"):
                problem(await former.get(path_to(channel["id"]) + path), 404, "not_found")
            problem(await former.try_send(channel["id"], "Still here"), 404, "not_found")
            problem(await former.put(reaction_path(message, "x")), 404, "not_found")
            problem(await former.put(member_path(channel["id"])), 404, "not_found")
            assert (await former.get(CHANNELS, microdao_id=world.microdao)).json() == []
        await handshake_refused(ws_address(channel["id"]), 404, headers=former.headers)
    # With the claim the membership counts again, and an invitation makes it count without.
    async with listener(ws_address(channel["id"]), headers=again(world, employee, world.microdao).headers):
        pass
    await owner.invite(channel["id"], employee.id)
    assert (await again(world, employee).page(channel["id"]))[0] == message


async def enter(way: str, stranger: Caller, message: dict[str, Any], delay: float) -> int:
    """Comes into the message's channel this way, so many seconds from now; returns the status."""
    await asyncio.sleep(delay)
    if way == "post":
        return (await stranger.try_send(message["channel_id"], "May I?")).status_code
    if way == "reaction":
        return (await stranger.put(reaction_path(message, "x"))).status_code
    return (await stranger.put(member_path(message["channel_id"]))).status_code


@pytest.mark.parametrize("way", ["post", "reaction", "PUT me"])
@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_nobody_comes_in_while_a_channel_is_being_closed(
    world: World, rooms: Rooms, witness: Witness, way: str, visibility: str
) -> None:
    owner = world.member_of("owner", world.microdao)
    for delay in (0.0, 0.01, 0.03, 0.06):
        channel = await owner.create(**world.fields(visibility=visibility))
        message, stranger = await owner.send(channel["id"], "hello"), world.member_of("stranger", world.microdao)

        closed, status = await asyncio.gather(
            owner.patch(path_to(channel["id"]), {"visibility": "private"}), enter(way, stranger, message, delay)
        )
        assert closed.status_code == 200, closed.text
        await witness.settle()
        # Whoever was told no is out, in the room as well; whoever was told yes came before it was closed.
        is_in = stranger.id in await owner.members(channel["id"])
        in_the_room = stranger.matrix_id in await rooms.joined(channel["matrix_room_id"])
        assert (is_in, in_the_room) == (status < 300, status < 300), (delay, status)
        assert status < 300 or status == 404
        assert (await stranger.get(path_to(channel["id"]))).status_code == (200 if is_in else 404)


async def direct(world: World, caller: Caller, other: str) -> Any:
    return await caller.post(CHANNELS, {"microdao_id": world.microdao, "is_direct": True, "members": [other]})


async def test_who_was_removed_from_a_direct_channel_does_not_come_back_by_themselves(
    world: World, rooms: Rooms
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = (await direct(world, alice, bob.id)).json()
    # Owners do not remove each other, so he steps down first.
    await (await matrix_client(rooms, bob)).set_power(channel["matrix_room_id"], bob.matrix_id, 0)

    async def is_no_owner() -> bool:
        return (await alice.members(channel["id"]))[bob.id]["role"] == "member"

    await eventually("he is no owner any more", is_no_owner)
    await alice.remove(channel["id"], bob.id)
    problem(await direct(world, bob, alice.id), 403, "not_a_member")
    problem(await bob.get(path_to(channel["id"])), 404, "not_found")
    assert bob.matrix_id not in await rooms.joined(channel["matrix_room_id"])


async def test_an_agent_that_joins_in_matrix_is_taken_out(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, sofia)
    await client.join(channel["matrix_room_id"])

    async def is_out() -> bool:
        return sofia.matrix_id not in await rooms.joined(channel["matrix_room_id"])

    await eventually("it is out", is_out)
    await witness.settle()
    assert sofia.id not in await owner.members(channel["id"])


async def test_an_admin_does_not_give_back_to_himself_what_was_taken(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner, visibility="private")
    room = channel["matrix_room_id"]
    await owner.invite(channel["id"], admin.id, role="admin")
    response = await owner.patch(member_path(channel["id"], admin.id), {"can_write": False, "can_read": False})
    assert (response.status_code, response.json()["role"]) == (200, "admin"), response.text
    assert await rooms.power_level(room, admin.matrix_id) == response.json()["matrix_power_level"] == -1
    await witness.settle()
    client = await matrix_client(rooms, admin)
    async with unchanged(channel):
        problem(await admin.try_send(channel["id"], "x"), 403, "cannot_write")
        for right in ("can_write", "can_read"):
            problem(await admin.patch(member_path(channel["id"]), {right: True}), 403, "cannot_grant")
        said = await client.try_call("PUT", f"rooms/{room}/send/m.room.message/1", {"msgtype": "m.text", "body": "x"})
        assert said.status_code == 403, said.text
    response = await owner.patch(member_path(channel["id"], admin.id), {"can_write": True, "can_read": True})
    assert (response.status_code, response.json()["matrix_power_level"]) == (200, 50), response.text
    await admin.send(channel["id"], "Thank you")


async def test_an_owner_may_always_read_and_write(world: World, unchanged: Unchanged) -> None:
    owner, heir = world.user("owner"), world.user("heir")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for right in ("can_read", "can_write"):
            problem(await owner.patch(member_path(channel["id"]), {right: False}), 422, "invalid")
            problem(await owner.try_invite(channel["id"], heir.id, role="owner", **{right: False}), 422, "invalid")


@pytest.mark.parametrize("other", ["steps down", "leaves"])
async def test_of_two_owners_who_go_at_once_one_stays(world: World, rooms: Rooms, witness: Witness, other: str) -> None:
    owner, heir = world.user("owner"), world.user("heir")
    for _ in range(3):
        channel = await world.channel(owner)
        await owner.invite(channel["id"], heir.id, role="owner")
        step_down = {"role": "member"}
        responses = await asyncio.gather(
            owner.patch(member_path(channel["id"]), step_down),
            heir.patch(member_path(channel["id"]), step_down)
            if other == "steps down"
            else heir.delete(member_path(channel["id"])),
        )
        refused = [response for response in responses if not response.is_success]
        assert len(refused) == 1, [response.text for response in responses]
        problem(refused[0], 409, "last_owner")
        await witness.settle()
        stayed = owner if refused[0] is responses[0] else heir
        owners = [name for name, m in (await stayed.members(channel["id"])).items() if m["role"] == "owner"]
        assert owners == [stayed.id]
        assert await rooms.power_level(channel["matrix_room_id"], stayed.matrix_id) == 100


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_a_sender_deletes_their_own_message_after_leaving_and_in_an_archived_channel(
    world: World, rooms: Rooms, visibility: str
) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    channel = await world.channel(owner, visibility=visibility)
    await owner.invite(channel["id"], guest.id)
    messages = [await guest.send(channel["id"], f"regret {i}") for i in range(3)]
    own = await owner.send(channel["id"], "mine")

    async def delete(caller: Caller, message: dict[str, Any]) -> None:
        response = await caller.delete(path_to(channel["id"], message["id"]))
        assert response.status_code == 204, response.text

    await guest.remove(channel["id"])
    await delete(guest, messages[0])
    assert (await owner.delete(path_to(channel["id"]))).status_code == 204
    await delete(guest, messages[1])
    await delete(owner, own)
    problem(await owner.delete(path_to(channel["id"], messages[2]["id"])), 409, "channel_archived")
    left = [event["content"].get("body") for event in await rooms.messages(channel["matrix_room_id"])]
    assert [text for text in left if text] == ["regret 2"]


async def test_a_retried_create_says_nothing_to_who_was_removed(world: World) -> None:
    founder, heir = world.user("founder"), world.user("heir")
    fields = world.fields(visibility="private")
    channel = await founder.create("key-1", **fields)
    await founder.invite(channel["id"], heir.id, role="owner")
    assert (await founder.patch(member_path(channel["id"]), {"role": "member"})).status_code == 200
    assert (await founder.post(CHANNELS, fields, "key-1")).json()["id"] == channel["id"]
    await heir.remove(channel["id"], founder.id)
    problem(await founder.post(CHANNELS, fields, "key-1"), 404, "not_found")


async def test_whoever_posts_and_leaves_can_be_muted(world: World, rooms: Rooms) -> None:
    owner, spam, other = world.user("owner"), world.user("spam"), world.user("other")
    channel = await world.channel(owner)
    await spam.send(channel["id"], "Buy!")
    await spam.remove(channel["id"])
    for one in (spam, other):
        response = await owner.patch(member_path(channel["id"], one.id), {"can_write": False})
        assert (response.status_code, response.json()["can_write"]) == (200, False), response.text
        problem(await one.try_send(channel["id"], "Buy!"), 403, "cannot_write")
        assert (await one.put(member_path(channel["id"]))).status_code == 200
        problem(await one.try_send(channel["id"], "Buy!"), 403, "cannot_write")
        assert await rooms.power_level(channel["matrix_room_id"], one.matrix_id) == -1
    # A role is a member's.
    problem(await owner.patch(member_path(channel["id"], world.user("nobody").id), {"role": "admin"}), 404, "not_found")
