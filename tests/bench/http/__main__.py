"""`python -m bench.http`: reads and sends of the app on each host, beside its native twin and a service of Python."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.http import goals, synapse
from bench.http.filled import Filled, fill
from bench.http.load import Answered, load
from bench.http.programs import Programs
from bench.http.same import check_reads, check_send
from bench.http.work import Work, conversations, empty, reads
from bench.results import Results
from support.stack import Stack

CONNECTIONS = (1, 32)
PARTS = ("reads", "sends", "synapse")
# What asks the gateway.
CALLING = ("message with content",)


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
    """What is measured, and what has come of it."""

    args: argparse.Namespace
    programs: Programs
    filled: Filled
    results: Results
    http: httpx.AsyncClient

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, str]]:
        """The address of everybody, started anew: each keeps as many connections to the database as it once had."""
        async with AsyncExitStack() as opened:
            gateway = await opened.enter_async_context(self.programs.gateway())
            urls = {
                host: await opened.enter_async_context(self.programs.app(host, gateway=gateway))
                for host in self.programs.hosts()
            }
            urls["native twin"] = await opened.enter_async_context(self.programs.native_twin(gateway))
            for tuned, name in ((False, "Python"), (True, "Python, tuned")):
                urls[name] = await opened.enter_async_context(self.programs.python(gateway, tuned=tuned))
            yield urls

    async def compare(self, works: dict[str, Work], urls: dict[str, str]) -> None:
        """All rounds of a kind of work, of which everybody has one of their own or the same."""
        for who, work in works.items():
            # What is done once only is done before.
            await load(urls[who], work.asked, max(CONNECTIONS), 1)
            await self.filled.settle()
        for _ in range(self.args.rounds):
            for connections in CONNECTIONS:
                for who, work in works.items():
                    answered = await load(urls[who], work.asked, connections, self.args.seconds)
                    self._add(f"{work.name}, {connections} conn.", who, connections, answered)
                    await self.filled.settle()
        print(f"measured: {next(iter(works.values())).name}", flush=True)

    def _add(self, name: str, who: str, connections: int, answered: Answered) -> None:
        if answered.invalid:
            self.results.invalid(name, who, answered.invalid)
        elif connections == 1:
            # One after the other: how long one takes is all that there is to say.
            self.results.add(name, who, answered.p50, "ms", better="less")
        else:
            self.results.add(name, who, answered.rate, "1/s", better="more")
            self.results.add(f"{name}: p99", who, answered.p99, "ms", better="less")


async def read(bench: Bench, work: Work) -> None:
    async with bench.running() as urls:
        # It differs in its pool, and in calls of the gateway.
        if work.name not in CALLING:
            del urls["Python, tuned"]
        await check_reads(bench.http, work, urls)
        await bench.compare(dict.fromkeys(urls, work), urls)


async def nothing(bench: Bench) -> None:
    async with bench.running() as urls:
        works = {who: empty() for who in urls if not who.startswith("Python")}
        await bench.compare(works, urls)


async def send(bench: Bench, name: str, channels: slice) -> None:
    async with bench.running() as urls:
        works = {}
        for who in urls:
            chosen = (await bench.filled.channels_of(who))[channels]
            works[who] = conversations(bench.programs.stack, name, chosen)
        said = {who: await check_send(bench.http, works[who], url) for who, url in urls.items()}
        assert said["native twin"] == said["local host"], said
        await bench.compare(works, urls)
    assert await bench.filled.without_gaps(), "the numbers of what was sent have gaps"


async def run(args: argparse.Namespace) -> int:
    stack = Stack.read(args.stack)
    parts = args.only or PARTS
    assert stack.database_url and stack.data
    folder = Path(stack.data) / "bench"
    folder.mkdir(exist_ok=True)
    programs = Programs(stack, folder, args.twin, args.peer, args.spin)
    print("filling", flush=True)
    filled = await fill(stack.database_url)

    def wanted(name: str) -> bool:
        return not args.work or any(name.startswith(given) for given in args.work)

    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        results = Results("http", await goals.versions(programs, filled.db, http))
        bench = Bench(args, programs, filled, results, http)
        if "reads" in parts:
            for work in reads(stack, filled):
                if wanted(work.name):
                    await read(bench, work)
            if wanted(empty().name):
                await nothing(bench)
        if "sends" in parts:
            for name, channels in (("send, many channels", slice(None, -1)), ("send, one channel", slice(-1, None))):
                if wanted(name):
                    await send(bench, name, channels)
        if "synapse" in parts:
            await synapse.measure(programs, filled, results, http, args.rounds, args.seconds)
    goals.say(results, list(programs.hosts()))
    results.show()
    results.save()
    return 1 if results.refused else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
