"""What operators and load balancers look at."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from support.problems import problem
from support.stack import Stack


async def test_the_app_is_alive(http: httpx.AsyncClient) -> None:
    response = await http.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "healthy"


async def test_the_app_is_ready_and_names_every_part(http: httpx.AsyncClient) -> None:
    response = await http.get("/health/ready")
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "ready"
    assert response.json()["parts"] == {"postgresql": "ok", "matrix_gateway": "ok", "homeserver": "ok"}


async def test_readiness_says_how_callers_prove_who_they_are(http: httpx.AsyncClient, development: bool) -> None:
    response = await http.get("/health/ready")
    assert response.json()["auth_mode"] == ("development" if development else "token")


async def test_many_who_ask_for_readiness_at_once_are_all_answered(http: httpx.AsyncClient) -> None:
    responses = await asyncio.gather(*(http.get("/health/ready") for _ in range(60)))
    assert {response.status_code for response in responses} == {200}


@pytest.mark.parametrize("path", ["/health/", "/health?x=1"])
async def test_variants_of_the_address_are_the_same(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


async def test_health_is_only_read(http: httpx.AsyncClient) -> None:
    problem(await http.post("/health"), 405, "method_not_allowed")
    problem(await http.get("/health/of/nothing"), 404, "not_found")


async def test_health_tells_no_secrets(http: httpx.AsyncClient, stack: Stack) -> None:
    texts = [(await http.get(path)).text for path in ("/health", "/health/ready")]
    secrets = [getattr(stack, name) for name in ("database_url", "internal_secret", "matrix_as_token", "jwt_secret")]
    assert not [secret for secret in secrets if secret and any(secret in text for text in texts)]


async def test_the_relay_is_alive_and_counts(web: httpx.AsyncClient, stack: Stack) -> None:
    stack.need("ws_url")
    base = (stack.ws_url or "").replace("ws", "http", 1)
    assert (await web.get(f"{base}/health")).status_code == 200
    response = await web.get(f"{base}/metrics")
    assert response.status_code == 200
    # Prometheus reads both: its own text format, and OpenMetrics.
    assert response.headers["content-type"].split(";")[0] in ("text/plain", "application/openmetrics-text")
    samples = [line for line in response.text.splitlines() if line and not line.startswith("#")]
    assert samples
    for line in samples:
        float(line.rsplit(" ", 1)[1])
