"""Each part that the app needs is absent, goes away or hangs, and comes back: reads go on where they can, writes say within
ten seconds that a retry is safe, the retry is one message, and nothing needs a restart by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, Caller, World, api_client, path_to
from support.journal import Journal
from support.platform_gateway import PlatformGateway
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.stack import Stack
from support.tcp_proxy import TcpProxy
from support.waiting import eventually

pytestmark = pytest.mark.faults

# Ten seconds are promised; a busy machine needs some to begin and to end with.
PROMISED = 13
PARTS = ["postgresql", "homeserver", "matrix_gateway"]
# What a write without this part is told.
CODES = {
    "postgresql": {"unavailable"},
    "homeserver": {"homeserver_failed", "homeserver_timeout"},
    "matrix_gateway": {"homeserver_failed", "homeserver_timeout"},
}


@dataclass
class Parts:
    """Two apps: of one the homeserver can fail, of the other its gateway; of both the database."""

    ways: dict[str, TcpProxy]
    worlds: dict[str, World]

    def world(self, part: str) -> World:
        return self.worlds["matrix_gateway" if part == "matrix_gateway" else "homeserver"]

    def restore(self) -> None:
        for way in self.ways.values():
            way.restore()


@pytest.fixture(scope="module")
async def parts(stack: Stack, development: bool, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parts]:
    stack.need("database_url", "homeserver_url")
    gateway = PlatformGateway(stack)
    await gateway.start()
    targets = {"postgresql": stack.database_url, "homeserver": stack.homeserver_url, "matrix_gateway": gateway.url}
    ways = {part: TcpProxy(target or "") for part, target in targets.items()}
    for way in ways.values():
        await way.start()
    # None of them is there when the apps start.
    for way in ways.values():
        way.cut()
    database = ways["postgresql"]
    shared = {
        "database_url": database.url,
        "database_allowed_host": f"postgres://127.0.0.1:{database.port}",
        "matrix_homeserver_url": ways["homeserver"].url,
    }
    own, others = tmp_path_factory.mktemp("own-gateway"), tmp_path_factory.mktemp("platform-gateway")
    async with (
        second_app(stack, own, **shared) as first,
        second_app(stack, others, **shared, matrix_gateway_url=ways["matrix_gateway"].url) as second,
        api_client(first) as first_client,
        api_client(second) as second_client,
    ):
        worlds = {
            "homeserver": World(first_client, stack, development),
            "matrix_gateway": World(second_client, stack, development),
        }
        yield Parts(ways, worlds)
        for way in ways.values():
            await way.stop()
    await gateway.stop()


@pytest.fixture(autouse=True)
def comes_back(parts: Parts) -> Any:
    yield
    parts.restore()


async def readiness(who: Caller) -> tuple[int, dict[str, str]]:
    async with asyncio.timeout(PROMISED):
        response = await who.get("/health/ready")
    return response.status_code, response.json()["parts"]


async def is_told_missing(who: Caller, part: str) -> None:
    """Waits until the app says that this part has failed; what it says may be a second old."""

    async def told() -> bool:
        status, states = await readiness(who)
        assert states[part] == "failed" and status == 503, states
        return True

    await eventually(f"{part} is reported as failed", told)


async def is_well(who: Caller) -> None:
    async def well() -> bool:
        status, states = await readiness(who)
        assert status == 200, states
        return True

    await eventually("every part is there again", well, deadline=60, retry=(httpx.TransportError,))


async def fails_in_time(response: Any, part: str) -> None:
    """Checks that a write that cannot be done says so within the time, and that a retry is safe."""
    async with asyncio.timeout(PROMISED):
        answered = await response
    assert answered.status_code in (502, 503, 504), answered.text
    body = problem(answered, answered.status_code)
    assert body["code"] in CODES[part] and "retry" in body["detail"].lower()
    assert "127.0.0.1" not in answered.text
    assert (answered.status_code == 503) == ("retry-after" in answered.headers)


async def is_sent(who: Caller, channel: str, text: str, key: str) -> dict[str, Any]:
    """Retries with the key, as a client does that was told to."""

    async def sent() -> dict[str, Any]:
        response = await who.try_send(channel, text, key)
        assert response.status_code == 201, response.text
        return response.json()

    return await eventually("the retry succeeds", sent, deadline=60, retry=(httpx.TransportError,))


async def test_an_app_that_starts_before_its_parts_is_alive_and_ready_when_they_come(parts: Parts, key: str) -> None:
    """The first test: no part has been there yet."""
    alice = parts.world("homeserver").user("alice")
    assert (await alice.get("/health")).status_code == 200
    status, states = await readiness(alice)
    assert status == 503
    assert states["postgresql"] == states["homeserver"] == "failed"
    await fails_in_time(alice.post(CHANNELS, parts.world("homeserver").fields(), key), "postgresql")
    parts.ways["postgresql"].restore()

    async def homeserver_is_missing() -> bool:
        await fails_in_time(alice.post(CHANNELS, parts.world("homeserver").fields(), key), "homeserver")
        return True

    await eventually("the index is there, and the homeserver is not", homeserver_is_missing)
    assert (await alice.get(CHANNELS)).status_code == 200, "what the index has does not wait for Matrix"
    parts.restore()
    for part in ("homeserver", "matrix_gateway"):
        await is_well(parts.world(part).user("alice"))
    channel = await alice.create(**parts.world("homeserver").fields(), key=key)
    assert await alice.history(channel["id"]) == []


@pytest.mark.parametrize("fault", ["goes-away", "hangs"])
@pytest.mark.parametrize("part", PARTS)
async def test_a_write_without_a_part_fails_in_time_and_its_retry_is_one_message(
    parts: Parts, rooms: Rooms, journal: Journal, key: str, part: str, fault: str
) -> None:
    world, way = parts.world(part), parts.ways[part]
    alice = world.user("alice")
    parts.restore()
    await is_well(alice)
    channel = await world.channel(alice)
    first = await alice.send(channel["id"], "before")
    way.cut() if fault == "goes-away" else way.hang()
    # A second try while the first is still on its way.
    await asyncio.gather(*(fails_in_time(alice.try_send(channel["id"], "during", key), part) for _ in range(2)))
    await is_told_missing(alice, part)
    assert (await alice.get("/health")).status_code == 200
    if part == "postgresql":
        await fails_in_time(alice.get(path_to(channel["id"], first["id"])), part)
    else:
        await reads_go_on(alice, channel, first)
    way.restore()
    await is_well(alice)
    message = await is_sent(alice, channel["id"], "during", key)
    assert await alice.send(channel["id"], "during", key) == message
    assert await alice.history(channel["id"]) == [first, message]
    assert [e["event_id"] for e in await rooms.messages(channel["matrix_room_id"])] == [
        first["matrix_event_id"],
        message["matrix_event_id"],
    ]
    assert len(await journal.created(channel["id"], message)) == 1


async def reads_go_on(who: Caller, channel: dict[str, Any], message: dict[str, Any]) -> None:
    """Without Matrix everything that the index has is shown, within the time."""
    async with asyncio.timeout(PROMISED):
        assert await who.history(channel["id"]) == [message]
        assert (await who.get(f"{CHANNELS}/{channel['id']}")).json()["id"] == channel["id"]
        assert who.id in await who.members(channel["id"])
        whole = await who.get(path_to(channel["id"], message["id"]))
    assert whole.status_code == 200, whole.text
    assert (whole.json()["text"], whole.json()["source"]) == ("before", "index")


@pytest.mark.parametrize("fault", ["goes-away", "hangs"])
@pytest.mark.parametrize("part", PARTS)
async def test_every_other_write_without_a_part_fails_in_time(parts: Parts, part: str, fault: str) -> None:
    world, way = parts.world(part), parts.ways[part]
    alice, bob = world.user("alice"), world.user("bob")
    parts.restore()
    await is_well(alice)
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "before")
    at, it = f"{CHANNELS}/{channel['id']}", path_to(channel["id"], message["id"])
    way.cut() if fault == "goes-away" else way.hang()
    writes = [
        alice.post(CHANNELS, world.fields()),
        alice.patch(at, {"name": "Another"}),
        alice.patch(it, {"text": "edited"}),
        alice.put(f"{it}/reactions/👍"),
        alice.try_invite(channel["id"], bob.id),
        alice.delete(it),
    ]
    # At once: what hangs holds up nobody else.
    await asyncio.gather(*(fails_in_time(write, part) for write in writes))
