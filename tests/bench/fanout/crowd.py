"""The clients, which are one program with one thread, and what processes use of the machine."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.server import ROOT
from harness.services import NatsServer, Relay
from harness.world import Channel

EXAMPLES = Path(os.environ.get("EXAMPLES", ROOT / "target/native/examples"))
TICKS = os.sysconf("SC_CLK_TCK")


class Crowd:
    """So many clients of one server, all in one channel."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def do(self, *words: object, deadline: float = 120) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write((" ".join(str(word) for word in words) + "\n").encode())
        line = await asyncio.wait_for(self.process.stdout.readline(), deadline)
        assert line, f"the clients have died of {words[0]}"
        return dict(json.loads(line))

    async def open(self) -> dict[str, Any]:
        """Opens all sockets."""
        opened = await self.do("open")
        assert not opened["refused"] and opened["live"], opened
        return opened


@asynccontextmanager
async def crowd(kind: str, url: str, sockets: int, nats: NatsServer, channel: Channel) -> AsyncIterator[Crowd]:
    """Clients that have no socket yet; they end with the block."""
    process = await asyncio.create_subprocess_exec(
        str(EXAMPLES / "crowd"),
        *(kind, url, str(sockets), nats.url.partition("//")[2], channel.id),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def relay_url(relay: Relay, channel: Channel, query: str = "") -> str:
    """Each socket is another person's."""
    return f"ws://127.0.0.1:{relay.port}/ws/messaging/{channel.id}?user_id=user:u{{n}}{query}"


@dataclass
class Used:
    """Seconds of a processor that processes have had until a moment."""

    at: float
    seconds: dict[int, float]

    @classmethod
    def by(cls, pids: Iterable[int]) -> Used:
        return cls(time.monotonic(), {pid: cpu(pid) for pid in pids})

    def since(self, before: Used, pid: int) -> float:
        return self.seconds[pid] - before.seconds[pid]

    def share(self, before: Used, pid: int) -> float:
        """A process's part of what all of them have had."""
        total = sum(self.since(before, other) for other in self.seconds)
        return self.since(before, pid) / total if total else 0.0


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """What a process has in memory, in bytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
