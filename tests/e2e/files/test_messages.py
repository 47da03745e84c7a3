"""Messages with files, in both directions, with an ordinary Matrix client on the other side."""

from __future__ import annotations

from typing import Any

import nio
import pytest

from files.content import file, picture, upload, voice
from support.api import World, path_to
from support.matrix_client import matrix_client
from support.person import NewPerson, joined_member
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness

WAVEFORM = [0, 512, 1024]


def messages(channel: dict[str, Any]) -> str:
    return f"{path_to(channel['id'])}/messages"


async def test_a_voice_message_of_element_is_one_here_and_ours_is_one_there(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, key: str
) -> None:
    alice, dave = world.user("alice"), await person("dave")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    await dave.join(room)
    await joined_member(alice, channel, dave)
    client = await matrix_client(rooms, dave)
    uri = await upload(client, "audio/ogg")
    async with witness.watch(channel, alice) as observed:
        await client.send(room, "m.room.message", voice(uri))
    assert observed.kinds == ["message.created"]
    [heard] = await alice.page(channel["id"])
    assert heard["content_type"] == "audio" and heard["file"]["voice"] == {"waveform": WAVEFORM}
    assert (heard["file"]["content_uri"], heard["file"]["duration_ms"]) == (uri, 3_000)
    # Alice may read it, so she may send it.
    said = {
        "content_uri": uri,
        "filename": "hello.ogg",
        "content_type": "audio/ogg",
        "size": 3_500,
        "duration_ms": 3_000,
    }
    body = {"msgtype": "m.audio", "file": said | {"voice": {"waveform": WAVEFORM}}, "text": "Listen"}
    async with witness.watch(channel, alice) as observed:
        response = await alice.post(messages(channel), body, key=key)
        assert response.status_code == 201, response.text
    assert observed.kinds == ["message.created"]
    message = response.json()
    assert (message["content_preview"], message["content_type"]) == ("Listen", "audio")
    assert message["file"] == file(uri, **said, voice={"waveform": WAVEFORM}, width=None, height=None, blurhash=None)
    event = await dave.hears(room, "Listen")
    assert isinstance(event, nio.RoomMessageAudio) and event.url == uri
    content = event.source["content"]
    # What Element looks at.
    assert content["org.matrix.msc3245.voice"] == {} and content["filename"] == "hello.ogg"
    assert content["org.matrix.msc1767.audio"] == {"duration": 3_000, "waveform": WAVEFORM}
    assert content["info"] == {"mimetype": "audio/ogg", "size": 3_500, "duration": 3_000}
    # A retry is the same message, and another file is another request.
    again = await alice.post(messages(channel), body, key=key)
    assert again.json()["id"] == message["id"]
    other = body | {"file": said}
    problem(await alice.post(messages(channel), other, key=key), 422, "idempotency_key_reused")
    assert len(await alice.page(channel["id"])) == 2


