"""Makes things fail as the schedule says."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx
from nats.aio.client import Client
from nats.errors import Error as NatsError

from soak.proxies import AppserviceStandin, HomeserverStandin
from soak.readers import ChannelReader, Reader
from soak.schedule import Step
from soak.wiring import SecondRelay, services
from support.journal import STREAM
from support.services import Services
from support.stack import Stack
from support.waiting import eventually

PATIENCE = 60.0
# What may come in the way of a fault: another one.
FAILURES = (AssertionError, OSError, NatsError, httpx.HTTPError, KeyError)


class Faults:
    """Everything that can be broken."""

    def __init__(
        self,
        stack: Stack,
        web: httpx.AsyncClient,
        nats: Client,
        homeserver: HomeserverStandin,
        appservice: AppserviceStandin,
        second: SecondRelay,
        readers: Sequence[Reader],
    ):
        self.stack = stack
        self.web = web
        self.jetstream = nats.jetstream(timeout=5)
        self.services = Services(stack, web)
        self.homeserver = homeserver
        self.appservice = appservice
        self.second = second
        self.readers = readers
        # Readers of storms, who have to have seen the same as everybody.
        self.storms: list[ChannelReader] = []
        self.done: Counter[str] = Counter()
        self.log: list[str] = []

    async def run(self, schedule: Sequence[Step], start: float) -> None:
        """Carries out the schedule; returns when the last fault is over."""
        async with asyncio.TaskGroup() as group:
            for step in schedule:
                await asyncio.sleep(max(0.0, start + step.at - time.monotonic()))
                group.create_task(self._carry_out(step, start))

    async def _carry_out(self, step: Step, start: float) -> None:
        began = time.monotonic() - start
        try:
            await getattr(self, "_" + step.fault.replace("-", "_"))(step.seconds, **step.parameters)
            how = "over"
        except FAILURES as error:
            # A fault that could not be made must not end the run; the report names it.
            how = f"FAILED: {error!r}"
        name = step.fault + "".join(
            f" {step.parameters[word]}" for word in ("service", "mode") if word in step.parameters
        )
        self.done[name if how == "over" else f"{name} (failed)"] += 1
        line = f"{began:7.1f} s to {time.monotonic() - start:7.1f} s  {name}: {how}"
        self.log.append(line)
        print(line, flush=True)

    async def _kill(self, seconds: float, service: str) -> None:
        service = await self._publisher() if service == "publisher" else service
        self._signal(service, signal.SIGKILL)

    async def _pause(self, seconds: float, service: str) -> None:
        """A process stands still, as on a machine that swaps, and then goes on as if nothing had happened."""
        service = await self._publisher() if service == "publisher" else service
        self._signal(service, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._signal(service, signal.SIGCONT)

    async def _away(self, seconds: float, service: str, kill: bool) -> None:
        await self.services.stop(service, kill=kill)
        try:
            await asyncio.sleep(seconds)
        finally:
            await self.services.start(service)

    async def _homeserver(self, seconds: float, mode: str, share: float) -> None:
        self.homeserver.fail(mode, share)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.homeserver.heal()

    async def _pushes(self, seconds: float, mode: str, share: float) -> None:
        self.appservice.fail(mode, share)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.appservice.heal()

    async def _stream(self, seconds: float, mode: str) -> None:
        """The stream loses all of its events while no relay publishes, or while one does."""
        lose = self.jetstream.delete_stream if mode.startswith("deleted") else self.jetstream.purge_stream
        if mode.endswith("-live"):
            await lose(STREAM)
            return
        await self.services.stop("ws-relay", kill=True)
        await self.second.stop()
        try:
            await lose(STREAM)
        finally:
            await self.second.start()
            await self.services.start("ws-relay")

    async def _nats_forgets(self, seconds: float) -> None:
        """NATS dies, and what it had acknowledged in the last seconds was not on the disk yet."""
        store = self._nats_store()
        saved = store.with_name("nats-saved")
        shutil.rmtree(saved, ignore_errors=True)
        self._signal("nats", signal.SIGSTOP)
        try:
            shutil.copytree(store, saved)
        finally:
            self._signal("nats", signal.SIGCONT)
        await asyncio.sleep(seconds)
        await self.services.stop("nats", kill=True)
        try:
            shutil.rmtree(store)
            saved.rename(store)
        finally:
            await self.services.start("nats")

    def _nats_store(self) -> Path:
        command = services(self.stack)["nats"]["command"]
        return Path(command[command.index("--store_dir") + 1])

    async def _sockets_cut(self, seconds: float) -> None:
        for reader in self.readers:
            reader.cut()

    async def _sockets_slow(self, seconds: float) -> None:
        slow = self.readers[::2]
        for reader in slow:
            reader.reads.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            for reader in slow:
                reader.reads.set()

    async def _storm(self, seconds: float, sockets: int) -> None:
        """Many come at once, each from the beginning of a channel, and some of them do not read."""
        model = [reader for reader in self.readers if isinstance(reader, ChannelReader)]
        base = len(self.storms)
        crowd = []
        for number in range(sockets):
            like = model[number % len(model)]
            crowd.append(ChannelReader(f"storm {base + number}", like.relays, like.caller, like.channel, base))
        self.storms.extend(crowd)
        for reader in crowd[::4]:
            reader.reads.clear()
        reading = [asyncio.create_task(reader.read_until_stopped()) for reader in crowd]
        await asyncio.sleep(seconds)
        for reader in crowd:
            await reader.stop()
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    def _signal(self, service: str, number: signal.Signals) -> None:
        if service == "second-relay":
            self.second.signal(number)
            return
        with suppress(ProcessLookupError):
            os.killpg(services(self.stack)[service]["pid"], number)

    async def _publisher(self) -> str:
        """Which of the two relays publishes at the moment; any, when neither says so."""
        for name, url in (("second-relay", self.second.url), ("ws-relay", self.stack.ws_url or "")):
            with suppress(httpx.HTTPError):
                text = (await self.web.get(url.replace("ws", "http", 1) + "/metrics", timeout=3)).text
                if "daarion_messaging_publisher_active 1" in text:
                    return name
        return "ws-relay"

    async def heal(self) -> None:
        """Everything is well again; waits until all of it says so."""
        self.homeserver.heal()
        self.appservice.heal()
        for reader in self.readers:
            reader.reads.set()
        for name in services(self.stack):
            self._signal(name, signal.SIGCONT)
            if services(self.stack)[name].get("stopped"):
                await self.services.start(name)
        self.second.signal(signal.SIGCONT)
        await eventually("every part is ready again", self._ready, deadline=PATIENCE * 2, retry=(httpx.HTTPError,))

    async def _ready(self) -> bool:
        relays = [url.replace("ws", "http", 1) + "/health" for url in (self.stack.ws_url or "", self.second.url)]
        for url in [f"{self.stack.api_url}/health/ready", *relays]:
            response = await self.web.get(url, timeout=10)
            if response.status_code != 200:
                return False
        return True
