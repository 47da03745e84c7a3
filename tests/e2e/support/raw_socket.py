"""A WebSocket byte by byte (RFC 6455), for what no client library sends."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from support.waiting import PATIENCE

CONTINUATION, TEXT, CLOSE = 0, 1, 8


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """A masked frame of up to 125 bytes. The mask is zero, so the payload stays as it is."""
    return bytes([fin << 7 | reserved << 4 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


class RawSocket:
    """A connection after its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Sends, also when the other side has ended meanwhile."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def closed(self) -> int:
        """The code of the close frame; whatever comes before it is passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                opcode, payload = await self._frame()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2])

    async def receives(self, text: bytes) -> None:
        """Waits for a text; whatever comes before it is passed over."""
        async with asyncio.timeout(PATIENCE):
            while await self._frame() != (TEXT, text):
                pass

    async def _frame(self) -> tuple[int, bytes]:
        """The opcode and the payload of the next frame."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        return first & 0x0F, await self.reader.readexactly(length)

    async def ended(self) -> None:
        """Waits until the relay has ended the connection."""
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while await self.reader.read(4096):
                    pass


@asynccontextmanager
async def raw_socket(url: str) -> AsyncIterator[RawSocket]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        target = address.path + (f"?{address.query}" if address.query else "")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: {address.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        yield RawSocket(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
