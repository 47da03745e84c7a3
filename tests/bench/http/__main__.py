"""`python -m bench.http`: reads and sends of the app on each host, beside its native twin and a service of Python."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.http import goals, synapse
from bench.http.filled import Filled, fill
from bench.http.load import load
from bench.http.programs import Programs
from bench.http.same import check_reads, check_send
from bench.http.work import Work, empty, reads, sends
from bench.results import Results
from support.stack import Stack

CONNECTIONS = (1, 32)
PARTS = ("reads", "sends", "synapse")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench http", description=__doc__)
    parser.add_argument("--stack", type=Path, required=True, help="the stack's file")
    parser.add_argument("--twin", type=Path, required=True, help="the native twin")
    parser.add_argument("--peer", type=Path, required=True, help="the Python of the peer")
    parser.add_argument("--spin", type=Path, help="how Spin is started, as a service of a stack")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be given several times [all]")
    parser.add_argument("--work", action="append", help="kinds of work whose names begin like this [all]")
    parser.add_argument("--rounds", type=int, default=3, help="[3]")
    parser.add_argument("--seconds", type=int, default=3, help="for each figure of a round [3]")
    return parser.parse_args()


@dataclass
class Bench:
    """The programs that run, and what they have done."""

    args: argparse.Namespace
    stack: Stack
    filled: Filled
    results: Results
    http: httpx.AsyncClient
    urls: dict[str, str] = field(default_factory=dict)

    def wants(self, work: Work) -> bool:
        return not self.args.work or any(work.name.startswith(name) for name in self.args.work)

    async def measure(self, work: Work, who: str, connections: int, round_: int) -> None:
        """A round of one; before the first, what is only done once is done."""
        url = self.urls[who]
        if round_ == 0:
            await load(url, work.asked, connections, 1)
            await self.filled.settle()
        answered = await load(url, work.asked, connections, self.args.seconds)
        await self.filled.settle()
        name = f"{work.name}, {connections} conn."
        if answered.invalid:
            self.results.invalid(name, who, answered.invalid)
            return
        self.results.add(name, who, answered.rate, "1/s", better="more")
        self.results.add(f"{name}: p50", who, answered.p50, "ms", better="less")
        self.results.add(f"{name}: p99", who, answered.p99, "ms", better="less")


async def read(bench: Bench) -> None:
    # What is new in the service that is tuned is not used by reads, but for the pool.
    whos = [who for who in bench.urls if who != "Python, tuned"]
    works = [work for work in reads(bench.stack, bench.filled) if bench.wants(work)]
    for work in works:
        await check_reads(bench.http, work, {who: bench.urls[who] for who in whos})
    for round_ in range(bench.args.rounds):
        for connections in CONNECTIONS:
            for work in works:
                for who in whos:
                    await bench.measure(work, who, connections, round_)
            if bench.wants(empty()):
                for who in [who for who in whos if not who.startswith("Python")]:
                    await bench.measure(empty(), who, connections, round_)
        print(f"reads: round {round_ + 1} of {bench.args.rounds}", flush=True)


async def send(bench: Bench) -> None:
    works: dict[str, list[Work]] = {}
    said = {}
    for who, url in bench.urls.items():
        many, one = (await bench.filled.channels_of(who))[:-1], (await bench.filled.channels_of(who))[-1:]
        both = [sends(bench.stack, "send, many channels", many), sends(bench.stack, "send, one channel", one)]
        works[who] = [work for work in both if bench.wants(work)]
        said[who] = await check_send(bench.http, both[0], url)
    assert said["native twin"] == said["local host"], said
    for round_ in range(bench.args.rounds):
        for connections in CONNECTIONS:
            for at in range(len(works["local host"])):
                for who in bench.urls:
                    await bench.measure(works[who][at], who, connections, round_)
        print(f"sends: round {round_ + 1} of {bench.args.rounds}", flush=True)
    assert await bench.filled.without_gaps(), "the numbers of what was sent have gaps"


async def run(args: argparse.Namespace) -> int:
    stack = Stack.read(args.stack)
    parts = args.only or PARTS
    assert stack.database_url
    print("filling", flush=True)
    filled = await fill(stack.database_url)
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="bench-http-")))
        programs = Programs(stack, folder, args.twin, args.peer, args.spin)
        http = await opened.enter_async_context(httpx.AsyncClient(timeout=60, trust_env=False))
        results = Results("http", await goals.versions(programs, filled.db, http))
        bench = Bench(args, stack, filled, results, http)
        if "reads" in parts or "sends" in parts:
            async with AsyncExitStack() as running:
                gateway = await running.enter_async_context(programs.gateway())
                for host in programs.hosts():
                    bench.urls[host] = await running.enter_async_context(programs.app(host, gateway=gateway))
                bench.urls["native twin"] = await running.enter_async_context(programs.native_twin(gateway))
                for tuned, name in ((False, "Python"), (True, "Python, tuned")):
                    bench.urls[name] = await running.enter_async_context(programs.python(gateway, tuned=tuned))
                if "reads" in parts:
                    await read(bench)
                if "sends" in parts:
                    await send(bench)
        if "synapse" in parts:
            await synapse.measure(programs, filled, results, http, args.rounds, args.seconds)
        goals.say(results, list(programs.hosts()))
    results.show()
    results.save()
    return 1 if results.refused else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
