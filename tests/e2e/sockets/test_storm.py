"""Many clients that come back at once: all of them are served, and nobody else notices.

STORM_CLIENTS sets how many (300). The numbers are printed: `pytest -s` shows them.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from support.api import World
from support.flood import flood
from support.index import Index
from support.reference_client import Program
from support.relay_metrics import metric
from support.services import Services
from support.stack import Stack
from support.storm import Bystander, Gauge, Ticks, all_live, percentiles
from support.waiting import eventually

pytestmark = pytest.mark.faults

CLIENTS = int(os.environ.get("STORM_CLIENTS", "300"))
CHANNELS = max(3, CLIENTS // 100)
# Each client has missed so many events when it comes back: more than one page of the log.
MISSED = 150
# Whose delays are measured.
BYSTANDERS = 12


@pytest.fixture(autouse=True)
async def numbers(services: Services) -> AsyncIterator[dict[str, Any]]:
    """What was measured; shown at the end."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    measured: dict[str, Any] = {"clients": CLIENTS, "channels": CHANNELS}
    yield measured
    print(json.dumps(measured, indent=1))
    await services.all_well()


async def begun(stack: Stack, world: World, index: Index, patient: bool) -> tuple[Program, list[dict[str, Any]]]:
    """The clients, all of them live."""
    if not world.development:
        pytest.skip("names count only in development mode")
    owner = world.user("owner")
    channels = [await world.channel(owner) for _ in range(CHANNELS)]
    since = [{"id": channel["id"], "since": await index.last_seq(channel["id"])} for channel in channels]
    setup = {"relay": stack.ws_url, "user": owner.id, "clients": CLIENTS, "channels": since, "patient": patient}
    storm = await Program.start("storm.js", setup)
    await all_live(storm, CLIENTS)
    return storm, channels


async def got_everything(storm: Program, index: Index, channels: list[dict[str, Any]]) -> dict[str, Any]:
    """The clients' report, once each has the last event of its channel."""
    last = {channel["id"]: await index.last_seq(channel["id"]) for channel in channels}

    async def there() -> dict[str, Any]:
        report = await storm.report()
        assert report["last"] == {name: [seq, seq] for name, seq in last.items()}
        return report

    return await eventually("every client has the last event", there, deadline=60)


async def test_clients_that_are_cut_and_come_back_at_once_hold_up_nobody(
    world: World, stack: Stack, index: Index, web: httpx.AsyncClient, numbers: dict[str, Any]
) -> None:
    storm, channels = await begun(stack, world, index, patient=False)
    caller = world.user("bystander")
    bystanders = [await Bystander.open(stack, caller, channels[n % CHANNELS]) for n in range(BYSTANDERS)]
    shared = await metric(web, stack, "resume_reads_shared_total")
    try:
        async with Ticks(stack, channels, 0.02):
            # What is normal here, for the numbers.
            async def measured() -> bool:
                return len(bystanders[0].delays) >= 10

            await eventually("some events have come", measured, deadline=60)
            began = time.time()
            async with Gauge(stack) as gauge:
                await storm.ask("cut")
                for channel in channels:
                    await flood(index, channel, MISSED, 200)
                report = await all_live(storm, CLIENTS)
            ended = time.time()
        report = await got_everything(storm, index, channels)
        for bystander, channel in zip(bystanders, channels * BYSTANDERS, strict=False):
            last = await index.last_seq(channel["id"])

            async def arrived(bystander: Bystander = bystander, last: int = last) -> bool:
                return bystander.seqs[-1] == last

            await eventually("the bystander has the last event", arrived)
            assert bystander.seqs == list(range(bystander.seqs[0], last + 1)), "nobody else was cut, or missed anything"
    finally:
        await storm.close()
        for bystander in bystanders:
            await bystander.close()
    delays = [delay for bystander in bystanders for delay in bystander.delays]
    numbers["cut"] = gauge.shown() | {
        "delays_ms_before": percentiles([delay for at, delay in delays if at < began]),
        "delays_ms_during": percentiles([delay for at, delay in delays if began <= at <= ended]),
        "reads_shared": await metric(web, stack, "resume_reads_shared_total") - shared,
    }
    assert (report["wrong"], report["snapshots"]) == (0, 0), report
    assert report["opened"] == 2 * CLIENTS, "each came back once, and stayed"
    # Eight in the pool, two of the publisher.
    assert gauge.connections <= 10


async def test_when_the_relay_is_restarted_every_client_comes_back_and_misses_nothing(
    world: World, stack: Stack, index: Index, services: Services, numbers: dict[str, Any]
) -> None:
    storm, channels = await begun(stack, world, index, patient=True)
    try:
        async with Ticks(stack, channels, 0.05):
            began = time.monotonic()
            await services.restart("ws-relay")
            restarted = time.monotonic()
            async with Gauge(stack) as gauge:
                await all_live(storm, CLIENTS)
            live = time.monotonic()
        report = await got_everything(storm, index, channels)
    finally:
        await storm.close()
    numbers["restart"] = gauge.shown() | {
        "restart_seconds": round(restarted - began, 2),
        "all_live_after_seconds": round(live - began, 2),
    }
    assert (report["wrong"], report["snapshots"]) == (0, 0), report
