"""What components ask most is planned once in a session, or a few times, and not at every call."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from harness.database import Database, Session, connect
from harness.databases import connected
from harness.roles import COMPONENTS, as_role
from harness.server import migrate, programs, user
from harness.world import OWNER, World, sent
from support.cluster import server

# A plan is kept from the sixth call on where nothing else is said.
CALLS, PLANS = 20, 7
COUNTING = [
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.track=all",
    "pg_stat_statements.track_planning=on",
]
# By the functions' own statements, whoever has run them.
PLANNED = "SELECT query, plans FROM public.pg_stat_statements WHERE NOT toplevel AND calls >= $1 AND plans > $2 ORDER BY query"


@pytest.fixture(scope="module")
async def counted() -> AsyncIterator[Database]:
    """A migrated database on a server that counts how often statements are planned."""
    async with server(programs(), user(), COUNTING) as host:
        url = f"{host}/postgres"
        await migrate(url)
        db = Database(url, await connect(url))
        await db.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")
        yield db
        await db.connection.close()


async def test_what_components_ask_most_is_planned_once(counted: Database) -> None:
    channel = await World(counted).channel()
    async with connected(as_role(counted.url, COMPONENTS)) as connection:
        components = Session(connection)
        await counted.execute("SELECT public.pg_stat_statements_reset()")
        for _ in range(CALLS):
            by = channel.by(OWNER)
            # What is left out makes a plan of its own cheaper; so does a small page.
            plain = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}
            await components.call("prepare_send", **by, **plain)
            message = await components.call("record_message", **sent(channel))
            event_id = message["message"]["matrix_event_id"]
            await components.call("find_recorded", event_ids=[event_id], client_keys=[None])
            for limit, before in ((1, None), (50, None), (1, {"seq": 5})):
                page = {"limit": limit, "before": before, "after": None, "thread_id": None}
                await components.call("list_messages", **by, **page)
            await components.call("list_messages", **by, limit=1, before=None, after={"seq": 1}, thread_id=None)
            await components.call("list_members", **by, limit=1, after=None)
            await components.call("get_channel", **by)
    planned = {row["query"]: row["plans"] for row in await counted.rows(PLANNED, CALLS, PLANS)}
    assert not planned
