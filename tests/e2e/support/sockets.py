"""WebSockets as a browser uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support.waiting import PATIENCE, eventually

KINDS = ("message.", "reaction.", "member.", "channel.")


class Listener:
    """An open socket and everything that it has received."""

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        # Events of the channel, what the relay says itself, and texts that are no JSON, each in order.
        self.events: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.texts: list[str | bytes] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.socket:
                try:
                    frame = json.loads(text)
                    assert isinstance(frame, dict)
                except (ValueError, AssertionError):
                    self.texts.append(text)
                    continue
                (self.events if frame["type"].startswith(KINDS) else self.notices).append(frame)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the message.created frames."""
        return [event["message"] for event in self.events if event["type"] == "message.created"]

    async def send(self, text: str | bytes) -> None:
        await self.socket.send(text)

    async def pong(self) -> None:
        """Asks for a sign of life, and waits for it."""
        before = len(self.texts)
        await self.send("ping")

        async def answered() -> bool:
            return len(self.texts) > before

        await eventually("a pong", answered)
        assert self.texts[before:] == ["pong"]

    async def until(self, seq: int, deadline: float = PATIENCE) -> list[dict[str, Any]]:
        """Everything received, once event `seq` is among it."""

        async def arrived() -> bool:
            return any(number >= seq for number in self.seqs)

        await eventually(f"event {seq} on the WebSocket, which has {self.seqs}", arrived, deadline=deadline)
        return self.events

    async def message(self, message_id: str) -> dict[str, Any]:
        """The one message.created frame of a message."""

        async def arrived() -> list[dict[str, Any]]:
            return [e for e in self.events if e["type"] == "message.created" and e["message"]["id"] == message_id]

        frames = await eventually(f"message {message_id} on the WebSocket, which has {self.seqs}", arrived)
        assert len(frames) == 1, frames
        return frames[0]

    async def closed(self, deadline: float = PATIENCE) -> int | None:
        """The close code, once the relay has closed the socket."""
        await asyncio.wait_for(asyncio.shield(self._reader), deadline)
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()
        await self._reader


@asynccontextmanager
async def listener(url: str, headers: dict[str, str] | None = None, **options: Any) -> AsyncIterator[Listener]:
    """Opens a socket, and closes it at the end."""
    # No proxy of the environment: the relay is where the stack file says.
    async with connect(url, additional_headers=headers, proxy=None, **options) as socket:
        opened = Listener(socket)
        try:
            yield opened
        finally:
            await opened.close()


# Opens a channel's socket for a caller; the rest are parameters of the query.
Listen = Callable[..., AbstractAsyncContextManager[Listener]]
