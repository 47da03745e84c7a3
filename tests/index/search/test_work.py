"""What a search looks at: so many rows, and so many look-ups of words, on whatever machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from harness.database import Database
from harness.search import entry
from harness.world import Channel, World, pushed
from search.asking import Searched

# Every fifth message has one word, every fifth another, and none has both; the oldest has a word of its own.
WORDS = """CASE WHEN n = 1 THEN 'quartz' WHEN n % 5 = 0 THEN 'often' WHEN n % 5 = 1 THEN 'seldom' ELSE 'hay' END"""
FILL = f"""
WITH given AS (SELECT n, {WORDS} AS word FROM generate_series(1, $2::integer) n), made AS (
    INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
        content_preview, created_at, seq)
    SELECT gen_random_uuid(), $1::uuid, '$' || $1::uuid || n, 'm.room.message', 'user:olga', 'human', '@x', word,
        now() - interval '100 days' + n * interval '1 minute', n + 1000
    FROM given RETURNING *)
INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
SELECT id, channel_id, created_at, 1,
    messaging.search_vector(made, format('%L:1 %L:1', '=' || content_preview, content_preview), false)
FROM made
"""
MESSAGES = 1_000
COUNTS = """
SELECT sum(pg_stat_get_xact_tuples_fetched(n.id))::integer AS rows,
    pg_stat_get_xact_numscans('messaging.message_search_lexemes'::regclass) AS lookups
FROM (SELECT 'messaging.message_search'::regclass::oid AS id
      UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = 'messaging.message_search'::regclass) n
"""
# How often tables, or their indexes, were looked into.
SCANS = """
SELECT sum(pg_stat_get_xact_numscans(n.id)) FROM unnest($1::text[]) AS t (name)
CROSS JOIN LATERAL (SELECT t.name::regclass::oid AS id
                    UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = t.name::regclass) n
"""


class Looked(NamedTuple):
    """How many rows a search has read, how often it has looked words up, and what it has found."""

    rows: int
    lookups: int
    hits: int


class Small:
    """A channel with a thousand messages, on a platform with more."""

    def __init__(self, search: Searched, db: Database, channel: Channel):
        self.search, self.db, self.channel = search, db, channel

    async def looked(self, query: str) -> Looked:
        before = (await self.db.rows(COUNTS))[0]
        page = await self.search.page(query, channel_id=self.channel.id, limit=20)
        after = (await self.db.rows(COUNTS))[0]
        assert page["next"] is None or len(page["hits"]) == 20
        return Looked(after["rows"] - before["rows"], after["lookups"] - before["lookups"], len(page["hits"]))


@asynccontextmanager
async def platform(small: Small, messages: int) -> AsyncIterator[None]:
    """As PostgreSQL knows it when the platform has so many messages."""
    transaction = small.db.connection.transaction()
    await transaction.start()
    try:
        size = "UPDATE pg_class SET reltuples = $1 WHERE oid = 'messaging.message_search'::regclass"
        await small.db.execute(size, float(messages))
        yield
    finally:
        await transaction.rollback()


@pytest.fixture
async def small(search: Searched, world: World, db: Database) -> Small:
    channels = [await world.old_channel() for _ in range(3)]
    for channel in channels:
        await db.execute(FILL, channel.id, MESSAGES)
    return Small(search, db, channels[1])


@pytest.mark.parametrize("messages", [10_000, 10_000_000])
async def test_what_is_rare_is_looked_up_after_a_hundred_messages(small: Small, messages: int) -> None:
    async with platform(small, messages):
        looked = await small.looked("quartz")
        assert looked.lookups == 1 and looked.hits == 1 and looked.rows <= 110, looked
        # What is rarer decides.
        looked = await small.looked("often quartz")
        assert looked.lookups == 1 and looked.hits == 0 and looked.rows <= 110, looked


@pytest.mark.parametrize("messages", [10_000, 10_000_000])
async def test_what_is_common_is_read_as_far_as_it_takes(small: Small, messages: int) -> None:
    async with platform(small, messages):
        looked = await small.looked("hay")
        assert looked.lookups == 0 and looked.hits == 20 and looked.rows <= 110, looked
        looked = await small.looked("often")
        assert looked.hits == 20 and looked.rows <= 320, looked


async def test_words_are_looked_up_where_the_platform_has_less_of_them_than_the_channel_has_messages(
    small: Small,
) -> None:
    """The index goes through all that the platform has of a word, the channel has a thousand messages to count and to read."""
    for messages, lookups, rows in ((10_000, 1, 110), (100_000_000, 0, 2 * MESSAGES)):
        async with platform(small, messages):
            looked = await small.looked("often seldom")
            assert looked.lookups == lookups and looked.hits == 0 and looked.rows <= rows, (messages, looked)


async def test_what_contradicts_itself_is_not_looked_for(small: Small) -> None:
    async with platform(small, 10_000_000):
        for query in ("often -often", "hay has:file -has:file", '"often hay" -hay'):
            assert await small.looked(query) == Looked(0, 0, 0), query


async def test_a_new_message_gets_its_row_without_a_look_for_an_old_one(small: Small) -> None:
    """It can have no reactions either."""
    tables = ["messaging.message_search", "public.message_reactions"]
    async with platform(small, 10_000):
        before = await small.db.value(SCANS, tables)
        await small.db.call("record_message", **pushed(small.channel, search=entry("quartz")))
        assert await small.db.value(SCANS, tables) == before
        assert (await small.looked("quartz")).hits == 2
