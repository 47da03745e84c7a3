"""More events at once than a test could send through the homeserver."""

from __future__ import annotations

from typing import Any

from support.index import Index

# Written as the functions of the index write them.
FLOOD = """
WITH channel AS (
    UPDATE public.channels SET last_seq = last_seq + $2 WHERE id = $1::text::uuid
    RETURNING id, microdao_id, last_seq - $2 AS before
), events AS (
    SELECT gen_random_uuid() AS event_id, c.id, c.microdao_id, c.before + n AS seq
    FROM channel c, generate_series(1, $2::bigint) n
), written AS (
    INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, payload)
    SELECT event_id, id, microdao_id, seq, 'messaging.reaction.added', jsonb_build_object(
        'event_id', event_id, 'channel_id', id, 'microdao_id', microdao_id, 'seq', seq, 'message_id', gen_random_uuid(),
        'reactor_id', 'user:flood', 'emoji', coalesce(repeat('x', $3), extract(epoch FROM clock_timestamp())::text))
    FROM events ORDER BY seq RETURNING seq
)
SELECT max(seq), pg_notify('outbox', '') FROM written
"""


async def flood(index: Index, channel: dict[str, Any], count: int, size: int) -> int:
    """Writes `count` events of at least `size` bytes into a channel's outbox; returns the last one's number."""
    return await index.value(FLOOD, channel["id"], count, size)


async def tick(index: Index, channel: dict[str, Any]) -> int:
    """Writes one event whose emoji is the time, in seconds since 1970; returns its number."""
    return await index.value(FLOOD, channel["id"], 1, None)
