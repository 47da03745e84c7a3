"""Whatever somebody sends, a reader's browser saves it: it shows no page, runs no script, unpacks no bomb, and its name stays
a name. It is the same whether it was uploaded here or by a Matrix client, which may declare anything."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
import pytest

from support.api import World
from support.hostile_files import NAMES, OGG, corpus
from support.matrix_client import matrix_client
from support.media import download, png, send_file, try_upload
from support.rooms import Rooms
from support.witness import Witness

HARMLESS = {
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "image/png",
    "image/jpeg",
    "image/gif",
}


def is_saved(response: httpx.Response, what: str) -> None:
    """Checks that a browser saves content, and does nothing else with it."""
    assert response.status_code == 200, f"{what}: {response.text}"
    assert response.headers["content-disposition"].startswith("attachment"), what
    assert response.headers["content-type"] in HARMLESS, f"{what}: {response.headers['content-type']}"
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'; script-src 'none'"), (
        what
    )
    assert response.headers["x-content-type-options"] == "nosniff", what


def test_there_are_enough_of_them() -> None:
    assert len({what for what, _, _ in corpus()}) == len(corpus()) >= 60


async def test_none_that_is_uploaded_here_is_shown(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    for what, declared, content in corpus():
        # As a body this would be a form, which has files of its own.
        if declared.startswith("multipart/"):
            continue
        response = await try_upload(alice, channel, content, declared or None)
        assert response.status_code == 201, response.text
        await send_file(alice, channel, response.json())
        shown = await download(bob, response.json()["content_uri"])
        kind = shown.headers["content-type"].split(";")[0]
        if shown.headers["content-disposition"].startswith("inline"):
            # It was said to be another thing, and is only what its bytes say.
            is_innocent = kind in ("text/plain", "application/json") and b"<" not in content
            assert is_innocent or kind in ("image/png", "audio/ogg") and content in (png(), OGG), f"{what}: {kind}"
        else:
            is_saved(shown, what)


async def test_none_that_a_matrix_client_sends_is_shown(
    world: World, rooms: Rooms, witness: Witness, web: httpx.AsyncClient
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    sent = []
    for what, declared, content in corpus():
        address = client.base.replace("/client/v3", "/media/v3/upload")
        headers = client.headers | ({"Content-Type": declared} if declared else {})
        response = await web.post(address, headers=headers, content=content)
        assert response.status_code == 200, response.text
        uri = response.json()["content_uri"]
        event = {"msgtype": "m.image", "body": "look.png", "url": uri, "info": {"mimetype": declared}}
        await client.send(channel["matrix_room_id"], "m.room.message", event)
        sent.append((what, uri))
    await witness.settle()
    for what, uri in sent:
        is_saved(await download(bob, uri), what)


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_stays_a_name(world: World, name: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    response = await try_upload(alice, channel, b"%PDF-1.7\n", "application/pdf", filename=name)
    assert response.status_code == 201, response.text
    told = response.json()["filename"]
    assert 0 < len(told.encode()) <= 255 and not set(told) & set("/\\\r\n\0\x1b\u202e\u200b") and told.strip(".")
    shown = (await download(alice, response.json()["content_uri"])).headers["content-disposition"]
    parts = re.fullmatch(r"attachment; filename=\"([ -~]*)\"; filename\*=UTF-8''([!-~]+)", shown)
    assert parts and not set(parts[1]) & set('"\\') and unquote(parts[2]) == told, shown
