"""Migrations: from nothing, from a platform's own tables, twice, and two at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from support.api import unique
from support.cluster import cluster
from support.stack import Stack

PLATFORM = Path(__file__).parent / "platform.sql"
TABLES = ("channels", "messages", "channel_members", "message_reactions", "channel_events")
# Everything that a migration can have changed about a schema.
SCHEMA = """
SELECT jsonb_build_object(
    'columns', (SELECT jsonb_agg(to_jsonb(c) ORDER BY table_schema, table_name, column_name) FROM (
        SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema IN ('public', 'messaging')) c),
    'indexes', (SELECT jsonb_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname IN ('public', 'messaging')),
    'functions', (SELECT jsonb_agg(pg_get_functiondef(p.oid) ORDER BY p.proname, p.oid) FROM pg_proc p
                  JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'messaging')
)::text
"""

NewDatabase = Callable[[], Awaitable[str]]


@pytest.fixture(scope="module")
async def server(stack: Stack) -> AsyncIterator[str]:
    async with cluster(stack) as url:
        yield url


@pytest.fixture
def database(server: str) -> NewDatabase:
    """Makes empty databases."""

    async def make() -> str:
        name = unique("db").replace("-", "_")
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        return f"{server}/{name}"

    return make


async def migrate(stack: Stack, url: str) -> str:
    """Runs the migration command; returns what it says."""
    stack.need_service("ws-relay")
    process = await asyncio.create_subprocess_exec(
        stack.services["ws-relay"]["command"][0],
        "migrate",
        env={"DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output.decode()
    return output.decode()


async def ask(url: str, sql: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


async def schema(url: str) -> dict[str, Any]:
    """The schema, with every name in full: a role's own search path must not show."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "pg_catalog"})
    try:
        return json.loads(await connection.fetchval(SCHEMA))
    finally:
        await connection.close()


async def run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def contents(url: str, columns: dict[str, list[str]]) -> dict[str, Any]:
    """The rows of the five tables, in the columns that were there before."""
    return {
        table: json.loads(
            await ask(
                url,
                f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]')::text FROM "
                f"(SELECT {', '.join(columns[table])} FROM {table}) t",
            )
        )
        for table in TABLES
    }


async def columns_of(url: str) -> dict[str, list[str]]:
    sql = """SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = $1"""
    return {table: await ask(url, sql, table) for table in TABLES}


async def test_an_empty_database_gets_every_table(stack: Stack, database: NewDatabase) -> None:
    url = await database()
    await migrate(stack, url)
    columns = await columns_of(url)
    assert "last_seq" in columns["channels"]
    assert {"seq", "client_key"} <= set(columns["messages"])
    assert await ask(url, "SELECT to_regclass('outbox') IS NOT NULL")


async def test_migrating_again_changes_nothing(stack: Stack, database: NewDatabase) -> None:
    url = await database()
    await migrate(stack, url)
    before = await schema(url)
    await migrate(stack, url)
    assert await schema(url) == before


async def test_several_migrations_at_once_are_one(stack: Stack, database: NewDatabase) -> None:
    url, alone = await database(), await database()
    await asyncio.gather(*(migrate(stack, url) for _ in range(4)))
    await migrate(stack, alone)
    assert await schema(url) == await schema(alone)


async def test_the_stacks_own_database_is_at_the_newest_schema(stack: Stack, database: NewDatabase) -> None:
    stack.need("database_url")
    fresh = await database()
    await migrate(stack, fresh)
    assert await schema(stack.database_url or "") == await schema(fresh)


async def test_a_platform_database_keeps_every_row(stack: Stack, database: NewDatabase) -> None:
    url = await database()
    await run(url, PLATFORM.read_text())
    columns = await columns_of(url)
    before = await contents(url, columns)
    assert {table: len(rows) for table, rows in before.items()} == {
        "channels": 3,
        "messages": 6,
        "channel_members": 5,
        "message_reactions": 2,
        "channel_events": 3,
    }
    await migrate(stack, url)
    assert await contents(url, columns) == before
    # The platform's own things beside the five tables are still there.
    assert await ask(url, "SELECT count(*) FROM microdaos") == 1
    assert await ask(url, "SELECT count(*) FROM pg_trigger WHERE tgname = 'channels_touch'") == 1
    await migrate(stack, url)
    assert await contents(url, columns) == before


async def test_old_messages_are_numbered_in_the_order_they_were_sent(stack: Stack, database: NewDatabase) -> None:
    url = await database()
    await run(url, PLATFORM.read_text())
    await migrate(stack, url)
    sql = """SELECT coalesce(jsonb_agg(jsonb_build_array(seq, content_preview) ORDER BY seq), '[]')::text
             FROM messages m JOIN channels c ON c.id = m.channel_id WHERE c.slug = $1"""
    general = json.loads(await ask(url, sql, "general"))
    assert [seq for seq, _ in general] == [1, 2, 3, 4]
    assert [text for _, text in general] == ["first", "second, at the same time", "second, at the same time", "a reply"]
    assert json.loads(await ask(url, sql, "empty")) == []
    last = {
        slug: await ask(url, "SELECT last_seq FROM channels WHERE slug = $1", slug)
        for slug in ("general", "closed", "empty")
    }
    assert last == {"general": 4, "closed": 2, "empty": 0}


async def test_a_migrated_platform_database_works_on(stack: Stack, database: NewDatabase) -> None:
    url = await database()
    await run(url, PLATFORM.read_text())
    await migrate(stack, url)
    connection = await asyncpg.connect(url)
    try:
        channel = await connection.fetchval("SELECT id FROM channels WHERE slug = 'general'")
        # The platform's other services go on writing with their own statements.
        await connection.execute("UPDATE channels SET name = 'Renamed' WHERE id = $1", channel)
        await connection.execute(
            "INSERT INTO channel_members (channel_id, member_id, member_type, matrix_user_id) "
            "VALUES ($1, 'user:old-service', 'human', '@user-old-service:localhost')",
            channel,
        )
        assert await connection.fetchval("SELECT name FROM channels WHERE id = $1", channel) == "Renamed"
    finally:
        await connection.close()


async def test_a_database_that_is_not_there_yet_is_waited_for(stack: Stack, database: NewDatabase) -> None:
    # The command says what is wrong instead of hanging, when what is wrong does not pass by waiting.
    process = await asyncio.create_subprocess_exec(
        stack.services["ws-relay"]["command"][0],
        "migrate",
        env={"DATABASE_URL": (await database()) + "_missing"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode != 0
    assert b"does not exist" in output, output.decode()
