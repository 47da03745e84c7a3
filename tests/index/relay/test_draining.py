"""A relay that is told to stop: first nobody is sent to it any more, then its sockets leave, and it ends in time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import ClientConnection, connect

from harness.database import Database
from harness.services import Relay
from harness.stream import all_published, write_events
from harness.world import Channel, World
from relay.conftest import NewRelay
from support.waiting import eventually


async def status(relay: Relay, path: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{relay.port}{path}")).status_code


async def started(new_relay: NewRelay, **settings: str) -> Relay:
    relay = new_relay(AUTH_MODE="development", **settings)
    await relay.start()
    await relay.publishes()

    async def ready() -> bool:
        return await status(relay, "/health/ready") == 200

    await eventually("the relay is ready", ready)
    return relay


@asynccontextmanager
async def socket(relay: Relay, channel: Channel) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{relay.port}/ws/messaging/{channel.id}?user_id=user:alice"
    async with connect(url, proxy=None) as opened:
        yield opened


async def answers(opened: ClientConnection) -> None:
    async with asyncio.timeout(10):
        await opened.send("ping")
        while await opened.recv() != "pong":
            pass


async def closed(opened: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(20):
        await opened.wait_closed()
    return opened.close_code, opened.close_reason


def tell(relay: Relay) -> None:
    assert relay.process
    relay.process.send_signal(signal.SIGTERM)


async def ended(relay: Relay, within: float) -> None:
    assert relay.process
    await asyncio.wait_for(relay.process.wait(), within)


async def test_it_is_not_ready_at_once_and_serves_everything_until_its_delay_is_over(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    relay = await started(new_relay, DRAIN_DELAY_SECONDS="12")
    async with socket(relay, channel) as before:
        tell(relay)

        async def not_ready() -> bool:
            return await status(relay, "/health/ready") == 503

        await eventually("it is not ready", not_ready)
        assert await status(relay, "/health") == 200
        # Who comes in this moment, as its load balancer has not looked yet, is served, and so is who was there.
        async with socket(relay, channel) as late:
            await answers(late)
            await answers(before)
            await write_events(db, channel)
            await eventually("it publishes", lambda: all_published(db))
            for opened in (before, late):
                code, reason = await closed(opened)
                assert code == 1001 and str(reason).startswith("relay going away; retry_after=")
    await ended(relay, 10)


async def test_another_relay_publishes_while_the_first_one_waits_for_its_sockets(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    relay = await started(new_relay, DRAIN_SPREAD_SECONDS="8")
    other = new_relay()
    await other.start()
    tell(relay)
    await other.publishes()
    await write_events(db, channel)
    await eventually("everything is published", lambda: all_published(db))
    await ended(relay, 20)


async def test_a_second_signal_ends_it_at_once(world: World, new_relay: NewRelay) -> None:
    channel = await world.channel()
    relay = await started(new_relay, DRAIN_DELAY_SECONDS="600")
    async with socket(relay, channel) as opened:
        tell(relay)

        async def told() -> bool:
            return "stopping" in relay.output()

        await eventually("it has heard the first", told)
        tell(relay)
        await ended(relay, 5)
        assert (await closed(opened))[0] == 1006
    assert "a second time" in relay.output()


async def test_a_client_that_does_not_say_good_bye_does_not_hold_the_end_up(world: World, new_relay: NewRelay) -> None:
    channel = await world.channel()
    relay = await started(new_relay, DRAIN_SPREAD_SECONDS="1", DRAIN_LIMIT_SECONDS="3")
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(
        f"GET /ws/messaging/{channel.id}?user_id=user:alice HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b"101" in await asyncio.wait_for(reader.readline(), 10)
    tell(relay)
    await ended(relay, 10)
    writer.close()
