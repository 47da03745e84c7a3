"""Stopping and starting the services of our own stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from support.stack import Stack
from support.waiting import eventually

# A start waits until the service is ready.
DEADLINE = 120


class Services:
    """The same commands that a developer has."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient):
        stack.need_service("postgres", "nats", "synapse", "app", "ws-relay")
        assert stack.dev and stack.path, "the stack file does not name the program that controls the services"
        self.stack = stack
        self.http = http

    async def _run(self, *words: str) -> None:
        assert self.stack.dev and self.stack.path
        process = await asyncio.create_subprocess_exec(
            self.stack.dev,
            *words,
            "--stack",
            str(self.stack.path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"{words} took longer than {DEADLINE} s") from None
        assert process.returncode == 0, f"{words}: {output.decode()}"

    async def stop(self, name: str, *, kill: bool = False) -> None:
        await self._run("stop", name, *(["--kill"] if kill else []))

    async def start(self, name: str) -> None:
        await self._run("start", name)

    async def restart(self, name: str, *, kill: bool = False) -> None:
        await self._run("restart", name, *(["--kill"] if kill else []))

    @asynccontextmanager
    async def without(self, name: str, *, kill: bool = False) -> AsyncIterator[None]:
        """The system while one service is away; afterwards all is well again, also when the test fails."""
        await self.stop(name, kill=kill)
        try:
            yield
        finally:
            await self.start(name)

    async def all_well(self) -> None:
        """Waits until the API and the relay say that they are ready."""

        async def ready() -> bool:
            api = await self.http.get(f"{self.stack.api_url}/health/ready")
            relay = await self.http.get(f"{(self.stack.ws_url or '').replace('ws', 'http', 1)}/health")
            assert api.status_code == 200, api.text
            assert relay.status_code == 200, relay.text
            return True

        await eventually("everything is ready again", ready, deadline=60, retry=(httpx.HTTPError,))
