"""The two stand-ins: between the gateway and the homeserver, and between the homeserver and the app."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import httpx
from aiohttp import web

from support.http_proxy import HttpProxy

# A mode, and for which share of the requests it holds.
Mode = tuple[str, float]
WELL: Mode = ("well", 0.0)


class Standin(HttpProxy):
    """Passes everything on, except that a share of the requests meets the mode of the moment."""

    def __init__(self, target: str, seed: str):
        super().__init__(target)
        self.random = random.Random(seed)
        self.mode = WELL
        # How often each mode was met.
        self.hits: Counter[str] = Counter()
        # Set whenever the mode ends: nothing hangs for longer.
        self.over = asyncio.Event()

    def fail(self, mode: str, share: float) -> None:
        self.mode = (mode, share)
        self.over = asyncio.Event()

    def heal(self) -> None:
        self.mode = WELL
        self.over.set()

    async def stop(self) -> None:
        self.heal()
        await super().stop()

    def met(self) -> str:
        """The mode that this request meets."""
        mode, share = self.mode
        if self.random.random() >= share:
            return "well"
        self.hits[mode] += 1
        return mode

    async def passed(self, request: web.Request, body: bytes, path: str | None = None) -> web.Response | None:
        """The real one's response; None when it is away."""
        try:
            return await self.forward(request, body, path)
        except httpx.HTTPError:
            return None


class HomeserverStandin(Standin):
    """Hangs, fails with a 5xx, breaks the connection before the act or swallows the answer after it."""

    async def answer(self, request: web.Request, body: bytes) -> web.Response | None:
        match self.met():
            case "hangs":
                await self.over.wait()
                return None
            case "fails":
                status = self.random.choice([500, 502, 503, 504])
                return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")
            case "breaks":
                return None
            case "swallows":
                await self.passed(request, body)
                return None
        return await self.passed(request, body)


class AppserviceStandin(Standin):
    """Delivers transactions twice, late, in pieces, shuffled, not at all, or loses the app's answer."""

    def __init__(self, target: str, seed: str):
        super().__init__(target, seed)
        self.later: set[asyncio.Task[None]] = set()
        # Ids of events that the app was never told of.
        self.dropped: list[str] = []
        # Every delivery: when, under which transaction id, what became of it, and the events.
        self.log: list[tuple[float, str, str, list[str]]] = []
        # Ids of events that the app has taken.
        self.delivered: set[str] = set()

    async def passed(self, request: web.Request, body: bytes, path: str | None = None) -> web.Response | None:
        response = await super().passed(request, body, path)
        if request.method == "PUT":
            self._note(body, path or request.raw_path, str(response.status) if response else "away")
        return response

    def _note(self, body: bytes, path: str, how: str) -> None:
        ids = [event.get("event_id", "?") for event in _events(body)]
        self.log.append((time.time(), urlsplit(path).path.rpartition("/")[2], how, ids))
        if how == "200":
            self.delivered.update(ids)

    async def answer(self, request: web.Request, body: bytes) -> web.Response | None:
        if request.method != "PUT" or "/transactions/" not in request.path:
            return await self.passed(request, body)
        mode = self.met()
        self._note(body, request.raw_path, f"came: {mode}")
        if mode == "fails":
            return web.Response(status=500, text="{}", content_type="application/json")
        if mode == "loses-answer":
            await self.passed(request, body)
            return None
        if mode == "drops":
            self.dropped.extend(event.get("event_id", "?") for event in _events(body))
            return _taken()
        if mode == "late":
            # As the homeserver does with a stranded transaction: others overtake it.
            self._deliver_later(request, body, self.random.uniform(0.5, 10.0), "late")
            return _taken()
        if mode == "splits":
            return await self._in_pieces(request, body)
        if mode == "shuffles":
            return await self.passed(request, _with(body, self._shuffled(_events(body))))
        response = await self.passed(request, body)
        if mode == "repeats":
            for _ in range(self.random.randint(1, 2)):
                self._deliver_later(request, body, self.random.uniform(0.0, 8.0), "again")
        return response

    async def drained(self) -> None:
        """Waits until nothing is left to deliver."""
        while self.later:
            await asyncio.wait(self.later)

    def _deliver_later(self, request: web.Request, body: bytes, seconds: float, how: str) -> None:
        async def deliver() -> None:
            await asyncio.sleep(seconds)
            while True:
                response = await self.passed(request, body, self._renamed(request, how))
                # What the app has answered 200 is its own from then on; before that the homeserver would try again.
                if response is not None and response.status == 200:
                    return
                await asyncio.sleep(0.5)

        task = asyncio.create_task(deliver())
        self.later.add(task)
        task.add_done_callback(self.later.discard)

    async def _in_pieces(self, request: web.Request, body: bytes) -> web.Response | None:
        events = _events(body)
        size = self.random.randint(1, max(1, len(events) // 2))
        for start in range(0, max(1, len(events)), size):
            piece = _with(body, events[start : start + size], first=start == 0)
            response = await self.passed(request, piece, self._renamed(request, str(start)))
            if response is None or response.status != 200:
                return response
        return _taken()

    def _shuffled(self, events: list[Any]) -> list[Any]:
        self.random.shuffle(events)
        return events

    @staticmethod
    def _renamed(request: web.Request, suffix: str) -> str:
        """The path with another transaction id."""
        parts = urlsplit(request.raw_path)
        return f"{parts.path}-{suffix}" + (f"?{parts.query}" if parts.query else "")


def _events(body: bytes) -> list[Any]:
    return json.loads(body).get("events", [])


def _with(body: bytes, events: list[Any], first: bool = True) -> bytes:
    """The transaction with these events; what is shown for a moment comes with the first piece."""
    content = json.loads(body)
    rest = {} if first else {"ephemeral": []}
    return json.dumps(content | {"events": events} | rest).encode()


def _taken() -> web.Response:
    return web.Response(status=200, text="{}", content_type="application/json")
