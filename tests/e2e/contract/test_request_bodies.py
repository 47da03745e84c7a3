"""Request bodies that are no JSON, of another type, too large, or never complete."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, Caller, World
from support.problems import problem
from support.stack import Stack
from support.unchanged import Unchanged
from support.waiting import eventually

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"text": "x"', 400, "invalid_json"),
        (b'{"text": "x"} {}', 400, "invalid_json"),
        (b'{"text": "x",}', 400, "invalid_json"),
        (b"text=x", 400, "invalid_json"),
        (b'{"text": "\\ud800"}', 400, "invalid_json"),
        (b'{"text": "\\udc00\\ud800"}', 400, "invalid_json"),
        (b'{"text": "\xff\xfe"}', 400, "invalid_json"),
        (b'{"text": "\xed\xa0\x80"}', 400, "invalid_json"),
        ('\ufeff{"text": "x"}'.encode(), 400, "invalid_json"),
        ('{"text": "x"}'.encode("utf-16"), 400, "invalid_json"),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "invalid"),
        (b'{"text": "a\nb"}', 400, "invalid_json"),
        (b"null", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'"text"', 422, "invalid"),
        (b"7", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'["hi"]', 422, "invalid"),
        (b'["hi", "m.text", null, null, null]', 422, "invalid"),
        (b'{"text": "x", "msgtype": {"m.text": null}}', 422, "invalid"),
        (b'{"text": "\\u0000"}', 422, "invalid"),
        (b'{"text": 1e400}', 400, None),
        (b'{"text": {"text": "x"}}', 422, "invalid"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
async def test_a_body_that_does_not_fit_is_refused(
    world: World, unchanged: Unchanged, body: bytes, status: int, code: str | None
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        response = await alice.request("POST", f"{CHANNELS}/{channel['id']}/messages", content=body, headers=JSON)
        problem(response, status, code)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "json", "*/*"],
)
async def test_a_body_of_another_type_is_refused(world: World, unchanged: Unchanged, kind: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    async with unchanged(channel):
        response = await alice.request("POST", path, content=b'{"text": "x"}', headers={"Content-Type": kind})
        problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
async def test_every_json_media_type_is_accepted(world: World, kind: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    response = await alice.request("POST", path, content=b'{"text": "x"}', headers={"Content-Type": kind})
    assert response.status_code == 201, response.text


async def test_a_body_over_the_limit_is_refused_however_it_is_sent(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    large = json.dumps({"text": "x", "padding": "p" * 300_000}).encode()

    async def in_pieces() -> Any:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    async def response_to(content: Any) -> httpx.Response:
        try:
            return await alice.request("POST", path, content=content(), headers=JSON)
        except (httpx.WriteError, httpx.ReadError) as error:
            # The response came while the body was still on its way, and the connection ended before it was read.
            raise AssertionError("the connection ended without a response") from error

    async with unchanged(channel):
        # Without a Content-Length the size shows only while reading.
        for content in (lambda: large, in_pieces):
            refused = await eventually("a response", lambda content=content: response_to(content))
            problem(refused, 413, "too_large")


async def test_a_body_of_many_megabytes_does_no_harm(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    try:
        response = await alice.request(
            "POST", f"{CHANNELS}/{channel['id']}/messages", content=b" " * 20_000_000, headers=JSON
        )
        problem(response, 413, "too_large")
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        # The response came before the body was sent, and the connection ended with it.
        pass
    assert (await alice.send(channel["id"], "still here"))["content_preview"] == "still here"


async def test_half_a_request_does_not_hold_up_others(world: World, stack: Stack) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = httpx.URL(stack.api_url)
    assert url.port
    head = f"POST {CHANNELS}/{channel['id']}/messages HTTP/1.1\r\nHost: {url.host}\r\nX-User-Id: {alice.id}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    opened = [await asyncio.open_connection(url.host, url.port) for _ in range(30)]
    try:
        for _, writer in opened:
            writer.write(head.encode())
            await writer.drain()
        sent = await asyncio.wait_for(alice.send(channel["id"], "meanwhile"), 10)
    finally:
        for _, writer in opened:
            writer.close()
    assert await alice.history(channel["id"]) == [sent]


async def test_an_object_is_an_object_on_every_route(world: World, unchanged: Unchanged) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Hello")
    await alice.invite(channel["id"], sofia.id)
    path = f"{CHANNELS}/{channel['id']}"
    # The values of the fields in the order in which the code has them.
    arrays: list[tuple[Caller, str, str, list[Any]]] = [
        (alice, "POST", CHANNELS, ["s", "Name", None, world.microdao, "public", False, None, None, False, []]),
        (alice, "PATCH", path, ["Name", None, None, None, "private"]),
        (alice, "POST", f"{path}/messages", ["hi", "m.text", None, None, None]),
        (alice, "PATCH", f"{path}/messages/{message['id']}", ["hi", None]),
        (alice, "POST", f"{path}/members", ["user:bob", "admin", True, True, True, True, True]),
        (alice, "PATCH", f"{path}/members/{sofia.id}", ["member", True, True, True, True, True]),
        (sofia, "POST", f"/internal/agents/{sofia.id}/post-to-channel", [channel["id"], "hi", None, None]),
    ]
    async with unchanged(channel):
        for caller, method, route, body in arrays:
            refused = problem(await caller.request(method, route, json=body), 422, "invalid", "")
            assert refused["detail"].startswith("The body does not fit"), refused
        for method, route, body in [
            ("PATCH", path, {"visibility": {"private": None}}),
            ("PATCH", f"{path}/members/{sofia.id}", {"role": {"member": None}}),
        ]:
            problem(await alice.request(method, route, json=body), 422, "invalid")


# Beyond 2^63 the host answers by itself.
@pytest.mark.parametrize("length", [2**32, 2**32 + 5, 2**53])
async def test_a_length_of_many_bits_is_too_large_at_once(world: World, stack: Stack, length: int) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = httpx.URL(stack.api_url)
    assert url.port
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        head = f"POST {CHANNELS}/{channel['id']}/messages HTTP/1.1\r\nHost: {url.host}\r\nX-User-Id: {alice.id}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{"
        writer.write(head.encode())
        # A body that is waited for is given up after 30 seconds.
        status = await asyncio.wait_for(reader.readline(), 15)
    finally:
        writer.close()
    assert status.split()[1] == b"413", status
