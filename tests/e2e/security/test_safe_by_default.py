"""An app without settings lets nobody in, and one for production only callers with a signed token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from support.api import CHANNELS, Caller, World, row
from support.problems import problem
from support.second_app import second_app
from support.stack import Stack
from support.tokens import token

ORIGIN = "https://app.example.org"


@pytest.fixture(scope="module")
async def bare(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """An app that was told where its parts are, and no secret."""
    none = dict.fromkeys(("auth_mode", "jwt_secret", "internal_secret", "matrix_hs_token", "matrix_gateway_secret"), "")
    async with (
        second_app(stack, tmp_path_factory.mktemp("bare"), **none) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def production(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """The same app with AUTH_MODE and origins as in production."""
    folder = tmp_path_factory.mktemp("production")
    async with (
        second_app(stack, folder, auth_mode="token", cors_allow_origins=ORIGIN) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


async def test_without_settings_nobody_gets_in(bare: httpx.AsyncClient, stack: Stack, world: World) -> None:
    secret = stack.jwt_secret or ""
    for headers in (
        {},
        {"X-User-Id": "user:alice"},
        {"Authorization": f"Bearer {token('user:alice', secret)}"},
        {"Authorization": f"Bearer {token('user:alice', '')}"},
    ):
        caller = Caller(bare, stack, "user:alice", headers)
        problem(await caller.get(CHANNELS), 401, "unauthenticated")
        problem(await caller.post(CHANNELS, world.fields()), 401, "unauthenticated")
    for headers in ({}, {"X-Internal-Service-Token": ""}, {"Authorization": "Bearer x"}):
        caller = Caller(bare, stack, "", headers)
        problem(await caller.post("/internal/agents/agent:sofia/post-to-channel", {}), 401, "unauthenticated")
        problem(await caller.get("/internal/messaging/channels/x/context"), 401)
        problem(await caller.post("/webhooks/matrix-events", {}), 401, "unauthenticated")
        pushed = await caller.request("PUT", "/_matrix/app/v1/transactions/1", json={"events": []})
        assert pushed.status_code in (401, 403), pushed.text


async def test_in_production_only_a_token_counts(production: httpx.AsyncClient, stack: Stack, world: World) -> None:
    by_name = Caller(production, stack, "user:alice", {"X-User-Id": "user:alice"})
    problem(await by_name.get(CHANNELS), 401, "unauthenticated")
    by_token = world.member_of("alice", world.microdao)
    by_token.http = production
    channel = await by_token.create(**world.fields(visibility="microdao"))
    assert row((await by_token.get(f"{CHANNELS}/{channel['id']}")).json()) == channel
    # A token for one microDAO is no member of the others.
    elsewhere = world.fields(microdao_id=world.other_microdao("other"))
    problem(await by_token.post(CHANNELS, elsewhere), 403, "not_in_microdao")


async def test_only_the_named_origins_may_read_responses(production: httpx.AsyncClient) -> None:
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    allowed = await production.options(CHANNELS, headers=preflight | {"Origin": ORIGIN})
    assert allowed.status_code in (200, 204), allowed.text
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    names = {name.strip() for name in allowed.headers["access-control-allow-headers"].lower().split(",")}
    assert names >= {"authorization", "content-type", "idempotency-key"}
    assert "PATCH" in allowed.headers["access-control-allow-methods"]
    # Nobody is known by a cookie, so nothing may be sent along.
    assert "access-control-allow-credentials" not in allowed.headers
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil.example", "http://app.example.org"):
        refused = await production.options(CHANNELS, headers=preflight | {"Origin": origin})
        assert "access-control-allow-origin" not in refused.headers, origin
        response = await production.get(CHANNELS, headers={"Origin": origin})
        assert "access-control-allow-origin" not in response.headers, origin
    response = await production.get(CHANNELS, headers={"Origin": ORIGIN})
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "link" in response.headers["access-control-expose-headers"].lower()
