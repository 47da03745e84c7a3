"""`python -m bench.cold`: how large the components are, how long their first requests take, and what a host holds in memory."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bench.cold.client import load, once
from bench.cold.host import BUILT, Host, Process, alone, components, hosts, one_authority, running, whole
from bench.cold.requests import WITH_DATABASE, WITHOUT_DATABASE, Ask
from bench.results import Results
from harness.database import Database, connect
from harness.server import ROOT, migrate, programs, user
from harness.world import World
from support.cluster import server

MESSAGES = 200
EMPTY = "empty component"
# What is promised: kilobytes, and milliseconds.
SIZE, FIRST, WITH = 800, 10, 15


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench cold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of everything, in turn [3]")
    parser.add_argument("--seconds", type=float, default=4, help="of reads, for the memory under load [4]")
    parser.add_argument("--connections", type=int, default=32, help="that read at once [32]")
    parser.add_argument("--spin", help="the spin program, when it is not on the PATH")
    parser.add_argument(
        "--beside", action="append", default=[], metavar="NAME=FOLDER", help="other builds of the components, too"
    )
    return parser.parse_args()


@asynccontextmanager
async def filled() -> AsyncIterator[tuple[str, Ask]]:
    """The address of a database, and what reads a page of 50 in it."""
    async with server(programs(), user()) as url:
        connection = await asyncpg.connect(f"{url}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        url = f"{url}/bench"
        await migrate(url)
        session = await connect(url)
        world = World(Database(url, session))
        channel = await world.channel()
        for _ in range(MESSAGES):
            await world.message(channel)
        await session.close()
        yield url, Ask(f"/api/messaging/channels/{channel.id}/messages")


class Bench:
    """What is measured, in turn."""

    def __init__(self, args: argparse.Namespace, database: str, page: Ask, results: Results, scratch: Path):
        self.args, self.database, self.page, self.results, self.scratch = args, database, page, results, scratch
        self.builds = {"ours": ROOT / BUILT}
        for beside in args.beside:
            name, _, folder = beside.partition("=")
            self.builds[name] = Path(folder).resolve()
        self.manifests = {name: whole(folder, scratch / f"{name}.toml") for name, folder in self.builds.items()}
        self.empty = alone(Path(os.environ["EMPTY_COMPONENT"]).resolve(), scratch / "empty.toml")

    def sizes(self) -> None:
        kilobytes = {name: size(file) for name, file in components(self.builds["ours"]).items()}
        for name, number in sorted(kilobytes.items(), key=lambda item: -item[1]):
            self.results.add("size", name, number, "kB", better="less")
        for name, folder in self.builds.items():
            files = [size(file) for file in components(folder).values() if file.exists()]
            self.results.add("size of the largest", name, max(files), "kB", better="less")
            self.results.add("size of all", name, sum(files), "kB", better="less")
        self.results.add("size of the largest", EMPTY, size(Path(os.environ["EMPTY_COMPONENT"])), "kB", better="less")
        self.results.goal("size of the largest", "each component", of="ours", at_most=SIZE)

    async def round(self, host: Host) -> None:
        for name, manifest in self.manifests.items():
            self.first(host, name, manifest, "refused", named=False, database=self.database)
            self.first(host, name, manifest, "with the database", named=True, database=self.database)
            if host.name == "spin":
                # The rest is what Spin makes ready for TLS, from every certificate that the system trusts.
                plain, work = f"{self.database}?sslmode=disable", "with the database"
                self.first(host, name, manifest, f"{work}, sslmode=disable", named=True, database=plain)
                if authority := one_authority(self.scratch / "one.pem"):
                    work = f"{work}, SSL_CERT_FILE"
                    self.first(host, name, manifest, work, named=True, database=self.database, authority=authority)
            await self.memory(host, name, manifest, WITH_DATABASE | WITHOUT_DATABASE, self.page)
        with running(host, self.empty, self.scratch, self.database) as process:
            took, _ = once(process.port, Ask("/"), named=False)
            self.results.add(f"first request, refused, {host.name}", EMPTY, took, "ms", better="less")
        await self.memory(host, EMPTY, self.empty, {EMPTY: Ask("/")}, Ask("/"))

    def first(
        self,
        host: Host,
        name: str,
        manifest: Path,
        what: str,
        *,
        named: bool,
        database: str,
        authority: Path | None = None,
    ) -> None:
        """The first request of each component of a fresh host: the middle one and the slowest."""
        work, asks = f"first request, {what}, {host.name}", WITH_DATABASE | ({} if named else WITHOUT_DATABASE)
        with running(host, manifest, self.scratch, database, authority) as process:
            took = {}
            for component, ask in asks.items():
                took[component], status = once(process.port, ask, named=named)
                # In an empty database nothing is found, and that is what is to be said.
                if status in (0, 401) and named or status >= 500:
                    self.results.invalid(work, name, f"{component} answered {status}")
                    return
        slowest = max(took, key=lambda component: took[component])
        print(f"{work}, {name}: the slowest was {slowest}, {took[slowest]:.1f} ms", flush=True)
        self.results.add(work, f"{name}, median", statistics.median(took.values()), "ms", better="less")
        self.results.add(work, f"{name}, slowest", took[slowest], "ms", better="less")

    async def memory(self, host: Host, name: str, manifest: Path, asks: dict[str, Ask], page: Ask) -> None:
        def note(what: str, megabytes: float) -> None:
            self.results.add(f"memory {what}, {host.name}", name, megabytes, "MB", better="less")

        with running(host, manifest, self.scratch, self.database) as process:
            note("at rest", process.memory())
            for ask in asks.values():
                once(process.port, ask, named=True)
            note("when each has answered once", process.memory())
            highest, (done, failed) = await asyncio.gather(
                watch(process, self.args.seconds), load(process.port, page, self.args.connections, self.args.seconds)
            )
            note("under load", highest)
            reads = f"reads at {self.args.connections} connections, {host.name}"
            if failed:
                self.results.invalid(reads, name, f"{failed} of {done} failed")
            else:
                self.results.add(reads, name, done / self.args.seconds, "1/s", better="more")


async def watch(process: Process, seconds: float) -> float:
    """The most memory that it holds in that time."""
    highest = 0.0
    for _ in range(int(seconds * 5)):
        await asyncio.sleep(0.2)
        highest = max(highest, process.memory())
    return highest


def size(file: Path) -> float:
    return file.stat().st_size / 1000


async def run(args: argparse.Namespace) -> None:
    found = hosts(args.spin)
    async with filled() as (database, page):
        connection = await asyncpg.connect(database)
        postgres = await connection.fetchval("SHOW server_version")
        await connection.close()
        results = Results("cold", {"postgres": postgres} | {host.name: host.version() for host in found})
        scratch = Path(tempfile.mkdtemp(prefix="bench-cold-"))
        try:
            bench = Bench(args, database, page, results, scratch)
            bench.sizes()
            for number in range(args.rounds):
                for host in found:
                    print(f"round {number + 1} of {args.rounds}, {host.name}", flush=True)
                    await bench.round(host)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    for host in found:
        ways = ["with the database", "with the database, sslmode=disable", "with the database, SSL_CERT_FILE"]
        for what, most in [("refused", FIRST), *((way, WITH) for way in ways)]:
            work = f"first request, {what}, {host.name}"
            if results.median(work, "ours, slowest") is not None:
                results.goal(work, "the slowest component", of="ours, slowest", at_most=most)
    results.show()
    results.save()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
