"""Deleting: the message keeps its place, and its text is nowhere any more."""

from __future__ import annotations

import json

import pytest

from support.api import World, links, path_to
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness

SECRET = "the password is rosebud"


@pytest.mark.parametrize("way", ["api", "matrix"])
async def test_a_deleted_message_loses_its_text_everywhere_and_nothing_else(
    world: World, rooms: Rooms, witness: Witness, way: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], SECRET)
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        if way == "api":
            response = await alice.delete(path_to(channel["id"], message["id"]))
            assert (response.status_code, response.content) == (204, b"")
        else:
            await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
    [event] = observed.events
    [deleted] = await alice.page(channel["id"], deleted="true")
    assert (event.kind, event.seq) == ("message.deleted", message["seq"] + 1)
    assert event.payload["message"] == deleted == observed.frames[0]["message"]
    assert deleted["deleted_at"] and deleted["content_preview"] == ""
    same = {"content_preview": None, "deleted_at": None}
    assert deleted | same == message | same
    shown = await alice.content(message)
    assert (shown["text"], shown["formatted_body"]) == (None, None)
    assert SECRET not in json.dumps(shown)
    assert SECRET not in await witness.index.stored_text(channel["id"])
    [redacted] = await rooms.messages(channel["matrix_room_id"])
    assert (redacted["event_id"], redacted["content"]) == (message["matrix_event_id"], {})


async def test_a_deleted_message_is_on_a_page_only_when_asked_for(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    root = await alice.send(channel["id"], "root")
    replies = [await alice.send(channel["id"], f"reply {n}", reply_to=root["id"]) for n in range(4)]
    for message in (root, replies[1]):
        assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    left, every = [replies[n] for n in (3, 2, 0)], [replies[n]["id"] for n in (3, 2, 1, 0)]
    assert await alice.page(channel["id"]) == await alice.replies(root) == left
    assert [m["id"] for m in await alice.replies(root, deleted="true")] == every
    assert [m["id"] for m in await alice.page(channel["id"], deleted="true")] == [*every, root["id"]]
    # The neighbouring pages are of the same kind.
    for query, expected in (("limit=2", left), ("limit=2&deleted=true", [*every, root["id"]])):
        path, seen = f"{path_to(channel['id'])}/messages?{query}", 0
        while path:
            response = await alice.get(path)
            seen += len(response.json())
            path = links(response).get("next", "")
        assert seen == len(expected), query
    # It is a place all the same, and can be read as what is left of it.
    assert await alice.page(channel["id"], before=replies[1]["id"]) == [replies[0]]
    shown = await alice.content(replies[1])
    assert shown["deleted_at"] and (shown["text"], shown["content"], shown["source"]) == (None, None, "index")
    problem(await alice.get(f"{path_to(channel['id'])}/messages?deleted=maybe"), 422, "invalid")


@pytest.mark.parametrize("by", ["the owner through the API", "the owner in Matrix", "the sender in Matrix"])
async def test_no_text_stays_behind_not_even_of_earlier_edits(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, by: str
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)
    async with witness.watch(channel, owner) as observed:
        event = await bob.say(room, f"first: {SECRET}", **{"org.example.extra": SECRET})
        await bob.edit(room, event, f"second: {SECRET}")
    message = observed.events[0].payload["message"]
    assert SECRET in await witness.index.stored_text(channel["id"])
    async with witness.watch(channel, owner) as observed:
        if by == "the owner through the API":
            assert (await owner.delete(path_to(channel["id"], message["id"]))).status_code == 204
        else:
            client = bob if by == "the sender in Matrix" else await matrix_client(rooms, owner)
            await client.redact(room, event)
    assert observed.kinds == ["message.deleted"]
    assert SECRET not in str(observed.events) + str(observed.frames)
    assert SECRET not in await witness.index.stored_text(channel["id"])
    async with witness.listen(channel["id"], owner, since_seq=0) as late:
        await late.until(observed.events[-1].seq)
        assert SECRET not in str(late.events)


async def test_deleting_twice_is_deleting_once(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], SECRET)
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        for _ in range(2):
            assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
        # The homeserver takes a second redaction, as an event of its own.
        await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
    assert observed.kinds == ["message.deleted"]


@pytest.mark.parametrize("way", ["api", "matrix"])
@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_owners_and_admins_delete_for_everybody_and_are_named(
    world: World, rooms: Rooms, witness: Witness, role: str, way: str
) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    moderator = owner if role == "owner" else admin
    message = await alice.send(channel["id"], SECRET)
    async with witness.watch(channel, alice) as observed:
        if way == "api":
            response = await moderator.delete(path_to(channel["id"], message["id"]))
            assert response.status_code == 204, response.text
        else:
            client = await matrix_client(rooms, moderator)
            await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
    [event] = observed.events
    assert (event.kind, event.payload["sender_id"]) == ("message.deleted", alice.id)
    assert event.payload["actor_id"] == moderator.id
    [deleted] = await owner.history(channel["id"])
    assert deleted["deleted_at"]
    events = {e["event_id"]: e for e in await rooms.events(channel["matrix_room_id"])}
    redacted = events[message["matrix_event_id"]]
    assert redacted["content"] == {}
    assert redacted["unsigned"]["redacted_because"]["sender"] == moderator.matrix_id


async def test_plain_members_and_strangers_delete_nothing_of_others(world: World, unchanged: Unchanged) -> None:
    owner, member = world.user("owner"), world.user("member")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "keep")
    await member.send(channel["id"], "hello")
    async with unchanged(channel):
        for other in (member, world.user("passer-by")):
            problem(await other.delete(path_to(channel["id"], message["id"])), 403, "cannot_delete")


async def test_a_deleted_message_keeps_its_place(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    reply = await alice.send(channel["id"], "reply", reply_to=sent[1]["id"])
    assert (await alice.delete(path_to(channel["id"], sent[1]["id"]))).status_code == 204
    assert [m["id"] for m in await alice.history(channel["id"])] == [m["id"] for m in [*sent, reply]]
    assert [m["id"] for m in await alice.page(channel["id"], before=sent[1]["id"])] == [sent[0]["id"]]
    assert await alice.replies(sent[1]) == [reply]
