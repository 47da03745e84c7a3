"""Searches, and how long each took: at a fixed rate, whether the database keeps up or not, from when it was due; or as many
as there are workers, each when the one before is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bench.processor import work
from search.asking import ask

NAMES = ["caller", "microdaos", "query", "index", "filters", "channel_id", "microdao_id", "cursor", "limit"]
SEARCH = "SELECT refusal::text, document::text FROM messaging.search_messages({})".format(
    ", ".join(f"p_{name} => ${at}" for at, name in enumerate(NAMES, 1))
)
LIMIT = 20
SLOWEST = 10
# After so many, it says how far it is.
STEP = 1_000

Who = Callable[[], tuple[str, str | None]]


@dataclass
class Asked:
    """A query, as it goes to PostgreSQL."""

    text: str
    arguments: dict[str, Any]


def asked(texts: list[str]) -> list[Asked]:
    """What search makes of queries."""
    return [Asked(text, arguments) for text, arguments in zip(texts, ask(texts), strict=True)]


@dataclass
class Took:
    """How long searches took, and how long a processor worked for each, in milliseconds."""

    name: str
    times: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    slowest: list[tuple[float, float, str]] = field(default_factory=list)
    empty: int = 0
    # Those that there was no time for.
    missing: int = 0

    def add(self, seconds: float, work: float, text: str, document: str | None) -> None:
        self.times.append(seconds * 1000)
        self.works.append(work)
        self.slowest = sorted([*self.slowest, (seconds * 1000, work, text)], reverse=True)[:SLOWEST]
        self.empty += '"hits" : []' in (document or "")

    def at(self, part: float) -> float:
        return at(self.times, part)

    def lines(self) -> list[str]:
        def cuts(values: list[float]) -> str:
            parts = "  ".join(f"p{part * 100:.0f} {at(values, part):7.1f}" for part in (0.5, 0.95, 0.99))
            return f"{parts}  max {max(values):7.1f} ms"

        return [
            f"{self.name}: {len(self.times):,} searches, {self.empty:,} found nothing",
            f"  took                 {cuts(self.times)}",
            f"  work of a processor  {cuts(self.works)}",
            "  slowest, with its work:",
            *(f"    {time:7.1f} {work:7.1f} ms  {text[:80]!r}" for time, work, text in self.slowest),
        ]


def at(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


async def search(connection: Any, asked: Asked, caller: str, channel_id: str | None) -> str | None:
    given = {
        "caller": caller,
        "microdaos": [],
        "channel_id": channel_id,
        "microdao_id": None,
        "cursor": None,
        "limit": LIMIT,
    }
    given |= asked.arguments
    row = await connection.fetchrow(SEARCH, *(given[name] for name in NAMES))
    assert row["refusal"] is None, (asked.text, row["refusal"])
    return row["document"]


async def at_rate(pool: asyncpg.Pool, name: str, queries: list[Asked], rate: float, who: Who) -> Took:
    """One search after the other, as they are due."""
    took, began = Took(name), time.monotonic() + 0.1

    async def one(number: int, asked: Asked) -> None:
        due = began + number / rate
        await asyncio.sleep(max(due - time.monotonic(), 0))
        caller, channel_id = who()
        async with pool.acquire() as connection:
            worked = work(connection)
            document = await search(connection, asked, caller, channel_id)
            worked = work(connection) - worked
        took.add(time.monotonic() - due, worked, asked.text, document)

    await asyncio.gather(*(one(number, asked) for number, asked in enumerate(queries)))
    return took


async def by_workers(
    pool: asyncpg.Pool, name: str, queries: list[Asked], workers: int, seconds: float, who: Who
) -> Took:
    """Each worker's next search when the one before is done, until there are no more, or no time."""
    took, left, began = Took(name), iter(queries), time.monotonic()

    async def one() -> None:
        async with pool.acquire() as connection:
            for asked in left:
                if time.monotonic() - began > seconds:
                    return
                caller, channel_id = who()
                start, worked = time.monotonic(), work(connection)
                document = await search(connection, asked, caller, channel_id)
                took.add(time.monotonic() - start, work(connection) - worked, asked.text, document)
                if len(took.times) % STEP == 0:
                    print(f"  {len(took.times):>7,} {name}, {time.monotonic() - began:,.0f} s", flush=True)

    await asyncio.gather(*(one() for _ in range(workers)))
    took.missing = len(queries) - len(took.times)
    return took
