"""A voice message goes from the API to a Matrix client and back: what is heard is what was said."""

from __future__ import annotations

from typing import Any

import httpx
import nio

from files.content import voice
from support.api import World
from support.matrix_client import matrix_client
from support.media import download, ogg, send_file, upload
from support.person import NewPerson, joined_member
from support.rooms import Rooms
from support.witness import Witness

WAVEFORM = [0, 7, 1024, 512]


def heard_by_element(content: dict[str, Any]) -> tuple[str, float, list[int]]:
    """What Element plays of an event as a voice message: address, seconds, waveform."""
    assert content["msgtype"] == "m.audio" and content["org.matrix.msc3245.voice"] is not None
    audio = content["org.matrix.msc1767.audio"]
    assert all(isinstance(point, int) and 0 <= point <= 1024 for point in audio["waveform"])
    assert audio["duration"] == content["info"]["duration"] and content["info"]["mimetype"].startswith("audio/")
    return content["url"], audio["duration"] / 1000, audio["waveform"]


async def test_one_of_the_api_is_heard_in_matrix(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice, dave = world.user("alice"), await person("dave")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    await dave.join(room)
    await joined_member(alice, channel, dave)
    said = ogg(300_000)
    told = await upload(alice, channel, said, "audio/ogg", filename="Voice message.ogg")
    async with witness.watch(channel, alice) as observed:
        extra = {"duration_ms": 4_200, "voice": {"waveform": WAVEFORM}}
        message = await send_file(alice, channel, told, "m.audio", extra)
    assert observed.kinds == ["message.created"]
    shown = observed.events[0].payload["message"]["file"]
    assert shown == message["file"] and shown["voice"] == {"waveform": WAVEFORM}
    event = await dave.hears(room, "Voice message.ogg")
    assert isinstance(event, nio.RoomMessageAudio)
    assert heard_by_element(event.source["content"]) == (told["content_uri"], 4.2, WAVEFORM)
    base, _, _ = rooms.base.partition("/_matrix/")
    place = event.url.removeprefix("mxc://")
    headers = {"Authorization": f"Bearer {dave.client.access_token}"}
    response = await rooms.http.get(f"{base}/_matrix/client/v1/media/download/{place}", headers=headers)
    assert response.content == said and response.headers["content-type"] == "audio/ogg"


async def test_one_of_a_matrix_client_is_heard_here(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, http: httpx.AsyncClient
) -> None:
    alice, bob, dave = world.user("alice"), world.user("bob"), await person("dave")
    channel = await world.channel(alice)
    await dave.join(channel["matrix_room_id"])
    await joined_member(alice, channel, dave)
    client, said = await matrix_client(rooms, dave), ogg(300_000)
    address = client.base.replace("/client/v3", "/media/v3/upload")
    stored = await rooms.http.post(address, headers=client.headers | {"Content-Type": "audio/ogg"}, content=said)
    uri = stored.json()["content_uri"]
    async with witness.watch(channel, alice):
        await client.send(channel["matrix_room_id"], "m.room.message", voice(uri))
    [message] = await bob.page(channel["id"])
    file = message["file"]
    assert (file["content_uri"], file["duration_ms"]) == (uri, 3_000) and file["voice"]["waveform"] == [0, 512, 1024]
    signed = (await download(bob, uri, "/url")).json()["url"]
    for first, last in ((0, 1), (150_000, 199_999), (299_000, 299_999)):
        asked = f"bytes={first}-{last}"
        for response in (await download(bob, uri, range=asked), await http.get(signed, headers={"Range": asked})):
            assert response.status_code == 206, response.text
            assert response.content == said[first : last + 1]
            assert response.headers["content-range"] == f"bytes {first}-{last}/300000"
            assert response.headers["content-type"] == "audio/ogg"
            assert response.headers["content-disposition"].startswith("inline")
