"""A network between clients and the relay, which fails as networks do."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from urllib.parse import urlsplit


class RelayProxy:
    """Passes bytes on; connections can be cut, and new ones refused."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self.target = (parts.hostname, parts.port)
        self.passes = True
        self.open: set[_Connection] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self.server.close()
        self.cut()
        await asyncio.wait_for(self.server.wait_closed(), 20)

    def cut(self, chance: float = 1.0, choice: random.Random | None = None) -> int:
        """Cuts each connection with this probability; returns how many that were."""
        draw = choice or random.Random()
        cut = [connection for connection in self.open if draw.random() < chance]
        for connection in cut:
            connection.cut()
        return len(cut)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self.passes:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(writer, far_writer)
        self.open.add(connection)
        await asyncio.gather(connection.pass_on(reader, far_writer), connection.pass_on(far_reader, writer))
        self.open.discard(connection)


class _Connection:
    def __init__(self, *ends: asyncio.StreamWriter):
        self.ends = ends

    def cut(self) -> None:
        for end in self.ends:
            end.transport.abort()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
