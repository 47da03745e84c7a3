"""NATS and ws-relay as processes of the tests' own, as this machine has them: `cargo dev test` names both in the
environment."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import nats

from harness.server import WS_RELAY
from support.ports import free_port
from support.waiting import eventually


class Process:
    """A program that a test may stop and start."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path):
        self.command = command
        self.env = env
        self.log = log
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*self.command, env=self.env, stdout=log, stderr=log)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(how)
            await asyncio.wait_for(self.process.wait(), 30)

    async def kill(self) -> None:
        await self.stop(signal.SIGKILL)

    def output(self) -> str:
        return self.log.read_text()


def nats_program() -> str:
    program = os.environ.get("NATS_SERVER") or shutil.which("nats-server")
    assert program, "there is no nats-server; cargo dev test installs one"
    return program


class NatsServer(Process):
    """NATS with JetStream and data of its own; `login` stands in its address."""

    def __init__(self, folder: Path, *, jetstream: bool = True, login: str = "", **options: int | str):
        program = nats_program()
        self.store = folder / "data"
        port = free_port()
        self.url = f"nats://{login}127.0.0.1:{port}"
        self.jetstream = jetstream
        settings = [f"listen: 127.0.0.1:{port}"]
        settings += [f'jetstream {{ store_dir: "{self.store}" }}'] if jetstream else []
        (folder / "nats.conf").write_text("\n".join(settings + [f"{name}: {value}" for name, value in options.items()]))
        super().__init__([program, "--config", str(folder / "nats.conf")], {}, folder / "log")

    async def ready(self) -> None:
        """Starts it; returns when it answers."""
        await self.start()

        async def answers() -> bool:
            client = await nats.connect(self.url, allow_reconnect=False, max_reconnect_attempts=0)
            if self.jetstream:
                await client.jetstream().account_info()
            await client.close()
            return True

        await eventually("NATS answers", answers, retry=(OSError, nats.errors.Error))

    def copy(self) -> Path:
        """A copy of what is on its disk."""
        copy = Path(tempfile.mkdtemp(dir=self.store.parent)) / "data"
        self._signal(signal.SIGSTOP)
        try:
            shutil.copytree(self.store, copy)
        finally:
            self._signal(signal.SIGCONT)
        return copy

    async def restore(self, copy: Path) -> None:
        """Dies, and has on its disk what the copy has."""
        await self.kill()
        shutil.rmtree(self.store)
        shutil.copytree(copy, self.store)
        await self.ready()

    def _signal(self, how: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(how)


@asynccontextmanager
async def own_nats(**options: Any) -> AsyncIterator[NatsServer]:
    """Starts NATS with these settings of its configuration."""
    folder = Path(tempfile.mkdtemp(prefix="test-nats-"))
    server = NatsServer(folder, **options)
    try:
        await server.ready()
        yield server
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def nats_server(**options: Any) -> AsyncIterator[str]:
    """The same; gives its address."""
    async with own_nats(**options) as server:
        yield server.url


class Relay(Process):
    """ws-relay on a port of its own."""

    def __init__(self, database: str, nats_url: str, folder: Path, **settings: str):
        self.port = free_port()
        env = {
            "DATABASE_URL": database,
            "NATS_URL": nats_url,
            "WS_LISTEN": f"127.0.0.1:{self.port}",
            "DATABASE_POOL": "2",
        }
        super().__init__([str(WS_RELAY)], env | settings, folder / f"relay-{self.port}.log")

    async def metrics(self) -> dict[str, float]:
        """Its numbers by their names, labels included."""
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name.removeprefix("daarion_messaging_"): float(value) for name, _, value in lines}

    async def publishes(self) -> None:
        """Returns when it is the publisher."""

        async def active() -> bool:
            return (await self.metrics())["publisher_active"] == 1

        await eventually("the relay publishes", active, retry=(httpx.HTTPError,))


class Proxy:
    """A TCP proxy that holds back everything for some time each way, as a distant server does."""

    def __init__(self, url: str, delay: float):
        self.host, self.port = url.partition("//")[2].split(":")
        self.delay = delay
        self.writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for writer in self.writers:
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self.host, int(self.port))
        self.writers += [writer, far_writer]
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, under_way = asyncio.get_running_loop(), set()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                handle = loop.call_later(self.delay, writer.write, data)
                under_way.add(handle)
        writer.close()
