"""A download is whole or the part that is asked for, and says how it may be shown and kept."""

from __future__ import annotations

import time

import pytest

from support.api import World
from support.media import download, media_path, ogg, png, upload

POLICY = "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self'"


async def test_what_may_be_shown_is_and_may_be_kept(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = png()
    told = await upload(alice, channel, content, "image/png", filename="a.png")
    response = await download(alice, told["content_uri"])
    media_id = told["content_uri"].rpartition("/")[2]
    expected = {
        "content-type": "image/png",
        "content-disposition": "inline; filename=\"a.png\"; filename*=UTF-8''a.png",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "cache-control": "private, max-age=31536000, immutable",
        "accept-ranges": "bytes",
        "etag": f'"{media_id}"',
        "content-length": str(len(content)),
    }
    assert {name: response.headers.get(name) for name in expected} == expected
    head = await alice.request("HEAD", media_path(told["content_uri"]))
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers.get(name) for name in expected} == expected
    for known in (response.headers["etag"], f"W/{response.headers['etag']}", "*"):
        kept = await download(alice, told["content_uri"], if_none_match=known)
        assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", expected["etag"])
    assert (await download(alice, told["content_uri"], if_none_match='"other"')).status_code == 200


async def test_one_seeks_in_a_voice_message(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = ogg(20 * 1024 * 1024)
    size = len(content)
    told = await upload(alice, channel, content, "audio/ogg", filename="voice.ogg")
    uri = told["content_uri"]
    for asked, first, last in (
        ("bytes=0-1", 0, 1),
        (f"bytes={size // 2}-{size // 2 + 65535}", size // 2, size // 2 + 65535),
        (f"bytes={size - 1000}-", size - 1000, size - 1),
        ("bytes=-5", size - 5, size - 1),
    ):
        began = time.perf_counter()
        response = await download(alice, uri, range=asked)
        took = time.perf_counter() - began
        assert response.status_code == 206, response.text
        assert response.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert response.content == content[first : last + 1], asked
        print(f"{asked}: {took * 1000:.0f} ms")
    nothing = await download(alice, uri, range=f"bytes={size}-")
    assert (nothing.status_code, nothing.headers["content-range"]) == (416, f"bytes */{size}")
    etag = response.headers["etag"]
    assert (await download(alice, uri, range="bytes=0-1", if_range=etag)).status_code == 206
    for header in ('"other"', "Thu, 01 Jan 2026 00:00:00 GMT"):
        whole = await download(alice, uri, range="bytes=0-1", if_range=header)
        assert (whole.status_code, len(whole.content)) == (200, size)
    assert (await download(alice, uri, range="bytes=0-1,3-4")).status_code == 200


@pytest.mark.parametrize("fit", ["scale", "crop"])
async def test_a_picture_has_a_thumbnail(world: World, fit: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    told = await upload(alice, channel, png(800, 600), "image/png")
    response = await download(alice, told["content_uri"], f"/thumbnail?width=96&height=96&method={fit}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("image/") and 0 < len(response.content) < 20_000
    assert response.headers["content-disposition"] == "inline"
    etag = response.headers["etag"]
    again = await download(
        alice, told["content_uri"], f"/thumbnail?width=96&height=96&method={fit}", if_none_match=etag
    )
    assert again.status_code == 304
    text = await upload(alice, channel, b"no picture", "text/plain")
    assert (await download(alice, text["content_uri"], "/thumbnail")).status_code in (404, 422)
