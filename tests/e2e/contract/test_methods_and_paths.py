"""Methods that a resource lacks, unknown routes, HEAD, and the request id."""

from __future__ import annotations

import pytest

from support.api import CHANNELS, World
from support.problems import problem
from support.unchanged import Unchanged


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("", "GET, POST"),
        ("/{id}/messages", "GET, POST"),
        ("/{id}/members", "GET, POST"),
    ],
)
async def test_a_method_that_a_resource_lacks_is_refused_with_those_it_has(
    world: World, unchanged: Unchanged, path: str, allowed: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    address = CHANNELS + path.format(id=channel["id"])
    async with unchanged(channel):
        for method in ("PUT", "PATCH", "DELETE", "PROPFIND", "QUERY"):
            response = await alice.request(method, address, json={"text": "x"})
            problem(response, 405, "method_not_allowed")
            listed = {name.strip() for name in response.headers["allow"].split(",")}
            assert listed >= {name.strip() for name in allowed.split(",")} and method not in listed, method


async def test_head_is_get_without_the_body(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "Hello")
    for path in (f"{CHANNELS}/{channel['id']}", f"{CHANNELS}/{channel['id']}/messages"):
        got, head = await alice.get(path), await alice.request("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/messaging",
        "/api/messaging/nothing",
        "/api/messaging/channels/00000000-0000-4000-8000-000000000000/nothing",
        "/api/messaging/channels/x/messages/y/z/w",
        "/internal",
        "/internal/agents/agent:sofia/post-to-channel/more",
        "/internal/matrix/send",
        "/internal/matrix/health",
        "/docs/nothing",
        "/docs/nothing/more",
        "/.well-known/nothing",
        "/index.php",
    ],
)
async def test_an_unknown_route_is_not_found(world: World, path: str) -> None:
    for method in ("GET", "POST"):
        response = await world.agent("sofia").request(method, path)
        problem(response, 404)


async def test_a_request_id_is_kept_when_it_is_harmless(world: World) -> None:
    alice = world.user("alice")
    alice.headers |= {"X-Request-Id": "front-end_7.a"}
    assert (await alice.get(CHANNELS)).headers["x-request-id"] == "front-end_7.a"
    assert problem(await alice.get(f"{CHANNELS}/x"), 404)["request_id"] == "front-end_7.a"
    for bad in ("", "a b", "x" * 65, "<script>", 'a"b', "a\tb"):
        alice.headers |= {"X-Request-Id": bad}
        given = problem(await alice.get(f"{CHANNELS}/x"), 404)["request_id"]
        assert given != bad and len(given) <= 64
