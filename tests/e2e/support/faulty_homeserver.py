"""A homeserver that fails on demand: stands between a second app and the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
from aiohttp import web

from support.stack import Stack

# What happens to a request: it gets a response, or None and the connection ends.
Fault = Callable[[web.Request, bytes], Awaitable[web.Response | None]]


class FaultyHomeserver:
    """Passes everything on, except where a test says otherwise."""

    def __init__(self, stack: Stack):
        stack.need("homeserver_url")
        self.real = httpx.AsyncClient(base_url=stack.homeserver_url or "", timeout=60, trust_env=False)
        self.rules: list[tuple[str, str, Fault]] = []
        # Requests that met a fault, as "METHOD path".
        self.hit: list[str] = []
        self.url = ""
        self.ended = asyncio.Event()

    async def start(self) -> None:
        app = web.Application(client_max_size=100 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._respond)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        # A request that hangs is cut.
        self.ended.set()
        await asyncio.wait_for(self.runner.cleanup(), 20)
        await self.real.aclose()

    def fail(self, method: str, part: str, fault: Fault) -> None:
        """From this call on, requests with this method and this part of a path meet the fault."""
        self.rules.append((method, part, fault))

    def heal(self) -> None:
        self.rules.clear()
        self.hit.clear()
        self.ended.set()
        self.ended = asyncio.Event()

    async def forward(self, request: web.Request, body: bytes) -> web.Response:
        """The response of the real homeserver."""
        headers = {
            k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection", "content-length")
        }
        response = await self.real.request(request.method, request.raw_path, content=body, headers=headers)
        kind = response.headers.get("content-type", "application/json")
        return web.Response(status=response.status_code, body=response.content, headers={"Content-Type": kind})

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.read()
        for method, part, fault in self.rules:
            if request.method == method and part in request.raw_path:
                self.hit.append(f"{request.method} {request.path}")
                response = await fault(request, body)
                if response is None:
                    assert request.transport
                    request.transport.abort()
                    # Nobody reads it any more.
                    return web.Response(status=500)
                return response
        return await self.forward(request, body)

    async def loses_the_response(self, request: web.Request, body: bytes) -> web.Response | None:
        """Does what it is asked, and then the connection breaks."""
        response = await self.forward(request, body)
        assert response.status == 200, response.text
        return None

    async def hangs(self, request: web.Request, body: bytes) -> web.Response | None:
        """Takes the request and does not respond until the test is over."""
        await self.ended.wait()
        return None


async def breaks_off(request: web.Request, body: bytes) -> web.Response | None:
    """The connection ends before anything happens."""
    return None


def responds(status: int, text: str, kind: str = "application/json") -> Fault:
    """The same response to every request."""

    async def fault(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=status, text=text, content_type=kind)

    return fault
