"""The database that a measurement has for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from harness.database import Database, connect
from harness.server import migrate, programs, user
from support.cluster import server


@asynccontextmanager
async def database(settings: list[str] | None = None) -> AsyncIterator[Database]:
    """One at the newest schema, on a PostgreSQL of its own with these settings."""
    async with server(programs(), user(), settings or []) as url:
        connection = await asyncpg.connect(f"{url}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        await migrate(f"{url}/bench")
        db = Database(f"{url}/bench", await connect(f"{url}/bench"))
        try:
            yield db
        finally:
            await db.close_sessions()
            await db.connection.close()
