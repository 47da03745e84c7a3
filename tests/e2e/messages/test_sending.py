"""Sending: the full text is in Matrix, the index has what a list needs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from support.api import CHANNELS, World, path_to
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged

FIELDS = {
    "id",
    "mentions",
    "poll_ended_at",
    "file",
    "previews",
    "sender_name",
    "sender_avatar_url",
    "channel_id",
    "seq",
    "matrix_event_id",
    "sender_id",
    "sender_type",
    "content_preview",
    "truncated",
    "content_type",
    "is_encrypted",
    "thread_id",
    "reply_to",
    "edited_at",
    "deleted_at",
    "created_at",
}


# Every path that indexes an event gives it the same id, in every release.
NAMESPACE = uuid.UUID("6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4")


async def test_a_message_has_exactly_the_fields_of_the_contract(world: World, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Hello")
    assert message.keys() == FIELDS
    assert message["channel_id"] == channel["id"]
    assert message["id"] == str(uuid.uuid5(NAMESPACE, message["matrix_event_id"]))
    assert (message["content_preview"], message["content_type"]) == ("Hello", "text")
    assert [message[field] for field in ("thread_id", "reply_to", "edited_at", "deleted_at")] == [None] * 4
    age = datetime.now(UTC) - datetime.fromisoformat(message["created_at"])
    assert timedelta(minutes=-1) < age < timedelta(minutes=5)
    assert (await alice.send(channel["id"], "With a key", key)).keys() == FIELDS | {"client_key"}


async def test_a_message_is_in_the_index_in_the_room_in_jetstream_and_on_the_websocket(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    channel = await world.channel()
    alice = world.user("alice")
    async with listen(channel["id"], alice) as socket:
        message = await alice.send(channel["id"], "Hello from Alice!")
        frame = await socket.message(message["id"])

    assert frame["message"] == message
    assert frame["seq"] == message["seq"]
    assert (message["sender_id"], message["sender_type"]) == (alice.id, "human")
    assert await alice.history(channel["id"]) == [message]
    assert (await alice.members(channel["id"]))[alice.id]["joined_at"], "alice has joined by posting"

    [event] = await journal.created(channel["id"], message)
    assert event.payload["message"] == message

    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["event_id"] == message["matrix_event_id"]
    assert sent["sender"] == alice.matrix_id
    assert sent["content"] | {"msgtype": "m.text", "body": "Hello from Alice!"} == sent["content"]
    assert alice.matrix_id in await rooms.joined(channel["matrix_room_id"])


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        ("a" * 501, "a" * 500),
        ("a" * 499 + "😀😀", "a" * 499 + "😀"),
        ("😀" * 10_000, "😀" * 500),
        ("ї" * 500, "ї" * 500),
        ("e\u0301" * 300, "e\u0301" * 250),
        ("👩‍👩‍👧‍👦" * 80, "👩‍👩‍👧‍👦" * 71),
        (" \n\t ", " \n\t "),
        ("a" * 10_000, "a" * 500),
        ("\u202ertl\ufeff\u2028<b>&amp;", "\u202ertl\ufeff\u2028<b>&amp;"),
    ],
    ids=["501", "emoji-at-500", "10000-emoji", "500-cyrillic", "combining", "family", "blank", "10000", "markup"],
)
async def test_a_preview_is_the_first_500_characters_and_the_room_has_all(
    world: World, rooms: Rooms, text: str, preview: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], text)
    assert message["content_preview"] == preview
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["content"]["body"] == text


@pytest.mark.parametrize("msgtype", ["m.text", "m.notice"])
async def test_a_msgtype_is_kept(world: World, rooms: Rooms, msgtype: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "thing", msgtype=msgtype)
    assert message["content_type"] == "text"
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["content"]["msgtype"] == msgtype


async def test_the_row_says_when_the_preview_leaves_something_out(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    whole, cut = await alice.send(channel["id"], "ї" * 500), await alice.send(channel["id"], "😀" * 501)
    assert (whole["truncated"], cut["truncated"], cut["content_preview"]) == (False, True, "😀" * 500)
    edited = (await alice.patch(path_to(channel["id"], cut["id"]), {"text": "short"})).json()
    assert (edited["content_preview"], edited["truncated"]) == ("short", False)


async def test_wrong_fields_are_named_and_nothing_is_sent(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        for body, pointer in [
            ({"text": ""}, "/text"),
            ({"text": "a" * 10_001}, "/text"),
            ({"text": "😀" * 10_001}, "/text"),
            ({"text": None}, "/text"),
            ({"text": 1}, "/text"),
            ({"text": ["a"]}, "/text"),
            ({"text": "x", "msgtype": "m.poll"}, "/msgtype"),
            # An event about a file is invalid without its file.
            *(({"text": "x", "msgtype": f"m.{kind}"}, "/file") for kind in ("image", "file", "audio", "video")),
            ({"text": "x", "msgtype": 1}, "/msgtype"),
            ({"text": "x", "formatted_body": 1}, "/formatted_body"),
            ({"text": "x", "formatted_body": "a" * 40_001}, "/formatted_body"),
        ]:
            response = await alice.post(f"{CHANNELS}/{channel['id']}/messages", body)
            problem(response, 422, "invalid", pointer)
        assert "text" in problem(await alice.post(f"{CHANNELS}/{channel['id']}/messages", {}), 422)["detail"]


async def test_a_message_larger_than_a_matrix_event_is_refused_as_too_large(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    # 40,000 bytes of text and 40,000 characters of HTML: each within its limit, together over 64 KiB.
    async with unchanged(channel):
        response = await alice.try_send(channel["id"], "😀" * 10_000, formatted_body="a" * 40_000)
        problem(response, 413, "too_large")
