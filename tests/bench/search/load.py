"""Searches at a fixed rate, whether the database keeps up or not, and how long each took from when it was due."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from search.asking import ask

NAMES = ["caller", "microdaos", "query", "index", "filters", "channel_id", "microdao_id", "cursor", "limit"]
SEARCH = "SELECT refusal::text, document::text FROM messaging.search_messages({})".format(
    ", ".join(f"p_{name} => ${at}" for at, name in enumerate(NAMES, 1))
)
LIMIT = 20


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
    """How long searches took, in milliseconds."""

    name: str
    times: list[float] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    empty: int = 0

    def add(self, seconds: float, text: str, document: str | None) -> None:
        self.times.append(seconds * 1000)
        self.slowest = sorted([*self.slowest, (seconds * 1000, text)], reverse=True)[:5]
        self.empty += '"hits" : []' in (document or "")

    def at(self, part: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)]

    def line(self) -> str:
        return (
            f"{self.name:32} {len(self.times):7,} searches  p50 {self.at(0.5):7.1f} ms  p95 {self.at(0.95):7.1f} ms"
            f"  p99 {self.at(0.99):7.1f} ms  max {max(self.times):8.1f} ms  {self.empty:,} found nothing"
        )


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


async def at_rate(
    pool: asyncpg.Pool, name: str, queries: list[Asked], rate: float, who: Callable[[], tuple[str, str | None]]
) -> Took:
    """One search after the other, as they are due."""
    took, began = Took(name), time.monotonic() + 0.1

    async def one(number: int, asked: Asked) -> None:
        due = began + number / rate
        await asyncio.sleep(max(due - time.monotonic(), 0))
        caller, channel_id = who()
        async with pool.acquire() as connection:
            document = await search(connection, asked, caller, channel_id)
        took.add(time.monotonic() - due, asked.text, document)

    await asyncio.gather(*(one(number, asked) for number, asked in enumerate(queries)))
    return took


async def in_turn(connection: Any, name: str, queries: list[Asked], draw: random.Random, callers: list[str]) -> Took:
    """One search when the one before is done: how long each takes by itself."""
    took = Took(name)
    for asked in queries:
        began = time.monotonic()
        document = await search(connection, asked, draw.choice(callers), None)
        took.add(time.monotonic() - began, asked.text, document)
    return took
