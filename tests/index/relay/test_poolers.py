"""A relay and a migration behind PgBouncer: in session mode they work, in transaction mode they say what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from harness.database import Database
from harness.databases import Databases, fetch
from harness.server import run_migrate, user
from harness.services import Relay
from harness.stream import all_published, write_events
from harness.world import World
from support.pgbouncer import pgbouncer
from support.waiting import eventually

SENTENCE = "leads through a pooler that gives each statement another session"
# The publisher's lock, as pg_locks has it.
LOCK = [int.from_bytes(half) for half in (b"daar", b"ionP")]
HOLDERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND granted"
Pool = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def pool() -> Pool:
    """A pool in front of a database."""

    def made(url: str, mode: str, size: int = 20) -> AbstractAsyncContextManager[str]:
        return pgbouncer(url, mode, size, user())

    return made


@pytest.fixture
async def relay_of(nats_url: str, tmp_path: Path) -> AsyncIterator[Callable[[str], Relay]]:
    relays: list[Relay] = []

    def made(url: str) -> Relay:
        relays.append(Relay(url, nats_url, tmp_path))
        return relays[-1]

    yield made
    for relay in relays:
        await relay.kill()


async def says(relay: Relay, text: str) -> None:
    async def said() -> bool:
        return text in relay.output()

    await eventually(f"the relay says {text!r}", said, deadline=20)


async def test_in_session_mode_a_relay_publishes_and_hears_at_once(
    db: Database, world: World, pool: Pool, relay_of: Callable[[str], Relay]
) -> None:
    channel = await world.channel()
    async with pool(db.url, "session") as through:
        relay = relay_of(through)
        await relay.start()
        await relay.publishes()
        await write_events(db, channel, count=20)
        await eventually("everything is published", lambda: all_published(db), deadline=20)
        assert SENTENCE not in relay.output()


async def test_in_session_mode_of_two_relays_one_publishes(
    db: Database, pool: Pool, relay_of: Callable[[str], Relay]
) -> None:
    async with pool(db.url, "session") as through:
        first, second = relay_of(through), relay_of(through)
        await first.start()
        await first.publishes()
        await second.start()
        await says(second, "listening on")
        assert await db.value(HOLDERS, *LOCK) == 1
        await first.kill()
        await second.publishes()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_in_other_modes_a_relay_says_so_and_does_not_publish(
    db: Database, world: World, pool: Pool, relay_of: Callable[[str], Relay], mode: str
) -> None:
    channel = await world.channel()
    async with pool(db.url, mode) as through:
        relay = relay_of(through)
        await relay.start()
        await says(relay, SENTENCE)
        await write_events(db, channel, count=1)
        assert (await relay.metrics())["publisher_active"] == 0
        assert await db.value("SELECT count(*) FROM public.outbox WHERE published_at IS NULL") > 0
    # With PostgreSQL's own address it does what it should.
    relay = relay_of(db.url)
    await relay.start()
    await eventually("everything is published", lambda: all_published(db), deadline=20)


async def test_a_migration_needs_a_session_of_its_own(databases: Databases, pool: Pool) -> None:
    url = await databases.new()
    async with pool(url, "transaction") as through:
        code, output = await run_migrate(through)
        assert code == 1 and "nothing was changed" in output and SENTENCE in output
        assert await fetch(url, "SELECT to_regnamespace('messaging') IS NULL")
    async with pool(url, "session") as through:
        code, output = await run_migrate(through)
        assert code == 0, output
        code, output = await run_migrate(through, "--check")
        assert code == 0, output


async def test_a_session_pool_with_one_connection_is_no_reason_to_refuse(databases: Databases, pool: Pool) -> None:
    """A second one, to compare with, cannot be had there."""
    url = await databases.new()
    async with pool(url, "session", 1) as through:
        code, output = await run_migrate(through)
        assert code == 0, output


@pytest.mark.parametrize(("mode", "is_shared"), [("session", False), ("transaction", True)])
async def test_the_pools_of_these_tests_are_what_they_are_called(
    database: Database, pool: Pool, mode: str, is_shared: bool
) -> None:
    """What the tests above rest on."""
    async with pool(database.url, mode, 2) as through:
        both = [await asyncpg.connect(through, statement_cache_size=0) for _ in range(2)]
        numbers = {await one.fetchval("SELECT pg_backend_pid()") for one in both}
        for one in both:
            await one.close()
        assert len(numbers) == (1 if is_shared else 2)
