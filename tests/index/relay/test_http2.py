"""WebSockets over HTTP/2 (RFC 8441), where the relay speaks TLS itself: the same rules, codes and limits as over HTTP/1.1."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from harness.database import Database
from harness.doctor import JWT_SECRET
from harness.services import Relay
from harness.stream import write_events
from harness.world import DAO, NOWHERE, World
from relay.conftest import NewRelay
from support.certificate import certify, trusting
from support.http2 import Connection, Socket
from support.tokens import token
from support.waiting import eventually

ALICE = token("user:alice", JWT_SECRET, [DAO])
BEARER = ("authorization", f"Bearer {ALICE}")


@dataclass
class Serving:
    """A relay with the certificate of this folder."""

    relay: Relay
    folder: Path

    @property
    def tls(self) -> ssl.SSLContext:
        return trusting(self.folder)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        connection = await Connection.open("127.0.0.1", self.relay.port, self.tls)
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture
async def serving(new_relay: NewRelay, tmp_path: Path) -> Serving:
    certify(tmp_path, "relay")
    files = {f"WS_TLS_{name.upper()}": str(tmp_path / f"{name}.pem") for name in ("key", "certificate")}
    made = Serving(new_relay(JWT_SECRET=JWT_SECRET, WS_QUEUE="16", **files), tmp_path)
    await made.relay.start()

    async def ready() -> bool:
        async with made.connected() as connection:
            return (await connection.request("/health/ready")).status == 200

    await eventually("the relay is ready", ready, retry=(OSError, TimeoutError))
    return made


async def until(socket: Socket, what: Callable[[object], bool], deadline: float = 20) -> None:
    async with asyncio.timeout(deadline):
        while not what(frame := await socket.receive(deadline)):
            assert frame is not None, "the socket has ended"


async def answers(*sockets: Socket) -> None:
    """Returns when each has answered a ping of text."""
    for socket in sockets:
        socket.send("ping")
        await until(socket, lambda frame: frame == "pong")


async def test_sockets_share_a_connection_and_each_follows_its_channel(
    db: Database, world: World, serving: Serving
) -> None:
    channels = [await world.channel() for _ in range(2)]
    async with serving.connected() as connection:
        assert connection.takes_sockets
        sockets = [await connection.websocket(f"/ws/messaging/{channel.id}", BEARER) for channel in channels]
        many = await connection.websocket(f"/ws/messaging?token={ALICE}")
        assert [socket.status for socket in (*sockets, many)] == [200] * 3
        await answers(*sockets, many)
        many.send(f'{{"subscribe": [{{"channel_id": "{channels[1].id}", "since_seq": 0}}]}}')
        for channel in channels:
            await write_events(db, channel)
        for socket in (*sockets, many):
            await until(socket, lambda frame: isinstance(frame, dict) and frame["type"] == "channel.updated")
        # Ordinary requests go the same way, also while sockets are open.
        health = await connection.request("/health/ready")
        assert health.status == 200 and health.headers["x-request-id"]


async def test_a_browser_gives_its_token_as_a_protocol_and_is_told_why_it_is_refused(
    world: World, serving: Serving
) -> None:
    path = f"/ws/messaging/{(await world.channel()).id}"
    private = await world.channel(visibility="private")
    async with serving.connected() as connection:
        good = await connection.websocket(path, ("sec-websocket-protocol", f"bearer, {ALICE}"))
        assert (good.status, good.headers["sec-websocket-protocol"]) == (200, "bearer")
        await answers(good)

        async def refused(path: str, *extra: tuple[str, str]) -> int | None:
            socket = await connection.websocket(path, *extra)
            assert socket.status == 200
            return await socket.closed()

        assert await refused(path) == 4401
        assert await refused(path, ("authorization", "Bearer nonsense")) == 4401
        assert await refused(f"/ws/messaging/{NOWHERE}", BEARER) == 4404
        assert await refused(f"/ws/messaging/{private.id}", BEARER) in (4403, 4404)
        assert await refused(f"{path}?since_seq=x", BEARER) == 4400
        # Who asks for no socket gets a response of HTTP.
        assert (await connection.request(path, BEARER)).status == 426
        assert (await connection.request(path, BEARER, method="POST")).status == 405
        other = await connection.request(path, BEARER, method="CONNECT", protocol="connect-udp")
        assert other.status == 426
        await answers(good)


async def test_what_a_client_may_not_send_ends_its_own_socket_alone(world: World, serving: Serving) -> None:
    path = f"/ws/messaging/{(await world.channel()).id}"
    async with serving.connected() as connection:
        good, chatty = [await connection.websocket(path, BEARER) for _ in range(2)]
        for _ in range(2000):
            chatty.send("x")
        assert await chatty.closed() == 1008
        garbled = await connection.websocket(path, BEARER)
        connection.h2.send_data(garbled.stream, b"\xff\x80abcd")
        connection.flush()
        assert await garbled.closed() == 1002
        await answers(good)


async def test_a_slow_reader_is_cut_and_the_other_sockets_of_its_connection_go_on(
    db: Database, world: World, serving: Serving
) -> None:
    channel = await world.channel()
    path = f"/ws/messaging/{channel.id}?since_seq=1"
    async with serving.connected() as connection:
        # The sockets of a connection share a window, which the slow one alone must not fill.
        connection.h2.increment_flow_control_window(1 << 24)
        slow = await connection.websocket(path, BEARER)
        slow.slow = True
        for _ in range(40):
            await write_events(db, channel, count=10, subject="messaging.message.created", text=4000)
        quick = await connection.websocket(path, BEARER)
        await until(quick, lambda frame: isinstance(frame, dict) and frame.get("seq") == 401)

        async def cut() -> bool:
            async with serving.connected() as other:
                lines = (await metrics(other)).splitlines()
                return 'daarion_messaging_socket_closes_total{code="4408"} 1' in lines

        await eventually("the slow one is cut", cut)
        await answers(quick)


async def metrics(connection: Connection) -> str:
    response = await connection.request("/metrics")
    await until_ended(response)
    return response.body.decode()


async def until_ended(socket: Socket) -> None:
    while await socket.receive() is not None:
        pass


async def test_a_relay_that_stops_sends_the_sockets_of_a_connection_away_and_closes_it(
    world: World, serving: Serving
) -> None:
    path = f"/ws/messaging/{(await world.channel()).id}"
    async with serving.connected() as connection:
        sockets = [await connection.websocket(path, BEARER) for _ in range(5)]
        await answers(*sockets)
        await asyncio.gather(serving.relay.stop(), *map(closed_well, sockets))
        await asyncio.wait_for(connection.terminated.wait(), 10)
        assert connection.leaving.is_set()
        reasons = {str(socket.protocol.close_rcvd and socket.protocol.close_rcvd.reason) for socket in sockets}
        assert len(reasons) > 1 and all(one.startswith("relay going away; retry_after=") for one in reasons)


async def closed_well(socket: Socket) -> None:
    assert await socket.closed(20) == 1001


async def test_a_client_without_http_2_is_served_as_before(world: World, serving: Serving) -> None:
    address = f"wss://127.0.0.1:{serving.relay.port}/ws/messaging/{(await world.channel()).id}?token={ALICE}"
    async with connect(address, ssl=serving.tls, proxy=None) as socket, asyncio.timeout(10):
        await socket.send("ping")
        while await socket.recv() != "pong":
            pass


async def test_a_connection_that_asks_for_nothing_is_closed_and_one_with_a_socket_is_not(
    world: World, serving: Serving
) -> None:
    path = f"/ws/messaging/{(await world.channel()).id}"
    async with serving.connected() as idle, serving.connected() as used:
        socket = await used.websocket(path, BEARER)
        await asyncio.wait_for(idle.terminated.wait(), 30)
        await answers(socket)
        assert not used.terminated.is_set()
