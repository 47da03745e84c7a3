"""PostgreSQL and NATS are absent, go away, hang or are forgotten by the network, and come back: a relay waits, its sockets
stay open, and their readers miss nothing and get nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api import Caller, World
from support.second_relay import second_relay
from support.sockets import Listener, listener, refused
from support.stack import Stack
from support.tcp_proxy import TcpProxy
from support.waiting import eventually

pytestmark = pytest.mark.faults

# In a relay's health, what says that a part is there and what says that it is not.
STATES = {"database": ("reachable", "unreachable"), "nats": ("connected", "disconnected")}
SETTINGS = {"database": "database_url", "nats": "nats_url"}
FAULTS: dict[str, Callable[[TcpProxy], None]] = {"goes-away": TcpProxy.cut, "hangs": TcpProxy.hang}


@pytest.fixture
async def ways(stack: Stack) -> AsyncIterator[dict[str, TcpProxy]]:
    stack.need("database_url", "nats_url")
    made = {"database": TcpProxy(stack.database_url or ""), "nats": TcpProxy(stack.nats_url or "")}
    for way in made.values():
        await way.start()
    yield made
    for way in made.values():
        await way.stop()


def settings(ways: dict[str, TcpProxy]) -> dict[str, str]:
    return {SETTINGS[part]: way.url for part, way in ways.items()}


def listen(relay: str, channel: dict[str, Any], caller: Caller) -> AbstractAsyncContextManager[Listener]:
    return listener(f"{relay}/ws/messaging/{channel['id']}?since_seq=0", headers=caller.headers)


async def health(relay: str, path: str = "/health") -> tuple[int, dict[str, str]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(relay.replace("ws", "http", 1) + path)
    return response.status_code, response.json()


async def says(relay: str, part: str, *, is_there: bool) -> None:
    """Waits until the relay's health says so of this part. The relay itself is alive all the time."""

    async def said() -> bool:
        alive, states = await health(relay)
        ready, _ = await health(relay, "/health/ready")
        assert alive == 200
        assert (states[part], ready == 200) == (STATES[part][0 if is_there else 1], is_there), states
        return True

    what = f"{part} is said to be {'there' if is_there else 'missing'}"
    await eventually(what, said, deadline=60, retry=(httpx.TimeoutException,))


@pytest.fixture
def alice(world: World) -> Caller:
    return world.user("alice")


async def test_a_relay_that_starts_before_its_parts_waits_and_says_for_what(
    stack: Stack, ways: dict[str, TcpProxy], tmp_path: Path, world: World, alice: Caller
) -> None:
    channel = await world.channel(alice)
    for way in ways.values():
        way.cut()
    async with second_relay(stack, tmp_path, begins="/health", **settings(ways)) as relay:
        await says(relay, "database", is_there=False)
        assert (await health(relay))[1]["nats"] == "disconnected"
        log = tmp_path / "second-relay.log"

        async def told() -> bool:
            text = log.read_text()
            return "no database connection" in text and "waiting for NATS" in text

        await eventually("the log says what it waits for", told)
        # Whoever comes now is asked to come again.
        address = f"{relay}/ws/messaging/{channel['id']}"
        assert (await refused(address, additional_headers=alice.headers))[0] == 1013
        ways["database"].restore()

        async def database_is_there() -> bool:
            return (await health(relay))[1]["database"] == "reachable"

        await eventually("the database is there", database_is_there, retry=(httpx.TimeoutException,))
        async with listen(relay, channel, alice) as socket:
            # Without NATS, from the database.
            message = await alice.send(channel["id"], "without NATS")
            await socket.until(message["seq"])
            ways["nats"].restore()
            await says(relay, "nats", is_there=True)
            message = await alice.send(channel["id"], "with NATS")
            await socket.until(message["seq"])
            assert socket.seqs == list(range(1, message["seq"] + 1))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("part", STATES)
async def test_sockets_stay_open_while_a_part_is_missing_and_miss_nothing(
    stack: Stack, ways: dict[str, TcpProxy], tmp_path: Path, world: World, alice: Caller, part: str, fault: str
) -> None:
    channel = await world.channel(alice)
    async with second_relay(stack, tmp_path, **settings(ways)) as relay, listen(relay, channel, alice) as socket:
        message = await alice.send(channel["id"], "before")
        await socket.until(message["seq"])
        FAULTS[fault](ways[part])
        for n in range(3):
            message = await alice.send(channel["id"], f"during {n}")
        # By the other way, as soon as this one is known to be missing.
        await socket.until(message["seq"], deadline=60)
        await says(relay, part, is_there=False)
        ways[part].restore()
        await says(relay, part, is_there=True)
        message = await alice.send(channel["id"], "after")
        await socket.until(message["seq"], deadline=60)
        assert socket.seqs == list(range(1, message["seq"] + 1))
        assert socket.socket.close_code is None


async def test_sockets_stay_open_while_both_parts_are_missing_and_catch_up(
    stack: Stack, ways: dict[str, TcpProxy], tmp_path: Path, world: World, alice: Caller
) -> None:
    channel = await world.channel(alice)
    async with second_relay(stack, tmp_path, **settings(ways)) as relay, listen(relay, channel, alice) as socket:
        message = await alice.send(channel["id"], "before")
        await socket.until(message["seq"])
        for way in ways.values():
            way.cut()
        await says(relay, "database", is_there=False)
        message = await alice.send(channel["id"], "during")
        for way in ways.values():
            way.restore()
        await socket.until(message["seq"], deadline=60)
        assert socket.seqs == list(range(1, message["seq"] + 1))


@pytest.mark.parametrize("part", STATES)
async def test_connections_that_the_network_has_forgotten_are_made_anew(
    stack: Stack, ways: dict[str, TcpProxy], tmp_path: Path, world: World, alice: Caller, part: str
) -> None:
    """Nothing arrives on them, and neither side is told: only that nothing is answered shows it."""
    channel = await world.channel(alice)
    async with second_relay(stack, tmp_path, **settings(ways)) as relay, listen(relay, channel, alice) as socket:
        message = await alice.send(channel["id"], "before")
        await socket.until(message["seq"])
        ways[part].swallow()
        message = await alice.send(channel["id"], "during")
        await socket.until(message["seq"], deadline=90)
        await says(relay, part, is_there=True)
        message = await alice.send(channel["id"], "after")
        await socket.until(message["seq"], deadline=90)
        assert socket.seqs == list(range(1, message["seq"] + 1))
