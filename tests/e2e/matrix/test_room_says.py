"""What a channel is follows its room: who may join, who has which level, and what the homeserver says when times are in doubt."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.api import Caller, World, member_path, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.index import Index
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness

RULES = "m.room.join_rules"
HISTORY = "m.room.history_visibility"


async def shown(caller: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    response = await caller.get(path_to(channel["id"]))
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("before", ["private", "microdao"])
async def test_a_room_that_an_admin_opens_in_matrix_is_a_public_channel(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, before: str
) -> None:
    owner, stranger = world.user("owner"), world.member_of("stranger", world.other_microdao("other"))
    channel = await world.channel(owner, visibility=before)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    await owner.invite(channel["id"], bob.id, role="admin")
    await bob.join(room)
    async with witness.watch(channel, owner) as observed:
        await bob.set_state(room, RULES, {"join_rule": "public"})
    assert observed.kinds == ["channel.updated"]
    assert observed.audit == [("channel.updated", bob.id, None)]
    assert (await shown(stranger, channel))["visibility"] == "public"
    # Closed again, it is nobody's but the members', and nothing leads to it.
    async with witness.watch(channel, owner) as observed:
        await bob.set_state(room, RULES, {"join_rule": "invite"})
    assert observed.kinds == ["channel.updated"]
    problem(await stranger.get(path_to(channel["id"])), 404)
    assert (await shown(owner, channel))["visibility"] == "private"
    assert not await rooms.listed(room)
    assert await rooms.resolve(world.alias(channel)) is None


async def test_what_a_room_shows_to_strangers_is_what_strangers_read_here(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, stranger = world.user("owner"), world.member_of("stranger", world.other_microdao("other"))
    channel = await world.channel(owner)
    room, client = channel["matrix_room_id"], await matrix_client(rooms, owner)

    async def is_shared() -> bool:
        return await rooms.state(room, HISTORY) == {"history_visibility": "shared"}

    async with witness.watch(channel, owner) as observed:
        await client.set_state(room, HISTORY, {"history_visibility": "joined"})
    assert observed.kinds == ["channel.updated"]
    problem(await stranger.get(path_to(channel["id"])), 404)
    assert await rooms.state(room, RULES) == {"join_rule": "invite"}
    assert not await rooms.listed(room)
    assert await rooms.state(room, HISTORY) == {"history_visibility": "joined"}
    # Not opened by the join rule alone: strangers would read more here than there.
    await client.set_state(room, RULES, {"join_rule": "public"})

    async def is_closed() -> bool:
        return await rooms.state(room, RULES) == {"join_rule": "invite"}

    await eventually("the bot closes the room again", is_closed)
    problem(await stranger.get(path_to(channel["id"])), 404)

    # A closed one does not show itself to the world.
    await client.set_state(room, HISTORY, {"history_visibility": "world_readable"})
    await eventually("the bot hides the room again", is_shared)
    assert (await shown(owner, channel))["visibility"] == "private"

    await client.set_state(room, HISTORY, {"history_visibility": "invited"})
    await witness.settle()
    opened = await owner.patch(path_to(channel["id"]), {"visibility": "public"})
    assert opened.status_code == 200, opened.text
    assert await is_shared()
    assert (await stranger.get(path_to(channel["id"]))).status_code == 200


async def test_a_microdaos_channel_that_is_hidden_from_the_world_keeps_its_alias(world: World, rooms: Rooms) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="microdao")
    room, client = channel["matrix_room_id"], await matrix_client(rooms, owner)

    async def is_shared() -> bool:
        return await rooms.state(room, HISTORY) == {"history_visibility": "shared"}

    await client.set_state(room, HISTORY, {"history_visibility": "world_readable"})
    await eventually("the bot hides the room again", is_shared)
    assert await rooms.resolve(world.alias(channel)) == room
    assert await rooms.state(room, "m.room.canonical_alias") == {"alias": world.alias(channel)}


@pytest.mark.parametrize("closing", [(RULES, {"join_rule": "invite"}), (HISTORY, {"history_visibility": "joined"})])
async def test_an_archived_channel_that_is_closed_in_matrix_is_opened_again_as_a_private_one(
    world: World, rooms: Rooms, witness: Witness, closing: tuple[str, dict[str, str]]
) -> None:
    owner, stranger = world.user("owner"), world.member_of("stranger", world.other_microdao("other"))
    channel = await world.channel(owner)
    room, client = channel["matrix_room_id"], await matrix_client(rooms, owner)
    assert (await owner.delete(path_to(channel["id"]))).status_code == 204
    assert (await stranger.get(path_to(channel["id"]))).status_code == 200
    await client.set_state(room, *closing)
    await witness.settle()
    problem(await stranger.get(path_to(channel["id"])), 404)
    opened = await owner.patch(path_to(channel["id"]), {"archived": False})
    assert (opened.status_code, opened.json()["visibility"]) == (200, "private"), opened.text
    assert await rooms.state(room, RULES) == {"join_rule": "invite"}
    assert not await rooms.listed(room)
    assert await rooms.resolve(world.alias(channel)) is None


async def test_a_direct_channel_is_closed_again(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner, other = world.user("owner"), world.user("other")
    channel = await owner.create(microdao_id=world.microdao, is_direct=True, members=[other.id])
    room = channel["matrix_room_id"]
    stranger = await matrix_client(rooms, await person("stranger"))
    await (await matrix_client(rooms, owner)).set_state(room, RULES, {"join_rule": "public"})
    await stranger.try_call("POST", f"rooms/{room}/join", {})

    async def is_closed() -> bool:
        rule = await rooms.state(room, RULES)
        return rule == {"join_rule": "invite"} and await rooms.joined(room) >= {owner.matrix_id, other.matrix_id}

    async def is_alone() -> bool:
        return stranger.id not in await rooms.joined(room)

    await eventually("the bot closes the room", is_closed)
    await eventually("the stranger is out", is_alone)
    await witness.settle()
    assert set(await owner.members(channel["id"])) == {owner.id, other.id}


async def test_when_the_last_owner_leaves_in_matrix_an_admin_is_owner(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, alice, mia = world.user("owner"), world.user("alice"), world.user("mia")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    await owner.invite(channel["id"], mia.id)
    await owner.invite(channel["id"], alice.id, role="admin")
    async with witness.watch(channel, alice) as observed:
        await (await matrix_client(rooms, owner)).leave(room)

        async def is_raised() -> bool:
            return await rooms.power_level(room, alice.matrix_id) == 100

        await eventually("alice has the level", is_raised)
    assert observed.kinds == ["member.left", "member.role_changed"]
    response = await alice.patch(member_path(channel["id"], mia.id), {"role": "owner"})
    assert response.status_code == 200, response.text


async def test_a_level_that_is_given_before_somebody_joins_counts(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await (await matrix_client(rooms, owner)).set_power(channel["matrix_room_id"], alice.matrix_id, 50)
    await witness.settle()
    await alice.send(channel["id"], "hello")
    assert (await owner.members(channel["id"]))[alice.id]["role"] == "admin"
    await witness.settle()
    assert (await owner.members(channel["id"]))[alice.id]["role"] == "admin"


@pytest.mark.parametrize("field", ["name", "topic"])
async def test_of_two_changes_at_once_the_room_and_the_index_have_the_same(
    world: World, rooms: Rooms, witness: Witness, field: str
) -> None:
    owner, adam = world.user("owner"), world.user("adam")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], adam.id, role="admin")
    for attempt in range(4):
        changes = [{field: f"by owner {attempt}"}, {field: f"by adam {attempt}"}]
        answers = await asyncio.gather(
            owner.patch(path_to(channel["id"]), changes[0]), adam.patch(path_to(channel["id"]), changes[1])
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        await witness.settle()
        state = await rooms.state(channel["matrix_room_id"], f"m.room.{field}")
        assert state and (await shown(owner, channel))[field] == state[field]


async def test_a_push_about_a_membership_is_settled_by_the_room(
    world: World, homeserver: Homeserver, index: Index, witness: Witness
) -> None:
    """Whatever another server's times say, and also when they are no times at all."""
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await alice.send(channel["id"], "here")
    await witness.settle()
    left = {"type": "m.room.member", "state_key": alice.matrix_id, "content": {"membership": "leave"}}
    for time in (1, 2**53 - 1, -5, "soon", None):
        accepted(await homeserver.push(pushed_message(channel, **left, origin_server_ts=time)))
        assert alice.id in await owner.members(channel["id"]), time
    # Believed, because it seems to be our own homeserver's, and looked at again, because it takes somebody out.
    accepted(await homeserver.push(pushed_message(channel, **left, sender=owner.matrix_id)))
    assert alice.id in await owner.members(channel["id"])
    joined = left | {"content": {"membership": "join"}, "sender": alice.matrix_id}
    accepted(await homeserver.push(pushed_message(channel, **joined, origin_server_ts=1)))
    assert alice.id in await owner.members(channel["id"])
    sql = "SELECT count(*) FROM messaging.set_aside_events WHERE room_id = $1"
    assert await index.value(sql, channel["matrix_room_id"]) == 0


async def test_nobody_hides_a_message_behind_a_used_key(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, sam = world.user("owner"), world.user("sam")
    channel = await world.channel(owner)
    await sam.send(channel["id"], "first", key="k")
    client = await matrix_client(rooms, sam)
    [used] = [event["content"]["city.daarion.key"] for event in await rooms.messages(channel["matrix_room_id"])]
    for text, key in (("a", used), ("b", "0" * 64), ("c", "0" * 64)):
        await client.say(channel["matrix_room_id"], text, **{"city.daarion.key": key})
    await witness.settle()
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == ["first", "a", "b", "c"]
