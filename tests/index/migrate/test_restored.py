"""A dump that is restored on another server: what has to be there before, and what `ws-relay migrate` does afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.database import Database, Session, connect
from harness.databases import Databases, fetch, schema
from harness.roles import COMPONENTS, RELAY, as_role
from harness.server import migrate, programs, run_migrate, user
from harness.world import OWNER, World
from support.cluster import server as start

LIMITS = """
SELECT string_agg(r.rolname || ': ' || array_to_string(s.setconfig, ', '), '; ' ORDER BY r.rolname)
FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database()
"""


@pytest.fixture
async def elsewhere() -> AsyncIterator[Databases]:
    """A server that knows none of our roles."""
    async with start(programs(), user()) as url:
        yield Databases(url)


@pytest.fixture
async def dump(db: Database, world: World, tmp_path: Path) -> Path:
    """Of a database with something in it."""
    channel = await world.channel()
    await world.message(channel, content_preview="hedgehogs")
    file = tmp_path / "index.dump"
    code, output = await run("pg_dump", "--format=custom", f"--file={file}", db.url)
    assert code == 0, output
    return file


async def run(program: str, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        programs() / program, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def restore(url: str, dump: Path, *words: str) -> tuple[int, str]:
    return await run("pg_restore", "--exit-on-error", *words, f"--dbname={url}", str(dump))


async def test_with_the_roles_it_is_this_version_s_and_has_everything(
    elsewhere: Databases, dump: Path, db: Database, pristine: dict[str, Any]
) -> None:
    for role in (COMPONENTS, RELAY):
        await elsewhere.role(role)
    url = await elsewhere.new()
    code, output = await restore(url, dump)
    assert code == 0, output
    code, output = await run_migrate(url, "--check")
    assert code == 0, output
    # Among others the extension, as functions that search uses name it.
    assert await schema(url) == pristine
    assert await fetch(url, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == 1
    # What a role may take is no part of a dump, and comes with the migration.
    assert await fetch(url, LIMITS) is None
    await migrate(url)
    assert await fetch(url, LIMITS) == await db.value(LIMITS) is not None
    session = Session(await connect(as_role(url, COMPONENTS)))
    listed = await session.call(
        "list_channels", caller=OWNER, microdaos=None, microdao_id=None, limit=5, before_time=None, before_id=None
    )
    assert len(listed["items"]) == 1
    await session.connection.close()


async def test_without_the_roles_it_ends_and_names_one(elsewhere: Databases, dump: Path) -> None:
    code, output = await restore(await elsewhere.new(), dump)
    assert code != 0 and f'role "{COMPONENTS}" does not exist' in output.replace(RELAY, COMPONENTS)


async def test_without_rights_and_owners_a_migration_gives_them(elsewhere: Databases, dump: Path) -> None:
    """As a role that is no superuser, with everything its own: on a server of somebody else's, for example."""
    await elsewhere.role("tenant")
    for role in (COMPONENTS, RELAY):
        await elsewhere.role(role)
    url = await elsewhere.new("tenants", "tenant")
    # The extension is one that a role may make in its own database.
    code, output = await restore(url, dump, "--no-owner", "--no-privileges", "--no-comments")
    assert code == 0, output
    relay = f"postgres://{quote(RELAY)}@{url.partition('@')[2]}"
    assert (await run_migrate(relay, "--check"))[0] == 2, "the relay has no rights yet"
    await migrate(url)
    assert (await run_migrate(relay, "--check"))[0] == 0
