"""One PostgreSQL for the run, migrated once; every test begins with an empty index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

# Before the first import of them: their assertions say what they have compared, as those of tests do.
pytest.register_assert_rewrite("support", "harness")

from harness.database import Database, connect
from harness.databases import Databases, execute, schema
from harness.server import WS_RELAY, migrate, programs, user
from harness.world import World
from support.cluster import server as start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items[:1]:
        item.config.some_left_out = True  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[str]:
    """The address of an empty PostgreSQL, without a database."""
    assert WS_RELAY.is_file(), f"{WS_RELAY} is not built; cargo dev test builds it, or name one with WS_RELAY"
    async with start(programs(), user()) as url:
        yield url


@pytest.fixture(scope="session")
async def database(server: str) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute("CREATE DATABASE index_tests")
    await connection.close()
    url = f"{server}/index_tests"
    await migrate(url)
    opened = Database(url, await connect(url))
    yield opened
    await opened.connection.close()


@pytest.fixture(scope="session")
def databases(server: str) -> Databases:
    """Makes further databases on the same server."""
    return Databases(server)


@pytest.fixture(scope="session")
async def pristine(database: Database) -> dict[str, Any]:
    """The schema as one migration makes it."""
    return await schema(database.url)


@pytest.fixture(scope="session")
async def spare(databases: Databases) -> str:
    url = await databases.new("spare")
    await migrate(url)
    return url


@pytest.fixture
async def migrated(spare: str) -> AsyncIterator[str]:
    """A database at the newest schema, for tests that change its functions; their tables are not to be changed."""
    yield spare
    await execute(spare, "UPDATE messaging.applied_functions SET version = '0.0.0', hash = 'other'")
    await migrate(spare)


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Database]:
    """The index, empty."""
    yield database
    await database.close_sessions()
    # A statement of a session that was cut off may still hold rows.
    async with asyncio.timeout(20):
        await database.empty()


@pytest.fixture
def world(db: Database) -> World:
    """Makes channels, members and messages."""
    return World(db)
