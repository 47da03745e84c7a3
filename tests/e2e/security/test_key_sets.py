"""Tokens of an issuer that publishes its keys: the app and the relay fetch them, and follow when they change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.api import CHANNELS, Caller, World
from support.issuer import Issuer, SigningKey, hangs, never_ends, redirects, says_garbage
from support.problems import problem
from support.second_app import second_app
from support.second_relay import second_relay
from support.stack import Stack
from support.tokens import with_header


@dataclass
class Trusting:
    """An app and a relay that take the tokens of one issuer, and of nobody else."""

    issuer: Issuer
    http: httpx.AsyncClient
    ws_url: str
    stack: Stack

    def caller(self, token: str) -> Caller:
        return Caller(self.http, self.stack, "user:alice", {"Authorization": f"Bearer {token}"})

    async def socket_code(self, token: str) -> int:
        """With which code a socket of the caller ends; 1000 when it was let in."""
        async with connect(f"{self.ws_url}/ws/messaging?token={token}") as socket:
            try:
                await socket.send("ping")
                assert await asyncio.wait_for(socket.recv(), 10) == "pong"
            except ConnectionClosed as closed:
                assert closed.rcvd
                return closed.rcvd.code
            return 1000


@pytest.fixture
async def trusting(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trusting]:
    issuer = Issuer(SigningKey("first"))
    async with issuer.listen() as address:
        settings = {"auth_mode": "token", "jwt_secret": "", "jwt_jwks_url": f"{address}/keys"}
        settings |= {"jwt_issuer": "daarion-auth"}
        async with (
            second_app(stack, tmp_path_factory.mktemp("app"), jwt_jwks_allowed_host=address, **settings) as url,
            second_relay(stack, tmp_path_factory.mktemp("relay"), **settings) as ws_url,
            httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
        ):
            yield Trusting(issuer, client, ws_url, stack)


async def test_a_token_of_the_issuer_opens_both_and_no_other_does(trusting: Trusting, world: World) -> None:
    key = trusting.issuer.keys[0]
    good = key.token("alice", world.microdao)
    alice = trusting.caller(good)
    channel = await alice.create(**world.fields(visibility="microdao"))
    assert channel["created_by"] == "user:alice"
    assert await trusting.socket_code(good) == 1000

    forger = SigningKey("first")
    for wrong in (
        forger.token("alice"),
        SigningKey("unknown").token("alice"),
        key.token("alice", type="refresh"),
        key.token("alice", iss="somebody"),
        key.token("alice", exp=time.time() - 60),
        world.member_of("alice", world.microdao).headers["Authorization"].split()[1],
    ):
        problem(await trusting.caller(wrong).get(CHANNELS), 401, "unauthenticated")
        assert await trusting.socket_code(wrong) == 4401
    # Keys are kept, and one that somebody makes up is not looked for each time.
    before = trusting.issuer.requests
    for number in range(20):
        made_up = with_header(good, {"alg": "RS256", "kid": f"made-up-{number}"})
        problem(await trusting.caller(made_up).get(CHANNELS), 401, "unauthenticated")
        assert await trusting.socket_code(made_up) == 4401
    assert trusting.issuer.requests - before < 20


async def test_a_new_key_is_followed_without_a_restart(trusting: Trusting, world: World) -> None:
    first = trusting.issuer.keys[0]
    assert (await trusting.caller(first.token("alice", world.microdao)).get(CHANNELS)).status_code == 200
    assert await trusting.socket_code(first.token("alice")) == 1000
    second = SigningKey("second")
    trusting.issuer.keys = [second]
    token = second.token("alice", world.microdao)

    async def app_follows() -> bool:
        return (await trusting.caller(token).get(CHANNELS)).status_code == 200

    async def relay_follows() -> bool:
        return await trusting.socket_code(token) == 1000

    follow = {"app": app_follows, "relay": relay_follows}
    until = time.monotonic() + 60
    while follow:
        assert time.monotonic() < until, f"{list(follow)} know the second key not after a minute"
        follow = {name: follows for name, follows in follow.items() if not await follows()}
        await asyncio.sleep(2)
    # The first one is published no more.
    problem(await trusting.caller(first.token("alice")).get(CHANNELS), 401, "unauthenticated")
    assert await trusting.socket_code(first.token("alice")) == 4401


@pytest.mark.parametrize("respond", [hangs, redirects, says_garbage, never_ends], ids=lambda f: f.__name__)
async def test_an_issuer_that_does_not_say_its_keys_harms_nobody(
    trusting: Trusting, world: World, respond: object
) -> None:
    trusting.issuer.respond = respond  # type: ignore[assignment]
    good = trusting.issuer.keys[0].token("alice", world.microdao)
    for _ in range(2):
        began = time.monotonic()
        refused = await trusting.caller(good).get(CHANNELS)
        problem(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert await trusting.socket_code(good) == 1013
        assert time.monotonic() - began < 10
    # Who needs no key is served meanwhile.
    assert (await trusting.http.get("/health")).status_code == 200
    problem(await trusting.caller("x").get(CHANNELS), 503, "unavailable")

    trusting.issuer.respond = trusting.issuer.publish
    until = time.monotonic() + 20
    while (await trusting.caller(good).get(CHANNELS)).status_code != 200 or await trusting.socket_code(good) != 1000:
        assert time.monotonic() < until
        await asyncio.sleep(0.5)
