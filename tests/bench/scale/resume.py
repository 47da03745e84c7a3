"""Readers that come back and have missed events, through the relay's own sockets. What a reader is sent is counted and not read:
a client that reads would be slower than the relay."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from bench.scale.fill import AWAY, BIG, MISSED, MISSED_EACH, RESUMED_FROM, channel_id
from harness.services import Relay, nats_server

NAMES = (
    f"{MISSED:,} missed events to one reader",
    f"{AWAY} readers of one channel at once, {MISSED_EACH:,} each: p99",
    f"{AWAY} readers of a channel each at once, {MISSED_EACH:,} each: p99",
)
FRAME = b'"type":"message.created"'
# The longest wait for a reader's frames, in seconds.
DEADLINE = 60


class Reader(asyncio.Protocol):
    """A socket that has all when so many frames have come."""

    def __init__(self, wanted: int):
        self.missing = wanted
        # The end of what came last, in case a frame's type is cut in two.
        self.tail = b""
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        text = self.tail + data
        self.missing -= text.count(FRAME)
        self.tail = text[1 - len(FRAME) :]
        if self.missing <= 0 and not self.done.done():
            self.done.set_result(time.perf_counter())

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the relay ended it, and {self.missing:,} frames were missing"))


class Resumed(NamedTuple):
    """A reader's channel, the number behind which it has missed everything, and how much that is."""

    channel: str
    since: int
    missed: int


async def seconds(port: int, number: int, resumed: Resumed) -> float:
    """How long it takes from connecting until everything has come."""
    began = time.perf_counter()
    transport, reader = await asyncio.get_running_loop().create_connection(
        lambda: Reader(resumed.missed), "127.0.0.1", port
    )
    try:
        path = f"/ws/messaging/{resumed.channel}?user_id=user:away{number}&since_seq={resumed.since}"
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        async with asyncio.timeout(DEADLINE):
            return await reader.done - began
    finally:
        transport.abort()


@asynccontextmanager
async def relay(database: str, folder: Path) -> AsyncIterator[int]:
    """A relay with the settings that it is shipped with; its port."""
    async with nats_server() as nats:
        started = Relay(database, nats, folder, AUTH_MODE="development", DATABASE_POOL="8")
        await started.start()
        try:
            await started.publishes()
            yield started.port
        finally:
            await started.stop()


def rounds(port: int, head: int) -> dict[str, Callable[[], Awaitable[float]]]:
    """What is measured, in milliseconds: each of these is one round. head: the last number of the big channel."""
    big = channel_id(BIG)

    async def one() -> float:
        return await seconds(port, 0, Resumed(big, head - MISSED, MISSED)) * 1000

    async def all_at_once(who: list[Resumed]) -> float:
        times = await asyncio.gather(*(seconds(port, number, resumed) for number, resumed in enumerate(who)))
        return sorted(times)[len(times) * 99 // 100] * 1000

    same = [Resumed(big, head - MISSED_EACH, MISSED_EACH)] * AWAY
    own = [Resumed(channel_id(RESUMED_FROM + number), 0, MISSED_EACH) for number in range(AWAY)]
    return dict(zip(NAMES, (one, lambda: all_at_once(same), lambda: all_at_once(own)), strict=True))
