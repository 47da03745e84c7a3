"""The way between two homeservers on this machine: TLS in front of each, and a test can cut it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

# Bytes that are read at once.
CHUNK = 65_536

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Link:
    """Passes on what the homeservers send to each other."""

    def __init__(self, certificate: str):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate)
        self.is_cut = False
        self.open: set[asyncio.StreamWriter] = set()
        self.servers: list[asyncio.Server] = []
        # The port of the TLS end of every host that the proxy reaches.
        self.ends: dict[str, int] = {}

    def cut(self) -> None:
        """From this call on nothing passes, and what was open is broken off."""
        self.is_cut = True
        for writer in self.open:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def add_end(self, target: int, port: int = 0) -> int:
        """Puts TLS in front of a port; returns the one that does it."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._pass_on(reader, writer, target)

        return await self._listen(serve, port, self.tls)

    async def add_proxy(self) -> int:
        """Starts an HTTP proxy that knows the hosts in `ends`; returns its port."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = await reader.readuntil(b"\r\n\r\n")
            method, address, *_ = request.split(b"\r\n")[0].decode().split(" ")
            target = self.ends.get(address.rsplit(":", 1)[0])
            if method != "CONNECT" or target is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await self._pass_on(reader, writer, target)

        return await self._listen(serve, 0, None)

    async def close(self) -> None:
        self.cut()
        for server in self.servers:
            server.close()

    async def _listen(self, serve: Serve, port: int, tls: ssl.SSLContext | None) -> int:
        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.open.add(writer)
            try:
                if not self.is_cut:
                    with suppress(OSError, asyncio.IncompleteReadError):
                        await serve(reader, writer)
            finally:
                self.open.discard(writer)
                writer.transport.abort()

        server = await asyncio.start_server(guarded, "127.0.0.1", port, ssl=tls)
        self.servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        self.open.add(far_writer)
        ways = [asyncio.create_task(_copy(reader, far_writer)), asyncio.create_task(_copy(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.open.discard(far_writer)
            for way in ways:
                way.cancel()
            far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
