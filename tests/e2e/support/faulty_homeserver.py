"""A homeserver that fails on demand: stands between a second app and the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from support.http_proxy import HttpProxy
from support.stack import Stack

# What happens to a request: it gets a response, or None and the connection ends.
Fault = Callable[[web.Request, bytes], Awaitable[web.Response | None]]


class FaultyHomeserver(HttpProxy):
    """Passes everything on, except where a test says otherwise."""

    def __init__(self, stack: Stack):
        stack.need("homeserver_url")
        super().__init__(stack.homeserver_url or "")
        self.rules: list[tuple[str, str, Fault]] = []
        # Requests that met a fault, as "METHOD path".
        self.hit: list[str] = []
        self.ended = asyncio.Event()

    async def stop(self) -> None:
        # A request that hangs is cut.
        self.ended.set()
        await super().stop()

    def fail(self, method: str, part: str, fault: Fault) -> None:
        """From this call on, requests with this method and this part of a path meet the fault."""
        self.rules.append((method, part, fault))

    def heal(self) -> None:
        self.rules.clear()
        self.hit.clear()
        self.ended.set()
        self.ended = asyncio.Event()

    async def is_hit(self) -> bool:
        """Whether a request has met a fault."""
        return bool(self.hit)

    async def answer(self, request: web.Request, body: bytes) -> web.Response | None:
        for method, part, fault in self.rules:
            if request.method == method and part in request.raw_path:
                self.hit.append(f"{request.method} {request.path}")
                return await fault(request, body)
        return await self.forward(request, body)

    async def loses_the_response(self, request: web.Request, body: bytes) -> web.Response | None:
        """Does what it is asked, and then the connection breaks."""
        response = await self.forward(request, body)
        assert response.status == 200, response.text
        return None

    async def waits(self, request: web.Request, body: bytes) -> web.Response | None:
        """Does what it is asked once it is healed."""
        await self.ended.wait()
        return await self.forward(request, body)

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
