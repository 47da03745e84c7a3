"""A request is followed by its id and its trace: component, gateway, homeserver, outbox row, the relay's line."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from support.api import CHANNELS, World, api_client, path_to, unique
from support.faulty_homeserver import FaultyHomeserver
from support.index import Index
from support.second_app import second_app
from support.stack import Stack
from support.waiting import eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def lines(folder: Path) -> list[dict[str, Any]]:
    """What components have logged, each line with all that it has."""
    return [json.loads(line) for log in folder.glob("*_stderr.txt") for line in log.read_text().splitlines()]


def logs(stack: Stack) -> Path:
    stack.need_service("app", "ws-relay")
    words = stack.services["app"]["command"]
    return Path(words[words.index("--log-dir") + 1])


def pushes(stack: Stack, request_id: str) -> Callable[[], Awaitable[bool]]:
    """Whether a request with this id was the homeserver's."""

    async def pushed() -> bool:
        own = (line for line in lines(logs(stack)) if line["request_id"] == request_id)
        return any(line["component"] == "matrix-events" for line in own)

    return pushed


async def test_a_request_is_followed_to_the_homeserver_and_to_the_relay(
    stack: Stack, world: World, index: Index, faulty: FaultyHomeserver, tmp_path: Path
) -> None:
    stack.need_service("app", "ws-relay")
    heard: dict[str, str] = {}

    async def hear(request: web.Request, body: bytes) -> web.Response | None:
        heard[request.headers.get("X-Request-Id", "")] = request.headers.get("traceparent", "")
        return await faulty.forward(request, body)

    faulty.fail("PUT", "/send/m.room.message", hear)
    async with second_app(stack, tmp_path, matrix_homeserver_url=faulty.url) as url, api_client(url) as client:
        alice = world.user("alice")
        channel = await world.channel(alice)
        for _ in range(20):
            name = unique("follow")
            response = await alice.through(client).request(
                "POST",
                f"{path_to(channel['id'])}/messages",
                json={"text": "followed"},
                headers={"X-Request-Id": name, "traceparent": PARENT},
            )
            assert response.status_code == 201, response.text
            assert response.headers["x-request-id"] == name
            found = "SELECT request_id FROM public.outbox WHERE subject = $1 AND payload ->> 'message_id' = $2"
            wrote = await index.value(found, "messaging.message.created", response.json()["id"])
            if wrote == name:
                break
            # The homeserver's push was faster, and its request wrote the row.
            await eventually("that one has its line", pushes(stack, wrote))
        else:
            pytest.fail("no request comes before the homeserver's push of what it sent")
        ours = [line for line in lines(tmp_path) if line["request_id"] == name]
    trace = heard[name]
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", trace) and trace != PARENT
    assert {line["component"] for line in ours} >= {"messages", "matrix-gateway"}
    assert {line["trace_id"] for line in ours} == {TRACE}
    [own] = [line for line in ours if line["component"] == "messages"]
    assert (own["message"], own["method"], own["status"], own["caller"]) == ("request", "POST", 201, "person")
    assert own["route"] == f"{CHANNELS}/:channel_id/messages" and 0 < own["duration_ms"] < 60_000
    gateway = [line for line in ours if line["component"] == "matrix-gateway"]
    assert {line["caller"] for line in gateway} == {"service"}
    relay = Path(stack.services["ws-relay"]["log"])

    async def published() -> bool:
        return name in relay.read_text(errors="replace")

    await eventually("the relay names the request that it publishes for", published)


@pytest.mark.parametrize("hostile", ["a b", "x" * 65, 'a"b', "<script>", "../..", "ї", "a,b", "a;b"])
async def test_a_hostile_name_of_a_request_is_not_taken(world: World, hostile: str) -> None:
    response = await world.user("alice").request("GET", CHANNELS, headers={"X-Request-Id": hostile.encode()})
    assert response.status_code == 200
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["x-request-id"])


