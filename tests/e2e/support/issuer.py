"""An issuer of tokens that publishes its keys (RFC 7517), in this process: what it publishes and how is the test's."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class SigningKey:
    """An RSA key with an id."""

    def __init__(self, key_id: str):
        self.id = key_id
        self._key = RSA.generate(2048)

    def public(self) -> dict[str, str]:
        """As a JSON Web Key."""
        n, e = (_part(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (self._key.n, self._key.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": n, "e": e}

    def token(self, sub: str, *microdaos: str, **claims: Any) -> str:
        """An access token as the platform issues it."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.id}
        base = {"iss": "daarion-auth", "type": "access", "sub": sub, "exp": time.time() + 600.5, "roles": []}
        parts = [header, base | {"microdaos": list(microdaos)} | claims]
        text = ".".join(_part(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_part(pkcs1_15.new(self._key).sign(SHA256.new(text.encode())))}"


class Issuer:
    """Publishes its keys at an address; `respond` may do something else instead."""

    def __init__(self, *keys: SigningKey):
        self.keys = list(keys)
        self.respond: Respond = self.publish
        self.requests = 0

    async def publish(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [key.public() for key in self.keys]})

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return await self.respond(request)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[str]:
        """Gives its address, without a path."""
        app = web.Application()
        app.router.add_get("/keys", self._respond)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        finally:
            await runner.cleanup()


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def redirects(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/elsewhere")


async def says_garbage(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>sign in</html>")


async def never_ends(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65536)
