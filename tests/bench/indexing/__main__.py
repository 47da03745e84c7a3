"""`python -m bench.indexing`: what it costs a send that its message is found by search: the same statement with and without, in turn."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import sys
import time
from typing import Any, NamedTuple

from bench.database import database
from bench.processor import work
from harness.database import Database
from harness.world import Channel, World, pushed
from search.corpus import messages
from search.program import analysed

# What is promised, in milliseconds.
MOST = 0.5

# What the messages say that are there before, and these messages.
STAGED = """
CREATE TABLE public.bench_texts AS
SELECT text, entry::jsonb, number - 1 AS number FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (text, entry, number)
"""
FILL = """
WITH drawn AS (
    SELECT gen_random_uuid() AS id, c.id AS channel_id, n, t.text, t.entry
    FROM generate_series($1::integer, $2::integer) n
    JOIN public.bench_texts t ON t.number = n::bigint * 7919 % (SELECT count(*) FROM public.bench_texts)
    JOIN (SELECT id, row_number() OVER () - 1 AS number, count(*) OVER () AS most FROM public.channels) c ON c.number = n % c.most
), made AS (
    INSERT INTO public.messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                                 content_preview, created_at, awaits_reindex)
    SELECT id, channel_id, -n, '$before-' || n, 'm.room.message', 'user:x', 'human', '@x:x', left(text, 500),
        now() - n * interval '1 minute', false
    FROM drawn RETURNING *
)
SELECT count(messaging.index_search(m, d.entry)) FROM made m JOIN drawn d USING (id)
"""
CHUNK = 20_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench indexing", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="how many there are before [200,000]")
    parser.add_argument("--channels", type=int, default=500, help="in how many channels [500]")
    parser.add_argument("--sends", type=int, default=5_000, help="of each kind [5,000]")
    parser.add_argument("--seed", type=int, default=11, help="draws the same messages again [11]")
    return parser.parse_args()


class Took(NamedTuple):
    """How long a statement takes, and how long a processor works for it in PostgreSQL, in milliseconds: on a machine that is
    busy with other things, the first is longer."""

    time: float
    work: float


async def timed(db: Database, message: dict[str, Any]) -> Took:
    began, worked = time.perf_counter(), work(db.connection)
    await db.call("record_message", **message)
    took = time.perf_counter() - began
    return Took(took * 1000, work(db.connection) - worked)


def entries_of(texts: list[str]) -> tuple[list[dict[str, Any]], float]:
    """What texts are found by, and the work of a processor for one of them."""

    def worked() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (used.ru_utime + used.ru_stime) * 1000

    began = worked()
    answers = analysed([{"text": text, "query": ""} for text in texts])
    one = (worked() - began) / len(texts)
    entries = [{"analysis": 1, "has_link": answer["has_link"], "lexemes": answer["vector"]} for answer in answers]
    return entries, one


async def measure(db: Database, args: argparse.Namespace) -> bool:
    draw, world = random.Random(args.seed), World(db)
    channels: list[Channel] = [await world.channel() for _ in range(args.channels)]
    texts = [message.text for message in messages()]
    entries, analysis = entries_of(texts)
    print(f"filling in {args.messages:,} messages", flush=True)
    # Only messages without a row are in it.
    await db.execute("DROP INDEX public.messages_awaiting_reindex")
    await db.execute(STAGED, texts, [json.dumps(entry) for entry in entries])
    for first in range(1, args.messages + 1, CHUNK):
        last = min(first + CHUNK - 1, args.messages)
        await db.connection.execute(FILL, first, last, timeout=3600)
    await db.connection.execute("VACUUM ANALYZE", timeout=3600)
    took: dict[bool, list[Took]] = {False: [], True: []}
    for number in range(args.sends + 100):
        at = draw.randrange(len(texts))
        channel = draw.choice(channels)
        for is_found in draw.sample([False, True], 2):
            message = pushed(channel, content_preview=texts[at][:500], pushed_content=None)
            one = await timed(db, message | ({"search": entries[at]} if is_found else {}))
            # The first ones find nothing in memory.
            if number >= 100:
                took[is_found].append(one)
    print(f"{'record_message':>24}  mean    p50    p95    p99 ms   work of a processor")
    for is_found, name in [(False, "without"), (True, "with what it is found by")]:
        times = [one.time for one in took[is_found]]
        cuts = statistics.quantiles(times, n=100)
        numbers = (statistics.fmean(times), cuts[49], cuts[94], cuts[98])
        print(f"{name:>24} ", "  ".join(f"{number:5.2f}" for number in numbers), f"     {mean(took[is_found]):.2f}")
    cost = mean(took[True]) - mean(took[False])
    size = await db.value("SELECT pg_size_pretty(pg_total_relation_size('messaging.message_search'))")
    print(f"more: {cost:.2f} ms of work, and at most {analysis:.2f} for the analysis before it (native)")
    print(f"message_search has {size}, with its indexes")
    return cost + analysis <= MOST


def mean(took: list[Took]) -> float:
    """The processor's work, without the few that clean up for many."""
    return statistics.fmean(sorted(one.work for one in took)[: len(took) * 99 // 100])


async def run(args: argparse.Namespace) -> bool:
    async with database() as db:
        return await measure(db, args)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(arguments())) else f"more than {MOST} ms")
