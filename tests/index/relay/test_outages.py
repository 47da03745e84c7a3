"""The relay that publishes, while PostgreSQL and NATS are absent, hang, or are forgotten by the network."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest

from harness.database import Database
from harness.services import Relay
from harness.stream import Stream, all_published, write_events
from harness.world import World
from support.tcp_proxy import TcpProxy
from support.waiting import eventually


@pytest.fixture
async def ways(db: Database, nats_url: str) -> AsyncIterator[dict[str, TcpProxy]]:
    made = {"database": TcpProxy(db.url), "nats": TcpProxy(nats_url)}
    for way in made.values():
        await way.start()
    yield made
    for way in made.values():
        await way.stop()


@pytest.fixture
async def relay(ways: dict[str, TcpProxy], tmp_path: Path) -> AsyncIterator[Relay]:
    """Behind both; not started."""
    made = Relay(ways["database"].url, ways["nats"].url, tmp_path)
    yield made
    await made.kill()


@pytest.fixture
async def stream(nats_url: str) -> AsyncIterator[Stream]:
    client = await nats.connect(nats_url)
    yield Stream(client)
    await client.close()


async def everything_is_published(db: Database) -> None:
    await eventually("everything is published", lambda: all_published(db), deadline=100)


async def test_a_publisher_waits_for_its_parts_and_says_so_once(
    db: Database, world: World, ways: dict[str, TcpProxy], relay: Relay, stream: Stream
) -> None:
    channel = await world.channel()
    for way in ways.values():
        way.cut()
    await relay.start()

    async def says(what: str) -> None:
        async def said() -> bool:
            return what in relay.output()

        await eventually(f"the log says {what!r}", said)

    await says("no database connection")
    ways["database"].restore()
    await says("NATS cannot be reached")
    ways["nats"].restore()
    await everything_is_published(db)
    # It tried many times, and told each reason once.
    lines = [line for line in relay.output().splitlines() if "waits and tries again" in line]
    assert len(lines) == len({line.partition("again: ")[2] for line in lines})
    assert [one.seq for one in await stream.stored(channel)] == [1]


@pytest.mark.parametrize("part", ["database", "nats"])
async def test_a_publisher_notices_that_the_network_has_forgotten_its_connections(
    db: Database, world: World, ways: dict[str, TcpProxy], relay: Relay, stream: Stream, part: str
) -> None:
    """Those for events, those that listen, and those for frames that pass by; each by what is not answered any more."""
    channel = await world.channel()
    await relay.start()
    await relay.publishes()
    await everything_is_published(db)
    ways[part].swallow()
    await write_events(db, channel, count=20)
    await everything_is_published(db)
    assert [one.seq for one in await stream.stored(channel)] == list(range(1, 22))


async def test_a_database_that_takes_connections_and_says_nothing_is_not_waited_for_without_end(
    db: Database, world: World, ways: dict[str, TcpProxy], relay: Relay
) -> None:
    """As one that is stopped, or a proxy in front of one that is away."""
    ways["database"].hang()
    await relay.start()

    async def told() -> bool:
        return "the database did not answer in time" in relay.output()

    await eventually("the log says that it does not answer", told)
    channel = await world.channel()
    await write_events(db, channel, count=3)
    ways["database"].restore()
    await everything_is_published(db)


async def test_a_log_that_nobody_reads_holds_up_no_event(db: Database, world: World, relay: Relay) -> None:
    channels = [await world.channel() for _ in range(5)]
    # More lines than a pipe holds.
    reader, writer = os.pipe()
    try:
        relay.process = await asyncio.create_subprocess_exec(
            *relay.command, env=relay.env, stdout=asyncio.subprocess.DEVNULL, stderr=writer
        )
        await relay.publishes()
        await write_events(db, *channels, count=400)
        await everything_is_published(db)
        assert (await relay.metrics())["publisher_active"] == 1, "it answers"
        await relay.stop()
    finally:
        os.close(reader)
        os.close(writer)
