"""Requests to the app, with the name of who sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import httpx

from support.stack import Stack


async def require_content_length(response: httpx.Response) -> None:
    """Without Content-Length a kept-alive client waits for the last chunk, so no response may lack it."""
    assert "content-length" in response.headers, f"{response.request.method} {response.request.url}: no Content-Length"
    assert "transfer-encoding" not in response.headers


class Client:
    """Somebody who sends requests to the app, named as in the entity model."""

    def __init__(self, http: httpx.AsyncClient, stack: Stack, entity: str, headers: Mapping[str, str | bytes]):
        self.http = http
        self.stack = stack
        self.id = entity
        self.headers = dict(headers)

    def through(self, http: httpx.AsyncClient) -> Self:
        """The same one as a client of another app."""
        return type(self)(http, self.stack, self.id, self.headers)

    @property
    def matrix_id(self) -> str:
        """The Matrix user id under which they act."""
        self.stack.need("server_name")
        return f"@{self.id.replace(':', '-', 1)}:{self.stack.server_name}"

    @property
    def query(self) -> dict[str, str]:
        """How they say who they are in the address of a socket."""
        scheme, _, text = str(self.headers.get("Authorization", "")).partition(" ")
        return {"token": text} if scheme else {"user_id": self.id}

    async def request(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        headers = self.headers | options.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.request("GET", path, params=params or None)

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        return await self.request("POST", path, json=body, key=key)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=body)

    async def put(self, path: str) -> httpx.Response:
        return await self.request("PUT", path)

    async def delete(self, path: str) -> httpx.Response:
        return await self.request("DELETE", path)
