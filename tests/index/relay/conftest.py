"""What the tests of ws-relay are given: NATS, relays, and a queue of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from harness.database import Database
from harness.services import Relay, nats_server

NewRelay = Callable[..., Relay]


@pytest.fixture(scope="session")
async def nats_url() -> AsyncIterator[str]:
    async with nats_server() as url:
        yield url


@pytest.fixture
async def new_relay(db: Database, nats_url: str, tmp_path: Path) -> AsyncIterator[NewRelay]:
    """Makes relays, with the rights of a relay, which are stopped when the test ends; none is started."""
    made: list[Relay] = []

    def make(*, nats: str = nats_url, **settings: str) -> Relay:
        made.append(Relay(db.url.replace("//postgres@", "//messaging_relay@"), nats, tmp_path, **settings))
        return made[-1]

    yield make
    for relay in made:
        await relay.kill()
