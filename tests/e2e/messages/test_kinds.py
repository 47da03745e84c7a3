"""Every kind of message that a Matrix client sends is something: in the list, in the message, and after an edit."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import World, path_to
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness

OLD = "org.matrix.msc3381.poll.start"


def old_poll(question: str, *answers: str) -> dict[str, Any]:
    """A poll as Element starts one."""
    start = {
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 1,
        "question": {"org.matrix.msc1767.text": question},
        "answers": [{"id": answer, "org.matrix.msc1767.text": answer} for answer in answers],
    }
    return {"org.matrix.msc1767.text": f"{question} 1. …", OLD: start}


def new_poll(question: str, *answers: str) -> dict[str, Any]:
    """A poll as the specification has it."""
    start = {
        "kind": "m.disclosed",
        "max_selections": 1,
        "question": {"m.text": [{"body": question}]},
        "answers": [{"m.id": answer, "m.text": [{"body": answer}]} for answer in answers],
    }
    return {"m.text": [{"body": f"{question} 1. …"}], "m.poll": start}


HEDGEHOG = {"body": "Hedgehog", "url": "mxc://localhost/hedgehog", "info": {"mimetype": "image/png"}}
ASKED = {
    "msgtype": "m.key.verification.request",
    "body": "@dave:localhost is requesting to verify your key",
    "from_device": "A",
    "methods": ["m.sas.v1"],
    "to": "@erin:localhost",
}
KINDS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "emote": ("m.room.message", {"msgtype": "m.emote", "body": "waves"}, "emote", "waves"),
    "sticker": ("m.sticker", HEDGEHOG, "sticker", "Hedgehog"),
    "location": (
        "m.room.message",
        {"msgtype": "m.location", "body": "Kyiv", "geo_uri": "geo:50.45,30.52"},
        "location",
        "Kyiv",
    ),
    "poll": ("m.poll.start", new_poll("Lunch?", "Borshch", "Salad"), "poll", "Lunch?\n• Borshch\n• Salad"),
    "unstable-poll": (OLD, old_poll("Lunch?", "Borshch", "Salad"), "poll", "Lunch?\n• Borshch\n• Salad"),
    "verification": ("m.room.message", ASKED, "verification", "Verification request"),
    "unknown": ("m.room.message", {"msgtype": "org.example.dance", "body": "dances"}, "text", "dances"),
}


@pytest.mark.parametrize("name", list(KINDS))
async def test_every_kind_of_message_is_something(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, name: str
) -> None:
    kind, content, content_type, text = KINDS[name]
    alice = world.user("alice")
    channel = await world.channel(alice)
    dave = await matrix_client(rooms, await person("dave"))
    await dave.join(channel["matrix_room_id"])
    async with witness.watch(channel, alice) as observed:
        event = await dave.send(channel["matrix_room_id"], kind, content)
    assert observed.kinds == ["message.created"]
    [message] = await alice.page(channel["id"])
    assert (message["matrix_event_id"], message["content_type"], message["content_preview"]) == (
        event,
        content_type,
        text,
    )
    assert observed.frames[0]["message"] == message
    whole = await alice.content(message)
    assert (whole["text"], whole["content"], whole["source"]) == (text, content, "matrix")
    assert (await alice.put(f"{path_to(channel['id'], message['id'])}/reactions/👍")).status_code == 204
    assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    [deleted] = await alice.history(channel["id"])
    assert (deleted["content_type"], deleted["content_preview"]) == (content_type, "")


async def test_an_emote_is_sent_and_stays_one(world: World, rooms: Rooms) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "waves", msgtype="m.emote")
    assert (message["content_type"], message["content_preview"]) == ("emote", "waves")
    assert (await alice.content(message))["content"]["msgtype"] == "m.emote"
    response = await alice.patch(path_to(channel["id"], message["id"]), {"text": "bows"})
    assert (response.json()["content_type"], response.json()["content_preview"]) == ("emote", "bows")
    edit = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert (edit["msgtype"], edit["body"], edit["m.new_content"]["msgtype"]) == ("m.emote", "* bows", "m.emote")


@pytest.mark.parametrize("prefix", ["m.poll", "org.matrix.msc3381.poll"])
async def test_votes_are_no_messages_and_the_end_of_a_poll_is_seen(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, prefix: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room, poll = channel["matrix_room_id"], new_poll if prefix == "m.poll" else old_poll
    dave, erin = [await matrix_client(rooms, await person(name)) for name in ("dave", "erin")]
    for who in (dave, erin):
        await who.join(room)
    async with witness.watch(channel, alice) as observed:
        event = await dave.send(room, f"{prefix}.start", poll("Lunch?", "Borshch", "Salad"))
        relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": event}}
        for who in (dave, erin):
            await who.send(room, f"{prefix}.response", relation | {f"{prefix}.response": {"answers": ["Salad"]}})
        # Only who started it ends it, and who may delete it.
        await erin.send(room, f"{prefix}.end", relation | {f"{prefix}.end": {}})
    assert observed.kinds == ["message.created"]
    [message] = await alice.page(channel["id"])
    assert message["poll_ended_at"] is None
    async with witness.watch(channel, alice) as observed:
        for _ in range(2):
            await dave.send(room, f"{prefix}.end", relation | {f"{prefix}.end": {}, "m.text": "Over"})
    assert observed.kinds == ["message.updated"]
    [ended] = await alice.page(channel["id"])
    assert ended["poll_ended_at"] and ended | {"poll_ended_at": None} == message
    assert observed.frames[0]["message"] == ended == {key: (await alice.content(message))[key] for key in ended}


async def test_a_poll_is_edited_in_matrix_and_not_here(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room, client = channel["matrix_room_id"], await matrix_client(rooms, alice)
    async with witness.watch(channel, alice):
        event = await client.send(room, OLD, old_poll("Lunch?", "Borshch", "Salad"))
        relation = {"rel_type": "m.replace", "event_id": event}
        new = {"m.new_content": old_poll("Dinner?", "Soup", "Bread"), "m.relates_to": relation}
        await client.send(room, OLD, old_poll("* Dinner?", "Soup", "Bread") | new)
    [message] = await alice.page(channel["id"])
    assert message["content_preview"] == "Dinner?\n• Soup\n• Bread" == (await alice.content(message))["text"]
    async with unchanged(channel):
        problem(await alice.patch(path_to(channel["id"], message["id"]), {"text": "x"}), 409, "not_editable")


def text(body: str) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body}


# The event type of what is no valid edit, and its content.
INVALID: dict[str, tuple[str, dict[str, Any]]] = {
    "no new content": ("m.room.message", text("* forged")),
    "no msgtype": ("m.room.message", text("* forged") | {"m.new_content": {"body": "forged"}}),
    "no body": ("m.room.message", text("* forged") | {"m.new_content": {"msgtype": "m.text"}}),
    "no object": ("m.room.message", text("* forged") | {"m.new_content": "forged"}),
    "another type": ("m.sticker", HEDGEHOG | {"m.new_content": HEDGEHOG}),
    "ciphertext": ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "forged"}),
}


@pytest.mark.parametrize("name", list(INVALID))
async def test_what_is_no_valid_edit_changes_nothing_anywhere(
    world: World, rooms: Rooms, witness: Witness, name: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room, client = channel["matrix_room_id"], await matrix_client(rooms, alice)
    root = await alice.send(channel["id"], "root")
    message = await alice.send(channel["id"], "first", reply_to=root["id"])
    kind, content = INVALID[name]
    forged = content | {"m.relates_to": {"rel_type": "m.replace", "event_id": message["matrix_event_id"]}}
    async with witness.watch(channel, alice) as observed:
        await client.send(room, kind, forged)
    assert observed.kinds == []
    assert await alice.history(channel["id"]) == [root, message]
    assert (await alice.content(message))["text"] == "first"
    # Also where it is the newest of several, which is the one that the homeserver names.
    async with witness.watch(channel, alice) as observed:
        valid = await client.edit(room, message["matrix_event_id"], "second")
        await client.send(room, kind, forged)
    assert observed.kinds == ["message.updated"]
    shown = await alice.content(message)
    assert (shown["content_preview"], shown["text"]) == ("second", "second")
    # An edit of an edit is none either, and a message stays the reply that it was.
    async with witness.watch(channel, alice) as observed:
        await client.edit(room, valid, "third")
    assert observed.kinds == []
    shown = await alice.content(message)
    assert (shown["content_preview"], shown["text"], shown["reply_to"]) == ("second", "second", root["id"])
    assert shown["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": root["matrix_event_id"]}}


async def test_a_picture_keeps_its_file_and_its_name_when_it_gets_a_caption(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    file = {"msgtype": "m.image", "url": "mxc://localhost/cat", "info": {"mimetype": "image/png"}}
    root = await alice.send(channel["id"], "root")
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": root["matrix_event_id"]}}}
    async with witness.watch(channel, alice):
        event = await client.say(channel["matrix_room_id"], "cat.png", **file, **reply)
    message = (await alice.page(channel["id"]))[0]
    for caption in ("my cat", "my old cat"):
        async with witness.watch(channel, alice) as observed:
            response = await alice.patch(path_to(channel["id"], message["id"]), {"text": caption})
            assert response.status_code == 200, response.text
        assert observed.kinds == ["message.updated"]
        shown = await alice.content(message)
        assert (shown["content_type"], shown["content_preview"], shown["text"]) == ("image", caption, caption)
        kept = file | reply | {"body": caption, "filename": "cat.png"}
        assert shown["content"] == kept | {"m.mentions": {}}
    # What a Matrix client makes of it is what Matrix says.
    async with witness.watch(channel, alice):
        await client.edit(channel["matrix_room_id"], event, "no picture any more")
    shown = await alice.content(message)
    assert (shown["content_type"], shown["text"]) == ("text", "no picture any more")
