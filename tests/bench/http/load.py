"""wrk, and what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

SCRIPT = Path(__file__).with_name("requests.lua")
# So many requests are sent in turn where they differ in more than their address.
VARIED = 10_000


@dataclass(frozen=True)
class Asked:
    """Requests: each has the next address, the next body, and the next person's token where there are several. Where their numbers
    have no factor in common, everybody sends everywhere."""

    paths: tuple[str, ...]
    headers: Mapping[str, str]
    method: str = "GET"
    bodies: tuple[str, ...] = ("",)
    tokens: tuple[str, ...] = ("",)

    def text(self) -> str:
        lines = [self.method, *(f"{name}: {value}" for name, value in self.headers.items()), ""]
        varied = len(self.bodies) > 1 or len(self.tokens) > 1
        for n in range(VARIED if varied else len(self.paths)):
            for choice in (self.paths, self.tokens, self.bodies):
                lines.append(choice[n % len(choice)])
        return "".join(f"{line}\n" for line in lines)


class Answered(NamedTuple):
    """What became of them: how many a second, and how long one took, in milliseconds."""

    rate: float
    p50: float
    p99: float
    # Why the figures are none, if they are none.
    invalid: str


async def load(url: str, asked: Asked, connections: int, seconds: int) -> Answered:
    """Asks on so many connections for a time, each the next one when the one before is answered."""
    with NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(asked.text())
        file.flush()
        words = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s"]
        process = await asyncio.create_subprocess_exec(
            *words,
            *("-s", str(SCRIPT), url, "--", file.name),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    lines = [line for line in output.decode().splitlines() if line.startswith("summary ")]
    if process.returncode or not lines:
        raise RuntimeError(f"wrk failed: {output.decode()}")
    summary = json.loads(lines[0].removeprefix("summary "))
    return Answered(summary["requests"] / summary["seconds"], summary["p50"], summary["p99"], _complaint(summary))


def _complaint(summary: Mapping[str, float]) -> str:
    """wrk counts what has a status of 400 or more; which of the others an answer has is checked before."""
    if summary["status"] or summary["broken"]:
        return f"{summary['status']} answers of {summary['requests']} were errors, {summary['broken']} did not come"
    return "" if summary["requests"] else "nothing was answered"
