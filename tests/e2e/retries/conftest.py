"""An app that can lose its homeserver and its database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from support.api import api_client
from support.crash import Crash
from support.database_proxy import DatabaseProxy
from support.faulty_homeserver import FaultyHomeserver
from support.second_app import second_app
from support.stack import Stack


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[DatabaseProxy]:
    stack.need("database_url")
    proxy = DatabaseProxy(stack.database_url or "")
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture(scope="module")
async def app(
    stack: Stack, faulty: FaultyHomeserver, database: DatabaseProxy, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """The pushes go to the stack's own app, which loses nothing."""
    variables = {
        "matrix_homeserver_url": faulty.url,
        "database_url": database.url,
        "database_allowed_host": f"postgres://127.0.0.1:{database.port}",
    }
    async with second_app(stack, tmp_path_factory.mktemp("second-app"), **variables) as url, api_client(url) as client:
        yield client


@pytest.fixture
def crash(faulty: FaultyHomeserver, database: DatabaseProxy) -> Crash:
    made = Crash(faulty, database)
    made.repair()
    return made