async def test_a_caption_is_edited_on_both_sides_and_the_file_stays(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client, room = await matrix_client(rooms, alice), channel["matrix_room_id"]
    uri = await upload(client)
    async with witness.watch(channel, alice):
        event = await client.send(room, "m.room.message", picture(uri))
    [message] = await alice.page(channel["id"])
    assert (message["content_preview"], message["file"]) == ("My cat", file(uri))
    async with witness.watch(channel, alice) as observed:
        edited = (await alice.patch(path_to(channel["id"], message["id"]), {"text": "My old cat"})).json()
    assert observed.kinds == ["message.updated"]
    assert (edited["content_preview"], edited["content_type"], edited["file"]) == ("My old cat", "image", file(uri))
    new = (await rooms.messages(room))[-1]["content"]["m.new_content"]
    assert new["url"] == uri and new["filename"] == "cat.png" and new["body"] == "My old cat"
    async with witness.watch(channel, alice) as observed:
        edit = await client.edit(room, event, "A young cat", **picture(uri, body="A young cat"))
    assert observed.kinds == ["message.updated"]
    [shown] = await alice.page(channel["id"])
    assert (shown["content_preview"], shown["file"]) == ("A young cat", file(uri))
    async with witness.watch(channel, alice) as observed:
        await client.redact(room, edit)
    assert observed.kinds == ["message.updated"]
    [shown] = await alice.page(channel["id"])
    assert (shown["content_preview"], shown["file"]) == ("My old cat", file(uri))


async def test_a_picture_without_a_caption_is_shown_by_its_name(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice, dave = world.user("alice"), await person("dave")
    channel = await world.channel(alice)
    await dave.join(channel["matrix_room_id"])
    client = await matrix_client(rooms, alice)
    uri = await upload(client)
    async with witness.watch(channel, alice):
        await client.send(channel["matrix_room_id"], "m.room.message", picture(uri))
    body = {"msgtype": "m.image", "file": {"content_uri": uri, "filename": "me.png", "blurhash": "LEHV6nWB2yk8"}}
    response = await alice.post(messages(channel), body)
    assert response.status_code == 201, response.text
    message = response.json()
    assert (message["content_preview"], message["file"]["filename"]) == ("me.png", "me.png")
    event = await dave.hears(channel["matrix_room_id"], "me.png")
    assert isinstance(event, nio.RoomMessageImage) and event.url == uri
    info = event.source["content"]["info"]
    assert info["blurhash"] == info["xyz.amorgan.blurhash"] == "LEHV6nWB2yk8"


async def test_only_what_one_uploaded_or_may_read_is_sent(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    alice, eve = world.user("alice"), world.user("eve")
    private, hers = await world.channel(alice, visibility="private"), await world.channel(eve)
    client = await matrix_client(rooms, alice)
    uri = await upload(client)
    async with witness.watch(private, alice):
        await client.send(private["matrix_room_id"], "m.room.message", picture(uri))
    body: dict[str, Any] = {"msgtype": "m.image", "file": {"content_uri": uri}}
    thumbnail: dict[str, Any] = {"content_uri": "mxc://localhost/x", "thumbnail_uri": uri}
    async with unchanged(hers):
        for bad in (body, body | {"file": thumbnail}, body | {"file": {"content_uri": "mxc://localhost/nothing"}}):
            response = await eve.post(messages(hers), bad)
            assert problem(response, 422, "invalid")["errors"][0]["pointer"] == "/file"
    await private_member(alice, private, eve)
    assert (await eve.post(messages(hers), body)).status_code == 201
    await alice.remove(private["id"], eve.id)
    problem(await eve.post(messages(hers), body | {"file": thumbnail}), 422, "invalid")


async def private_member(owner: Any, channel: dict[str, Any], who: Any) -> None:
    await owner.invite(channel["id"], who.id)
    await who.put(f"/api/messaging/channels/{channel['id']}/members/me")


async def test_a_deleted_message_has_no_file_on_either_road(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client, room = await matrix_client(rooms, alice), channel["matrix_room_id"]
    for by_client in (True, False):
        uri = await upload(client)
        async with witness.watch(channel, alice):
            event = await client.send(room, "m.room.message", picture(uri))
        [message] = [one for one in await alice.page(channel["id"]) if one["matrix_event_id"] == event]
        async with witness.watch(channel, alice) as observed:
            if by_client:
                await client.redact(room, event)
            else:
                await alice.delete(path_to(channel["id"], message["id"]))
        assert observed.kinds == ["message.deleted"]
        whole = (await alice.get(path_to(channel["id"], message["id"]))).json()
        assert whole["deleted_at"] and whole["file"] is None
        assert uri not in await witness.index.stored_text(channel["id"])


HOSTILE: dict[str, dict[str, Any]] = {
    "no address": {"url": None},
    "another address": {"url": "https://evil.example/cat.png"},
    "a path": {"url": "mxc://localhost/../../etc/passwd"},
    "numbers": {"info": {"size": -1, "w": 0, "h": 10**12, "duration": "long", "mimetype": 7}},
    "lists": {"info": [], "filename": ["x"], "org.matrix.msc3245.voice": [], "org.matrix.msc1767.audio": 7},
    "a type": {"info": {"mimetype": "text/html\r\nX-Evil: 1"}},
    "a name": {"filename": "../../\u202egnp.exe"},
    "an endless name": {"filename": "x" * 20_000},
}


@pytest.mark.parametrize("name", list(HOSTILE))
async def test_what_is_hostile_in_a_file_never_costs_the_message(
    world: World, rooms: Rooms, witness: Witness, name: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        content = {k: v for k, v in picture("mxc://localhost/cat", **HOSTILE[name]).items() if v is not None}
        await client.send(channel["matrix_room_id"], "m.room.message", content)
    assert observed.kinds == ["message.created"]
    [message] = await alice.page(channel["id"])
    assert (message["content_preview"], message["content_type"]) == ("My cat", "image")
    shown = message["file"]
    assert (shown is None) == (name in ("no address", "another address", "a path"))
    if shown:
        assert shown["content_type"] in (None, "image/png") and shown["size"] in (None, 75)
        assert shown["filename"] in ("cat.png", "gnp.exe", "My cat", "x" * 255)


async def test_a_sticker_has_a_file(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    info = {"mimetype": "image/webp", "w": 128, "h": 128}
    async with witness.watch(channel, alice):
        sticker = {"body": "Hedgehog", "url": "mxc://localhost/hedgehog", "info": info}
        await client.send(channel["matrix_room_id"], "m.sticker", sticker)
    [message] = await alice.page(channel["id"])
    assert (message["content_type"], message["content_preview"]) == ("sticker", "Hedgehog")
    assert (message["file"]["filename"], message["file"]["width"]) == (None, 128)
