"""Thousands of clients at once, and what becomes of those who were there all along."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support.api import Caller
from support.flood import tick
from support.index import Index
from support.reference_client import Program
from support.stack import Stack
from support.waiting import eventually

# Long enough for five thousand clients on a small machine that is busy.
DEADLINE = 180


class Bystander:
    """A socket that stays open, and how long each timed event took to get there."""

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        self.seqs: list[int] = []
        # When an event came, and after how many seconds.
        self.delays: list[tuple[float, float]] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, stack: Stack, caller: Caller, channel: dict[str, Any]) -> Bystander:
        address = f"{stack.ws_url}/ws/messaging/{channel['id']}?user_id={caller.id}"
        return cls(await connect(address, proxy=None))

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.socket:
                now, frame = time.time(), json.loads(text)
                self.seqs.append(frame["seq"])
                with suppress(ValueError):
                    self.delays.append((now, now - float(frame["emoji"])))

    async def close(self) -> None:
        await self.socket.close()
        await self._reader


class Gauge:
    """Memory and processor time of the relay, and its connections to PostgreSQL, watched meanwhile."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self.ended = False
        self.connections = 0
        self.memory_kib = 0
        self.pid: int = stack.reload().services["ws-relay"]["pid"]

    async def __aenter__(self) -> Self:
        self.began, self.cpu_began = time.monotonic(), self._cpu()
        self.index = Index(self.stack)
        self.task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ended = True
        await self.task
        await self.index.close()
        self.seconds, self.cpu = time.monotonic() - self.began, self._cpu() - self.cpu_began

    async def _watch(self) -> None:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ws-relay'"
        while not self.ended:
            self.connections = max(self.connections, await self.index.value(sql))
            status = Path(f"/proc/{self.pid}/status").read_text()
            resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
            self.memory_kib = max(self.memory_kib, int(resident.split()[1]))
            await asyncio.sleep(0.1)

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def shown(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 2),
            "relay_cpu_seconds": round(self.cpu, 2),
            "relay_memory_mib": self.memory_kib // 1024,
            "postgres_connections": self.connections,
        }


def percentiles(delays: list[float]) -> dict[str, Any]:
    """In milliseconds."""
    ordered = sorted(delays)
    at = {name: ordered[int(len(ordered) * share)] for name, share in (("p50", 0.5), ("p99", 0.99))} if ordered else {}
    at["max"] = ordered[-1] if ordered else 0.0
    return {"events": len(ordered)} | {name: round(1000 * delay, 1) for name, delay in at.items()}


async def all_live(storm: Program, clients: int) -> dict[str, Any]:
    """The clients' report, once every one of them has everything."""

    async def live() -> dict[str, Any]:
        report = await storm.report()
        assert report["live"] == clients, report
        return report

    return await eventually("every client is live", live, deadline=DEADLINE, interval=0.05)


class Ticks:
    """Events of which it is known when they happened, one a channel in turn."""

    def __init__(self, stack: Stack, channels: list[dict[str, Any]], pause: float):
        self.index = Index(stack)
        self.channels = channels
        self.pause = pause
        self.ended = False

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ended = True
        await self.task
        await self.index.close()

    async def _run(self) -> None:
        while not self.ended:
            for channel in self.channels:
                await tick(self.index, channel)
                await asyncio.sleep(self.pause)
