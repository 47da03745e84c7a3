"""A stack of a test's own with data of its own, started as a user starts one, stopped and killed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.api import World
from support.stack import Stack
from support.waiting import eventually

# A start waits until everything is ready; a stop until everything has ended.
DEADLINE = 180
PORTS = {"app": "api", "ws-relay": "ws", "postgres": "postgres", "nats": "nats", "synapse": "synapse"}


TESTS = Path(__file__).resolve().parents[2]


async def run_module(python: str, *words: str, deadline: float) -> None:
    """Runs a program of these tests, as `cargo dev` does; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        *words,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS / "e2e")])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), deadline)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()


class OwnStack:
    """`cargo dev up` on one data folder, again and again; on the same ports, as without any option."""

    def __init__(self, shared: Stack):
        shared.need_service("app")
        assert shared.dev, "the stack file does not name the program that starts stacks"
        self.command = [shared.dev, "up", "--no-build"]
        if shared.host == "spin":
            self.command += ["--spin", shared.services["app"]["command"][0]]
        else:
            self.command += ["--host", "local"]
        # PostgreSQL may run as another user, who must be able to get there.
        self.data = Path(tempfile.mkdtemp(prefix="e2e-stack-", dir="/var/tmp"))
        self.ports: list[str] = ["--free-ports"]
        self.process: asyncio.subprocess.Process | None = None
        self.reader: asyncio.Task[None]
        self.output = ""

    @property
    def file(self) -> Path:
        return self.data / "stack.json"

    def content(self) -> dict[str, Any]:
        return json.loads(self.file.read_text())

    async def start(self) -> Stack:
        """Runs `cargo dev up` until it says that everything is ready."""
        assert self.process is None
        self.output = ""
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            "--data",
            str(self.data),
            *self.ports,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self.reader = asyncio.create_task(self._read())
        await self.said("Ctrl-C stops everything.")
        stack = Stack.read(self.file)
        ports = {PORTS[name]: urlsplit(self._address(service)).port for name, service in stack.services.items()}
        if stack.federation:
            ports["neighbour"] = int(stack.federation["neighbour"].rsplit(":", 1)[1])
        self.ports = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
        return stack

    async def stop(self) -> None:
        """Ctrl-C."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE):
            await self.reader
            code = await self.process.wait()
        assert code == 0, self.output
        assert not self.file.exists(), "the stack is still on record"
        self.process = None

    async def kill(self) -> None:
        """kill -9 of the supervisor and of every service, all at once. What is left of PostgreSQL ends by itself."""
        assert self.process
        services = [service["pid"] for service in self.content()["services"].values()]
        os.kill(self.process.pid, signal.SIGKILL)
        for pid in services:
            os.killpg(pid, signal.SIGKILL)
        await self.process.wait()
        self.process = None

    async def close(self) -> None:
        """Ends what runs and deletes the data."""
        try:
            if self.process and self.process.returncode is None:
                self.process.send_signal(signal.SIGINT)
                await asyncio.wait_for(self.process.wait(), DEADLINE)
        finally:
            shutil.rmtree(self.data, ignore_errors=True)

    async def said(self, text: str) -> None:
        """Waits until this stands in what the program has printed since its start."""

        async def there() -> bool:
            if self.reader.done() and text not in self.output:
                pytest.fail(f"cargo dev up ended:\n{self.output}")
            return text in self.output

        await eventually(f"cargo dev up says {text!r}", there, deadline=DEADLINE)

    async def _read(self) -> None:
        assert self.process and self.process.stdout
        while line := (await self.process.stdout.readline()).decode():
            self.output += line

    @staticmethod
    def _address(service: dict[str, Any]) -> str:
        address = service["address"]
        return address if "//" in address else f"//{address}"


def world(stack: Stack) -> World:
    """A corner of this stack, which runs in development mode."""
    return World(httpx.AsyncClient(base_url=stack.api_url, timeout=60, trust_env=False), stack, True)
