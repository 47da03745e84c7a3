"""Empty and strange databases, roles and schemas, for the tests of `ws-relay migrate`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import asyncpg

# Everything that a migration can have changed about a schema.
SCHEMA = """
SELECT jsonb_build_object(
    'columns', (SELECT jsonb_agg(to_jsonb(c) ORDER BY table_schema, table_name, column_name) FROM (
        SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')) c),
    'indexes', (SELECT jsonb_agg(indexdef ORDER BY indexdef) FROM pg_indexes
                WHERE schemaname NOT IN ('pg_catalog', 'information_schema')),
    'functions', (SELECT jsonb_agg(pg_get_functiondef(p.oid) ORDER BY p.proname, p.oid) FROM pg_proc p
                  JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'messaging'),
    'refusals', (SELECT jsonb_agg(pg_get_constraintdef(oid)) FROM pg_constraint WHERE contypid <> 0 AND conname = 'refusal_code'),
    'state', (SELECT query_to_xml('SELECT version, hash FROM messaging.applied_functions', true, false, '')::text
              WHERE to_regclass('messaging.applied_functions') IS NOT NULL)
)::text
"""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection without a search path of the role's, so that every name says its schema."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "pg_catalog"}, command_timeout=20)
    try:
        yield connection
    finally:
        await connection.close()


class Databases:
    """Makes databases on one server; made by its superuser."""

    def __init__(self, server: str):
        self.server = server
        self.host = server.partition("@")[2]
        self.count = 0

    async def run(self, sql: str) -> None:
        async with connected(f"{self.server}/postgres") as connection:
            await connection.execute(sql)

    async def new(self, name: str | None = None, owner: str | None = None) -> str:
        """An empty database; returns its address for its owner, by default the superuser."""
        self.count += 1
        name = name or f"database_{self.count}"
        await self.run(f'CREATE DATABASE "{name}"' + (f' OWNER "{owner}"' if owner else ""))
        return f"postgres://{quote(owner or 'postgres')}@{self.host}/{quote(name)}"

    async def drop(self, name: str) -> None:
        await self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def role(self, name: str, search_path: str | None = None) -> None:
        """A role that may log in; its sessions begin with this search path."""
        path = f"SET search_path = {search_path}" if search_path else "RESET search_path"
        exists = f"EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
        await self.run(f"""DO $$ BEGIN IF NOT {exists} THEN CREATE ROLE "{name}" LOGIN; END IF; END $$""")
        await self.run(f'ALTER ROLE "{name}" {path}')


async def execute(url: str, sql: str) -> None:
    async with connected(url) as connection:
        await connection.execute(sql)


async def fetch(url: str, sql: str, *arguments: Any) -> Any:
    """The one value of a statement."""
    async with connected(url) as connection:
        return await connection.fetchval(sql, *arguments)


async def schema(url: str) -> dict[str, Any]:
    return json.loads(await fetch(url, SCHEMA))
