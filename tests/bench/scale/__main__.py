"""`python -m bench.scale`: fills an index, and measures what is read from it, a message that is written to it, and readers that
come back."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bench.results import Results
from bench.scale import resume
from bench.scale.calls import reads
from bench.scale.fill import fill
from bench.scale.index import Index
from harness.server import migrate, programs, user
from harness.services import WS_RELAY, nats_program
from support.cluster import server

ROUNDS = 3
# Settings of a server with two gigabytes to spare.
SETTINGS = ["shared_buffers=2GB", "max_wal_size=4GB", "autovacuum=off"]
PREPARED, EACH_TIME, FLOOR = "prepared once", "prepared anew", "plain columns"
# The time that PostgreSQL's process works for it, however busy the machine is.
WORK = "processor"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench scale", description=__doc__)
    parser.add_argument(
        "--messages", type=int, default=200_000, help="how many there are, beside a small index [200,000]"
    )
    parser.add_argument("--small", type=int, default=100_000, help="how many the small index has [100,000]")
    parser.add_argument("--seconds", type=float, default=0.2, help="for one figure of one round [0.2]")
    parser.add_argument("--sends", type=int, default=300, help="messages that a round writes to each index [300]")
    parser.add_argument("--server", help="a PostgreSQL that keeps what was filled; without it one is made for this run")
    parser.add_argument("--fill-only", action="store_true", help="measure nothing")
    return parser.parse_args()


@asynccontextmanager
async def own_server(args: argparse.Namespace) -> AsyncIterator[str]:
    if args.server:
        yield args.server
        return
    async with server(programs(), user(), SETTINGS) as url:
        yield url


async def filled(url: str, messages: int) -> str:
    """The address of a database with so many messages, which is made where it is missing."""
    name = f"scale_{messages}"
    connection = await asyncpg.connect(f"{url}/postgres")
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        print(f"filling {url}/{name}", flush=True)
        await connection.execute(f"CREATE DATABASE {name}_half")
        await migrate(f"{url}/{name}_half")
        filling = await asyncpg.connect(f"{url}/{name}_half")
        await fill(filling, messages)
        await filling.close()
        await connection.execute(f"ALTER DATABASE {name}_half RENAME TO {name}")
    await connection.close()
    return f"{url}/{name}"


async def measure(args: argparse.Namespace, url: str, results: Results) -> None:
    sizes = sorted({args.small, args.messages})
    indexes = [Index(await filled(url, size), size, args.seconds) for size in sizes]
    if args.fill_only:
        return
    for index in indexes:
        await index.open()
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", flush=True)
        for cases in zip(*(reads(index.head // 2) for index in indexes), strict=True):
            for index, (call, floor) in zip(indexes, cases, strict=True):
                of = f"{index.messages:,}"
                took, worked = await index.prepared(call)
                results.add(call.work, f"{of}: {PREPARED}", took, "ms", better="less")
                results.add(call.work, f"{of}: {EACH_TIME}", await index.at_each_call(call), "ms", better="less")
                results.add(call.work, f"{of}: {WORK}", worked, "ms", better="less")
                if floor:
                    took, worked = await index.prepared(floor)
                    results.add(call.work, f"{of}: {FLOOR}", took, "ms", better="less")
                    results.add(call.work, f"{of}: {FLOOR}, {WORK}", worked, "ms", better="less")
        for index in indexes:
            took, worked = await index.sends(args.sends, number)
            results.add(SEND, f"{index.messages:,}: {PREPARED}", took, "ms", better="less")
            results.add(SEND, f"{index.messages:,}: {WORK}", worked, "ms", better="less")
    last = indexes[-1]
    with tempfile.TemporaryDirectory() as folder:
        # With a relay's rights.
        database = last.url.replace("//postgres@", "//messaging_relay@")
        async with resume.relay(database, Path(folder)) as port:
            for _ in range(ROUNDS):
                for name, one in resume.rounds(port, last.head).items():
                    results.add(name, "the relay", await one(), "ms", better="less")
    for index in indexes:
        await index.close()


SEND = "a message is recorded"
FIRST, DEEP, LIST = "first page of the big channel", "page in its middle", "200 channels of a microDAO"


def goals(results: Results, args: argparse.Namespace) -> None:
    small, large = f"{args.small:,}", f"{args.messages:,}"
    results.goal(FIRST, "processor", of=f"{large}: {WORK}", at_most=0.35)
    results.goal(DEEP, "processor", of=f"{large}: {WORK}", at_most=1.5)
    results.goal(LIST, "processor", of=f"{large}: {WORK}", at_most=2)
    if small != large:
        results.goal(
            FIRST, "beside the small index", ratio=(f"{large}: {PREPARED}", f"{small}: {PREPARED}"), at_most=1.1
        )
        results.goal(
            SEND, "beside the small index", ratio=(f"{large}: {PREPARED}", f"{small}: {PREPARED}"), at_most=1.5
        )
    one, _, own = resume.NAMES
    results.goal(one, "the relay", of="the relay", at_most=150)
    results.goal(own, "the relay", of="the relay", at_most=2000)


async def run(args: argparse.Namespace) -> None:
    async with own_server(args) as url:
        connection = await asyncpg.connect(f"{url}/postgres")
        version = await connection.fetchval("SHOW server_version")
        await connection.close()
        nats = (await output(nats_program(), "--version")).rpartition(" ")[2]
        relay = (await output(str(WS_RELAY), "--version")).rpartition(" ")[2]
        results = Results("scale", {"PostgreSQL": version, "nats-server": nats, "ws-relay": relay})
        await measure(args, url, results)
    if not args.fill_only:
        goals(results, args)
        results.show()
        if "BENCH_RESULTS" in os.environ:
            results.save()


async def output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode().strip()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
