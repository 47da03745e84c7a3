"""A PostgreSQL whose commits are on disk when they are answered, as in production, and channels in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.database import database
from harness.database import Database
from harness.world import DAO

SETTINGS = ["fsync=on", "full_page_writes=on", "synchronous_commit=on"]

# What nobody measures: channels with the names 'bench-<n>' and rooms '!bench-<n>', from 1 on, whose events begin with 1.
CHANNELS = """
INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by, member_count, active_at,
                             indexed_active_at)
SELECT 'bench-' || n, 'Bench ' || n, $2, '!bench-' || n, 'public', 'user:olga', 0, now(), now()
FROM generate_series(1, $1::integer) n
"""


@asynccontextmanager
async def durable(channels: int) -> AsyncIterator[Database]:
    """A database of its own at the newest schema, with so many public channels and nobody in them."""
    async with database(SETTINGS) as db:
        await db.execute(CHANNELS, channels, DAO)
        await db.execute("VACUUM ANALYZE public.channels")
        yield db


async def version(program: str | Path) -> str:
    """What a program says that its version is."""
    process = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    found = re.search(r"\d+\.\d+(\.\d+)?", output.decode())
    return found[0] if found else "unknown"
