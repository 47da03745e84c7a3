"""WebSockets through the proxies."""

from __future__ import annotations

import re

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from harness.client import get, get_over_http2
from harness.places import DEPLOY, ROOT
from harness.proxy import HOST, Proxy, trusting

CHANNEL = "0b0e7f0c-1f0a-4c57-9d5e-0d1f6f0a2b3c"


def opened(proxy: Proxy, path: str, **more: object) -> connect:
    url = f"wss://{HOST}:{proxy.port}{path}"
    return connect(url, host="127.0.0.1", ssl=trusting(["http/1.1"]), server_hostname=HOST, **more)  # type: ignore[arg-type]


async def said(socket: ClientConnection) -> str:
    return str(await socket.recv())


@pytest.mark.parametrize("path", ["/ws/messaging", f"/ws/messaging/{CHANNEL}", f"/ws/messaging/{CHANNEL}?since_seq=4"])
async def test_a_socket_opens_talks_and_is_pinged(proxy: Proxy, path: str) -> None:
    async with opened(proxy, path, subprotocols=["bearer"]) as socket:
        # The relay's ping has gone to the client and come back.
        assert await said(socket) == "pong are you there"
        for text in ("ping", "x" * 60_000):
            await socket.send(text)
            assert await said(socket) == text
    [arrived] = proxy.upstreams.relay.take()
    assert arrived.target == path
    assert arrived.header("connection")[0].lower() == "upgrade"


async def test_the_relays_close_code_arrives(proxy: Proxy) -> None:
    async with opened(proxy, f"/ws/messaging/{CHANNEL}") as socket:
        await said(socket)
        await socket.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            await said(socket)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "access lost")


async def test_http2_is_spoken_and_leaves_sockets_to_http1(proxy: Proxy) -> None:
    answer = await get_over_http2(proxy, "/api/messaging/channels")
    assert answer.status == 200
    # Were this offered, browsers would open WebSockets over HTTP/2, and the relay would have to be asked in that way.
    assert not answer.offers_websockets
    async with opened(proxy, "/ws/messaging") as socket:
        await socket.send("at the same port")


@pytest.mark.parametrize("path", ["/api/messaging/channels", "/ws/messaging"])
@pytest.mark.parametrize("protocol", ["h2c", "TLS/1.0", "foo"])
async def test_nothing_else_is_upgraded(proxy: Proxy, path: str, protocol: str) -> None:
    headers = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": protocol,
        "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
    }
    assert (await get(proxy, path, headers)).status == 200
    [arrived] = [arrived for upstream in proxy.upstreams for arrived in upstream.take()]
    assert arrived.header("upgrade") == []
    assert "upgrade" not in ",".join(arrived.header("connection")).lower()


async def test_the_app_is_asked_for_no_socket(proxy: Proxy) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert (await get(proxy, "/api/messaging/channels", headers)).status == 200
    assert proxy.upstreams.app.take()[0].header("upgrade") == []


def test_nginx_waits_longer_than_the_relay() -> None:
    session = (ROOT / "ws-relay/src/socket/session.rs").read_text()
    [silence] = re.findall(r"^const SILENCE: Duration = Duration::from_secs\((\d+)\);$", session, re.MULTILINE)
    to_relay = (DEPLOY / "nginx/messaging/to-relay.conf").read_text()
    [read] = re.findall(r"^proxy_read_timeout (\d+)s;$", to_relay, re.MULTILINE)
    assert int(read) > int(silence)
