"""The reference client at work: in Node, and in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
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
import { Recorder } from "/client/test/recorder.js";
const setup = JSON.parse(decodeURIComponent(location.hash.slice(1)));
window.recorder = new Recorder(setup);
</script>"""


def build() -> Path:
    """Where the client was built."""
    folder = os.environ.get("REFERENCE_CLIENT")
    if not folder:
        pytest.skip("name the built client with REFERENCE_CLIENT, as `cargo dev test` does")
    return Path(folder) / "build"


class Follower(Protocol):
    """Somebody who follows channels with the client."""

    async def report(self) -> dict[str, Any]:
        """What they were told by now."""

    async def close(self) -> None:
        """Ends it."""


class Site:
    """The page's own server: the client's files, tokens, and the API under the page's origin."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self.api = httpx.AsyncClient(base_url=stack.api_url, timeout=60, trust_env=False)

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/", self._page)
        application.router.add_get("/tokens", self._token)
        application.router.add_get("/api/{path:.*}", self._api)
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
        headers = {"Authorization": request.headers["Authorization"]}
        try:
            response = await self.api.get(str(request.rel_url), headers=headers)
        except httpx.TransportError:
            return web.Response(status=502)
        passed = {name: response.headers[name] for name in ("content-type", "link") if name in response.headers}
        return web.Response(status=response.status_code, body=response.content, headers=passed)


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

    async def report(self) -> dict[str, Any]:
        script = "return window.recorder ? JSON.stringify(window.recorder.report()) : null"
        text = await asyncio.to_thread(self.driver.execute_script, script)
        assert text, "the page has not begun"
        return json.loads(text)

    async def close(self) -> None:
        await asyncio.to_thread(self.driver.get, "about:blank")
