"""Carries out acts: each is repeated, with the same key, until it has an answer that says what became of it."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx

from soak.ledger import Act, Ledger
from support.api import Caller
from support.matrix_client import MatrixClient

# Conflicts that say: not yet.
NOT_YET = {"being_created", "in_progress"}
# The pause before a retry, in seconds: the first, and the longest.
BACKOFF = (0.2, 2.0)


class Doer:
    """Acts as anybody, and writes down every answer."""

    def __init__(self, ledger: Ledger, seed: int):
        self.ledger = ledger
        self.random = random.Random(f"retries {seed}")
        # Set when nobody waits for answers any more.
        self.given_up = asyncio.Event()

    async def through_api(
        self, act: Act, caller: Caller, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Act:
        async def once() -> None:
            options = {} if body is None else {"json": body}
            response = await caller.request(method, path, key=act.key, **options)
            content = response.json() if response.content else None
            code = content.get("code") if isinstance(content, dict) and response.status_code >= 400 else None
            if response.status_code >= 500 or code in NOT_YET:
                self.ledger.failed(act, f"{response.status_code} {code}")
            else:
                self.ledger.answered(act, response.status_code, content)

        await self._until_answered(act, once)
        return act

    async def in_matrix(
        self, act: Act, client: MatrixClient, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Act:
        async def once() -> None:
            response = await client.try_call(method, path, body)
            if response.status_code >= 500 or response.status_code == 429:
                self.ledger.failed(act, str(response.status_code))
            else:
                self.ledger.answered(act, response.status_code, response.json())

        await self._until_answered(act, once)
        return act

    async def _until_answered(self, act: Act, once: Any) -> None:
        pause = BACKOFF[0]
        while act.status is None and not self.given_up.is_set():
            try:
                await once()
            except (httpx.HTTPError, ValueError) as error:
                self.ledger.failed(act, type(error).__name__)
            if act.status is None:
                await asyncio.sleep(pause * self.random.uniform(0.5, 1.5))
                pause = min(BACKOFF[1], pause * 2)
