"""Edits: by the API and by any Matrix client, the newest counts, and only the sender's."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.api import Caller, World, at
from support.element import element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


async def shown(caller: Caller, message: dict[str, Any]) -> dict[str, Any]:
    """GET message."""
    response = await caller.get(at(message["channel_id"], message["id"]))
    assert response.status_code == 200, response.text
    return response.json()


async def row(caller: Caller, message: dict[str, Any]) -> dict[str, Any]:
    """The message's row in the page."""
    [found] = [m for m in await caller.page(message["channel_id"]) if m["id"] == message["id"]]
    return found


async def test_a_message_shows_the_whole_content_that_a_matrix_client_wrote(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await element(rooms, alice)
    extra = {
        "org.example.extra": {"a": [1, None, "ї"]},
        "format": "org.matrix.custom.html",
        "formatted_body": "<i>x</i>",
    }
    async with witness.watch(channel, alice) as told:
        await client.say(channel["matrix_room_id"], "ї" * 3000, **extra)
    [created] = told.events
    message = await shown(alice, created.payload["message"])
    assert message["content"] == {"msgtype": "m.text", "body": "ї" * 3000} | extra
    assert (message["text"], message["formatted_body"]) == ("ї" * 3000, "<i>x</i>")
    assert message["content_preview"] == "ї" * 500


async def test_an_edit_replaces_text_and_formatted_text_together(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old", formatted_body="<b>old</b>")
    path = at(channel["id"], message["id"])
    assert (await alice.patch(path, {"text": "new", "formatted_body": "<i>new</i>"})).status_code == 200
    now = await shown(alice, message)
    assert (now["text"], now["formatted_body"]) == ("new", "<i>new</i>")
    assert (now["content"]["body"], now["content"]["msgtype"]) == ("new", "m.text")
    # Without HTML the old HTML is gone, too: it would say something else than the text.
    assert (await alice.patch(path, {"text": "newest"})).status_code == 200
    now = await shown(alice, message)
    assert (now["text"], now["formatted_body"]) == ("newest", None)


@pytest.mark.parametrize("msgtype", ["m.text", "m.notice", "m.image", "m.file", "m.audio", "m.video"])
async def test_an_edit_keeps_the_kind_of_the_message(world: World, rooms: Rooms, msgtype: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old", msgtype=msgtype)
    response = await alice.patch(at(channel["id"], message["id"]), {"text": "new"})
    assert response.json()["content_type"] == message["content_type"]
    assert (await shown(alice, message))["content"]["msgtype"] == msgtype
    edit = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert (edit["msgtype"], edit["m.new_content"]["msgtype"]) == (msgtype, msgtype)


async def test_ones_own_matrix_client_edits_what_one_sent_through_the_api(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "old")
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "new " + "😀" * 600)
    [event] = told.events
    assert event.kind == "message.updated"
    edited = await row(alice, message)
    assert event.payload["message"] == edited == told.frames[0]["message"]
    assert edited["content_preview"] == ("new " + "😀" * 600)[:500]
    assert edited["edited_at"] >= message["created_at"]
    same = {"content_preview": None, "edited_at": None}
    assert edited | same == message | same, "an edit changes nothing else, and is no message of its own"
    assert (await shown(alice, message))["text"] == "new " + "😀" * 600
    # And the API goes on from there.
    assert (await alice.patch(at(channel["id"], message["id"]), {"text": "newest"})).status_code == 200
    assert (await shown(alice, message))["text"] == "newest"
    assert len(await alice.page(channel["id"])) == 1


async def test_a_person_in_matrix_edits_their_own(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await element(rooms, await person("bob"))
    room = channel["matrix_room_id"]
    await bob.join(room)
    async with witness.watch(channel, alice) as told:
        event = await bob.say(room, "Helo")
        await bob.edit(room, event, "Hello")
    assert told.kinds == ["message.created", "message.updated"]
    [message] = await alice.page(channel["id"])
    assert (message["content_preview"], message["sender_id"], message["matrix_event_id"]) == ("Hello", bob.id, event)
    assert (await shown(alice, message))["text"] == "Hello"


async def test_anothers_replacement_means_nothing(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "mine")
    bob = await element(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    async with witness.watch(channel, alice) as told:
        await bob.edit(channel["matrix_room_id"], message["matrix_event_id"], "forged")
    assert told.kinds == []
    assert await alice.page(channel["id"]) == [message]
    now = await shown(alice, message)
    assert (now["text"], now["edited_at"]) == ("mine", None)


@pytest.mark.parametrize("first", ["api", "matrix"])
async def test_an_older_edit_that_comes_late_undoes_nothing(
    world: World, rooms: Rooms, witness: Witness, first: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "original")
    if first == "api":
        assert (await alice.patch(at(channel["id"], message["id"]), {"text": "newest"})).status_code == 200
    else:
        client = await element(rooms, alice)
        async with witness.watch(channel, alice):
            await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "newest")
    newest = await row(alice, message)
    assert newest["content_preview"] == "newest"
    late = {
        "type": "m.room.message",
        "event_id": f"${message['id']}",
        "room_id": channel["matrix_room_id"],
        "sender": alice.matrix_id,
        "origin_server_ts": int((time.time() - 60) * 1000),
        "content": {
            "msgtype": "m.text",
            "body": "* older",
            "m.new_content": {"msgtype": "m.text", "body": "older"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": message["matrix_event_id"]},
        },
    }
    world.stack.need("matrix_hs_token")
    homeserver = world.bearer("", world.stack.matrix_hs_token or "")
    async with witness.watch(channel, alice) as told:
        response = await homeserver.request(
            "PUT", f"/_matrix/app/v1/transactions/{message['id']}", json={"events": [late]}
        )
        assert response.status_code == 200, response.text
    assert told.kinds == []
    assert await row(alice, message) == newest


async def test_an_edit_that_is_redacted_leaves_none_of_its_text(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "harmless")
    client = await element(rooms, alice)
    async with witness.watch(channel, alice):
        edit = await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "my password")
    async with witness.watch(channel, alice) as told:
        await client.redact(channel["matrix_room_id"], edit)
    assert told.kinds == ["message.updated"]
    assert (await shown(alice, message))["text"] == "harmless"
    assert (await row(alice, message))["content_preview"] == "harmless"
    logged = await witness.index.value(
        "SELECT string_agg(payload::text, '') FROM outbox WHERE channel_id = $1::text::uuid", channel["id"]
    )
    assert "my password" not in logged


async def test_what_is_deleted_is_not_edited_any_more(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "gone")
    client = await element(rooms, alice)
    assert (await alice.delete(at(channel["id"], message["id"]))).status_code == 204
    async with witness.watch(channel, alice) as told:
        await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "back")
    assert told.kinds == []
    assert (await row(alice, message))["content_preview"] == ""
    async with unchanged(channel):
        problem(await alice.patch(at(channel["id"], message["id"]), {"text": "back"}), 409, "message_deleted")
