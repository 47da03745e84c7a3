"""`python -m bench.indexing`: what it costs a send that its message is found by search: the same statement with and without, in turn."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from typing import Any

import asyncpg

from harness.database import Database, connect
from harness.server import migrate, programs, user
from harness.world import Channel, World, pushed
from search.corpus import messages
from search.program import analysed
from support.cluster import server

# What is promised, in milliseconds.
MOST = 0.5

# Messages that are there before, each with a text and a channel of those that are given.
FILL = """
WITH given AS (
    SELECT n, gen_random_uuid() AS id, $1::uuid[] AS channels, $2::text[] AS texts, $3::text[] AS entries
    FROM generate_series(1, $4::integer) n
), drawn AS (
    SELECT n, id, channels[1 + n % cardinality(channels)] AS channel_id, texts[1 + n * 7919 % cardinality(texts)] AS content,
        entries[1 + n * 7919 % cardinality(texts)]::jsonb AS entry, now() - n * interval '1 minute' AS created_at
    FROM given
), made AS (
    INSERT INTO public.messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                                 content_preview, created_at, awaits_reindex)
    SELECT id, channel_id, -n, '$before-' || n, 'm.room.message', 'user:x', 'human', '@x:x', left(content, 500), created_at, false
    FROM drawn RETURNING *
)
SELECT count(messaging.index_search(m, d.entry)) FROM made m JOIN drawn d USING (id)
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench indexing", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="how many there are before [200,000]")
    parser.add_argument("--channels", type=int, default=500, help="in how many channels [500]")
    parser.add_argument("--sends", type=int, default=5_000, help="of each kind [5,000]")
    parser.add_argument("--seed", type=int, default=11, help="draws the same messages again [11]")
    return parser.parse_args()


async def timed(db: Database, message: dict[str, Any]) -> float:
    """How long the statement takes, in milliseconds."""
    began = time.perf_counter()
    await db.call("record_message", **message)
    return (time.perf_counter() - began) * 1000


async def measure(db: Database, args: argparse.Namespace) -> bool:
    draw, world = random.Random(args.seed), World(db)
    channels: list[Channel] = [await world.channel() for _ in range(args.channels)]
    texts = [message.text for message in messages()]
    began = time.perf_counter()
    answers = analysed([{"text": text, "query": ""} for text in texts])
    analysis = (time.perf_counter() - began) * 1000 / len(texts)
    entries = [{"analysis": 1, "has_link": answer["has_link"], "lexemes": answer["vector"]} for answer in answers]
    print(f"filling in {args.messages:,} messages", flush=True)
    # Only messages without a row are in it.
    await db.execute("DROP INDEX public.messages_awaiting_reindex")
    ids = [channel.id for channel in channels]
    await db.connection.execute(FILL, ids, texts, [json.dumps(entry) for entry in entries], args.messages, timeout=7200)
    await db.connection.execute("VACUUM ANALYZE", timeout=3600)
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(args.sends + 100):
        at = draw.randrange(len(texts))
        channel = draw.choice(channels)
        for is_found in draw.sample([False, True], 2):
            message = pushed(channel, content_preview=texts[at][:500], pushed_content=None)
            one = await timed(db, message | ({"search": entries[at]} if is_found else {}))
            # The first ones find nothing in memory.
            if number >= 100:
                took[is_found].append(one)
    print(f"{'record_message':>24}  mean    p50    p95    p99 ms")
    for is_found, name in [(False, "without"), (True, "with what it is found by")]:
        cuts = statistics.quantiles(took[is_found], n=100)
        numbers = (statistics.fmean(took[is_found]), cuts[49], cuts[94], cuts[98])
        print(f"{name:>24} ", "  ".join(f"{number:.2f}" for number in numbers))
    cost = statistics.fmean(took[True]) - statistics.fmean(took[False])
    median = statistics.median(took[True]) - statistics.median(took[False])
    size = await db.value("SELECT pg_size_pretty(pg_total_relation_size('messaging.message_search'))")
    print(
        f"more: {cost:.2f} ms in the mean, {median:.2f} in the median; the analysis before it {analysis:.3f} ms (native)"
    )
    print(f"message_search has {size}, with its indexes")
    return cost + analysis <= MOST


async def run(args: argparse.Namespace) -> bool:
    async with server(programs(), user()) as url:
        connection = await asyncpg.connect(f"{url}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        await migrate(f"{url}/bench")
        db = Database(f"{url}/bench", await connect(f"{url}/bench"))
        try:
            return await measure(db, args)
        finally:
            await db.connection.close()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(arguments())) else f"more than {MOST} ms")
