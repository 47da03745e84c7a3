"""A refused socket is completed and closed with a code that a browser shows, on both routes, and holds nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from support.api import UNKNOWN_ID, World, unique
from support.problems import problem
from support.raw_socket import raw_socket
from support.second_relay import second_relay
from support.sockets import Address, Listen, handshake_refused, listener, refused
from support.stack import Stack
from support.tokens import token
from support.waiting import eventually

# Seconds after its end for which a token is accepted, because clocks differ.
CLOCK_SKEW = 30


@pytest.fixture(params=["one", "many"])
async def route(request: pytest.FixtureRequest, world: World, ws_address: Address) -> Address:
    """The address of a socket for one channel, or for many."""
    if request.param == "one":
        channel = await world.channel()
        return lambda **query: ws_address(channel["id"], **query)
    return lambda **query: ws_address("x", **query).replace("/x", "", 1)


async def test_who_has_no_valid_token_is_told_4401(world: World, route: Address) -> None:
    entity = world.user("alice").id
    for text in ("nonsense", token(entity, "x" * 64), token(entity, world.secret(), lifetime=-3600)):
        await handshake_refused(route(token=text), 401)
        await handshake_refused(route(), 401, subprotocols=["bearer", text])
        await handshake_refused(route(), 401, headers={"Authorization": f"Bearer {text}"})
    await handshake_refused(route(), 401, subprotocols=["bearer"])
    assert await refused(route(token="nonsense")) == (4401, "no valid token")


async def test_a_token_that_rest_takes_opens_a_socket(world: World, route: Address) -> None:
    alice = world.user("alice")
    late = token(alice.id, world.secret(), lifetime=15 - CLOCK_SKEW)
    async with listener(route(token=late)) as socket:
        await socket.pong()


async def test_a_channel_that_is_not_there_or_not_for_the_caller_is_told_apart_only_for_its_members(
    world: World, ws_address: Address
) -> None:
    owner, blind = world.user("owner"), world.user("blind")
    stranger = world.member_of("stranger", world.other_microdao("other"))
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], blind.id, can_read=False)
    for name in (channel["id"], UNKNOWN_ID, "general", "%ff"):
        assert await refused(ws_address(name), additional_headers=stranger.headers) == (4404, "channel not found")
    assert await refused(ws_address(channel["id"]), additional_headers=blind.headers) == (4403, "no access")


async def test_a_malformed_number_is_told_4400(world: World, ws_address: Address) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await handshake_refused(ws_address(channel["id"], since_seq="x"), 422, headers=alice.headers)


async def test_a_page_of_another_origin_is_refused_in_development(world: World, route: Address) -> None:
    if not world.development:
        pytest.skip("outside development mode the list decides")
    alice = world.user("alice")
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        assert await refused(route(), origin=origin) == (4403, "no access")
        response = await handshake_refused(route(), 403, headers=alice.headers | {"Origin": origin})
        assert response.json()["code"] == "origin_not_allowed"
    for origin in ("http://localhost:5173", "http://127.0.0.1:3000"):
        async with listener(route(), headers=alice.headers, origin=origin) as socket:
            await socket.pong()


async def test_other_origins_read_no_responses_of_the_api_in_development(world: World, http: httpx.AsyncClient) -> None:
    if not world.development:
        pytest.skip("outside development mode the list decides")
    for origin, allowed in (("https://evil.example", False), ("null", False), ("http://localhost:5173", True)):
        response = await http.get("/api/messaging/channels", headers={"X-User-Id": "user:a", "Origin": origin})
        assert ("access-control-allow-origin" in response.headers) == allowed, origin
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST", "X-Request-Id": "asked-first"}
        response = await http.options("/api/messaging/channels", headers=preflight)
        assert (response.status_code == 204) == allowed, origin
        assert response.headers["x-request-id"] == "asked-first"


async def test_refused_sockets_are_ended_whatever_their_clients_do(
    world: World, ws_address: Address, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    address = ws_address(UNKNOWN_ID)
    async with AsyncExitStack() as stack:
        mute = [await stack.enter_async_context(raw_socket(address)) for _ in range(100)]
        async with listen(channel["id"], alice) as socket:
            message = await alice.send(channel["id"], "unharmed")
            await socket.message(message["id"])
        assert {await one.closed() for one in mute} == {4404}
        # None of them answers the close, and each is ended all the same.
        await asyncio.gather(*(one.ended() for one in mute))


async def test_settings_bound_sockets_and_pages_and_move_the_metrics(
    world: World, stack: Stack, web: httpx.AsyncClient, tmp_path: Path
) -> None:
    microdao = unique("microdao:limits")
    alice, bob = (token(f"user:{name}", world.secret(), [microdao]) for name in (unique("alice"), unique("bob")))
    settings = {
        "auth_mode": "token",
        "ws_max_sockets": "4",
        "ws_max_sockets_per_caller": "2",
        "cors_allow_origins": "https://daarion.city",
        "metrics_listen": "127.0.0.1:0",
    }
    async with second_relay(stack, tmp_path, **settings) as relay:
        base = relay.replace("ws", "http", 1)
        # /metrics has an address of its own, which the log names.
        problem(await web.get(f"{base}/metrics"), 404, "not_found")
        [line] = [line for line in (tmp_path / "second-relay.log").read_text().splitlines() if "/metrics is at" in line]
        response = await web.get(f"http://{line.split()[-1]}/metrics", headers={"X-Request-Id": "metrics-1"})
        assert response.status_code == 200
        assert response.headers["x-request-id"] == "metrics-1"
        assert (await web.get(f"{base}/health")).json()["auth_mode"] == "token"
        # Without a name there is no way in.
        assert await refused(f"{relay}/ws/messaging") == (4401, "no valid token")
        assert await refused(f"{relay}/ws/messaging?token={alice}", origin="https://evil.example") == (
            4403,
            "no access",
        )
        url = f"{relay}/ws/messaging?token={alice}"
        async with listener(url, origin="https://daarion.city"), listener(url):
            assert await refused(url) == (4429, "too many sockets")
            async with listener(f"{relay}/ws/messaging?token={bob}"), listener(f"{relay}/ws/messaging?token={bob}"):
                code, reason = await refused(f"{relay}/ws/messaging?token={bob}")
                assert (code, reason.partition("; retry_after=")[0]) == (1013, "try again")

        async def free() -> bool:
            async with listener(url) as socket:
                await socket.pong()
            return True

        await eventually("a place is free again", free, retry=(AssertionError, ConnectionClosed))


async def test_every_response_of_the_relay_names_its_request(web: httpx.AsyncClient, stack: Stack) -> None:
    stack.need("ws_url")
    base = (stack.ws_url or "").replace("ws", "http", 1)
    for path in ("/health", "/health/ready", "/metrics", "/unknown", "/ws/messaging"):
        given = await web.get(f"{base}{path}", headers={"X-Request-Id": "abc-1"})
        assert given.headers["x-request-id"] == "abc-1", path
        made = await web.get(f"{base}{path}")
        assert len(made.headers["x-request-id"]) == 36, path
