"""`python -m bench.fanout`: how many frames a relay hands to its sockets in a second, how soon they are there, and what a
socket costs that is idle; the same clients, events and sockets by the WebSocket listener of NATS, in turn."""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg

from bench.fanout.works import RATE, Bench
from bench.results import Results
from harness.database import Database, connect
from harness.server import WS_RELAY, migrate, programs, user
from harness.services import own_nats
from harness.world import World
from support.cluster import server
from support.ports import free_port

WORKS = ("flood", "delay", "idle", "storm")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench fanout", description=__doc__)
    parser.add_argument("--messages", type=int, help="is not used")
    parser.add_argument("--only", choices=WORKS, action="append", help="this work, which may be said several times")
    parser.add_argument("--rounds", type=int, default=3, help="of each [3]")
    parser.add_argument("--seconds", type=int, default=5, help="that a round of a flood and of delays takes [5]")
    parser.add_argument("--flooded", default="100,1000,5000", help="sockets in a flood [100,1000,5000]")
    parser.add_argument("--idle", type=int, default=10_000, help="idle sockets [10,000]")
    parser.add_argument("--idle-seconds", type=int, default=60, help="that they are idle [60]")
    parser.add_argument("--storm", type=int, default=5_000, help="clients that come back at once [5,000]")
    parser.add_argument("--before", type=Path, help="another ws-relay, measured in the same rounds")
    return parser.parse_args()


def files(sockets: int) -> None:
    """Every socket is a file of two processes, which take the limit over from this one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < sockets + 500:
        sys.exit(f"{sockets:,} sockets need as many open files, and the limit is {hard:,} (ulimit -Hn)")


def version(*command: str) -> str:
    """The number that a program says it has."""
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return next(word for word in said.split() if word.lstrip("v")[0].isdigit())


async def measure(bench: Bench, args: argparse.Namespace) -> None:
    works, results, relays = args.only or WORKS, bench.results, list(bench.relays)
    flooded = [int(sockets) for sockets in args.flooded.split(",")] if "flood" in works else []
    for n in range(args.rounds):
        print(f"round {n + 1}", flush=True)
        # Who comes first in a round comes last in the next one.
        turn = slice(None, None, -1 if n % 2 else 1)
        for sockets in flooded:
            for who in bench.who[turn]:
                await bench.flood(who, sockets)
        for who in bench.who[turn] if "delay" in works else []:
            await bench.delay(who, 1_000)
        for who in bench.who[turn] if "idle" in works else []:
            await bench.idle(who, args.idle, args.idle_seconds)
        for who in relays[turn] if "storm" in works else []:
            await bench.storm(who, args.storm)
    against = ("ours", "nats-server")
    for sockets in flooded:
        results.goal(f"deliveries to {sockets:,} sockets", "as many as nats-server", ratio=against, at_least=1)
    if "delay" in works:
        for part in ("p50", "p99"):
            work = f"commit to frame, 1,000 sockets, {RATE}/s, {part}"
            results.goal(work, "as soon as by nats-server", ratio=against, at_most=1)
    if "idle" in works:
        results.goal(f"idle socket of {args.idle:,}, memory", "little", of="ours", at_most=8)
        results.goal(f"idle socket of {args.idle:,}, processor", "little", of="ours", at_most=1)


async def run(args: argparse.Namespace) -> None:
    nats_websocket = free_port()
    websocket = f'{{ listen: "127.0.0.1:{nats_websocket}", no_tls: true }}'
    async with server(programs(), user()) as url, own_nats(websocket=websocket) as nats:
        connection = await asyncpg.connect(f"{url}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        await migrate(f"{url}/bench")
        db = Database(f"{url}/bench", await connect(f"{url}/bench"))
        versions = {
            "PostgreSQL": version(str(programs() / "postgres"), "--version"),
            "nats-server": version(nats.command[0], "--version"),
            "ws-relay": version(str(WS_RELAY), "--version"),
        }
        relays = {"ours": WS_RELAY} | ({"before": args.before} if args.before else {})
        results = Results("fanout", versions)
        with tempfile.TemporaryDirectory() as folder:
            try:
                bench = Bench(db, World(db), nats, nats_websocket, relays, Path(folder), results, args.seconds)
                await measure(bench, args)
            finally:
                await db.connection.close()
        results.show()
        results.save()


if __name__ == "__main__":
    arguments_given = arguments()
    files(max(arguments_given.idle, arguments_given.storm))
    asyncio.run(run(arguments_given))
