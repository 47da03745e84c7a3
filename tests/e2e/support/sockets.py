"""WebSockets as a browser uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support import received
from support.api import Caller
from support.waiting import PATIENCE, eventually

# The events of a channel, each with its number.
LOGGED = ("message.", "reaction.", "member.", "channel.")
# What passes by without a number.
EPHEMERAL = ("typing", "profile.updated")
# What comes because of who the caller is.
PERSONAL = ("membership",)
# Who has read how far, and what is unread to the caller.
READING = ("receipt.updated", "receipts", "unread.updated")


class Listener:
    """An open socket and everything that it has received, each kind of frame in order."""

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.ephemeral: list[dict[str, Any]] = []
        self.personal: list[dict[str, Any]] = []
        self.reading: list[dict[str, Any]] = []
        # What the relay says itself, such as "subscribed" and "error".
        self.notices: list[dict[str, Any]] = []
        # What is no JSON.
        self.texts: list[str | bytes] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.socket:
                try:
                    frame = json.loads(text)
                    assert isinstance(frame, dict)
                except (ValueError, AssertionError):
                    received.keep(str(text), text)
                    self.texts.append(text)
                    continue
                received.keep(frame["type"], frame)
                self._kind(frame["type"]).append(frame)

    def _kind(self, name: str) -> list[dict[str, Any]]:
        if name.startswith(LOGGED):
            return self.events
        if name in READING:
            return self.reading
        if name in PERSONAL:
            return self.personal
        return self.ephemeral if name in EPHEMERAL else self.notices

    def described(self, frames: list[Any]) -> str:
        """The socket's state and these frames, for the message of a wait that fails."""
        state = "open" if self.socket.close_code is None else f"closed with {self.socket.close_code}"
        return f"the WebSocket, which is {state} and has {frames}"

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def seqs_of(self, channel: dict[str, Any]) -> list[int]:
        """The numbers of one channel's events, on a socket for many."""
        return [event["seq"] for event in self.events if event["channel_id"] == channel["id"]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the message.created frames."""
        return [event["message"] for event in self.events if event["type"] == "message.created"]

    def memberships(self, channel: dict[str, Any]) -> list[str]:
        """The types of the events about the caller's own membership of a channel that came without a subscription."""
        return [frame["event"]["type"] for frame in self.personal if frame["channel_id"] == channel["id"]]

    async def membership(self, channel: dict[str, Any], name: str) -> dict[str, Any]:
        """The one frame of such an event, once it has come."""

        async def arrived() -> list[dict[str, Any]]:
            return [f for f in self.personal if f["channel_id"] == channel["id"] and f["event"]["type"] == name]

        # The relay reads from the outbox what it has missed, every 30 seconds.
        frames = await eventually(lambda: f"{name} on {self.described(self.personal)}", arrived, deadline=60)
        assert len(frames) == 1, frames
        return frames[0]

    async def reads(self, kind: str, channel: dict[str, Any], **members: Any) -> dict[str, Any]:
        """The newest frame of this kind about a channel, once it has these members."""

        async def arrived() -> dict[str, Any]:
            frames = [f for f in self.reading if f["type"] == kind and f["channel_id"] == channel["id"]]
            return frames[-1] if frames and frames[-1] | members == frames[-1] else {}

        return await eventually(lambda: f"{kind} with {members} on {self.described(self.reading)}", arrived)

    async def send(self, text: str | bytes) -> None:
        await self.socket.send(text)

    async def subscribe(self, *channels: dict[str, Any]) -> None:
        """Asks for channels, on a socket for many: each with `channel_id` and, to resume, `since_seq`."""
        await self.send(json.dumps({"subscribe": list(channels)}))

    async def unsubscribe(self, *channels: dict[str, Any]) -> None:
        await self.send(json.dumps({"unsubscribe": list(channels)}))

    async def pong(self) -> None:
        """Asks for a sign of life, and waits for it."""
        before = len(self.texts)
        await self.send("ping")

        async def arrived() -> bool:
            return len(self.texts) > before

        await eventually(lambda: f"a pong on {self.described(self.texts)}", arrived)
        assert self.texts[before:] == ["pong"]

    async def until(self, seq: int, deadline: float = PATIENCE) -> list[dict[str, Any]]:
        """Every event received, once number `seq` is among them."""

        async def arrived() -> bool:
            return any(number >= seq for number in self.seqs)

        await eventually(lambda: f"event {seq} on {self.described(self.seqs)}", arrived, deadline=deadline)
        return self.events

    async def message(self, message_id: str) -> dict[str, Any]:
        """The one message.created frame of a message."""

        async def arrived() -> list[dict[str, Any]]:
            return [e for e in self.events if e["type"] == "message.created" and e["message"]["id"] == message_id]

        frames = await eventually(lambda: f"message {message_id} on {self.described(self.seqs)}", arrived)
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


# The close code of a socket that is refused with a status.
REFUSED_WITH = {400: 4400, 401: 4401, 403: 4403, 404: 4404, 422: 4400, 429: 4429, 503: 1013}


async def refused(url: str, **options: Any) -> tuple[int | None, str]:
    """Checks that the relay completes the handshake and closes at once; returns the code and the reason."""
    async with connect(url, proxy=None, **options) as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE)
    return socket.close_code, socket.close_reason or ""


async def handshake_refused(
    url: str, *statuses: int, headers: dict[str, str] | None = None, subprotocols: list[Any] | None = None
) -> httpx.Response:
    """Checks that the relay refuses a socket with the code for one of these statuses, and that who asks for no WebSocket
    gets that status; returns the response."""
    plain = dict(headers or {}) | ({"Sec-WebSocket-Protocol": ", ".join(subprotocols)} if subprotocols else {})
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        response = await client.get(url.replace("ws", "http", 1), headers=plain)
    assert response.status_code in statuses, response.text
    code, reason = await refused(url, additional_headers=headers, subprotocols=subprotocols)
    assert (code, bool(reason)) == (REFUSED_WITH[response.status_code], True)
    return response


# The address of a channel's stream; keywords are parameters of the query.
Address = Callable[..., str]
# Opens a channel's socket for a caller; keywords are parameters of the query.
Listen = Callable[..., AbstractAsyncContextManager[Listener]]
# Opens a caller's socket for many channels.
ListenToMany = Callable[[Caller], AbstractAsyncContextManager[Listener]]
