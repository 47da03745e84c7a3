"""Clients that send a path as it is given. Ordinary ones would clean it first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from harness.proxy import HOST, Proxy, trusting

DEADLINE = 20


@dataclass
class Response:
    status: int
    head: str
    body: bytes


async def get(
    proxy: Proxy, target: str, headers: dict[str, str] | None = None, host: str = HOST, method: str = "GET"
) -> Response:
    """Over HTTP/1.1."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in ({"Connection": "close"} | (headers or {})).items()]
    async with asyncio.timeout(DEADLINE):
        async with _connected(proxy, "http/1.1", host) as (reader, writer):
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(int(length[0])) if length and method != "HEAD" else b""
    return Response(int(head.split()[1]), head, body)


async def post_in_parts(proxy: Proxy, target: str, parts: AsyncIterator[bytes], size: int) -> int:
    """Announces a body of this size, sends what `parts` give of it, and returns the status."""
    async with asyncio.timeout(DEADLINE):
        async with _connected(proxy, "http/1.1", HOST) as (reader, writer):
            head = f"POST {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            async for part in parts:
                writer.write(part)
                await writer.drain()
            return int((await reader.readuntil(b"\r\n")).split()[1])


@dataclass
class Http2:
    status: int
    # Whether the server offers WebSockets over HTTP/2 (RFC 8441).
    offers_websockets: bool


async def get_over_http2(proxy: Proxy, target: str) -> Http2:
    connection = H2Connection(H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
    status, offers = 0, False
    async with asyncio.timeout(DEADLINE):
        async with _connected(proxy, "h2", HOST) as (reader, writer):
            connection.initiate_connection()
            request = [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", target)]
            connection.send_headers(1, request, end_stream=True)
            ended = False
            while not ended:
                writer.write(connection.data_to_send())
                data = await reader.read(65536)
                assert data, f"the connection ended without an answer to {target}"
                for event in connection.receive_data(data):
                    if isinstance(event, RemoteSettingsChanged):
                        changed = event.changed_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL)
                        offers = offers or (changed is not None and changed.new_value == 1)
                    if isinstance(event, ResponseReceived):
                        status = int(dict(event.headers)[b":status"])
                    ended = ended or isinstance(event, (StreamEnded, StreamReset))
    return Http2(status, offers)


@asynccontextmanager
async def _connected(
    proxy: Proxy, protocol: str, host: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    context = trusting([protocol])
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=context, server_hostname=host)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == protocol
    try:
        yield reader, writer
    finally:
        writer.close()
