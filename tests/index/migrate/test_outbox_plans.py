"""The outbox is planned as it is nearly always, also where much waits in it while the database is migrated."""

from __future__ import annotations

import json

import pytest

from harness.databases import Databases, connected
from harness.server import ROOT, migrate

FILES = sorted((ROOT / "migrations").glob("03[68]_*.sql"))
EVENTS = """INSERT INTO public.outbox (channel_id, microdao_id, seq, subject, payload, published_at)
            SELECT gen_random_uuid(), 'microdao:x', 1, 'messaging.message.created', '{}', CASE WHEN n > $1 THEN now() END
            FROM generate_series(1, 20000) n"""
KNOWN = "SELECT count(*) FROM pg_stats WHERE tablename = 'outbox' AND attname = 'published_at'"
WAITING = "EXPLAIN (FORMAT JSON) SELECT id FROM public.outbox WHERE published_at IS NULL"


@pytest.mark.parametrize("waiting", [0, 10, 20_000])
async def test_what_waits_while_the_database_is_migrated_changes_no_plan(databases: Databases, waiting: int) -> None:
    url = await databases.new()
    await migrate(url)
    async with connected(url) as connection:
        # As before 036.
        await connection.execute("ALTER TABLE public.outbox ALTER COLUMN published_at SET STATISTICS -1")
        await connection.execute(EVENTS, waiting)
        await connection.execute("ANALYZE public.outbox")
        for file in FILES:
            await connection.execute(file.read_text())
        await connection.execute("ANALYZE public.outbox")
        # Times that were published then would be long over.
        assert await connection.fetchval(KNOWN) == 0
        plan = json.loads(await connection.fetchval(WAITING))[0]["Plan"]
        assert plan["Plan Rows"] <= 200, plan
        # What there is of it stays as it is, rows and indexes.
        assert await connection.fetchval("SELECT count(*) FROM public.outbox WHERE published_at IS NULL") == waiting
        assert not await connection.fetchval(
            "SELECT bool_or(NOT indisvalid) FROM pg_index WHERE indrelid = 'public.outbox'::regclass"
        )


async def test_a_view_of_the_outbox_stops_no_migration(databases: Databases) -> None:
    url = await databases.new()
    await migrate(url)
    async with connected(url) as connection:
        await connection.execute("ALTER TABLE public.outbox ALTER COLUMN published_at SET STATISTICS -1")
        await connection.execute("CREATE VIEW public.lag AS SELECT published_at FROM public.outbox")
        await connection.execute(EVENTS, 0)
        for file in FILES:
            await connection.execute(file.read_text())
        assert await connection.fetchval(KNOWN) == 1
