"""Which paths are for everybody. Whatever else is spelled in whatever way is a 404, and reaches nothing."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

import pytest

from harness.client import get, get_over_http2
from harness.proxy import HOST, MATRIX_HOST, Proxy

CHANNEL = "/api/messaging/channels/0b0e7f0c-1f0a-4c57-9d5e-0d1f6f0a2b3c"

PUBLIC = [
    "/",
    "/?x=1",
    "/assets/main-ABCDEFGH.js",
    "/channels/0b0e7f0c-1f0a-4c57-9d5e-0d1f6f0a2b3c",
    "/config.json",
    "/api/messaging/channels",
    "/api/messaging/channels?limit=5",
    f"{CHANNEL}/messages/1/reactions/%F0%9F%91%8D",
    # A reaction may be any text: the slash in it stays encoded.
    f"{CHANNEL}/messages/1/reactions/n%2Fa",
    "/api/messaging/profiles/@bob:example.org",
    "/api/messaging/profiles/user:a.b..c",
    "/api/messaging/search?q=../internal//x",
    "/api/messaging/media/example.org/abc",
    "/docs",
    "/docs/events",
    "/openapi.json",
    "/asyncapi.json?x=1",
]

INTERNAL = [
    "/internal",
    "/internal/messaging/search",
    "/internal/agents/agent:sofia/post-to-channel",
    "/webhooks/matrix-events",
    "/_matrix/app/v1/transactions/1",
    "/metrics",
    "/health",
    "/health/ready",
]


def spellings(path: str) -> list[str]:
    """Ways to write a path that something on the way might take for it."""
    rest = path[1:]
    encoded = "".join(f"%{ord(letter):02x}" for letter in rest)
    up = "/".join([".."] * 8)
    return [
        path,
        f"{path}/",
        f"{path}?x=/api/messaging/",
        f"{path}.",
        f"{path}..",
        f"{path}/.",
        f"{path}%20",
        f"{path};x",
        f"{path}%00",
        f"{path}%3f/api/messaging/",
        f"/{path}",
        f"//{path}",
        f"/.{path}",
        f"/%2e{path}",
        f"/%2f{rest}",
        f"/%5c{rest}",
        f"/%{ord(rest[0]):02x}{rest[1:]}",
        f"/%{ord(rest[0]):02X}{rest[1:]}",
        f"/{encoded}",
        f"/{rest.upper()}",
        f"/{rest.title()}",
        f"/api/..{path}",
        f"/api/messaging/../..{path}",
        f"/api/messaging/channels/{up}{path}",
        f"/api/messaging/%2e%2e/%2e%2e{path}",
        f"/api/messaging/.%2e/%2E.{path}",
        f"/api/messaging/..%2f..%2f{rest}",
        f"/api/messaging/x%2f..%2f..%2f..%2f{rest}",
        f"/api/messaging/..%5c..%5c{rest}",
        f"/api/messaging/..\\..\\{rest}",
        f"/api/messaging//../..{path}",
        f"/api/messaging/./../..{path}",
        f"/api/messaging{path}/../../..{path}",
        f"/api%2fmessaging%2f..%2f..%2f{rest}",
        f"/docs/..{path}",
        f"/docs/%2e%2e{path}",
        f"/docs/..%2f{rest}",
        f"/openapi.json/..{path}",
        f"/openapi.json{path}",
        f"/ws/messaging/..{path}",
        f"/ws/messaging/../..{path}",
        f"/ws/messaging/..%2f..%2f{rest}",
        f"/ws/messaging/x{path}",
        # The other way round: cleaned it is public, but the app reads it as it is sent.
        f"{path}/../../../../../../api/messaging/channels",
        f"{path}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/api/messaging/channels",
        f"{path}/..%2f..%2f..%2f..%2f..%2fapi/messaging/channels",
        f"{path}//../../../../../../api/messaging/channels",
        f"/{path}/../../../../../../api/messaging/channels",
        f"{path}/../../../../../../ws/messaging",
        f"https://{HOST}{path}",
        f"http://x/api/messaging/..{path}",
    ]


async def arrives(proxy: Proxy) -> list[str]:
    return [f"{arrived.method} {arrived.target}" for upstream in proxy.upstreams for arrived in upstream.take()]


@pytest.mark.parametrize("path", PUBLIC)
async def test_a_public_path_arrives_as_it_was_sent(proxy: Proxy, path: str) -> None:
    assert (await get(proxy, path)).status == 200
    assert (await get_over_http2(proxy, path)).status == 200
    assert await arrives(proxy) == [f"GET {path}"] * 2


@pytest.mark.parametrize("path", INTERNAL)
async def test_an_internal_path_is_a_404_in_every_spelling(proxy: Proxy, path: str) -> None:
    for target in spellings(path):
        status = (await get(proxy, target)).status
        # What is no path at all (it leads above the root, has a NUL in it) is refused as such.
        assert status == 404 or (status == 400 and (".." in unquote(target) or "%00" in target)), (status, target)
        assert await arrives(proxy) == [], target


@pytest.mark.parametrize("path", INTERNAL)
async def test_over_http2_likewise(proxy: Proxy, path: str) -> None:
    for target in spellings(path):
        if not target.startswith("/"):
            continue
        status = (await get_over_http2(proxy, target)).status
        # 0: the stream was reset.
        assert status in (0, 404) or (status == 400 and (".." in unquote(target) or "%00" in target)), (status, target)
        assert await arrives(proxy) == [], target


@pytest.mark.parametrize(
    "target",
    [
        "/internal/messaging/search",
        "//internal",
        "/%69nternal",
        "/api/../internal",
        "/internal/",
        "/INTERNAL/messaging/search",
        "/internal./messaging/search",
        "/_matrix/app/v1/../../../api/messaging/channels",
    ],
)
async def test_the_best_known_tricks_are_no_other_error_than_404(proxy: Proxy, target: str) -> None:
    assert (await get(proxy, target)).status == 404
    assert (await get_over_http2(proxy, target)).status == 404
    assert await arrives(proxy) == []


@pytest.mark.parametrize("path", INTERNAL)
async def test_what_is_encoded_twice_is_a_public_route_to_the_app(proxy: Proxy, path: str) -> None:
    target = f"/api/messaging/%252e%252e/%252e%252e{path.replace('/', '%252f')}"
    await get(proxy, target)
    for arrived in proxy.upstreams.app.take():
        # The app decodes a segment once at most, and cleans nothing.
        for reading in (arrived.target, posixpath.normpath(unquote(arrived.target))):
            assert reading.startswith("/api/messaging/"), reading
    assert proxy.upstreams.relay.take() == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"])
async def test_the_method_does_not_matter(proxy: Proxy, method: str) -> None:
    status = (await get(proxy, "/internal/messaging/receipts", method=method)).status
    assert status in (404, 405), status
    assert await arrives(proxy) == []


async def test_another_name_gets_nothing(proxy: Proxy) -> None:
    response = await get(proxy, "http://other.example/internal/messaging/search")
    assert response.status != 200
    assert await arrives(proxy) == []


# The nginx example is for the messaging service alone.
ONLY_CADDY = pytest.mark.parametrize("started", ["caddy"], indirect=True, scope="session")

CLIENT = [
    "/_matrix/client/versions",
    "/_matrix/client/v3/sync?timeout=30000",
    "/_matrix/client/v3/directory/room/%23test-daarion%3Aexample.org",
    "/_matrix/media/v3/config",
    "/.well-known/matrix/client",
]
CLOSED = [
    "/_synapse/admin/v1/register",
    "/_synapse/metrics",
    "/_matrix/app/v1/transactions/1",
    "/_matrix/federation/v1/version",
    "/_matrix/key/v2/server",
    "/health",
]


@pytest.mark.parametrize("path", CLIENT)
@ONLY_CADDY
async def test_matrix_clients_reach_the_homeserver(proxy: Proxy, path: str) -> None:
    assert (await get(proxy, path, host=MATRIX_HOST)).status == 200
    assert [arrived.target for arrived in proxy.upstreams.homeserver.take()] == [path]


@pytest.mark.parametrize("path", CLOSED)
@ONLY_CADDY
async def test_its_administration_stays_inside(proxy: Proxy, path: str) -> None:
    rest = path[1:]
    for target in (path, f"/{path}", f"/_matrix/client/../..{path}", f"/_matrix/client/..%2f..%2f{rest}", path.upper()):
        assert (await get(proxy, target, host=MATRIX_HOST)).status == 404, target
    assert await arrives(proxy) == []
