"""Stands where the app, a relay or the homeserver would: takes every path, and remembers what arrived."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web


@dataclass
class Arrived:
    """A request as it came through the proxy."""

    method: str
    # Neither decoded nor cleaned.
    target: str
    headers: dict[str, list[str]]
    size: int = 0

    def header(self, name: str) -> list[str]:
        return self.headers.get(name.lower(), [])


@dataclass
class Upstream:
    """Answers 200 to everything, and echoes on WebSockets."""

    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    _runner: web.ServerRunner | None = None

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._handle))
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def take(self) -> list[Arrived]:
        """What has arrived since the last time."""
        taken, self.arrived = self.arrived, []
        return taken

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        arrived = Arrived(request.method, request.raw_path, headers)
        self.arrived.append(arrived)
        if "/dies" in request.path and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if headers.get("upgrade") == ["websocket"]:
            return await self._echo(request)
        async for chunk in request.content.iter_any():
            arrived.size += len(chunk)
        return web.Response(text="through")

    async def _echo(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["bearer"], autoping=False)
        await socket.prepare(request)
        await socket.ping(b"are you there")
        async for message in socket:
            match message.type:
                case WSMsgType.PONG:
                    await socket.send_str(f"pong {bytes(message.data).decode()}")
                case WSMsgType.TEXT if message.data == "close":
                    await socket.close(code=4403, message=b"access lost")
                case WSMsgType.TEXT:
                    await socket.send_str(message.data)
        return socket


async def settled(upstream: Upstream, size: int) -> None:
    """Waits until the last request has brought so many bytes."""
    async with asyncio.timeout(20):
        while not upstream.arrived or upstream.arrived[-1].size < size:
            await asyncio.sleep(0.01)
