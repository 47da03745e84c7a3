"""Receivers of webhooks: what they were sent, and what they say to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One delivery."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def event_id(self) -> str:
        return self.body["event"]["event_id"]


async def takes(_: Request) -> int:
    return 200


async def hangs(_: Request) -> int:
    await asyncio.Event().wait()
    return 200


class Receiver:
    """An HTTP server that keeps what it was sent. `says` gives the status of each response."""

    def __init__(self, says: Callable[[Request], Awaitable[int]] = takes):
        self.says = says
        self.requests: list[Request] = []
        self.open: set[asyncio.StreamWriter] = set()

    @property
    def event_ids(self) -> list[str]:
        return [request.event_id for request in self.requests]

    @asynccontextmanager
    async def listen(self, port: int = 0) -> AsyncIterator[str]:
        """Gives its address."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for writer in self.open:
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                request = Request(first.split()[1], headers, body)
                self.requests.append(request)
                status = await self.says(request)
                location = "Location: /redirected\r\n" if status == 302 else ""
                writer.write(f"HTTP/1.1 {status} X\r\n{location}Content-Length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.open.discard(writer)
