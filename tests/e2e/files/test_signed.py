"""A signed address reads as its caller, for a short time, what they may read when it is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from support.api import Caller, World
from support.media import download, ogg, png, send_file, upload
from support.problems import problem

Sent = tuple[Caller, Caller, dict[str, Any], str]


@pytest.fixture
async def sent(world: World) -> Sent:
    """The owner and a member of a private channel, the channel, and the picture of a message in it."""
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice, visibility="private")
    await alice.invite(channel["id"], bob.id)
    told = await upload(alice, channel, png(640, 480), "image/png")
    await send_file(alice, channel, told, "m.image")
    return alice, bob, channel, told["content_uri"]


async def test_it_needs_no_header_and_ends_with_the_membership(
    world: World, http: httpx.AsyncClient, sent: Sent
) -> None:
    alice, bob, channel, uri = sent
    signed = (await download(bob, uri, "/url")).json()
    assert signed["content_uri"] == uri
    left = datetime.fromisoformat(signed["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=15)
    assert (await http.get(signed["url"])).content == png(640, 480)
    part = await http.get(signed["url"], headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    thumbnail = await http.get(signed["thumbnail_url"] + "&width=96&height=96")
    assert thumbnail.status_code == 200, thumbnail.text
    await alice.remove(channel["id"], bob.id)
    for address in (signed["url"], signed["thumbnail_url"]):
        problem(await http.get(address), 404, "not_found")


async def test_nothing_of_it_can_be_changed(world: World, http: httpx.AsyncClient, sent: Sent) -> None:
    alice, _, channel, uri = sent
    eve = world.user("eve")
    other = await upload(alice, channel, ogg(100))
    url = (await download(alice, uri, "/url")).json()["url"]
    for changed in (
        url.replace(alice.id, eve.id),
        url.replace("expires=1", "expires=2"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace(uri.rpartition("/")[2], other["content_uri"].rpartition("/")[2]),
        url.partition("&")[0],
        url.partition("?")[0],
    ):
        assert changed != url
        problem(await http.get(changed), 401, "unauthenticated")


async def test_several_are_signed_at_once(world: World, http: httpx.AsyncClient, sent: Sent) -> None:
    _, bob, _, uri = sent
    asked = ["mxc://localhost/unknown", uri]
    response = await bob.post("/api/messaging/media/urls", {"content_uris": asked})
    (signed,) = response.json()["urls"]
    assert signed["content_uri"] == uri and (await http.get(signed["url"])).status_code == 200
    for wrong in ([], ["mxc://a/b"] * 101, ["https://a/b"]):
        problem(await bob.post("/api/messaging/media/urls", {"content_uris": wrong}), 422, "invalid")
