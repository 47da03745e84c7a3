"""A proxy between a second app and its database, whose connections a test can cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


class DatabaseProxy:
    """Passes bytes on until it is cut; from then until it is restored, every connection ends at once."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self.target = (parts.hostname, parts.port)
        self.parts = parts
        self.passes = True
        self.open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """The same address, through here."""
        user = self.parts.netloc.rpartition("@")[0]
        return self.parts._replace(netloc=f"{user}@127.0.0.1:{self.port}").geturl()

    def cut(self) -> None:
        self.passes = False
        for writer in self.open:
            writer.transport.abort()

    def restore(self) -> None:
        self.passes = True

    async def stop(self) -> None:
        self.server.close()
        self.cut()
        await asyncio.wait_for(self.server.wait_closed(), 20)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.passes:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        ends = {writer, far_writer}
        self.open |= ends
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        self.open -= ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
