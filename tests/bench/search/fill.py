"""An index with as many messages as are asked for."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

CHUNK = 200_000
# Whoever searches, and in how many channels.
CALLERS = 10
CHANNELS_OF_CALLER = 500

STAGED = """
CREATE UNLOGGED TABLE IF NOT EXISTS public.bench_staged (
    number bigint, channel integer, seq bigint, created_at timestamptz, sender text, kind text, mentions text[],
    has_link boolean, content text, words text)
"""
CHANNELS = """
INSERT INTO public.channels (id, slug, name, microdao_id, matrix_room_id, visibility, created_by, created_at, active_at,
                             member_count)
SELECT md5('channel-' || n)::uuid, 'channel-' || n, 'Channel ' || n, 'microdao:dao-' || n % 50, '!room-' || n || ':localhost',
    'private', 'user:user1', '2024-01-01', '2024-01-01', 1
FROM generate_series(0, $1::integer - 1) n
"""
MEMBERS = """
INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, joined_at)
SELECT c.id, 'user:caller' || n, 'human', '@user-caller' || n || ':localhost', now()
FROM generate_series(0, $1::integer - 1) n
CROSS JOIN LATERAL (SELECT id FROM public.channels ORDER BY md5(id::text || n) LIMIT $2::integer) c
"""
MESSAGES = """
INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                             content_preview, content_type, created_at, seq, mentions, awaits_reindex)
SELECT md5('message-' || number)::uuid, md5('channel-' || channel)::uuid, '$' || number, 'm.room.message', sender,
    CASE WHEN sender LIKE 'agent:%' THEN 'agent' ELSE 'human' END, '@' || sender, content, kind, created_at, seq, mentions, false
FROM public.bench_staged
"""
SEARCH = """
INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
SELECT m.id, m.channel_id, m.created_at, 1, messaging.search_vector(m, s.words, s.has_link)
FROM public.bench_staged s JOIN public.messages m ON m.id = md5('message-' || s.number)::uuid
"""
# Made when everything is in, which is faster; those of messages are the ones that a search or its answer uses.
SEARCH_INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = 'message_search' AND indexname NOT LIKE '%_pkey'"
DROP = """
DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT indexrelid FROM pg_index WHERE NOT indisprimary AND (indrelid = 'messaging.message_search'::regclass
        OR indrelid = 'public.messages'::regclass AND NOT indisunique AND indpred IS NULL
        AND indexrelid::regclass::text NOT LIKE '%messages_channel_created')
    LOOP EXECUTE 'DROP INDEX ' || name; END LOOP;
END $$
"""


async def fill(
    connection: asyncpg.Connection, program: Path, words: list[str], messages: int, channels: int, seed: int
) -> None:
    """Makes channels, callers and messages, and all that search looks things up in."""
    began = time.monotonic()
    indexes = [row[0] for row in await connection.fetch(SEARCH_INDEXES)]
    # Foreign keys hold, as everything is made here.
    await connection.execute(f"SET session_replication_role = replica; SET synchronous_commit = off; {STAGED}; {DROP}")
    await connection.execute(CHANNELS, channels)
    await connection.execute(MEMBERS, CALLERS, CHANNELS_OF_CALLER)
    done = 0
    async for chunk in chunks(program, words, [messages, channels, seed]):
        await connection.copy_to_table("bench_staged", schema_name="public", source=chunk)
        await connection.execute(f"{MESSAGES}; {SEARCH}; TRUNCATE public.bench_staged")
        done = min(done + CHUNK, messages)
        print(f"  {done:>10,} messages, {time.monotonic() - began:,.0f} s", flush=True)
    await connection.execute("DROP TABLE public.bench_staged; SET maintenance_work_mem = '1GB'")
    for index in indexes:
        await connection.execute(index)
        print(f"  {index.split()[2]} is made, {time.monotonic() - began:,.0f} s", flush=True)
    await connection.execute("VACUUM ANALYZE")


async def chunks(program: Path, words: list[str], numbers: list[int]) -> AsyncIterator[AsyncIterator[bytes]]:
    """What the program writes, so many lines at once."""
    process = await asyncio.create_subprocess_exec(
        program, *map(str, numbers), stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 22
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("".join(word + "\n" for word in words).encode())
    await process.stdin.drain()
    process.stdin.close()
    out = process.stdout

    async def lines(first: bytes) -> AsyncIterator[bytes]:
        gathered, count, line = bytearray(), 0, first
        while line:
            gathered += line
            count += 1
            if len(gathered) > 1 << 20:
                yield bytes(gathered)
                gathered.clear()
            if count == CHUNK:
                break
            line = await out.readline()
        yield bytes(gathered)

    while first := await out.readline():
        yield lines(first)
    assert await process.wait() == 0, "the program that makes messages failed"
