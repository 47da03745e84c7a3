"""Channels change, close, and come in the special kinds: direct and encrypted."""

import asyncio
from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, at
from support.index import Index
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.waiting import eventually


async def test_name_topic_and_avatar_follow_in_the_room(world: World, rooms: Rooms, journal: Journal) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, topic="old", description="old")
    change = {"name": "Новий 😀", "topic": "new", "description": "new", "avatar_url": "mxc://localhost/new"}
    response = await owner.patch(at(channel["id"]), change)
    assert response.status_code == 200, response.text
    changed = response.json()
    assert changed == channel | change | {"updated_at": changed["updated_at"]}
    assert changed["updated_at"] > channel["updated_at"]
    assert (await owner.get(at(channel["id"]))).json() == changed
    room = channel["matrix_room_id"]
    assert await rooms.state(room, "m.room.name") == {"name": "Новий 😀"}
    assert ((await rooms.state(room, "m.room.topic")) or {})["topic"] == "new"
    assert await rooms.state(room, "m.room.avatar") == {"url": "mxc://localhost/new"}
    story = await journal.story(owner, channel["id"])
    assert [event.kind for event in story] == ["channel.created", "channel.updated"], "one change is one event"
    told = {"matrix_room_id": room, "created_by": owner.id, "visibility": "public"}
    assert story[1].payload | told == story[1].payload


async def test_what_is_not_named_stays_and_null_takes_away(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, topic="topic", description="about")
    response = await owner.patch(at(channel["id"]), {"topic": None})
    assert response.status_code == 200, response.text
    assert (response.json()["topic"], response.json()["description"]) == (None, "about")
    assert response.json()["name"] == channel["name"]


async def test_a_change_that_changes_nothing_is_no_event(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for body in ({}, {"name": channel["name"]}, {"visibility": "public"}):
            response = await owner.patch(at(channel["id"]), body)
            assert (response.status_code, response.json()) == (200, channel)


async def test_only_owners_and_admins_change_a_channel(world: World, unchanged: Unchanged) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], alice.id)
    async with unchanged(channel):
        for who in (alice, world.user("passer-by")):
            problem(await who.patch(at(channel["id"]), {"name": "Mine"}), 403, "cannot_manage")
            problem(await who.delete(at(channel["id"])), 403, "cannot_manage")
        for body, pointer in [
            ({"name": ""}, "/name"),
            ({"name": "a" * 256}, "/name"),
            ({"visibility": "secret"}, "/visibility"),
            ({"avatar_url": "http://x/y"}, "/avatar_url"),
            ({"topic": "a\0"}, "/topic"),
        ]:
            problem(await owner.patch(at(channel["id"]), body), 422, "invalid", pointer)
    assert (await admin.patch(at(channel["id"]), {"name": "Ours"})).status_code == 200


async def test_a_channel_that_closes_shuts_strangers_out(world: World, rooms: Rooms, listen: Listen) -> None:
    owner = world.member_of("owner", world.microdao)
    stranger = world.member_of("stranger", world.other_microdao("other"))
    channel = await owner.create(**world.fields())
    async with listen(channel["id"], stranger) as socket:
        assert (await owner.patch(at(channel["id"]), {"visibility": "private"})).status_code == 200
        assert await socket.closed() == 4403
    problem(await stranger.get(at(channel["id"])), 404, "not_found")
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "invite"
    assert not await rooms.listed(channel["matrix_room_id"])
    assert (await owner.patch(at(channel["id"]), {"visibility": "public"})).status_code == 200
    assert (await stranger.get(at(channel["id"]))).status_code == 200
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "public"
    assert await rooms.listed(channel["matrix_room_id"])


async def test_an_archived_channel_is_readable_silent_and_out_of_the_lists(
    world: World, journal: Journal, unchanged: Unchanged
) -> None:
    owner, alice, sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    message = await alice.send(channel["id"], "before")
    assert (await owner.delete(at(channel["id"]))).status_code == 204
    events = await journal.until(channel["id"], message["seq"] + 1)
    assert events[-1].kind == "channel.archived"
    archived = (await alice.get(at(channel["id"]))).json()
    assert archived["archived_at"]
    assert (await alice.get(CHANNELS, microdao_id=world.microdao)).json() == []
    assert await alice.history(channel["id"]) == [message]
    async with unchanged(channel):
        path = at(channel["id"], message["id"])
        problem(await alice.try_send(channel["id"], "after"), 409, "channel_archived")
        problem(await sofia.try_say(channel["id"], "after"), 409, "channel_archived")
        problem(await alice.patch(path, {"text": "after"}), 409, "channel_archived")
        problem(await alice.put(f"{path}/reactions/x"), 409, "channel_archived")
        problem(await owner.try_invite(channel["id"], world.user("new").id), 409, "channel_archived")
        problem(await owner.patch(at(channel["id"]), {"name": "x"}), 409, "channel_archived")
        assert (await owner.delete(at(channel["id"]))).status_code == 204, "archiving again is fine"


