"""Room upgrades: Matrix replaces a room by another one, and the channel follows with all its members."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, member_path, path_to, row
from support.homeserver import Homeserver, accepted, pushed_message
from support.matrix_client import bot_client, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Observed, Witness


async def followed(owner: Caller, channel: dict[str, Any], replacement: str, observed: Observed) -> None:
    """Checks that the channel is in the new room, and that nothing else has happened."""
    assert observed.kinds == ["channel.updated"]
    [event] = observed.events
    assert event.payload["matrix_room_id"] == event.payload["channel"]["matrix_room_id"] == replacement
    now = row((await owner.get(path_to(channel["id"]))).json())
    assert now == channel | {"matrix_room_id": replacement, "updated_at": now["updated_at"]}


# Without a version, to the room's own. Room ids of version 11 name a server, those of version 12 do not.
@pytest.mark.parametrize(
    ("visibility", "version"), [("public", "11"), ("public", "12"), ("microdao", None), ("private", None)]
)
async def test_a_channel_follows_the_upgrade_of_its_room(
    world: World, rooms: Rooms, witness: Witness, visibility: str, version: str | None
) -> None:
    owner, admin, sofia = world.user("owner"), world.user("admin"), world.agent("sofia")
    channel = await world.channel(owner, visibility=visibility, topic="Talk")
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], sofia.id)
    old = await owner.send(channel["id"], "in the old room")
    before = await owner.members(channel["id"])
    async with witness.watch(channel, owner) as observed:
        replacement = await bot_client(rooms).upgrade(channel["matrix_room_id"], version)
    await followed(owner, channel, replacement, observed)
    assert [kind for kind, *_ in observed.audit] == ["channel.updated"]
    assert await rooms.resolve(world.alias(channel)) == (None if visibility == "private" else replacement)
    # Everybody is a member with the same role as before, and comes to the new room with their next act.
    assert await owner.members(channel["id"]) == before
    for one in (owner, admin):
        message = await one.send(channel["id"], f"{one.id} in the new room")
        assert message["matrix_event_id"] in [e["event_id"] for e in await rooms.messages(replacement)]
    assert (await sofia.say(channel["id"], "me, too"))["status"] == "posted"
    assert {one.matrix_id for one in (owner, admin, sofia)} <= await rooms.joined(replacement)
    async with witness.watch(channel, owner) as observed:
        pass
    assert await owner.members(channel["id"]) == before
    assert (await owner.history(channel["id"]))[0] == old
    # The room is managed as before.
    assert (await admin.patch(path_to(channel["id"]), {"topic": "New talk"})).status_code == 200
    assert ((await rooms.state(replacement, "m.room.topic")) or {})["topic"] == "New talk"
    response = await owner.patch(member_path(channel["id"], admin.id), {"role": "member"})
    assert response.status_code == 200, response.text
    assert await rooms.power_level(replacement, admin.matrix_id) == 0


async def test_messages_of_the_old_room_can_be_read_and_deleted(world: World, rooms: Rooms, witness: Witness) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "in the old room", formatted_body="<b>old</b>")
    async with witness.watch(channel, owner) as observed:
        replacement = await bot_client(rooms).upgrade(channel["matrix_room_id"])
    await followed(owner, channel, replacement, observed)
    response = await owner.get(path_to(channel["id"], message["id"]))
    assert response.status_code == 200, response.text
    assert (response.json()["text"], response.json()["formatted_body"]) == ("in the old room", "<b>old</b>")
    response = await owner.delete(path_to(channel["id"], message["id"]))
    assert response.status_code == 204, response.text
    [old] = [e for e in await rooms.messages(channel["matrix_room_id"]) if e["event_id"] == message["matrix_event_id"]]
    assert old["content"] == {}
    assert [bool(m["deleted_at"]) for m in await owner.history(channel["id"])] == [True]


async def test_a_public_channel_follows_the_upgrade_by_its_owner(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    # A room of the newest version lets only its creators do it, unless they say otherwise.
    await bot_client(rooms).set_power(channel["matrix_room_id"], owner.matrix_id, 150)
    async with witness.watch(channel, alice) as observed:
        replacement = await (await matrix_client(rooms, owner)).upgrade(channel["matrix_room_id"])
    await followed(alice, channel, replacement, observed)
    assert [(kind, actor) for kind, actor, _ in observed.audit] == [("channel.updated", owner.id)]
    message = await alice.send(channel["id"], "in the new room")
    assert [e["event_id"] for e in await rooms.messages(replacement)] == [message["matrix_event_id"]]
    assert (await alice.members(channel["id"]))[owner.id]["role"] == "owner"
    response = await owner.patch(member_path(channel["id"], alice.id), {"role": "admin"})
    assert response.status_code == 200, response.text
    assert (await alice.patch(path_to(channel["id"]), {"topic": "New talk"})).status_code == 200
    # What others say in the new room is indexed.
    bob = await matrix_client(rooms, await person("bob"))
    async with witness.watch(channel, alice) as observed:
        await bob.join(replacement)
        await bob.say(replacement, "me, too")
    assert observed.kinds == ["member.joined", "message.created"]


async def test_a_tombstone_leads_no_channel_into_a_room_that_does_not_replace_its_own(
    world: World, homeserver: Homeserver, witness: Witness, unchanged: Unchanged
) -> None:
    owner, other = world.user("owner"), world.user("other")
    channel, target = await world.channel(owner), await world.channel(other)
    # The target's create event does not name the channel's room as its predecessor.
    content = {"body": "moved", "replacement_room": target["matrix_room_id"]}
    tombstone = pushed_message(channel, type="m.room.tombstone", state_key="", sender=owner.matrix_id, content=content)
    async with unchanged(channel), unchanged(target), witness.watch(channel, owner) as observed:
        accepted(await homeserver.push(tombstone))
    assert observed.kinds == []
    assert row((await owner.get(path_to(channel["id"]))).json()) == channel


@pytest.mark.parametrize("replacement", ["!nowhere:localhost", "!nowhere", "!nowhere:elsewhere.example", "!\u202e x:y"])
async def test_a_tombstone_that_names_no_room_holds_up_nobody(
    world: World, homeserver: Homeserver, witness: Witness, replacement: str
) -> None:
    """Whoever manages a room can send one, and the homeserver pushes nothing else until it was taken."""
    owner = world.user("owner")
    channel = await world.channel(owner)
    content = {"body": "moved", "replacement_room": replacement}
    tombstone = pushed_message(channel, type="m.room.tombstone", state_key="", sender=owner.matrix_id, content=content)
    async with witness.watch(channel, owner) as observed:
        accepted(await homeserver.push(tombstone))
        await owner.send(channel["id"], "still here")
    assert observed.kinds == ["message.created"]
