"""`python -m bench.search`: fills an index, and measures searches in it."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bench.search.fill import CALLERS, fill
from bench.search.load import Took, asked, at_rate, by_workers
from bench.search.words import hostile, terms, vocabulary
from harness.server import ROOT, migrate, programs, user
from support.cluster import server

# What is promised, in milliseconds.
MANY = {0.5: 15, 0.99: 80}
ONE = {0.99: 20}
HOSTILE = 1000
CHANNELS = "SELECT channel_id FROM public.channel_members WHERE member_id = $1 ORDER BY channel_id"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="how many there are [200,000]")
    parser.add_argument("--channels", type=int, default=5_000, help="in how many channels [5,000]")
    parser.add_argument("--searches", type=int, default=2_000, help="of each kind [2,000]")
    parser.add_argument("--rate", type=float, default=20, help="searches a second [20]")
    parser.add_argument("--hostile", type=int, default=1_000, help="queries that are meant to be slow [1,000]")
    parser.add_argument("--minutes", type=float, default=10, help="for the hostile ones, at most [10]")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="who ask them at once [a processor each]"
    )
    parser.add_argument("--seed", type=int, default=11, help="draws the same messages and queries again [11]")
    parser.add_argument("--database", help="one that an earlier run has filled, with the same numbers")
    parser.add_argument("--keep", action="store_true", help="wait in the end, until Ctrl-C, with the database running")
    return parser.parse_args()


def program(name: str) -> Path:
    """An example program of messaging-core."""
    return Path(os.environ.get("EXAMPLES", ROOT / "target/native/examples")) / name


@asynccontextmanager
async def filled(args: argparse.Namespace, words: list[str]) -> AsyncIterator[str]:
    """The address of a database with the messages in it."""
    if args.database:
        yield args.database
        return
    async with server(programs(), user(), ["shared_buffers=2GB", "max_wal_size=4GB", "jit=off"]) as url:
        connection = await asyncpg.connect(f"{url}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        url = f"{url}/bench"
        await migrate(url)
        print(f"filling {url}", flush=True)
        connection = await asyncpg.connect(url)
        await fill(connection, program("corpus"), words, args.messages, args.channels, args.seed)
        await connection.close()
        yield url


async def measure(
    url: str, args: argparse.Namespace, words: list[str]
) -> AsyncIterator[tuple[Took, dict[float, float]]]:
    draw = random.Random(args.seed)
    texts = [terms(words, draw) for _ in range(args.searches)]
    queries = asked(texts)
    callers = [f"user:caller{n}" for n in range(CALLERS)]
    size = max(8, args.workers)
    async with asyncpg.create_pool(
        url, min_size=size, max_size=size, server_settings={"search_path": "pg_catalog"}
    ) as pool:
        own = {caller: [str(row[0]) for row in await pool.fetch(CHANNELS, caller)] for caller in callers}

        def everywhere() -> tuple[str, str | None]:
            return draw.choice(callers), None

        def in_one() -> tuple[str, str | None]:
            caller = draw.choice(callers)
            return caller, draw.choice(own[caller])

        # A pooled connection has its plans.
        await by_workers(pool, "", queries[:20] * size, size, 60, everywhere)
        yield await at_rate(pool, "in 500 channels", queries, args.rate, everywhere), MANY
        yield await at_rate(pool, "in one channel", queries, args.rate, in_one), ONE
        if args.hostile:
            texts = [hostile(words, draw) for _ in range(args.hostile)]
            yield (
                await by_workers(
                    pool,
                    "hostile",
                    asked(texts),
                    args.workers,
                    args.minutes * 60,
                    lambda: draw.choice([everywhere, in_one])(),
                ),
                {1.0: HOSTILE},
            )


async def run(args: argparse.Namespace) -> int:
    words, broken = vocabulary(args.seed), 0
    async with filled(args, words) as url:
        async for took, promised in measure(url, args, words):
            print(
                *took.lines(), f"  load {os.getloadavg()[0]:.1f} for {os.cpu_count()} processors", sep="\n", flush=True
            )
            for part, most in promised.items():
                if took.at(part) > most:
                    broken += 1
                    print(f"  p{part * 100:.0f} is over {most} ms", flush=True)
            if took.missing:
                broken += 1
                print(f"  {took.missing:,} were not asked in {args.minutes:g} minutes", flush=True)
        while args.keep:
            print(f"--database {url}", flush=True)
            await asyncio.sleep(3600)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
