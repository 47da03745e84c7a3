"""Edits: through the API and with any Matrix client; the newest counts, and only the sender's."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from support.api import Caller, World, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.journal import Journal
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness


async def row(caller: Caller, message: dict[str, Any]) -> dict[str, Any]:
    """The message's row in the page, deleted or not."""
    [found] = [m for m in await caller.page(message["channel_id"], deleted="true") if m["id"] == message["id"]]
    return found


async def test_an_edit_is_in_the_index_in_the_room_on_nats_and_on_the_websocket(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Helo")
    text = "Hello " + "😀" * 600
    async with witness.watch(channel, alice) as observed:
        response = await alice.patch(path_to(channel["id"], message["id"]), {"text": text})
        assert response.status_code == 200, response.text
    edited = response.json()
    assert edited["content_preview"] == text[:500]
    assert edited["edited_at"] and not edited["deleted_at"]
    assert edited["truncated"]
    same = {"content_preview": None, "edited_at": None, "truncated": None}
    assert edited | same == message | same, "an edit changes nothing else"
    assert await alice.history(channel["id"]) == [edited]
    assert (await alice.content(message))["text"] == text
    [event], [frame] = observed.events, observed.frames
    assert (event.kind, event.seq) == ("message.updated", message["seq"] + 1)
    assert event.payload["message"] == frame["message"] == edited
    edit = (await rooms.messages(channel["matrix_room_id"]))[1]
    assert edit["sender"] == alice.matrix_id
    assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": message["matrix_event_id"]}
    assert edit["content"]["m.new_content"]["body"] == text


async def test_an_edit_replaces_text_and_formatted_text_together(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old", formatted_body="<b>old</b>")
    path = path_to(channel["id"], message["id"])
    assert (await alice.patch(path, {"text": "new", "formatted_body": "<i>new</i>"})).status_code == 200
    now = await alice.content(message)
    assert (now["text"], now["formatted_body"]) == ("new", "<i>new</i>")
    assert (now["content"]["body"], now["content"]["msgtype"]) == ("new", "m.text")
    # Without HTML the old HTML is gone, too: it would say something else than the text.
    assert (await alice.patch(path, {"text": "newest"})).status_code == 200
    now = await alice.content(message)
    assert (now["text"], now["formatted_body"]) == ("newest", None)


@pytest.mark.parametrize("msgtype", ["m.text", "m.notice"])
async def test_an_edit_keeps_the_kind_of_the_message(world: World, rooms: Rooms, msgtype: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old", msgtype=msgtype)
    response = await alice.patch(path_to(channel["id"], message["id"]), {"text": "new"})
    assert response.json()["content_type"] == message["content_type"]
    assert (await alice.content(message))["content"]["msgtype"] == msgtype
    edit = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert (edit["msgtype"], edit["m.new_content"]["msgtype"]) == (msgtype, msgtype)


async def test_an_edit_of_a_file_keeps_the_file(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    file = {"msgtype": "m.image", "url": "mxc://localhost/cat", "info": {"mimetype": "image/png"}}
    async with witness.watch(channel, alice):
        await client.say(channel["matrix_room_id"], "cat.png", **file)
    [message] = await alice.page(channel["id"])
    response = await alice.patch(path_to(channel["id"], message["id"]), {"text": "my cat"})
    assert (response.json()["content_type"], response.json()["content_preview"]) == ("image", "my cat")
    assert (await alice.content(message))["content"] == file | {
        "body": "my cat",
        "filename": "cat.png",
        "m.mentions": {},
    }
    edit = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert edit["msgtype"] == "m.text", "an m.image without a file would be invalid"


async def test_only_the_sender_edits(world: World, unchanged: Unchanged) -> None:
    owner, alice, bob = world.user("owner"), world.user("alice"), world.user("bob")
    channel = await world.channel(owner)
    message = await alice.send(channel["id"], "mine")
    await bob.send(channel["id"], "hello")
    async with unchanged(channel):
        for other in (owner, bob, world.user("passer-by")):
            response = await other.patch(path_to(channel["id"], message["id"]), {"text": "yours"})
            problem(response, 403, "not_the_sender")


async def test_wrong_edits_are_problems_and_change_nothing(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel, other = await world.channel(alice), await world.channel(alice)
    message = await alice.send(channel["id"], "mine")
    async with unchanged(channel), unchanged(other):
        for body in (
            {"text": ""},
            {"text": "a" * 10_001},
            {"text": "a\0"},
            {"text": 1},
            {"text": None},
            {},
        ):
            response = await alice.patch(path_to(channel["id"], message["id"]), body)
            assert "text" in problem(response, 422, "invalid")["detail"]
        for path in (
            path_to(other["id"], message["id"]),
            path_to(channel["id"], other["id"]),
            path_to(channel["id"], "first"),
        ):
            problem(await alice.patch(path, {"text": "x"}), 404, "not_found")
            problem(await alice.get(path), 404, "not_found")
            problem(await alice.delete(path), 404, "not_found")


async def test_edits_at_the_same_time_leave_index_and_matrix_in_agreement(world: World, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "0")
    path = path_to(channel["id"], message["id"])
    responses = await asyncio.gather(*(alice.patch(path, {"text": f"edit {n}"}) for n in range(8)))
    assert [response.status_code for response in responses] == [200] * 8

    async def agreed() -> str:
        # What the homeserver pushes about the edits may still be on its way.
        shown = (await alice.get(path)).json()
        assert shown["content_preview"] == shown["text"]
        return shown["text"]

    text = await eventually("index and Matrix agree", agreed, deadline=10)
    events = await journal.so_far(alice, channel["id"])
    assert events[-1].payload["message"]["content_preview"] == text


async def test_a_sender_edits_with_a_matrix_client_what_they_sent_through_the_api(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old")
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "new " + "😀" * 600)
    [event] = observed.events
    assert event.kind == "message.updated"
    edited = await row(alice, message)
    assert event.payload["message"] == edited == observed.frames[0]["message"]
    assert edited["content_preview"] == ("new " + "😀" * 600)[:500]
    assert edited["edited_at"] >= message["created_at"]
    same = {"content_preview": None, "edited_at": None, "truncated": None}
    assert edited | same == message | same, "an edit changes nothing else, and is no message of its own"
    assert (await alice.content(message))["text"] == "new " + "😀" * 600
    # And the API goes on from there.
    assert (await alice.patch(path_to(channel["id"], message["id"]), {"text": "newest"})).status_code == 200
    assert (await alice.content(message))["text"] == "newest"
    assert len(await alice.page(channel["id"])) == 1


async def test_a_person_in_matrix_edits_their_own_message(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await matrix_client(rooms, await person("bob"))
    room = channel["matrix_room_id"]
    await bob.join(room)
    async with witness.watch(channel, alice) as observed:
        event = await bob.say(room, "Helo")
        await bob.edit(room, event, "Hello")
    assert observed.kinds == ["message.created", "message.updated"]
    [message] = await alice.page(channel["id"])
    assert (message["content_preview"], message["sender_id"], message["matrix_event_id"]) == ("Hello", bob.id, event)
    assert (await alice.content(message))["text"] == "Hello"


async def test_an_edit_by_somebody_else_in_matrix_changes_nothing(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "mine")
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    async with witness.watch(channel, alice) as observed:
        await bob.edit(channel["matrix_room_id"], message["matrix_event_id"], "forged")
    assert observed.kinds == []
    assert await alice.page(channel["id"]) == [message]
    now = await alice.content(message)
    assert (now["text"], now["edited_at"]) == ("mine", None)


@pytest.mark.parametrize("first", ["api", "matrix"])
async def test_an_older_edit_that_is_pushed_late_undoes_nothing(
    world: World, rooms: Rooms, witness: Witness, homeserver: Homeserver, first: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "original")
    if first == "api":
        assert (await alice.patch(path_to(channel["id"], message["id"]), {"text": "newest"})).status_code == 200
    else:
        client = await matrix_client(rooms, alice)
        async with witness.watch(channel, alice):
            await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "newest")
    newest = await row(alice, message)
    assert newest["content_preview"] == "newest"
    content = {
        "msgtype": "m.text",
        "body": "* older",
        "m.new_content": {"msgtype": "m.text", "body": "older"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": message["matrix_event_id"]},
    }
    a_minute_ago = int((time.time() - 60) * 1000)
    late = pushed_message(channel, sender=alice.matrix_id, origin_server_ts=a_minute_ago, content=content)
    async with witness.watch(channel, alice) as observed:
        accepted(await homeserver.push(late))
    assert observed.kinds == []
    assert await row(alice, message) == newest


async def test_an_edit_that_is_redacted_leaves_none_of_its_text(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "harmless")
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice):
        edit = await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "my password")
    async with witness.watch(channel, alice) as observed:
        await client.redact(channel["matrix_room_id"], edit)
    assert observed.kinds == ["message.updated"]
    assert (await alice.content(message))["text"] == "harmless"
    assert (await row(alice, message))["content_preview"] == "harmless"
    assert "my password" not in await witness.index.stored_text(channel["id"])


async def test_a_deleted_message_cannot_be_edited(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "gone")
    client = await matrix_client(rooms, alice)
    assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    async with witness.watch(channel, alice) as observed:
        await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "back")
    assert observed.kinds == []
    assert (await row(alice, message))["content_preview"] == ""
    async with unchanged(channel):
        problem(await alice.patch(path_to(channel["id"], message["id"]), {"text": "back"}), 409, "message_deleted")
