"""Room upgrades: Matrix replaces a room by another one, and the channel follows as if nothing had happened."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, at
from support.element import bot, element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Told, Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


async def followed(owner: Caller, channel: dict[str, Any], replacement: str, told: Told) -> None:
    """The channel is in the new room, and that is all that was told."""
    assert told.kinds == ["channel.updated"]
    [event] = told.events
    assert event.payload["matrix_room_id"] == event.payload["channel"]["matrix_room_id"] == replacement
    now = (await owner.get(at(channel["id"]))).json()
    assert now == channel | {"matrix_room_id": replacement, "updated_at": now["updated_at"]}


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_a_channel_follows_the_upgrade_of_its_room(
    world: World, rooms: Rooms, witness: Witness, visibility: str
) -> None:
    owner, admin, sofia = world.user("owner"), world.user("admin"), world.agent("sofia")
    channel = await world.channel(owner, visibility=visibility, topic="Talk")
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], sofia.id)
    said = await owner.send(channel["id"], "in the old room")
    before = await owner.members(channel["id"])
    async with witness.watch(channel, owner) as told:
        replacement = await bot(rooms).upgrade(channel["matrix_room_id"])
    await followed(owner, channel, replacement, told)
    assert [kind for kind, *_ in told.audit] == ["channel.updated"]
    assert await rooms.resolve(world.alias(channel)) == replacement
    # Nobody has lost anything: they are members with their roles, and come to the new room when they act.
    assert await owner.members(channel["id"]) == before
    for one in (owner, admin):
        message = await one.send(channel["id"], f"{one.id} in the new room")
        assert message["matrix_event_id"] in [e["event_id"] for e in await rooms.messages(replacement)]
    assert (await sofia.say(channel["id"], "me, too"))["status"] == "posted"
    assert {one.matrix_id for one in (owner, admin, sofia)} <= await rooms.joined(replacement)
    async with witness.watch(channel, owner) as told:
        pass
    assert await owner.members(channel["id"]) == before
    assert (await owner.history(channel["id"]))[0] == said
    # The room is managed as before.
    assert (await admin.patch(at(channel["id"]), {"topic": "New talk"})).status_code == 200
    assert ((await rooms.state(replacement, "m.room.topic")) or {})["topic"] == "New talk"
    response = await owner.patch(f"{at(channel['id'])}/members/{admin.id}", {"role": "member"})
    assert response.status_code == 200, response.text
    levels = (await rooms.state(replacement, "m.room.power_levels")) or {}
    assert levels["users"].get(admin.matrix_id, 0) == 0


async def test_what_was_said_in_the_old_room_can_still_be_read_and_deleted(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    said = await owner.send(channel["id"], "in the old room", formatted_body="<b>old</b>")
    async with witness.watch(channel, owner) as told:
        replacement = await bot(rooms).upgrade(channel["matrix_room_id"])
    await followed(owner, channel, replacement, told)
    response = await owner.get(at(channel["id"], said["id"]))
    assert response.status_code == 200, response.text
    assert (response.json()["text"], response.json()["formatted_body"]) == ("in the old room", "<b>old</b>")
    response = await owner.delete(at(channel["id"], said["id"]))
    assert response.status_code == 204, response.text
    [old] = [e for e in await rooms.messages(channel["matrix_room_id"]) if e["event_id"] == said["matrix_event_id"]]
    assert old["content"] == {}
    assert [bool(m["deleted_at"]) for m in await owner.history(channel["id"])] == [True]


async def test_a_public_channel_follows_the_upgrade_by_its_owner(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    # A room of the newest version lets only its creators do it, unless they say otherwise.
    await bot(rooms).set_power(channel["matrix_room_id"], owner.matrix_id, 150)
    async with witness.watch(channel, alice) as told:
        replacement = await (await element(rooms, owner)).upgrade(channel["matrix_room_id"])
    await followed(alice, channel, replacement, told)
    assert [(kind, who) for kind, who, _ in told.audit] == [("channel.updated", owner.id)]
    message = await alice.send(channel["id"], "in the new room")
    assert [e["event_id"] for e in await rooms.messages(replacement)] == [message["matrix_event_id"]]
    assert (await alice.members(channel["id"]))[owner.id]["role"] == "owner"
    response = await owner.patch(f"{at(channel['id'])}/members/{alice.id}", {"role": "admin"})
    assert response.status_code == 200, response.text
    assert (await alice.patch(at(channel["id"]), {"topic": "New talk"})).status_code == 200
    # What is said there by others arrives.
    bob = await element(rooms, await person("bob"))
    async with witness.watch(channel, alice) as told:
        await bob.join(replacement)
        await bob.say(replacement, "me, too")
    assert told.kinds == ["member.joined", "message.created"]


async def test_nobody_leads_a_channel_away(world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged) -> None:
    owner, other = world.user("owner"), world.user("other")
    channel, target = await world.channel(owner), await world.channel(other)
    homeserver = world.bearer("", world.stack.matrix_hs_token or "")
    # A replacement that says nothing of the room it replaces is none, whoever wrote the tombstone.
    tombstone = {
        "type": "m.room.tombstone",
        "state_key": "",
        "event_id": f"${channel['id']}",
        "room_id": channel["matrix_room_id"],
        "sender": owner.matrix_id,
        "origin_server_ts": 1_700_000_000_000,
        "content": {"body": "moved", "replacement_room": target["matrix_room_id"]},
    }
    async with unchanged(channel), unchanged(target), witness.watch(channel, owner) as told:
        path = f"/_matrix/app/v1/transactions/{channel['id']}"
        response = await homeserver.request("PUT", path, json={"events": [tombstone]})
        assert response.status_code == 200, response.text
    assert told.kinds == []
    assert (await owner.get(at(channel["id"]))).json() == channel
