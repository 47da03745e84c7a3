"""A relay that stops sends its clients away in order: with what waited for them, and each with another wait."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack

import pytest

from support.api import World
from support.services import Services
from support.sockets import Listen

pytestmark = pytest.mark.faults

REASON = re.compile(r"relay going away; retry_after=(\d+\.\d)")


async def test_a_relay_that_stops_asks_every_client_for_another_wait(
    world: World, services: Services, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(listen(channel["id"], alice)) for _ in range(30)]
        message = await alice.send(channel["id"], "before")
        for socket in sockets:
            await socket.message(message["id"])
        async with services.without("ws-relay"):
            codes = await asyncio.gather(*(socket.closed() for socket in sockets))
    await services.all_well()
    assert set(codes) == {1001}
    matches = [REASON.fullmatch(socket.socket.close_reason or "") for socket in sockets]
    waits = [float(match[1]) for match in matches if match]
    assert len(waits) == len(sockets)
    # Few clients come back within a second; they are spread over all of it.
    assert all(0 <= wait <= 1 for wait in waits)
    assert len(set(waits)) >= 8 and min(waits) <= 0.2 and max(waits) >= 0.8


async def test_nothing_is_missing_between_two_relays(world: World, services: Services, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    stop = asyncio.Event()

    async def send() -> int:
        count = 0
        while not stop.is_set():
            count = (await alice.send(channel["id"], "message"))["seq"]
        return count

    sending = asyncio.create_task(send())
    async with listen(channel["id"], alice, since_seq=0) as first:
        await first.until(5)
        await services.stop("ws-relay")
        assert await first.closed() == 1001
    await services.start("ws-relay")
    async with listen(channel["id"], alice, since_seq=first.seqs[-1]) as second:
        await second.until(first.seqs[-1] + 3)
        stop.set()
        last = await sending
        await second.until(last)
    assert first.seqs + second.seqs == list(range(1, last + 1))
    await services.all_well()
