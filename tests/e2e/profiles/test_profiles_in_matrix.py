"""Names and pictures are the same here and in Matrix, whoever changes them on whichever side."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from support.api import Caller, World, profile_path, unique
from support.homeserver import Homeserver, accepted, pushed_message
from support.index import Index
from support.matrix_client import matrix_client
from support.person import NewPerson, joined_member
from support.rooms import Rooms
from support.sockets import Listen, Listener
from support.waiting import eventually
from support.witness import Witness

PICTURE = "mxc://localhost/picture"


async def in_room(rooms: Rooms, room: str, matrix_id: str, name: str | None, picture: str | None = None) -> None:
    """Waits until a room's member event has this name and picture."""

    async def told() -> bool:
        content = await rooms.state(room, "m.room.member", matrix_id) or {}
        return (content.get("displayname"), content.get("avatar_url")) == (name, picture)

    await eventually(f"{matrix_id} is called {name} in {room}", told)


async def known_as(reader: Caller, member: str, name: str | None, picture: str | None = None) -> None:
    """Waits until somebody is shown under this name and with this picture."""

    async def shown() -> bool:
        profile = await reader.profile(member)
        return (profile["display_name"], profile["avatar_url"]) == (name, picture)

    await eventually(f"{member} is called {name}", shown)


async def heard(socket: Listener, member: str, name: str | None, picture: str | None = None) -> dict[str, Any]:
    """The frame that tells of a change."""

    async def frame() -> dict[str, Any] | None:
        for frame in socket.ephemeral:
            told = frame["type"] == "profile.updated" and frame["member_id"] == member
            if told and (frame["display_name"], frame["avatar_url"]) == (name, picture):
                return frame
        return None

    return await eventually(lambda: f"the name {name} of {member} on {socket.described(socket.ephemeral)}", frame)


async def live(socket: Listener, writer: Caller, channel: dict[str, Any]) -> None:
    """Waits until a socket gets its channel's frames live: what comes before that without a number is lost."""
    message = await writer.send(channel["id"], "are you there?")
    await socket.message(message["id"])


