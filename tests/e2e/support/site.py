"""A web site on this machine that links lead to, and a relay that may go there."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.api import unique
from support.rewiring import change_services
from support.services import Services
from support.stack import Stack


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\0" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class Site:
    """Every path is a page with its own title, and a picture."""

    asked: list[str] = field(default_factory=list)

    def link(self) -> str:
        """An address that nobody has asked for. Each has a host of its own, as one host is asked once a second."""
        return f"http://{HOSTS[len(self.asked) % len(HOSTS)]}/{unique('page')}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
            self.asked.append(path)
            if path == "/picture":
                kind, body = "image/png", png(4, 3)
            else:
                head = f"<title>{path}</title><meta property=og:image content=/picture></head>"
                kind, body = "text/html", head.encode()
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            await writer.drain()
        writer.close()


HOSTS = [f"site-{n}.test.example" for n in range(20)]


@asynccontextmanager
async def site(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[Site]:
    """The site, and the stack's relay started so that its names lead there; afterwards the relay is as it was."""
    stack.need_service("ws-relay")
    opened, services = Site(), Services(stack, web)
    server = await asyncio.start_server(opened.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hosts = ",".join(f"{host}=127.0.0.1:{port}" for host in HOSTS)
    before = dict(stack.services["ws-relay"]["env"])

    def lead(environment: dict[str, str]) -> Any:
        return lambda changed: changed["ws-relay"].update({"env": environment})

    try:
        change_services(stack, lead(before | {"PREVIEW_TEST_HOSTS": hosts, "AUTH_MODE": "development"}))
        await services.restart("ws-relay")
        yield opened
    finally:
        change_services(stack, lead(before))
        await services.restart("ws-relay")
        server.close()
