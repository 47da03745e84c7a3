"""The client at work: in Node, and in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import pytest
from aiohttp import web
from selenium import webdriver

from support.stack import Stack
from support.tokens import token

# In seconds: so short that a test sees several.
TOKEN_LIFETIME = 15

PAGE = """<!doctype html><title>client</title><script type="module">
import { webStorage } from "/client/src/index.js";
import { Messenger, respond } from "/client/test/messenger.js";
import { Recorder } from "/client/test/recorder.js";
const { program, ...setup } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
if (program === "messaging.js") {
  const messenger = new Messenger(setup, {}, webStorage(localStorage, `${setup.tokens}:`));
  window.ask = (line) => respond(messenger, line).then(JSON.stringify);
} else {
  const recorder = new Recorder(setup);
  window.ask = async () => JSON.stringify(recorder.report());
}
</script>"""


def build() -> Path:
    """Where the client was built."""
    folder = os.environ.get("REFERENCE_CLIENT")
    if not folder:
        pytest.skip("name the built client with REFERENCE_CLIENT, as `cargo dev test` does")
    return Path(folder) / "build"


# What goes through to the API, and what comes back.
PASSED = ["Authorization", "Content-Type", "Idempotency-Key", "Range"]
RETURNED = ["content-type", "link", "retry-after", "x-request-id"]


@dataclass
class Fate:
    """What becomes of a request: it does not arrive, or is carried out without a response."""

    is_lost: bool = False
    is_unanswered: bool = False
    # In seconds, before anything else.
    delay: float = 0.0


class Follower(Protocol):
    """Somebody who uses the client."""

    async def ask(self, line: str) -> dict[str, Any]:
        """Has the program do something, or tell something."""

    async def report(self) -> dict[str, Any]:
        """What they were told by now."""

    async def close(self) -> None:
        """Ends it."""


class Site:
    """The page's own server: the client's files, tokens, and the API under the page's origin, with a network between that
    fails as networks do."""

    def __init__(self, stack: Stack):
        self.stack = stack
        # Whether anything gets through, and what becomes of a request that may fail.
        self.passes = True
        self.fate: Callable[[], Fate] | None = None
        self.lost = self.unanswered = 0
        self.api = httpx.AsyncClient(base_url=stack.api_url, timeout=60, trust_env=False)

    async def start(self) -> None:
        application = web.Application(client_max_size=100 * 1024 * 1024)
        application.router.add_get("/", self._page)
        application.router.add_get("/tokens", self._token)
        application.router.add_route("*", "/api/{path:.*}", self._api)
        application.router.add_static("/client", build())
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self.runner.cleanup()
        await self.api.aclose()

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _token(self, request: web.Request) -> web.Response:
        assert self.stack.jwt_secret
        entity, microdao = request.query["user"], request.query["microdao"]
        return web.Response(text=token(entity, self.stack.jwt_secret, [microdao], lifetime=TOKEN_LIFETIME))

    async def _api(self, request: web.Request) -> web.Response:
        fate = self.fate() if self.fate else Fate()
        body = await request.read()
        await asyncio.sleep(fate.delay)
        if fate.is_lost or not self.passes:
            self.lost += 1
            return _cut(request)
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        try:
            response = await self.api.request(request.method, str(request.rel_url), headers=headers, content=body)
        except httpx.TransportError:
            return web.Response(status=502)
        if fate.is_unanswered or not self.passes:
            self.unanswered += 1
            return _cut(request)
        passed = {name: response.headers[name] for name in RETURNED if name in response.headers}
        return web.Response(status=response.status_code, body=response.content, headers=passed)


def _cut(request: web.Request) -> web.Response:
    """Ends the connection without a response."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)


class Program:
    """A program of the client's in Node: told what to do, it answers every line with a line of JSON."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process

    @classmethod
    async def start(cls, name: str, setup: dict[str, Any]) -> Program:
        node = shutil.which("node")
        assert node, "needs Node"
        process = await asyncio.create_subprocess_exec(
            node,
            str(build() / "test" / name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        program = cls(process)
        program.tell(json.dumps(setup))
        return program

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())

    async def ask(self, line: str) -> dict[str, Any]:
        assert self.process.stdout
        self.tell(line)
        async with asyncio.timeout(60):
            answer = await self.process.stdout.readline()
        assert answer, "the program ended"
        return json.loads(answer)

    async def report(self) -> dict[str, Any]:
        return await self.ask("report")

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class Browser:
    """The client in a page of a real browser."""

    def __init__(self, driver: webdriver.Chrome):
        self.driver = driver

    @classmethod
    async def open(cls, driver: webdriver.Chrome, site: str, setup: str) -> Browser:
        await asyncio.to_thread(driver.get, f"{site}/#{quote(setup)}")
        return cls(driver)

    async def ask(self, line: str) -> dict[str, Any]:
        script = "const done = arguments[1]; if (window.ask) window.ask(arguments[0]).then(done); else done(null)"
        text = await asyncio.to_thread(self.driver.execute_async_script, script, line)
        assert text, "the page has not begun"
        return json.loads(text)

    async def report(self) -> dict[str, Any]:
        return await self.ask("report")

    async def reload(self) -> None:
        """As when one presses F5."""
        await asyncio.to_thread(self.driver.refresh)

    async def close(self) -> None:
        await asyncio.to_thread(self.driver.get, "about:blank")
