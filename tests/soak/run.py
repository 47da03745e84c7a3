"""One run: load and faults for a while, then rest, then the comparison."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from nats.aio.client import Client

from soak import consumer as nats_consumer
from soak.cast import Cast, gather
from soak.check import acts, log, logs, matrix, sockets, stream
from soak.check.evidence import Evidence, collect
from soak.check.finding import Finding
from soak.consumer import Consumer
from soak.doing import Doer
from soak.faults import Faults
from soak.ledger import Ledger
from soak.load import Actor, Owner, Posting, Talker
from soak.matrix_load import InElement
from soak.proxies import AppserviceStandin, HomeserverStandin
from soak.readers import ChannelReader, ManyReader, Reader
from soak.schedule import Step
from soak.wiring import SecondRelay, rewire
from support.index import Index
from support.journal import STREAM
from support.matrix_client import matrix_client
from support.rooms import Rooms
from support.services import Services
from support.stack import Stack
from support.waiting import eventually

# How long acts may go on asking for an answer after the last fault, and how long everything may take to be whole, in
# seconds.
ANSWERS = 90.0
REST = 180.0
# How long a mark may take to come back, in seconds.
MARK = 30.0


@dataclass
class Result:
    """What a run has left."""

    ledger: Ledger
    evidence: Evidence
    findings: list[Finding]
    faults: Faults
    consumer: Consumer
    readers: list[Reader]
    # Seconds from the end of the faults until nothing was left to find, or until it was given up.
    rest: float
    notes: dict[str, int] = field(default_factory=dict)


class Soak:
    """A stack with everything around it."""

    def __init__(self, stack: Stack, seed: int, folder: Path, window: float):
        self.stack = stack
        self.seed = seed
        self.folder = folder
        self.window = window
        # What was found in the rooms' histories before the comparison, by kind.
        self.repaired: Counter[str] = Counter()
        self.ledger = Ledger()
        self.doer = Doer(self.ledger, seed)
        assert stack.homeserver_url
        self.homeserver = HomeserverStandin(stack.homeserver_url, f"homeserver {seed}")
        self.appservice = AppserviceStandin(stack.api_url, f"appservice {seed}")
        self.index = Index(stack)

    @asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """The stack with the stand-ins in it and the second relay beside it."""
        limits = httpx.Limits(max_connections=200)
        options = {"timeout": 40, "trust_env": False, "limits": limits}
        async with (
            httpx.AsyncClient(**options) as web,
            httpx.AsyncClient(base_url=self.stack.api_url, **options) as http,
        ):
            self.web, self.http, self.rooms = web, http, Rooms(self.stack, web)
            await self.homeserver.start()
            await self.appservice.start()
            rewire(self.stack, self.homeserver.url, self.appservice.url)
            services = Services(self.stack, web)
            for name in ("synapse", "app", "ws-relay"):
                await services.restart(name)
            self.second = SecondRelay(self.stack, self.folder)
            await self.second.start()
            self.nats: Client = await nats_consumer.connect(self.stack)
            keeping = asyncio.create_task(self._keep_window_short())
            try:
                yield
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
                await self.second.stop()
                await self.nats.close()
                await self.index.close()
                for standin in (self.homeserver, self.appservice):
                    await standin.stop()

    async def _keep_window_short(self) -> None:
        """NATS forgets sooner which events it had, so that its absence can last longer than that; a stream that is made
        again, too."""
        jetstream = self.nats.jetstream(timeout=5)
        while True:
            with suppress(*nats_consumer.AWAY):
                config = (await jetstream.stream_info(STREAM)).config
                if config.duplicate_window != self.window:
                    config.duplicate_window = self.window
                    await jetstream.update_stream(config)
            await asyncio.sleep(1.0)

    async def run(self, schedule: Sequence[Step], seconds: float) -> Result:
        cast = await gather(self.stack, self.http, self.web)
        readers = self._readers(cast)
        consumer = Consumer(self.nats)
        # Not before the channels are there: readers know which ones they want.
        stop_load, stop_consumer = asyncio.Event(), asyncio.Event()
        reading = [asyncio.create_task(reader.read_until_stopped()) for reader in readers]
        consuming = asyncio.create_task(consumer.consume_until(stop_consumer))
        faults = Faults(self.stack, self.web, self.nats, self.homeserver, self.appservice, self.second, readers)
        acting = [asyncio.create_task(actor.act_until(stop_load)) for actor in self._actors(cast)]
        start = time.monotonic()
        await faults.run(schedule, start)
        await asyncio.sleep(max(0.0, start + seconds - time.monotonic()))
        stop_load.set()
        await faults.heal()
        _, unanswered = await asyncio.wait(acting, timeout=ANSWERS)
        self.doer.given_up.set()
        await asyncio.gather(*acting)
        result = await self._rest(cast, faults, consumer, readers)
        stop_consumer.set()
        for reader in readers:
            await reader.stop()
        await asyncio.gather(consuming, *reading)
        result.notes["unanswered actors"] = len(unanswered)
        return result

    def _actors(self, cast: Cast) -> list[Actor]:
        doer, seed = self.doer, self.seed
        return [
            Owner(doer, cast, cast.owner, "owner", seed),
            *(Talker(doer, cast, user, f"user{n}", seed) for n, user in enumerate(cast.users)),
            *(Posting(doer, cast, agent, f"agent{n}", seed) for n, agent in enumerate(cast.agents)),
            *(InElement(doer, cast, person, f"person{n}", seed) for n, person in enumerate(cast.people)),
        ]

    def _readers(self, cast: Cast) -> list[Reader]:
        relays = [self.stack.ws_url or "", self.second.url]
        readers: list[Reader] = []
        for number, place in enumerate(cast.places):
            name = f"{place.visibility}{number}"
            readers.append(ChannelReader(f"owner in {name}", relays, cast.owner, place.id, self.seed))
            readers.append(ChannelReader(f"user0 in {name}", relays, cast.users[0], place.id, self.seed))
        everywhere = [place.id for place in cast.places]
        for caller, name in ((cast.owner, "owner"), (cast.users[1], "user1")):
            readers.append(ManyReader(f"{name} everywhere", relays, caller, everywhere, self.seed))
        return readers

    async def _rest(self, cast: Cast, faults: Faults, consumer: Consumer, readers: list[Reader]) -> Result:
        began = time.monotonic()
        await self.appservice.drained()
        findings: list[Finding] = []
        pause = 1.0
        while True:
            await self._settle(cast)
            await self._reconcile(cast)
            evidence = await collect(self.index, self.rooms, self.stack.server_name or "", cast.world.microdao)
            evidence.stream = await nats_consumer.everything(self.nats)
            before, findings = findings, await self._compare(evidence, faults, consumer, readers)
            # Twice without a finding: nothing that comes late has undone it.
            if not findings and not before and pause > 1.0 or time.monotonic() - began > REST:
                break
            await asyncio.sleep(pause)
            pause = min(10.0, pause * 1.5)
        rest = time.monotonic() - began
        notes = {f"repaired at the end: {kind}": count for kind, count in sorted(self.repaired.items())}
        return Result(self.ledger, evidence, findings, faults, consumer, readers, rest, notes)

    async def _reconcile(self, cast: Cast) -> None:
        """Has what was never pushed found, since the beginning of the run; the relays did it meanwhile, too."""
        headers = {"X-Internal-Service-Token": self.stack.internal_secret or ""}
        rows = await self.index.rows(
            "SELECT id::text FROM public.channels WHERE microdao_id = $1 AND archived_at IS NULL", cast.world.microdao
        )
        for (channel,) in rows:
            path = f"/internal/messaging/channels/{channel}/reconcile"
            while True:
                response = await self.http.post(path, headers=headers)
                assert response.status_code == 200, response.text
                found = response.json()
                self.repaired.update(found["repaired"])
                if not found["has_more"]:
                    break

    async def _settle(self, cast: Cast) -> None:
        """Waits until the homeserver has pushed what there was, as two marks show that are set one after the other."""
        client = await matrix_client(self.rooms, cast.owner)
        began = time.monotonic()
        arrived = 0
        while arrived < 2 and time.monotonic() - began < REST:
            event = await client.say(cast.places[0].room, f"mark {time.monotonic()}")

            async def indexed(event: str = event) -> bool:
                sql = "SELECT count(*) FROM public.messages WHERE matrix_event_id = $1"
                return await self.index.value(sql, event) == 1

            # A mark may be what the homeserver forgets to push.
            with suppress(AssertionError):
                await eventually("the mark is indexed", indexed, deadline=MARK)
                arrived += 1

    async def _compare(
        self, evidence: Evidence, faults: Faults, consumer: Consumer, readers: list[Reader]
    ) -> list[Finding]:
        findings = acts.check(evidence, self.ledger)
        findings += matrix.check_set_aside(evidence)
        findings += logs.check(Path(self.stack.services["app"]["log"]).parent, self.second.log)
        for channel in evidence.channels:
            findings += log.check(channel)
            findings += matrix.check(evidence, channel)
            findings += stream.check(channel, evidence.stream, "JetStream")
            findings += stream.check(channel, consumer.events, "JetStream consumer")
            may_read: dict[str, bool] = {}
            for reader in readers:
                who = reader.caller.id
                if who not in may_read:
                    sql = "SELECT messaging.may_read($1, NULL, $2::text::uuid)"
                    may_read[who] = await self.index.value(sql, who, channel.id)
                findings += sockets.check(channel, reader, may_read[who])
            for reader in faults.storms:
                findings += sockets.check(channel, reader, False)
        return findings
