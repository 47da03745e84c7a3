"""What a client may not say, and what no log may say."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect

from harness.client import get
from harness.proxy import HOST, Proxy, trusting

FORGED = {
    "X-Internal-Service-Token": "guessed",
    "X-User-Id": "user:admin",
    "Forwarded": "for=10.0.0.1;host=evil.example",
    "X-Real-IP": "10.0.0.1",
    "X-Forwarded-For": "10.0.0.1, 10.0.0.2",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "spin-client-addr": "10.0.0.1:1",
    "spin-full-url": "http://evil.example/internal",
    "spin-path-info": "/internal",
    "spin-matched-route": "/internal/...",
    "spin-base-path": "/internal",
    "spin-component-route": "/internal",
    "spin-raw-component-route": "/internal",
}
# What the app may be told of the client, by the proxy alone.
TOLD = {"x-forwarded-for": ["127.0.0.1"], "x-forwarded-proto": ["https"], "x-real-ip": ["127.0.0.1"]}

SECRET = "s3cret-of-a-caller"


@pytest.mark.parametrize(
    "path", ["/api/messaging/channels", "/docs", "/ws/messaging", "/api/messaging/media/example.org/a"]
)
@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
async def test_what_services_say_cannot_be_said_from_outside(proxy: Proxy, path: str, spelled: type[str]) -> None:
    forged = {spelled(name): value for name, value in FORGED.items()}
    assert (await get(proxy, path, forged)).status == 200
    [arrived] = [arrived for upstream in proxy.upstreams for arrived in upstream.take()]
    said = {value for values in arrived.headers.values() for value in values}
    assert said.isdisjoint(FORGED.values()), said & set(FORGED.values())
    assert {name: arrived.header(name) for name in TOLD} == TOLD
    assert arrived.header("x-forwarded-host")[0].split(":")[0] == HOST
    assert not [name for name in arrived.headers if name.startswith("spin-")]


async def test_a_header_with_an_underscore_is_not_taken_for_one_with_a_dash(proxy: Proxy) -> None:
    await get(proxy, "/api/messaging/channels", {"X_Internal_Service_Token": "guessed", "X_User_Id": "user:admin"})
    [arrived] = proxy.upstreams.app.take()
    assert arrived.header("x-internal-service-token") == arrived.header("x-user-id") == []


async def test_what_callers_may_say_arrives(proxy: Proxy) -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Idempotency-Key": "once",
        "X-Request-Id": "of-the-front-end",
        "Origin": "https://app.example.org",
        "If-None-Match": '"1"',
        "Range": "bytes=0-1",
    }
    await get(proxy, "/api/messaging/channels", headers)
    [arrived] = proxy.upstreams.app.take()
    assert {name: arrived.header(name) for name in headers} == {name: [value] for name, value in headers.items()}


async def test_no_log_has_a_secret(proxy: Proxy) -> None:
    credentials = {"Authorization": f"Bearer {SECRET}", "Cookie": SECRET, "Referer": f"https://x/?{SECRET}"}
    url = f"wss://{HOST}:{proxy.port}/ws/messaging?token={SECRET}"
    context = trusting(["http/1.1"])
    protocols = ["bearer", SECRET]
    async with connect(url, host="127.0.0.1", ssl=context, server_hostname=HOST, subprotocols=protocols) as socket:  # type: ignore[arg-type]
        await socket.recv()
    for path in ("/api/messaging/channels", "/internal/x", "/api/messaging/dies", "/ws/messaging/dies"):
        await get(proxy, f"{path}?token={SECRET}&signature={SECRET}", credentials)
    # The last two have failed, and so has what the log of errors says of them.
    async with asyncio.timeout(20):
        while proxy.logged().count("502") < 2:
            await asyncio.sleep(0.05)
    assert SECRET not in proxy.logged()
