"""Sends over the homeserver, beside the homeserver alone."""

from __future__ import annotations

import httpx

from bench.http.filled import READER, SENT_MICRODAO, Filled
from bench.http.load import Answered, load
from bench.http.programs import Programs, port_of
from bench.http.work import API, Work, authorization, puts, sends
from bench.results import Results
from harness.world import Channel, matrix_id
from support.services import Services
from support.stack import Stack

CONNECTIONS = (1, 8)
CHANNELS = 8
BARE = "bare PUT"


async def measure(
    programs: Programs, filled: Filled, results: Results, http: httpx.AsyncClient, rounds: int, seconds: int
) -> None:
    """The homeserver pushes to one address, so one host at a time has it. What is pushed of a bare PUT is indexed as well:
    both are measured with the same work behind them."""
    stack, port = programs.stack, port_of(programs.stack.api_url)
    services = Services(stack, http)
    await services.stop("app")
    hosts = list(programs.hosts())
    works: dict[str, Work] = {}
    async with programs.app(hosts[0], port) as url:
        for who in [BARE, *hosts]:
            channels = [await _channel(http, stack, url, f"synapse-{len(works)}-{n}") for n in range(CHANNELS)]
            rooms = [channel.room_id for channel in channels]
            works[who] = (
                puts(stack, who, rooms, matrix_id(READER))
                if who == BARE
                else sends(stack, "send over Synapse", channels)
            )
    for _ in range(rounds):
        for host in hosts:
            async with programs.app(host, port) as url:
                for connections in CONNECTIONS:
                    name = f"send over Synapse, {connections} conn."
                    # Also before the figures: rooms and tokens are in nobody's memory after a start.
                    await load(url, works[host].asked, connections, 1)
                    bare = await _round(stack.homeserver_url or "", works[BARE], connections, seconds, filled)
                    ours = await _round(url, works[host], connections, seconds, filled)
                    for who, answered in ((f"{BARE}, {host}", bare), (host, ours)):
                        if answered.invalid:
                            results.invalid(name, who, answered.invalid)
                        else:
                            results.add(name, who, answered.p50, "ms", better="less")
                    if not bare.invalid and not ours.invalid:
                        results.add(name, f"{host}, added", ours.p50 - bare.p50, "ms", better="less")
    print("measured: send over Synapse", flush=True)
    await services.start("app")


async def _round(url: str, work: Work, connections: int, seconds: int, filled: Filled) -> Answered:
    answered = await load(url, work.asked, connections, seconds)
    await filled.arrive()
    await filled.settle()
    return answered


async def _channel(http: httpx.AsyncClient, stack: Stack, url: str, slug: str) -> Channel:
    """A channel with a room."""
    fields = {"slug": slug, "name": slug, "microdao_id": SENT_MICRODAO, "visibility": "microdao"}
    response = await http.post(url + API, json=fields, headers=authorization(stack, SENT_MICRODAO))
    assert response.status_code == 201, response.text
    made = response.json()
    return Channel(made["id"], made["matrix_room_id"], READER)
