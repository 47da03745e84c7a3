"""A stack in which what the homeserver pushes can get lost for good."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from aiohttp import web

from support.agreement import Agreement
from support.api import Caller, World, api_client
from support.faulty_homeserver import FaultyHomeserver
from support.http_proxy import HttpProxy
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.own_stack import OwnStack
from support.person import Person, register
from support.rewiring import change_services, lead_pushes
from support.rooms import Rooms
from support.services import Services
from support.stack import Stack
from support.waiting import eventually

NOTHING = {"messages": 0, "edits": 0, "reactions": 0, "deletions": 0, "memberships": 0, "state": 0}


class Pushes(HttpProxy):
    """Between the homeserver and the app. What is lost, the homeserver takes for delivered."""

    def __init__(self, app: str):
        super().__init__(app)
        self.are_lost = False
        # Ids of events, in the order in which they came.
        self.lost: list[str] = []
        self.delivered: set[str] = set()

    async def answer(self, request: web.Request, body: bytes) -> web.Response | None:
        ids = [event["event_id"] for event in json.loads(body).get("events", [])] if request.method == "PUT" else []
        if ids and self.are_lost:
            self.lost.extend(ids)
            return web.Response(text="{}", content_type="application/json")
        try:
            response = await self.forward(request, body)
        except httpx.HTTPError:
            return None
        if response.status == 200:
            self.delivered.update(ids)
        return response


@dataclass
class LostPushes:
    """The stack and what is between its parts."""

    stack: Stack
    pushes: Pushes
    homeserver: FaultyHomeserver
    http: httpx.AsyncClient
    web: httpx.AsyncClient
    rooms: Rooms
    index: Index
    services: Services
    people: list[Person]

    def world(self) -> World:
        return World(self.http, self.stack, True)

    async def client(self, who: Any) -> MatrixClient:
        """The Matrix client of somebody."""
        return await matrix_client(self.rooms, who)

    async def person(self, name: str) -> Person:
        self.people.append(await register(self.stack, self.web, name))
        return self.people[-1]

    @contextmanager
    def losing(self) -> Iterator[None]:
        """Everything that is pushed inside is lost; wait for it with `lost` before the end."""
        self.pushes.are_lost = True
        try:
            yield
        finally:
            self.pushes.are_lost = False

    async def lost(self, event: str) -> None:
        """Waits until the homeserver has pushed an event to nobody. A room's events are pushed in their order."""

        async def gone() -> bool:
            return event in self.pushes.lost

        await eventually(f"the push of {event} is lost", gone, deadline=60)

    async def arrived(self, event: str) -> None:
        """Waits until the app has taken an event."""

        async def taken() -> bool:
            return event in self.pushes.delivered

        await eventually(f"{event} is pushed", taken, deadline=60)

    async def try_reconcile(self, channel: dict[str, Any], **query: Any) -> httpx.Response:
        path = f"/internal/messaging/channels/{channel['id']}/reconcile"
        headers = {"X-Internal-Service-Token": self.stack.internal_secret or ""}
        return await Caller(self.http, self.stack, "", headers).request("POST", path, params=query)

    async def reconcile(self, channel: dict[str, Any], **query: Any) -> dict[str, Any]:
        """One run."""
        response = await self.try_reconcile(channel, **query)
        assert response.status_code == 200, response.text
        return response.json()

    async def everything(self, channel: dict[str, Any], **query: Any) -> tuple[dict[str, int], int]:
        """What was repaired until nothing was left, by kind, and by how many runs."""
        total, runs = dict(NOTHING), 0
        while True:
            found = await self.reconcile(channel, **query)
            runs, query = runs + 1, {}
            assert found["set_aside"] == 0
            total = {kind: total[kind] + count for kind, count in found["repaired"].items()}
            if not found["has_more"]:
                return total, runs

    async def compared(self, channel: dict[str, Any], last: str) -> None:
        """From here on everything is known, once this event was pushed."""
        await self.arrived(last)
        await self.everything(channel)

    async def is_whole(self, channel: dict[str, Any]) -> None:
        """Index and room agree, the numbers have no hole, and nothing is left to repair."""
        assert not await self.differences(channel)
        numbers = [row["seq"] for row in await self.index.outbox(channel["id"])]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        assert (await self.everything(channel))[0] == NOTHING
        assert await self.index.last_seq(channel["id"]) == len(numbers)

    async def differences(self, channel: dict[str, Any]) -> dict[str, Any]:
        """In what index and room differ."""
        agreement = Agreement(self.rooms, self.index, None, None)  # type: ignore[arg-type]
        return await agreement.differences(channel)

    async def set_relay(self, **settings: str) -> None:
        """Starts the relay anew with these settings."""
        change_services(self.stack, lambda services: services["ws-relay"]["env"].update(settings))
        await self.services.restart("ws-relay")


@asynccontextmanager
async def lost_pushes(shared: Stack, web_client: httpx.AsyncClient) -> AsyncIterator[LostPushes]:
    """Such a stack; its relay compares nothing by itself."""
    own = OwnStack(shared)
    try:
        stack = await own.start()
        pushes, homeserver = Pushes(stack.api_url), FaultyHomeserver(stack)
        await pushes.start()
        await homeserver.start()
        lead_pushes(stack, pushes.url)

        def rewire(services: dict[str, Any]) -> None:
            services["app"]["env"]["SPIN_VARIABLE_MATRIX_HOMESERVER_URL"] = homeserver.url
            services["ws-relay"]["env"]["RECONCILE_SECONDS"] = "0"

        change_services(stack, rewire)
        services = Services(stack, web_client)
        for name in ("synapse", "app", "ws-relay"):
            await services.restart(name)
        async with api_client(stack.api_url) as http:
            rooms, index = Rooms(stack, web_client), Index(stack)
            parts = LostPushes(stack, pushes, homeserver, http, web_client, rooms, index, services, [])
            try:
                yield parts
            finally:
                for one in parts.people:
                    await one.close()
                await index.close()
                await homeserver.stop()
                await pushes.stop()
    finally:
        await own.close()
