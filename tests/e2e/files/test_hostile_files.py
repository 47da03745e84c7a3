"""Whatever somebody sends, a reader's browser saves it: it shows no page, runs no script, unpacks no bomb, and its name stays
a name. It is the same whether it was uploaded here or by a Matrix client, which may declare anything."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
import pytest

from support.api import World
from support.hostile_files import NAMES, OGG, corpus
from support.index import Index
from support.matrix_client import matrix_client
from support.media import attach, download, png, try_upload
from support.rooms import Rooms

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


@pytest.mark.parametrize("by", ["a Matrix client", "the API"])
async def test_none_is_shown(world: World, index: Index, rooms: Rooms, web: httpx.AsyncClient, by: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    message = await alice.send(channel["id"], "look")

    async def in_matrix(kind: str, content: bytes) -> str:
        upload = client.base.replace("/client/v3", "/media/v3/upload")
        headers = client.headers | ({"Content-Type": kind} if kind else {})
        response = await web.post(upload, headers=headers, content=content)
        assert response.status_code == 200, response.text
        return response.json()["content_uri"]

    async def here(kind: str, content: bytes) -> str:
        response = await try_upload(alice, channel, content, kind or None)
        assert response.status_code == 201, response.text
        return response.json()["content_uri"]

    for what, kind, content in corpus():
        if by == "the API":
            if kind.startswith("multipart/"):
                continue
            uri = await here(kind, content)
        else:
            uri = await in_matrix(kind, content)
        await attach(index, message, uri)
        response = await download(alice, uri)
        kind = response.headers["content-type"].split(";")[0]
        if by == "the API" and response.headers["content-disposition"].startswith("inline"):
            # It was said to be another thing, and is only what its bytes say.
            is_innocent = kind in ("text/plain", "application/json") and b"<" not in content
            assert is_innocent or kind in ("image/png", "audio/ogg") and content in (png(), OGG), f"{what}: {kind}"
            continue
        is_saved(response, f"{what} by {by}")


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
