"""Stands between two parts that speak HTTP."""

from __future__ import annotations

import asyncio

import httpx
from aiohttp import web


class HttpProxy:
    """Passes every request on."""

    def __init__(self, target: str):
        self.real = httpx.AsyncClient(base_url=target, timeout=60, trust_env=False)
        self.url = ""

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
        await asyncio.wait_for(self.runner.cleanup(), 20)
        await self.real.aclose()

    async def forward(self, request: web.Request, body: bytes, path: str | None = None) -> web.Response:
        """The response of the real one, to which the request goes under its own path or under another."""
        headers = {
            k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection", "content-length")
        }
        response = await self.real.request(request.method, path or request.raw_path, content=body, headers=headers)
        kind = response.headers.get("content-type", "application/json")
        return web.Response(status=response.status_code, body=response.content, headers={"Content-Type": kind})

    async def answer(self, request: web.Request, body: bytes) -> web.Response | None:
        """What the request gets; None, and the connection ends."""
        return await self.forward(request, body)

    async def _respond(self, request: web.Request) -> web.Response:
        response = await self.answer(request, await request.read())
        if response is None:
            # The client may have gone meanwhile.
            if request.transport:
                request.transport.abort()
            # Nobody reads it any more.
            return web.Response(status=500)
        return response