async def test_what_is_set_here_is_seen_in_matrix_and_in_every_channel(
    world: World, rooms: Rooms, witness: Witness, listen: Listen
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel, secret = await world.channel(alice), await world.channel(alice, is_encrypted=True, visibility="private")
    other = await world.channel(bob)
    said = await alice.send(channel["id"], "Hello")
    assert said["sender_name"] is None, "she has chosen none"
    await in_room(rooms, channel["matrix_room_id"], alice.matrix_id, alice.id.removeprefix("user:"))
    async with (
        witness.watch(channel, bob) as observed,
        listen(channel["id"], bob) as socket,
        listen(secret["id"], alice) as secrets,
        listen(other["id"], bob) as elsewhere,
    ):
        for one, writer, where in ((socket, alice, channel), (elsewhere, bob, other)):
            await live(one, writer, where)
        await secrets.pong()
        await alice.set_profile(display_name="Alice", avatar_url=PICTURE)
        frame = await heard(socket, alice.id, "Alice", PICTURE)
        assert frame == {
            "type": "profile.updated",
            "channel_id": channel["id"],
            "member_id": alice.id,
            "display_name": "Alice",
            "avatar_url": PICTURE,
        }
        for room in (channel["matrix_room_id"], secret["matrix_room_id"]):
            await in_room(rooms, room, alice.matrix_id, "Alice", PICTURE)
        response = await rooms.get(f"profile/{quote(alice.matrix_id, safe='')}")
        assert (response.json()["displayname"], response.json()["avatar_url"]) == ("Alice", PICTURE)
        await elsewhere.pong()
        assert not [f for f in elsewhere.ephemeral if f.get("member_id") == alice.id]
    # Only what was said has a number.
    assert observed.kinds == ["message.created"]
    for reader in (bob, alice):
        [row] = [m for m in await reader.page(channel["id"]) if m["id"] == said["id"]]
        assert (row["sender_name"], row["sender_avatar_url"]) == ("Alice", PICTURE)
        assert (await reader.content(said))["sender_name"] == "Alice"
        member = (await reader.members(channel["id"]))[alice.id]
        assert (member["display_name"], member["avatar_url"]) == ("Alice", PICTURE)
    # Who has gone keeps the name on what they said, and who comes again the one in Matrix.
    guest = await bob.send(channel["id"], "I am in")
    await bob.set_profile(display_name="Bob")
    await bob.remove(channel["id"])
    [row] = [m for m in await alice.page(channel["id"]) if m["id"] == guest["id"]]
    assert row["sender_name"] == "Bob" and (await alice.profile(bob.id))["display_name"] == "Bob"
    await alice.set_profile(display_name=None, avatar_url=None)
    await in_room(rooms, channel["matrix_room_id"], alice.matrix_id, alice.id.removeprefix("user:"))
    await witness.settle()
    assert (await bob.profile(alice.id))["display_name"] is None


async def test_somebody_who_is_only_in_matrix_is_called_as_there(
    world: World, rooms: Rooms, witness: Witness, listen: Listen, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel, second = await world.channel(alice), await world.channel(alice)
    bob = await person("bob")
    client = await matrix_client(rooms, bob)
    await client.set_profile("displayname", "Bob")
    for where in (channel, second):
        await bob.join(where["matrix_room_id"])
        assert (await joined_member(alice, where, bob))["display_name"] == "Bob"
    said = await bob.say(channel["matrix_room_id"], "Hello")
    await witness.settle()
    async with witness.watch(channel, alice) as observed, listen(channel["id"], alice) as socket:
        await live(socket, alice, channel)
        await client.set_profile("displayname", "Robert")
        await heard(socket, bob.id, "Robert")
        await client.set_profile("avatar_url", PICTURE)
        await heard(socket, bob.id, "Robert", PICTURE)
        await in_room(rooms, second["matrix_room_id"], bob.id, "Robert", PICTURE)
    assert observed.kinds == ["message.created"], "another name is no membership change"
    await known_as(alice, bob.id, "Robert", PICTURE)
    [row] = [m for m in await alice.page(channel["id"]) if m["matrix_event_id"] == said]
    assert (row["sender_name"], row["sender_avatar_url"]) == ("Robert", PICTURE)
    for where in (channel, second):
        assert (await alice.members(where["id"]))[bob.id]["display_name"] == "Robert"
    # A name for one room alone is the last word on what they are called, until the next one.
    await client.set_name_in(channel["matrix_room_id"], "Bobby here")
    await known_as(alice, bob.id, "Bobby here", PICTURE)
    await client.set_profile("displayname", "")
    await known_as(alice, bob.id, None, PICTURE)


async def test_our_own_user_changes_it_in_a_matrix_client(world: World, rooms: Rooms, listen: Listen) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.set_profile(display_name="Alice", avatar_url=PICTURE)
    await in_room(rooms, channel["matrix_room_id"], alice.matrix_id, "Alice", PICTURE)
    client = await matrix_client(rooms, alice)
    async with listen(channel["id"], bob) as socket:
        await live(socket, alice, channel)
        await client.set_profile("displayname", "Alice in Element")
        await heard(socket, alice.id, "Alice in Element", PICTURE)
    await known_as(alice, "me", "Alice in Element", PICTURE)
    # And back: the index does not take it for what it was.
    assert (await alice.set_profile(display_name="Alice"))["display_name"] == "Alice"
    await in_room(rooms, channel["matrix_room_id"], alice.matrix_id, "Alice", PICTURE)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bob\u202e\u0007\nthe\tBuilder", "Bob the Builder"),
        ("x" * 400, "x" * 255),
        ("x" * 253 + "👨‍👩‍👧" + "y", "x" * 253),
        ("\u200b\u202e", None),
        ("a\0b", "a\ufffdb"),
        (7, None),
        ({"a": "b"}, None),
        (None, None),
    ],
)
async def test_a_hostile_name_is_bounded_and_shown_safely(
    world: World, homeserver: Homeserver, name: Any, shown: str | None
) -> None:
    """As other homeservers may let their people call themselves."""
    alice = world.user("alice")
    channel = await world.channel(alice)
    mallory = pushed_message(channel)["sender"].replace("@mallory", f"@{unique('mallory')}")
    now = int(time.time() * 1000)
    for told, age in (("Mallory", 20), (name, 10)):
        content = {"membership": "join", "displayname": told, "avatar_url": told}
        fields = {"sender": mallory, "state_key": mallory, "content": content, "origin_server_ts": now - age}
        accepted(await homeserver.push(pushed_message(channel, type="m.room.member", **fields)))
        expected = "Mallory" if told == "Mallory" else shown
        profile = await alice.profile(mallory)
        assert (profile["display_name"], profile["avatar_url"]) == (expected, None)
    assert (await alice.members(channel["id"]))[mallory]["display_name"] == shown


async def test_the_name_that_an_inviter_gives_is_none(world: World, rooms: Rooms, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob, client = await person("bob"), await matrix_client(rooms, alice)
    room = channel["matrix_room_id"]
    path = f"rooms/{quote(room, safe='')}/state/m.room.member/{quote(bob.id, safe='')}"
    await client.call("PUT", path, {"membership": "invite", "displayname": "I am a thief"})

    async def invited() -> bool:
        return bob.id in await alice.members(channel["id"])

    await eventually("bob is invited", invited)
    assert (await alice.members(channel["id"]))[bob.id]["display_name"] is None
    assert (await alice.get(profile_path(bob.id))).status_code == 404
    await bob.join(room)
    assert (await joined_member(alice, channel, bob))["display_name"] != "I am a thief"


async def test_every_one_of_many_channels_gets_the_name(world: World, rooms: Rooms, index: Index) -> None:
    alice = world.user("alice")
    channels = [await world.channel(alice) for _ in range(5)]
    await alice.set_profile(display_name="first")
    await alice.set_profile(display_name="second")
    for channel in channels:
        await in_room(rooms, channel["matrix_room_id"], alice.matrix_id, "second")
    assert (await alice.profile())["display_name"] == "second"
    assert await index.value("SELECT count(*) FROM messaging.profiles WHERE member_id = $1", alice.id) == 1
