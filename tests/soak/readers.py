"""Readers of WebSockets, who resume where they were, and all that they have seen."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from support.api import Caller
from support.sockets import LOGGED

# The pause before a reader connects again, in seconds: the first, and the longest.
BACKOFF = (0.1, 1.5)
# How many bytes the kernel keeps for a reader: few, so that one who does not read is soon noticed.
BUFFER = 4096


class Seen:
    """What one reader has seen of one channel."""

    def __init__(self) -> None:
        # Every number as it came, and the event under it: type and id.
        self.numbers: list[int] = []
        self.events: dict[int, tuple[str, str]] = {}
        self.reloads: list[int] = []

    @property
    def last(self) -> int:
        return self.numbers[-1] if self.numbers else 0

    def see(self, frame: dict[str, Any]) -> None:
        self.numbers.append(frame["seq"])
        self.events.setdefault(frame["seq"], (frame["type"], frame["event_id"]))


class Reader:
    """Somebody with a WebSocket, at whichever relay they get."""

    def __init__(self, name: str, relays: Sequence[str], caller: Caller, channels: Sequence[str], seed: int):
        self.name = name
        self.relays = relays
        self.caller = caller
        self.seen = {channel: Seen() for channel in channels}
        self.random = random.Random(f"{seed} {name}")
        # What became of the sockets: close codes, refusals, failures.
        self.ends: Counter[str] = Counter()
        self.connection: ClientConnection | None = None
        # Cleared while they do not read.
        self.reads = asyncio.Event()
        self.reads.set()
        self.stopped = asyncio.Event()
        self.later: set[asyncio.Task[None]] = set()

    @property
    def path(self) -> str:
        raise NotImplementedError

    async def began(self, connection: ClientConnection) -> None:
        """After the connection is there."""

    async def told(self, connection: ClientConnection, frame: dict[str, Any]) -> None:
        """A frame that is no event."""
        if frame["type"] == "reload":
            self.seen[frame["channel_id"]].reloads.append(frame["seq"])

    async def read_until_stopped(self) -> None:
        pause = BACKOFF[0]
        while not self.stopped.is_set():
            before = sum(len(seen.numbers) for seen in self.seen.values())
            try:
                await self._one_socket()
            except InvalidHandshake as error:
                self.ends[f"refused: {getattr(getattr(error, 'response', None), 'status_code', '?')}"] += 1
            except (OSError, WebSocketException, TimeoutError) as error:
                self.ends[type(error).__name__] += 1
            moved = sum(len(seen.numbers) for seen in self.seen.values()) > before
            pause = BACKOFF[0] if moved else min(BACKOFF[1], pause * 2)
            await asyncio.sleep(pause * self.random.uniform(0.5, 1.5))

    async def _one_socket(self) -> None:
        url = self.random.choice(self.relays) + self.path
        where = urlsplit(url)
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (where.hostname, where.port))
        except OSError:
            sock.close()
            raise
        async with connect(url, sock=sock, proxy=None, open_timeout=20, close_timeout=1, max_queue=4) as connection:
            self.connection = connection
            try:
                await self.began(connection)
                async for text in connection:
                    await self.reads.wait()
                    frame = json.loads(text)
                    if frame["type"].startswith(LOGGED):
                        self.seen[frame["channel_id"]].see(frame)
                    else:
                        await self.told(connection, frame)
            finally:
                self.connection = None
                self.ends[f"closed: {connection.close_code}"] += 1

    def cut(self) -> None:
        """The connection breaks, without a close."""
        if self.connection:
            self.connection.transport.abort()

    async def stop(self) -> None:
        self.stopped.set()
        self.reads.set()
        if self.connection:
            await self.connection.close()


class ChannelReader(Reader):
    """One channel's socket."""

    def __init__(self, name: str, relays: Sequence[str], caller: Caller, channel: str, seed: int):
        super().__init__(name, relays, caller, [channel], seed)
        self.channel = channel

    @property
    def path(self) -> str:
        query = urlencode({"since_seq": self.seen[self.channel].last, "user_id": self.caller.id})
        return f"/ws/messaging/{self.channel}?{query}"


class ManyReader(Reader):
    """One socket for many channels."""

    @property
    def path(self) -> str:
        return f"/ws/messaging?{urlencode({'user_id': self.caller.id})}"

    async def began(self, connection: ClientConnection) -> None:
        await self._subscribe(connection, *self.seen)

    async def told(self, connection: ClientConnection, frame: dict[str, Any]) -> None:
        await super().told(connection, frame)
        if frame["type"] == "error":
            self.ends[f"error: {frame['code']}"] += 1
            task = asyncio.create_task(self._subscribe_later(connection, frame["channel_id"]))
            # Kept, so that it is not collected while it waits.
            self.later.add(task)
            task.add_done_callback(self.later.discard)

    async def _subscribe(self, connection: ClientConnection, *channels: str) -> None:
        wanted = [{"channel_id": channel, "since_seq": self.seen[channel].last} for channel in channels]
        await connection.send(json.dumps({"subscribe": wanted}))

    async def _subscribe_later(self, connection: ClientConnection, channel: str) -> None:
        """Access that was lost may come back."""
        await asyncio.sleep(1.0)
        try:
            await self._subscribe(connection, channel)
        except WebSocketException:
            return
