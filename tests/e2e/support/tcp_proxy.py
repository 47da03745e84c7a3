"""The way to a part of the system, which fails as the part and its network do: absent, broken off, or silent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


class TcpProxy:
    """Passes bytes on, until a test says otherwise."""

    def __init__(self, url: str):
        self.parts = urlsplit(url)
        assert self.parts.hostname and self.parts.port
        self.target = (self.parts.hostname, self.parts.port)
        self.passes = True
        # What is read waits for this before it goes on.
        self.flows = asyncio.Event()
        self.flows.set()
        self.open: set[asyncio.StreamWriter] = set()
        # Those whose bytes go nowhere any more.
        self.dead: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """The same address, through here."""
        user, at, _ = self.parts.netloc.rpartition("@")
        return self.parts._replace(netloc=f"{user}{at}127.0.0.1:{self.port}").geturl()

    def cut(self) -> None:
        """The part is gone: what is open breaks off, and from now on every connection ends at once."""
        self.passes = False
        for writer in self.open:
            writer.transport.abort()

    def hang(self) -> None:
        """The part stands still: it takes connections and bytes, and says nothing. What it was told takes effect when it
        goes on."""
        self.flows.clear()

    def swallow(self) -> None:
        """The network forgets what is open without telling either side; new connections are as always."""
        self.dead |= self.open

    def restore(self) -> None:
        self.passes = True
        self.flows.set()

    async def stop(self) -> None:
        self.server.close()
        self.cut()
        self.flows.set()
        await asyncio.wait_for(self.server.wait_closed(), 20)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.flows.wait()
        try:
            if not self.passes:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self.open |= ends
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        self.open -= ends
        self.dead -= ends

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self.flows.wait()
                if writer not in self.dead:
                    writer.write(data)
                    await writer.drain()
        # That one side has ended is not told, either.
        if writer not in self.dead:
            writer.close()
