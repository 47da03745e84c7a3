"""`ws-relay check`, the database: what it lacks, who may not use it, and what stands in front of it."""

from __future__ import annotations

import pytest

from harness.databases import Databases, execute
from harness.doctor import check
from harness.roles import RELAY, as_role
from harness.server import migrate

Settings = dict[str, str]


@pytest.fixture
async def database(databases: Databases) -> str:
    """A migrated one that a test may break, for its superuser."""
    url = await databases.new()
    await migrate(url)
    return url


async def test_a_database_that_was_never_migrated_is_told(settings: Settings, databases: Databases) -> None:
    report = await check(settings | {"DATABASE_URL": await databases.new()})
    assert report.level("database.schema") == "fault" and "ws-relay migrate" in report.said("database.schema")
    assert report.level("database.pg_trgm") == "fault"
    assert report.level("database.role") == "warning"


async def test_older_tables_and_other_functions_are_told(settings: Settings, database: str) -> None:
    settings = settings | {"DATABASE_URL": as_role(database, RELAY)}
    await execute(database, "UPDATE messaging.applied_functions SET hash = 'other'")
    report = await check(settings)
    assert report.level("database.schema") == "fault" and "functions" in report.said("database.schema")
    await execute(database, "UPDATE messaging.applied_functions SET version = '99.0.0'")
    assert (await check(settings)).level("database.schema") == "ok"
    await execute(database, "UPDATE messaging.applied_functions SET version = '0.0.1'")
    await execute(database, "DELETE FROM messaging.schema_history WHERE version > 20")
    report = await check(settings)
    assert report.level("database.schema") == "fault" and "up to 020" in report.said("database.schema")


async def test_a_missing_extension_is_told(settings: Settings, database: str) -> None:
    await execute(database, "DROP EXTENSION pg_trgm CASCADE")
    report = await check(settings | {"DATABASE_URL": as_role(database, RELAY)})
    assert report.level("database.pg_trgm") == "fault"
    assert "CREATE EXTENSION pg_trgm" in report.said("database.pg_trgm")


async def test_a_right_that_the_role_lacks_is_named(settings: Settings, database: str) -> None:
    settings = settings | {"DATABASE_URL": as_role(database, RELAY)}
    assert (await check(settings)).level("database.rights") == "ok"
    await execute(database, f"REVOKE UPDATE (published_at) ON public.outbox FROM {RELAY}")
    await execute(database, f"REVOKE EXECUTE ON FUNCTION messaging.claim_links FROM {RELAY}")
    said = (await check(settings)).said("database.rights")
    assert "UPDATE ON public.outbox (published_at)" in said and "messaging.claim_links" in said
    # Rights that nobody has given yet show in what cannot be seen.
    await execute(database, f"REVOKE SELECT ON messaging.schema_history FROM {RELAY}")
    report = await check(settings)
    assert report.level("database.schema") == "fault" and "RELAY_ROLE" in report.said("database.schema")


async def test_a_role_that_may_not_log_in_and_a_database_that_is_not_there_are_told_apart(
    settings: Settings, database: str
) -> None:
    report = await check(settings | {"DATABASE_URL": as_role(database, "nobody_of_this_name")})
    assert report.level("database") == "fault" and "Mend role or password" in report.said("database")
    report = await check(settings | {"DATABASE_URL": f"{settings['DATABASE_URL']}_not_there"})
    assert report.level("database") == "fault" and "Make the database" in report.said("database")
    report = await check(settings | {"DATABASE_URL": "postgres://u@127.0.0.1:1/x"})
    assert report.level("database") == "fault" and "Does it run" in report.said("database")


async def test_a_database_that_takes_no_writes_is_told(settings: Settings, database: str) -> None:
    name = database.rpartition("/")[2]
    await execute(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    report = await check(settings | {"DATABASE_URL": as_role(database, RELAY)})
    assert report.level("database") == "fault" and "read-only" in report.said("database")
