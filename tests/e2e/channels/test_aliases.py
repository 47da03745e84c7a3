"""Room aliases: each leads to one channel's room and stays there, and private and direct channels have none."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.api import CHANNELS, Caller, World, path_to
from support.index import Index
from support.matrix_client import MatrixClient, bot_client, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness


def look_alike(world: World) -> tuple[str, str, str, str]:
    """Slug and microDAO of a channel, and another pair that composes the same alias: `general` + `dao-city`."""
    unique = secrets.token_hex(4)
    return "general", f"microdao:dao-{unique}", "general-dao", f"microdao:{unique}"


async def public_answer(stack: Stack, web: httpx.AsyncClient, alias: str) -> int:
    """What the homeserver tells somebody without a token."""
    return (
        await web.get(f"{stack.homeserver_url}/_matrix/client/v3/directory/room/{quote(alias, safe='')}")
    ).status_code


async def aliases(rooms: Rooms, room: str) -> list[str]:
    """Every alias that leads to a room."""
    response = await rooms.get(f"rooms/{quote(room, safe='')}/aliases")
    assert response.status_code == 200, response.text
    return response.json()["aliases"]


async def as_somebody_else(rooms: Rooms, who: Caller, alias: str) -> str:
    """A room of somebody else that has an alias of the exclusive namespace, as one from before the service has."""
    client = await matrix_client(rooms, who)
    body = {"room_alias_name": alias[1:].split(":")[0], "preset": "private_chat"}
    path = f"{rooms.base}/createRoom?user_id={quote(client.id)}"
    response = await rooms.http.post(path, headers=rooms.headers, json=body)
    assert response.status_code == 200, response.text
    return response.json()["room_id"]


@pytest.mark.parametrize("state", ["public", "microdao", "archived"])
@pytest.mark.parametrize("wanted", ["public", "microdao"])
async def test_an_alias_that_a_channel_has_is_refused_to_another_one(
    world: World, rooms: Rooms, unchanged: Unchanged, state: str, wanted: str
) -> None:
    slug, microdao, other_slug, other_microdao = look_alike(world)
    alice, mallory = world.member_of("alice", microdao), world.member_of("mallory", other_microdao)
    visibility = "microdao" if state == "microdao" else "public"
    victim = await alice.create(slug=slug, name="V", microdao_id=microdao, visibility=visibility)
    if state == "archived":
        assert (await alice.delete(path_to(victim["id"]))).status_code == 204
    alias, room = world.alias(victim), victim["matrix_room_id"]
    body = {"slug": other_slug, "name": "M", "microdao_id": other_microdao, "visibility": wanted}
    assert alias == world.alias(body)
    async with unchanged(victim):
        for _ in range(2):
            problem(await mallory.post(CHANNELS, body), 409, "alias_taken")
    assert await rooms.resolve(alias) == room
    assert await rooms.state(room, "m.room.canonical_alias") == {"alias": alias}
    # The slug is not lost to them: a channel that has no alias takes nobody's.
    hidden = await mallory.create(**body | {"visibility": "private"})
    assert await rooms.resolve(alias) == room
    # To open it would: it stays without one.
    assert (await mallory.patch(path_to(hidden["id"]), {"visibility": wanted})).status_code == 200
    assert await rooms.resolve(alias) == room
    assert await rooms.state(room, "m.room.canonical_alias") == {"alias": alias}
    assert await rooms.state(hidden["matrix_room_id"], "m.room.canonical_alias") == {}


@pytest.mark.parametrize("is_direct", [False, True], ids=["private", "direct"])
async def test_a_look_alike_of_a_hidden_channel_touches_and_learns_nothing(
    world: World, rooms: Rooms, unchanged: Unchanged, is_direct: bool
) -> None:
    slug, microdao, other_slug, other_microdao = look_alike(world)
    alice, bob = world.member_of("alice", microdao), world.member_of("bob", microdao)
    fields: dict[str, Any] = {"slug": slug, "name": "V", "visibility": "private"}
    if is_direct:
        fields = {"is_direct": True, "members": [bob.id]}
    victim = await alice.create(microdao_id=microdao, **fields)
    if is_direct:
        # The slug of the pair, split elsewhere.
        kind, digest = victim["slug"].split("-", 1)
        other_slug, other_microdao = kind, f"microdao:{digest}-{microdao.removeprefix('microdao:')}"
    mallory = world.member_of("mallory", other_microdao)
    async with unchanged(victim):
        made = await mallory.create(slug=other_slug, name="M", microdao_id=other_microdao, visibility="public")
    assert made["matrix_room_id"] != victim["matrix_room_id"]
    assert world.alias(made) == world.alias(victim)
    assert await rooms.resolve(world.alias(made)) == made["matrix_room_id"]
    assert (await alice.send(victim["id"], "still ours"))["channel_id"] == victim["id"]


async def test_nobody_learns_of_a_hidden_channel_from_the_directory(
    world: World, rooms: Rooms, stack: Stack, web: httpx.AsyncClient
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    private = await world.channel(alice, visibility="private")
    direct = await alice.create(microdao_id=world.microdao, is_direct=True, members=[bob.id])
    # What anybody can compute of the pair.
    pair = b"".join(len(one).to_bytes(8, "big") + one.encode() for one in sorted((alice.id, bob.id)))
    assert direct["slug"] == f"direct-{hashlib.sha256(pair).hexdigest()[:32]}"
    for channel in (private, direct):
        assert await public_answer(stack, web, world.alias(channel)) == 404
        room = channel["matrix_room_id"]
        assert await rooms.state(room, "m.room.canonical_alias") == {}
        # What there is says nothing of the channel, and differs from channel to channel.
        [handle] = await aliases(rooms, room)
        name = handle.removeprefix("#_channel-").split(":")[0]
        assert len(name) == 64 and channel["id"] not in handle
        assert hashlib.sha256(channel["id"].encode()).hexdigest() != name
    public = await world.channel(alice)
    assert await aliases(rooms, public["matrix_room_id"]) == [world.alias(public)]
    assert await public_answer(stack, web, world.alias(public)) == 200


@pytest.mark.parametrize("closes", ["the API", "a Matrix client"])
async def test_a_channel_that_is_closed_while_it_is_opened_keeps_no_public_alias(
    world: World, rooms: Rooms, witness: Witness, closes: str
) -> None:
    owner = world.user("owner")
    owner_in_matrix = await matrix_client(rooms, owner)
    for delay in (0, 0.02, 0.05, 0.1):
        channel = await world.channel(owner, visibility="microdao")
        path, room = path_to(channel["id"]), channel["matrix_room_id"]
        opening = asyncio.create_task(owner.patch(path, {"visibility": "public"}))
        await asyncio.sleep(delay)
        if closes == "the API":
            closed = await owner.patch(path, {"visibility": "private"})
            if not closed.is_success:
                problem(closed, 409, "channel_being_changed")
        else:
            await owner_in_matrix.set_state(room, "m.room.join_rules", {"join_rule": "invite"})
        opened = await opening
        if not opened.is_success:
            problem(opened, 409, "channel_being_changed")

        async def agrees(path: str = path, room: str = room, alias: str = world.alias(channel)) -> bool:
            visibility = (await owner.get(path)).json()["visibility"]
            rule = (await rooms.state(room, "m.room.join_rules") or {})["join_rule"]
            has_alias, listed = alias in await aliases(rooms, room), await rooms.listed(room)
            is_open = visibility == "public"
            return is_open == (rule == "public") == listed and has_alias == (visibility != "private")

        await eventually("channel, room, alias and list agree", agrees)
        await witness.settle()
        assert await agrees()


async def test_nobody_else_can_make_an_alias_of_a_channel(world: World, rooms: Rooms, person: NewPerson) -> None:
    bob = await matrix_client(rooms, await person("bob"))
    body = world.fields()
    name = world.alias(body)[1:].split(":")[0]
    refused = await bob.try_call("POST", "createRoom", {"room_alias_name": name})
    assert (refused.status_code, refused.json()["errcode"]) == (400, "M_EXCLUSIVE"), refused.text
    channel = await world.user("owner").create(**body)
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"]


async def alias_in_index(index: Index, channel: dict[str, Any]) -> str | None:
    return await index.value("SELECT alias_name FROM public.channels WHERE id = $1::text::uuid", channel["id"])


async def test_a_strangers_room_that_has_the_alias_keeps_no_channel_from_being_made(
    world: World, rooms: Rooms, index: Index, key: str
) -> None:
    owner, body = world.user("owner"), world.fields()
    strangers = await as_somebody_else(rooms, world.user("stranger"), world.alias(body))
    channel = await owner.create(**body, key=key)
    assert await rooms.resolve(world.alias(channel)) == strangers != channel["matrix_room_id"]
    assert await alias_in_index(index, channel) is None
    assert await rooms.state(channel["matrix_room_id"], "m.room.canonical_alias") == {}
    assert await owner.create(**body, key=key) == channel
    # The same where a channel is opened.
    hidden = await world.channel(owner, visibility="private")
    strangers = await as_somebody_else(rooms, world.user("stranger"), world.alias(hidden))
    assert (await owner.patch(path_to(hidden["id"]), {"visibility": "public"})).status_code == 200
    assert await rooms.resolve(world.alias(hidden)) == strangers
    assert await alias_in_index(index, hidden) is None


async def test_a_room_that_names_no_channel_keeps_its_alias(world: World, rooms: Rooms) -> None:
    """A replacement of a channel's room is the bot's and says nothing of a channel."""
    body = world.fields()
    bot: MatrixClient = bot_client(rooms)
    name = world.alias(body)[1:].split(":")[0]
    other = (await bot.call("POST", "createRoom", {"room_alias_name": name}))["room_id"]
    channel = await world.user("owner").create(**body)
    assert await rooms.resolve(world.alias(channel)) == other
    assert await rooms.state(other, "m.room.canonical_alias") == {"alias": world.alias(channel)}


async def test_a_room_that_was_made_for_nothing_gives_its_alias_to_the_channel(world: World, rooms: Rooms) -> None:
    body = world.fields()
    bot: MatrixClient = bot_client(rooms)
    creation = {"city.daarion.channel": "00000000-0000-4000-8000-000000000000"}
    name = world.alias(body)[1:].split(":")[0]
    left = (await bot.call("POST", "createRoom", {"room_alias_name": name, "creation_content": creation}))["room_id"]
    channel = await world.user("owner").create(**body)
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"] != left
    assert await rooms.state(left, "m.room.canonical_alias") == {}


async def test_the_alias_goes_and_comes_with_the_visibility(
    world: World, rooms: Rooms, index: Index, stack: Stack, web: httpx.AsyncClient
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    alias, room = world.alias(channel), channel["matrix_room_id"]
    for visibility, has_alias in (("private", False), ("microdao", True), ("private", False), ("public", True)):
        response = await owner.patch(path_to(channel["id"]), {"visibility": visibility})
        assert response.status_code == 200, response.text
        assert await public_answer(stack, web, alias) == (200 if has_alias else 404)
        assert await rooms.state(room, "m.room.canonical_alias") == ({"alias": alias} if has_alias else {})
        assert (await alias_in_index(index, channel) is not None) == has_alias
    # Between public and microDAO the alias stays.
    assert (await owner.patch(path_to(channel["id"]), {"visibility": "microdao"})).status_code == 200
    assert await rooms.resolve(alias) == room
