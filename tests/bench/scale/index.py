"""A filled database, and how long statements take in it."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from bench.processor import work
from bench.scale.calls import RECORD, Call
from bench.scale.fill import BIG, OF_MICRODAO, channel_id, of_messages

# A session without a path, as the relay's and the components' are.
SESSION = {"search_path": "pg_catalog"}


class Index:
    """A filled database."""

    def __init__(self, url: str, messages: int, seconds: float):
        self.url, self.messages, self.seconds = url, messages, seconds

    async def open(self) -> None:
        self.kept = await asyncpg.connect(self.url, server_settings=SESSION)
        # As a component has it, whose host prepares each statement anew.
        self.anew = await asyncpg.connect(self.url, server_settings=SESSION, statement_cache_size=0)
        self.head: int = await self.kept.fetchval("SELECT last_seq FROM public.channels WHERE id = $1", channel_id(BIG))

    async def close(self) -> None:
        await self.kept.close()
        await self.anew.close()

    async def prepared(self, call: Call) -> tuple[float, float]:
        """The median time of a statement that is prepared once, and its work in the database, in milliseconds."""
        statement = await self.kept.prepare(call.sql)
        return await self._timed(self.kept, lambda: statement.fetch(*call.arguments))

    async def at_each_call(self, call: Call) -> float:
        time, _ = await self._timed(self.anew, lambda: self.anew.fetch(call.sql, *call.arguments))
        return time

    async def _timed(self, connection: Any, one: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
        # So often PostgreSQL makes a plan anew before it keeps one.
        for _ in range(7):
            await one()
        times, began, worked = [], time.perf_counter(), work(connection)
        while len(times) < 5 or time.perf_counter() - began < self.seconds:
            start = time.perf_counter()
            await one()
            times.append((time.perf_counter() - start) * 1000)
        return statistics.median(times), (work(connection) - worked) / len(times)

    async def sends(self, count: int, number: int) -> tuple[float, float]:
        """The median time of record_message in other channels each time, and its work in the database."""
        statement = await self.kept.prepare(RECORD)
        times, worked = [], 0.0
        for n in range(count + 20):
            event = f"$sent-{number}-{n}-{uuid.uuid4()}"
            room = f"!room-{OF_MICRODAO + (number * 7919 + n * 104_729) % of_messages(self.messages)}:localhost"
            start, before = time.perf_counter(), work(self.kept)
            row = await statement.fetchrow(room, str(uuid.uuid4()), event, f"user:user{n % 2000}", f"key-{event}")
            assert row["refusal"] is None, row["refusal"]
            # The first ones make plans.
            if n >= 20:
                times.append((time.perf_counter() - start) * 1000)
                worked += work(self.kept) - before
        return statistics.median(times), worked / count
