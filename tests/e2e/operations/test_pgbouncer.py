"""The app's components behind PgBouncer, with a real one and writes at the same time. What a relay does there is in
tests/index/relay/test_poolers.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.api import Caller, path_to, pin_path, reaction_path, unique
from support.index import Index
from support.own_stack import OwnStack, world
from support.pgbouncer import KNOWS_STATEMENTS, pgbouncer, version
from support.rewiring import change_services
from support.services import Services
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults

PEOPLE = 16
EACH = 6
# In transaction mode, and far fewer than the connections that components keep.
SIZE = 5
# In session mode: each connection that a component keeps holds one.
SESSIONS = 160


@asynccontextmanager
async def behind(own: OwnStack, http: httpx.AsyncClient, mode: str, size: int) -> AsyncIterator[Stack]:
    """The stack while its app has PgBouncer for a database; the relay has PostgreSQL itself."""
    stack = Stack.read(own.file)
    services = Services(stack, http)
    settings = ("SPIN_VARIABLE_DATABASE_URL", "SPIN_VARIABLE_DATABASE_ALLOWED_HOST")
    before = {name: stack.services["app"]["env"][name] for name in settings}
    async with pgbouncer(before[settings[0]], mode, size, stack.services["postgres"].get("user")) as through:
        address = urlsplit(through)
        now = dict(zip(settings, (through, f"postgres://{address.hostname}:{address.port}"), strict=True))
        change_services(stack, lambda all: all["app"]["env"].update(now))
        try:
            await services.restart("app")
            yield stack
        finally:
            change_services(stack, lambda all: all["app"]["env"].update(before))
            await services.stop("app")
    await services.start("app")


async def acts(who: Caller, channel: str, to: dict[str, Any]) -> list[int]:
    """A person's share of the load, every kind of statement; the statuses."""
    said = []
    for number in range(EACH):
        key = unique("key")
        sent = await who.try_send(channel, f"text {number}", key)
        again = await who.try_send(channel, f"text {number}", key)
        said += [sent.status_code, again.status_code]
        if sent.status_code == 201 == again.status_code:
            assert sent.json() == again.json(), "a retry is the same message"
            edited = await who.patch(path_to(channel, sent.json()["id"]), {"text": f"edited {number}"})
            said.append(edited.status_code)
        said.append((await who.get(f"{path_to(channel)}/messages", limit=50)).status_code)
    said.append((await who.put(reaction_path(to, "👍"))).status_code)
    said.append((await who.get(path_to(channel))).status_code)
    return said


async def seed(stack: Stack) -> tuple[list[Caller], dict[str, Any]]:
    """A channel with people in it, and a message that is pinned."""
    corner = world(stack)
    people = [corner.user(f"person{number}") for number in range(PEOPLE)]
    channel = await people[0].create(slug="general", name="General", microdao_id=corner.microdao)
    first = await people[0].send(channel["id"], "first")
    assert (await people[0].put(pin_path(first))).is_success
    return people, first


async def count_connections(stack: Stack) -> int:
    index = Index(stack)
    try:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'messaging_components'"
        return await index.value(sql)
    finally:
        await index.close()


async def is_whole(stack: Stack, channel: str) -> None:
    """Every message is there once, and the channel's events have every number from 1 on."""
    index = Index(stack)
    try:
        numbers = [row["seq"] for row in await index.outbox(channel)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert await index.last_seq(channel) == len(numbers)
        # The first one too.
        assert await index.count_messages(channel) == PEOPLE * EACH + 1
    finally:
        await index.close()


async def test_components_work_in_session_mode(own: OwnStack, web: httpx.AsyncClient) -> None:
    async with behind(own, web, "session", SESSIONS) as stack:
        people, first = await seed(stack)
        said = await asyncio.gather(*(acts(who, first["channel_id"], first) for who in people))
        assert all(status < 300 for one in said for status in one), said
        await is_whole(stack, first["channel_id"])


async def test_components_work_in_transaction_mode_on_a_few_connections(own: OwnStack, web: httpx.AsyncClient) -> None:
    if await version() < KNOWS_STATEMENTS:
        await an_older_one_breaks_requests(own, web)
        return
    async with behind(own, web, "transaction", SIZE) as stack:
        people, first = await seed(stack)
        said = await asyncio.gather(*(acts(who, first["channel_id"], first) for who in people))
        assert all(status < 300 for one in said for status in one), said
        assert await count_connections(stack) <= SIZE
        await is_whole(stack, first["channel_id"])


async def an_older_one_breaks_requests(own: OwnStack, web: httpx.AsyncClient) -> None:
    """Before 1.21 a prepared statement is on one of its connections, and is run on another one: requests at the same time
    fail, and the log says with what. Nothing else comes of it."""
    async with behind(own, web, "transaction", SIZE) as stack:
        corner = world(stack)
        alice = corner.user("alice")
        failed: list[httpx.Response] = []

        async def fails() -> bool:
            pages = [alice.get("/api/messaging/channels", limit=1) for _ in range(PEOPLE)]
            failed.extend(page for page in await asyncio.gather(*pages) if page.status_code != 200)
            return bool(failed)

        await eventually("a request fails", fails, deadline=60)
        assert all(page.status_code in (500, 503) for page in failed)
        logs = "".join(path.read_text(errors="replace") for path in (own.data / "logs").rglob("*") if path.is_file())
        assert "prepared statement" in logs