async def direct(caller: Caller, world: World, other: Caller) -> dict[str, Any]:
    response = await caller.post(
        CHANNELS, {"microdao_id": world.microdao, "is_direct": True, "members": [caller.id, other.id]}
    )
    assert response.status_code in (200, 201), response.text
    return response.json()


async def test_a_pair_has_one_direct_channel_whoever_asks(world: World, index: Index, unchanged: Unchanged) -> None:
    alice, bob, carol = world.user("alice"), world.user("bob"), world.user("carol")
    first = await direct(alice, world, bob)
    assert (first["is_direct"], first["visibility"]) == (True, "private")
    found = await asyncio.gather(direct(bob, world, alice), direct(alice, world, bob))
    assert [one["id"] for one in found] == [first["id"]] * 2
    assert (await direct(alice, world, carol))["id"] != first["id"]
    assert await index.value("SELECT count(*) FROM channels WHERE microdao_id = $1", world.microdao) == 2
    hello = await alice.send(first["id"], "Hello Bob")
    answer = await bob.send(first["id"], "Hello Alice")
    assert await bob.history(first["id"]) == [hello, answer]
    async with unchanged(first):
        problem(await carol.get(at(first["id"])), 404, "not_found")
        problem(await carol.try_send(first["id"], "x"), 404, "not_found")
        problem(await alice.patch(at(first["id"]), {"visibility": "public"}), 409)
    listed = (await carol.get(CHANNELS, microdao_id=world.microdao)).json()
    assert first["id"] not in [one["id"] for one in listed]


async def test_two_who_write_to_each_other_first_at_once_meet_in_one_channel(world: World, index: Index) -> None:
    alice, bob = world.user("alice"), world.user("bob")

    async def meet(caller: Caller, other: Caller) -> dict[str, Any]:
        async def met() -> dict[str, Any]:
            body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
            response = await caller.post(CHANNELS, body)
            if response.status_code == 409:
                # The other one is just creating it: a retry finds it.
                problem(response, 409, "being_created")
                return {}
            assert response.status_code in (200, 201), response.text
            return response.json()

        return await eventually("they meet", met)

    made = await asyncio.gather(*(meet(a, b) for a, b in ((alice, bob), (bob, alice)) * 2))
    assert len({one["id"] for one in made}) == 1
    assert await index.value("SELECT count(*) FROM channels WHERE microdao_id = $1", world.microdao) == 1
    for one in (alice, bob):
        await one.send(made[0]["id"], "Hello")


@pytest.mark.parametrize("members", [[], ["user:a", "user:b", "user:c"], ["nobody"], "user:a", None])
async def test_a_direct_channel_is_one_of_two(world: World, members: Any) -> None:
    body = {"microdao_id": world.microdao, "is_direct": True, "members": members}
    problem(await world.user("alice").post(CHANNELS, body), 422, "invalid", "/members")


async def test_an_encrypted_channel_carries_ciphertext_and_no_text(
    world: World, rooms: Rooms, journal: Journal, listen: Listen, unchanged: Unchanged
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, is_encrypted=True)
    await owner.invite(channel["id"], sofia.id)
    encryption = await rooms.state(channel["matrix_room_id"], "m.room.encryption")
    assert encryption == {"algorithm": "m.megolm.v1.aes-sha2"}
    async with unchanged(channel):
        refused = problem(await owner.try_send(channel["id"], "plain text"), 409, "channel_encrypted")
        assert "encrypted" in refused["detail"]
        problem(await sofia.try_say(channel["id"], "plain text"), 409, "channel_encrypted")
    ciphertext = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK", "session_id": "s"}
    async with listen(channel["id"], owner) as socket:
        response = await owner.post(f"{at(channel['id'])}/messages", {"encrypted": ciphertext})
        assert response.status_code == 201, response.text
        message = response.json()
        frame = await socket.message(message["id"])
    assert message["content_preview"] == ""
    [event] = await journal.created(channel["id"], message)
    assert "AwgAEnACgAkLmt6qF84IK" not in str(event.payload) + str(frame)
    [sent] = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.room.encrypted"]
    assert sent["content"] | ciphertext == sent["content"]
    assert sent["sender"] == owner.matrix_id


async def test_ciphertext_belongs_into_encrypted_channels(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        path = f"{at(channel['id'])}/messages"
        ciphertext = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}
        problem(await owner.post(path, {"encrypted": ciphertext}), 409)
        problem(await owner.post(path, {"encrypted": "x"}), 422, "invalid", "/encrypted")
        problem(await owner.post(path, {"encrypted": ciphertext, "text": "x"}), 422)
