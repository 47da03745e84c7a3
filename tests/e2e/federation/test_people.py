"""People of another homeserver take part as those of ours do."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from support.agreement import Agreement
from support.api import World, member_path
from support.matrix_client import MatrixClient, matrix_client
from support.neighbour import Neighbour
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness


async def test_who_joins_by_the_alias_writes_edits_reacts_and_deletes(
    world: World, neighbour: Neighbour, witness: Witness, agreement: Agreement
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice, topic="Talk")
    room = channel["matrix_room_id"]
    hello = await alice.send(channel["id"], "Hello")
    bob = await neighbour.person("bob")
    assert bob.id.endswith(f":{neighbour.name}")
    async with witness.watch(channel, alice) as observed:
        assert await bob.join_by(world.alias(channel)) == room
        await agreement.departs(bob, room, hello["matrix_event_id"])
        said = await bob.say(room, "Helo from elsewhere")
        await bob.edit(room, said, "Hello from elsewhere")
        thumb = await bob.react(room, hello["matrix_event_id"], "👍")
        await bob.react(room, hello["matrix_event_id"], "🎉")
        await bob.redact(room, thumb)
        spam = await bob.say(room, "spam")
        await agreement.arrives(room, await bob.redact(room, spam))
    kinds = ["member.joined", "message.created", "message.updated", "reaction.added", "reaction.added"]
    assert observed.kinds == [*kinds, "reaction.removed", "message.created", "message.deleted"]
    member = (await alice.members(channel["id"]))[bob.id]
    assert (member["member_type"], member["role"], member["matrix_user_id"]) == ("human", "member", bob.id)
    messages = [m for m in await alice.history(channel["id"]) if not m["deleted_at"]]
    assert [(m["sender_id"], m["sender_type"], m["content_preview"]) for m in messages] == [
        (alice.id, "human", "Hello"),
        (bob.id, "human", "Hello from elsewhere"),
    ]
    assert (await alice.content(messages[1]))["text"] == "Hello from elsewhere"
    assert await alice.reactions(hello) == {"🎉": (1, False)}
    await agreement.holds(channel)


async def test_who_is_invited_into_a_private_channel_reads_it_and_leaves(
    world: World, neighbour: Neighbour, witness: Witness, agreement: Agreement
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice, visibility="private")
    room = channel["matrix_room_id"]
    bob, mallory = await neighbour.person("bob"), await neighbour.person("mallory")
    async with witness.watch(channel, alice) as observed:
        invited = await alice.invite(channel["id"], bob.id)
        assert invited["joined_at"] is None
        await agreement.holds(channel)
        await bob.join(room)
        response = await mallory.try_call("POST", f"join/{quote(room)}?via={neighbour.ours.server_name}", {})
        assert response.status_code == 403, response.text
        await agreement.catches_up(room, bob)
    assert observed.kinds == ["member.invited", "member.joined", "message.created"]
    secret = await alice.send(channel["id"], "Between us")
    await agreement.departs(bob, room, secret["matrix_event_id"])
    await agreement.holds(channel)
    async with witness.watch(channel, alice) as observed:
        await bob.leave(room)
        await eventually("the room has seen them leave", lambda: gone(agreement.rooms, room, bob.id))
    assert observed.kinds == ["member.left"]
    await agreement.holds(channel)


async def gone(rooms: Rooms, room: str, matrix_id: str) -> bool:
    return matrix_id not in await rooms.joined(room)


@pytest.mark.parametrize("way", ["api", "element"])
async def test_who_is_kicked_comes_back(
    world: World, neighbour: Neighbour, rooms: Rooms, witness: Witness, agreement: Agreement, way: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob = await neighbour.person("bob")
    await bob.join_by(world.alias(channel))
    await agreement.catches_up(room, bob)
    async with witness.watch(channel, alice) as observed:
        if way == "api":
            await alice.remove(channel["id"], bob.id)
        else:
            await (await matrix_client(rooms, alice)).kick(room, bob.id)
    assert observed.kinds == ["member.kicked"]
    await agreement.holds(channel)
    await eventually("their server knows", lambda: left(bob, room))
    async with witness.watch(channel, alice) as observed:
        await bob.join_by(world.alias(channel))
        await agreement.catches_up(room, bob)
    assert observed.kinds == ["member.joined", "message.created"]
    await agreement.holds(channel)


async def left(who: MatrixClient, room: str) -> bool:
    return room not in await who.rooms()


async def test_who_is_banned_in_element_comes_back_after_the_ban(
    world: World, neighbour: Neighbour, rooms: Rooms, witness: Witness, agreement: Agreement
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    element = await matrix_client(rooms, alice)
    bob = await neighbour.person("bob")
    await bob.join_by(world.alias(channel))
    await agreement.catches_up(room, bob)
    async with witness.watch(channel, alice) as observed:
        await element.ban(room, bob.id)
        await eventually("their server knows", lambda: left(bob, room))
        assert (await bob.try_call("POST", f"join/{quote(world.alias(channel))}", {})).status_code == 403
    assert observed.kinds == ["member.kicked"]
    await agreement.holds(channel)
    async with witness.watch(channel, alice) as observed:
        await element.unban(room, bob.id)
        await bob.join_by(world.alias(channel))
        await agreement.catches_up(room, bob)
    assert observed.kinds == ["member.joined", "message.created"]
    await agreement.holds(channel)


async def test_a_moderator_of_another_server_counts_as_one_of_ours(
    world: World, neighbour: Neighbour, witness: Witness, agreement: Agreement
) -> None:
    alice, carol = world.user("alice"), world.user("carol")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    spam = await carol.send(channel["id"], "spam")
    bob = await neighbour.person("bob")
    await bob.join_by(world.alias(channel))
    await agreement.catches_up(room, bob)
    response = await alice.patch(member_path(channel["id"], bob.id), {"role": "admin"})
    assert response.status_code == 200, response.text

    async def may() -> bool:
        levels = await bob.call("GET", f"rooms/{quote(room)}/state/m.room.power_levels/")
        return levels["users"].get(bob.id) == 50

    await eventually("their server knows", may)
    async with witness.watch(channel, alice) as observed:
        await bob.redact(room, spam["matrix_event_id"])
        await bob.set_state(room, "m.room.name", {"name": "Renamed from elsewhere"})
        await bob.set_state(room, "m.room.topic", {"topic": "From elsewhere"})
        await bob.kick(room, carol.matrix_id)
        await agreement.catches_up(room, bob)
    kinds = ["message.deleted", "channel.updated", "channel.updated", "member.kicked", "message.created"]
    assert observed.kinds == kinds
    assert observed.audit[-1] == ("member.kicked", bob.id, carol.id)
    await agreement.holds(channel)
