"""Whether a program and a database fit: `ws-relay migrate --check`, and a relay that starts on another version's schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from harness.database import Database
from harness.databases import Databases, connected, execute, fetch, schema
from harness.older import older_database
from harness.roles import COMPONENTS, RELAY, as_role
from harness.server import migrate, run_migrate
from harness.services import Relay, nats_server
from support.waiting import eventually

# A newer version's schema, which serves programs from another version on.
NEWER = """
INSERT INTO messaging.schema_history VALUES (99, 'of_a_later_version', '2026-11-25T10:00:00Z', '1');
UPDATE messaging.applied_functions SET version = '99.1.0', hash = 'other', serves = '{}'
"""
FITS, MIGRATE_FIRST, TOO_OLD = 0, 2, 3


@pytest.fixture
async def url(databases: Databases) -> AsyncIterator[str]:
    """A database of one's own, at this version."""
    made = await databases.new()
    await migrate(made)
    yield made
    await databases.drop(made.rpartition("/")[2])


async def check(url: str, code: int) -> str:
    """What the command says; it has changed nothing."""
    before = await schema(url)
    found, output = await run_migrate(url, "--check")
    assert found == code, output
    assert await schema(url) == before
    return output


async def own_version(url: str) -> str:
    return await fetch(url, "SELECT version FROM messaging.applied_functions")


async def test_this_version_s_database_fits_also_for_the_roles_of_relays(url: str) -> None:
    said = await check(url, FITS)
    newest = await fetch(url, "SELECT max(version) FROM messaging.schema_history")
    assert f"database: tables up to {newest:03}, functions of version {await own_version(url)}" in said
    assert "nothing to apply" in said and "to apply:" not in said
    assert "nothing to apply" in await check(as_role(url, RELAY), FITS)


async def test_an_empty_database_has_to_be_migrated_first(databases: Databases) -> None:
    empty = await databases.new()
    said = await check(empty, MIGRATE_FIRST)
    assert "database: tables none, functions none" in said
    assert "to apply: 001_create_messenger_schema.sql" in said
    assert "run `ws-relay migrate` of version" in said


async def test_an_older_version_s_database_says_what_is_missing_and_who_has_to_stop(
    databases: Databases, database: Database
) -> None:
    older = await older_database(databases, database.connection)
    said = await check(older, MIGRATE_FIRST)
    assert "to apply: 007_" not in said and "to apply: 008_follow_the_rooms_state.sql" in said
    assert "first stop those of version 0.0.7" in said
    assert "programs of version 0.0.7 are not served any more" in await migrate(older)
    await check(older, FITS)


async def test_functions_that_differ_are_named(url: str) -> None:
    version = await own_version(url)
    await execute(
        url,
        """CREATE OR REPLACE FUNCTION messaging.rank(p_role text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE FUNCTION messaging.leftover() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
        UPDATE messaging.applied_functions SET version = '0.0.9', hash = 'other', serves = NULL""",
    )
    assert "functions, other than the database's are leftover, rank\n" in await check(url, MIGRATE_FIRST)
    await execute(url, f"UPDATE messaging.applied_functions SET version = '{version}'")
    said = await check(url, MIGRATE_FIRST)
    assert "another build of" in said
    await migrate(url)
    await check(url, FITS)


async def test_a_newer_version_s_database_serves_this_one_or_does_not(url: str) -> None:
    version = await own_version(url)
    await execute(url, NEWER.format(version))
    assert f"which serves {version} as well" in await check(url, FITS)
    await execute(url, NEWER.partition(";")[2].format("99.0.0"))
    said = await check(url, TOO_OLD)
    assert "serves programs from 99.0.0 on: start one of those, or restore the backup" in said
    # One that does not say whom it serves, serves itself.
    await execute(url, "UPDATE messaging.applied_functions SET serves = NULL")
    assert "serves programs from 99.1.0 on" in await check(url, TOO_OLD)


async def test_what_cannot_be_told_is_an_error(databases: Databases) -> None:
    code, output = await run_migrate(f"{databases.server}/missing", "--check")
    assert code == 1 and "does not exist" in output


class Started:
    """A relay on a database."""

    def __init__(self, relay: Relay):
        self.relay = relay

    async def ready(self) -> tuple[int, str]:
        """Its readiness, and what it says of the database."""
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.get(f"http://127.0.0.1:{self.relay.port}/health/ready")
        return response.status_code, response.json()["database"]

    async def becomes(self, status: int, database: str) -> None:
        async def so() -> bool:
            return await self.ready() == (status, database)

        await eventually(f"the relay is {status}, {database}", so, deadline=20, retry=(httpx.HTTPError,))

    async def says(self, text: str) -> None:
        async def said() -> bool:
            return text in self.relay.output()

        await eventually(f"the relay says {text!r}", said, deadline=20)


Start = Callable[[str], Awaitable[Started]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    relays: list[Relay] = []
    async with nats_server() as nats_url:

        async def started(url: str) -> Started:
            relays.append(Relay(url, nats_url, tmp_path))
            await relays[-1].start()
            return Started(relays[-1])

        yield started
        for relay in relays:
            await relay.kill()


async def test_a_relay_on_a_database_that_is_not_migrated_yet_says_so_and_waits(
    databases: Databases, start: Start
) -> None:
    empty = await databases.new()
    relay = await start(empty)
    await relay.becomes(503, "not_migrated")
    await relay.says("the database is older than this relay, which waits: run `ws-relay migrate` of version")
    await migrate(empty)
    await relay.becomes(200, "reachable")
    await relay.relay.publishes()


async def test_a_relay_whose_role_has_no_rights_yet_waits_for_them(url: str, start: Start) -> None:
    """As a version leaves it that gave the relay's role less."""
    await execute(url, f"REVOKE ALL ON messaging.applied_functions FROM {RELAY}")
    relay = await start(as_role(url, RELAY))
    await relay.becomes(503, "not_migrated")
    await migrate(url)
    await relay.becomes(200, "reachable")


async def test_an_older_relay_works_on_a_schema_that_serves_it(url: str, start: Start) -> None:
    await execute(url, NEWER.format(await own_version(url)))
    relay = await start(url)
    await relay.becomes(200, "reachable")
    await relay.says("the database is a newer version's, which serves")


async def test_a_relay_that_is_too_old_for_its_database_ends_with_what_to_do(url: str, start: Start) -> None:
    await execute(url, NEWER.format("99.0.0"))
    relay = await start(url)
    await relay.says("is too old for this database, which serves programs from 99.0.0 on")
    assert relay.relay.process and await relay.relay.process.wait() != 0


async def test_another_build_of_the_same_version_works_beside_this_one(url: str, start: Start) -> None:
    await execute(url, "UPDATE messaging.applied_functions SET hash = 'other'")
    relay = await start(url)
    await relay.becomes(200, "reachable")


async def test_components_may_not_ask(url: str) -> None:
    async with connected(as_role(url, COMPONENTS)) as connection:
        assert not await connection.fetchval(
            "SELECT has_table_privilege('messaging.applied_functions', 'SELECT') OR has_any_column_privilege('messaging.schema_history', 'SELECT')"
        )
