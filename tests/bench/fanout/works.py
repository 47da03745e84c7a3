"""What is measured: a round of each work, by a relay or by NATS alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.fanout.crowd import Crowd, Used, crowd, memory, relay_url
from bench.results import Results
from harness.database import Database
from harness.services import NatsServer, Relay
from harness.stream import EVENTS
from harness.world import Channel, World

# A relay looks at the log a second after its first subscription, and at all channels within two of its connection to NATS.
SETTLED = 3.0
RATE = 100
TEXT = 160
# Events that the sockets may be behind what is published, at most: half of what waits for one before it is cut.
AHEAD = 128


@dataclass
class Bench:
    """One run of all."""

    db: Database
    world: World
    nats: NatsServer
    # Its own WebSocket listener.
    nats_websocket: int
    # The programs of relays, by what they are called in the table.
    relays: dict[str, Path]
    folder: Path
    results: Results
    seconds: int

    @property
    def who(self) -> list[str]:
        return [*self.relays, "nats-server"]

    @asynccontextmanager
    async def relay(self, program: Path) -> AsyncIterator[Relay]:
        relay = Relay(self.db.url, self.nats.url, self.folder, AUTH_MODE="development", DATABASE_POOL="8")
        relay.command = [str(program)]
        await relay.start()
        try:
            await relay.publishes()
            yield relay
        finally:
            await relay.kill()

    @asynccontextmanager
    async def serving(self, who: str, sockets: int) -> AsyncIterator[tuple[Crowd, Channel, list[int], int]]:
        """Clients of a server that has settled, in a channel of their own; the processes that serve, and the bytes of the one
        that has the sockets before it had them."""
        assert self.nats.process
        channel = await self._channel()
        if who == "nats-server":
            nats_pid = self.nats.process.pid
            url = f"ws://127.0.0.1:{self.nats_websocket}"
            async with crowd("nats", url, sockets, self.nats, channel) as clients:
                yield clients, channel, [nats_pid], memory(nats_pid)
            return
        async with self.relay(self.relays[who]) as relay:
            assert relay.process
            settled = time.monotonic() + SETTLED
            async with crowd("relay", relay_url(relay, channel), 1, self.nats, channel) as first:
                await first.open()
            before = memory(relay.process.pid)
            async with crowd("relay", relay_url(relay, channel), sockets, self.nats, channel) as clients:
                pids = [relay.process.pid, self.nats.process.pid]
                yield Settling(clients, settled), channel, pids, before

    async def _channel(self) -> Channel:
        channel = await self.world.channel()
        # When no relay publishes, its event waits, and the next relay takes that for a backlog and reads the log.
        await self.db.execute("UPDATE public.outbox SET published_at = now() WHERE published_at IS NULL")
        return channel

    async def flood(self, who: str, sockets: int) -> None:
        work = f"deliveries to {sockets:,} sockets"
        async with self.serving(who, sockets) as (clients, channel, pids, _):
            await clients.open()
            first = await self.db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)
            before = Used.by([*pids, clients.pid])
            said = await clients.do("flood", self.seconds, AHEAD, first)
            after = Used.by([*pids, clients.pid])
        if said["lost"] or said["received"] != said["published"] * sockets:
            wanted = said["published"] * sockets
            self.results.invalid(work, who, f"{said['received']:,} of {wanted:,}, and {said['lost']} sockets were cut")
            return
        self.results.add(work, who, said["received"] / said["seconds"], "a second", better="more")
        share = 100 * after.share(before, clients.pid)
        self.results.add(f"{work}, the clients' part of the processors", who, share, "%", better="less")

    async def delay(self, who: str, sockets: int) -> None:
        """Events through the database and its publisher, at a steady rate."""
        work = f"commit to frame, {sockets:,} sockets, {RATE}/s"
        async with self._delayed(who, sockets) as (clients, channel, pids):
            await clients.open()
            await asyncio.sleep(SETTLED)
            await clients.do("hear")
            before = Used.by([*pids, clients.pid])
            written = await self._write(channel, RATE * self.seconds)
            await clients.do("wait", 1)
            after = Used.by([*pids, clients.pid])
            said = await clients.do("heard", *(f"{seq}:{at}" for seq, at in written.items()))
        if said["count"] != len(written) * sockets:
            self.results.invalid(work, who, f"{said['count']} of {len(written) * sockets} frames arrived")
            return
        for part in ("p50", "p99"):
            self.results.add(f"{work}, {part}", who, said[part], "ms", better="less")
        share = 100 * after.share(before, clients.pid)
        self.results.add(f"{work}, the clients' part of the processors", who, share, "%", better="less")

    @asynccontextmanager
    async def _delayed(self, who: str, sockets: int) -> AsyncIterator[tuple[Crowd, Channel, list[int]]]:
        """As above, but there is a relay for NATS as well, that publishes."""
        if who != "nats-server":
            async with self.serving(who, sockets) as (clients, channel, pids, _):
                yield clients, channel, pids
            return
        async with self.relay(next(iter(self.relays.values()))) as relay:
            assert relay.process
            async with self.serving(who, sockets) as (clients, channel, pids, _):
                yield clients, channel, [*pids, relay.process.pid]

    async def _write(self, channel: Channel, count: int) -> dict[int, int]:
        """Writes events at the rate; when each was committed."""
        seq = await self.db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)
        written, began = {}, time.monotonic()
        for n in range(count):
            await asyncio.sleep(began + n / RATE - time.monotonic())
            async with self.db.connection.transaction():
                await self.db.execute(EVENTS, [channel.id], 1, "messaging.message.created", TEXT, False)
                await self.db.execute("NOTIFY outbox")
                written[seq + n + 1] = time.time_ns()
        return written

    async def idle(self, who: str, sockets: int, seconds: int) -> None:
        work = f"idle socket of {sockets:,}"
        async with self.serving(who, sockets) as (clients, _, pids, before):
            await clients.open()
            await clients.do("wait", 5)
            used = Used.by(pids)
            said = await clients.do("wait", seconds, deadline=seconds + 60)
            after = Used.by(pids)
            bytes_each = (memory(pids[0]) - before) / sockets
        if said["lost"]:
            self.results.invalid(work, who, f"{said['lost']} sockets were lost")
            return
        self.results.add(f"{work}, memory", who, bytes_each / 1000, "kB", better="less")
        each = after.since(used, pids[0]) / (after.at - used.at) / sockets * 1e6
        self.results.add(f"{work}, processor", who, each, "µs/s", better="less")

    async def storm(self, who: str, sockets: int) -> None:
        """All lose their sockets at once, and come back at once with the number that they have."""
        work = f"{sockets:,} clients come back at once"
        channel = await self._channel()
        head = await self.db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)
        async with self.relay(self.relays[who]) as relay:
            url = relay_url(relay, channel, f"&since_seq={head}")
            async with crowd("relay", url, sockets, self.nats, channel) as clients:
                await clients.open()
                await clients.do("wait", 2)
                said = await clients.do("again")
        if said["live"] != sockets:
            self.results.invalid(work, who, f"{said['live']} came back")
            return
        for name, key, unit in [("all there", "seconds", "s"), ("p99", "p99", "s"), ("refused", "refused", "tries")]:
            self.results.add(f"{work}, {name}", who, said[key], unit, better="less")


class Settling(Crowd):
    """Clients of a server that still has to settle when they are there."""

    def __init__(self, clients: Crowd, settled: float):
        super().__init__(clients.process)
        self.settled = settled

    async def open(self) -> dict[str, Any]:
        opened = await super().open()
        await asyncio.sleep(max(1.5, self.settled - time.monotonic()))
        return opened