async def test_a_trace_that_is_none_is_dropped_for_a_new_one(stack: Stack, world: World) -> None:
    folder, alice = logs(stack), world.user("alice")
    odd = ["", "00", PARENT.upper(), f"{PARENT}-more", PARENT.replace(TRACE, "0" * 32), f"ff{PARENT[2:]}", "x" * 4000]
    for value in odd:
        name = unique("odd")
        await alice.request("GET", CHANNELS, headers={"X-Request-Id": name, "traceparent": value})
        [line] = [line for line in lines(folder) if line["request_id"] == name]
        assert re.fullmatch("[0-9a-f]{32}", line["trace_id"]) and line["trace_id"] not in (TRACE, "0" * 32), value
    twice = [
        ("X-Request-Id", name := unique("twice")),
        ("traceparent", PARENT),
        ("traceparent", PARENT),
        *alice.headers.items(),
    ]
    await alice.http.get(CHANNELS, headers=twice)
    [line] = [line for line in lines(folder) if line["request_id"] == name]
    assert line["trace_id"] != TRACE


async def test_every_request_has_one_line_whatever_comes_of_it(stack: Stack, world: World) -> None:
    folder, alice = logs(stack), world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "one")
    secret = unique("guess")
    at, no = path_to(channel["id"], message["id"]), f"{CHANNELS}/:channel_id"
    context = "/internal/messaging/channels/:channel_id/context"
    asked = [
        ("GET", CHANNELS, CHANNELS, 200, "person"),
        ("HEAD", path_to(channel["id"]), no, 200, "person"),
        ("PUT", path_to(channel["id"]), no, 405, "none"),
        ("BREW", path_to(channel["id"]), no, 405, "none"),
        ("GET", f"{CHANNELS}/{secret}", no, 404, "person"),
        ("GET", f"/{secret}?token={secret}", "/...", 404, "none"),
        ("PUT", f"{at}/reactions/{secret * 20}", f"{no}/messages/:message_id/reactions/:emoji", 422, "person"),
        ("POST", f"{path_to(channel['id'])}/messages", f"{no}/messages", 400, "person"),
        ("GET", context.replace(":channel_id", channel["id"]), context, 401, "none"),
        ("GET", "/health", "/health", 200, "none"),
        ("GET", "/openapi.json", "/openapi.json", 200, "none"),
    ]
    for method, path, route, status, caller in asked:
        name = unique("line")
        headers = {"X-Request-Id": name, "Content-Type": "application/json"}
        body = {"content": f'{{"text": {secret}'} if method == "POST" else {}
        response = await alice.request(method, path, headers=headers, **body)
        found = [line for line in lines(folder) if line["request_id"] == name and line["message"] == "request"]
        assert len(found) == 1, (method, path, found)
        line = found[0]
        shown = "OTHER" if method == "BREW" else method
        assert (line["route"], line["method"], line["status"]) == (route, shown, response.status_code), (path, line)
        assert response.status_code == status and line["caller"] == caller, (path, line)
        assert {"time", "level", "component", "trace_id", "duration_ms"} <= line.keys()
    assert secret not in "".join(log.read_text() for log in folder.glob("*_stderr.txt"))


async def test_what_agents_services_and_the_homeserver_do_is_told_apart(stack: Stack, world: World) -> None:
    folder, alice, agent = logs(stack), world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], agent.id)
    name = unique("kind")
    await agent.request(
        "POST",
        f"/internal/agents/{agent.id}/post-to-channel",
        json={"channel_id": channel["id"], "text": "hello"},
        headers={"X-Request-Id": name},
    )
    assert {line["caller"] for line in lines(folder) if line["request_id"] == name} == {"service"}

    async def pushed() -> bool:
        return any(line.get("caller") == "homeserver" and line["status"] == 200 for line in lines(folder))

    await eventually("the homeserver has pushed something", pushed)


async def test_lines_may_be_text(stack: Stack, world: World, tmp_path: Path) -> None:
    async with second_app(stack, tmp_path, log_format="text") as url, api_client(url) as client:
        name = unique("text")
        await world.user("alice").through(client).request("GET", CHANNELS, headers={"X-Request-Id": name})
    [line] = [line for line in (tmp_path / "channels_stderr.txt").read_text().splitlines() if name in line]
    assert re.match(rf"\S+Z info  channels: request: GET {CHANNELS} 200 \S+ ms caller=person request_id={name} ", line)
