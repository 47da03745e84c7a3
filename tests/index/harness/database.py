"""Calls of the index's functions by name, as the components make them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg

from support.waiting import eventually

# What the whole run has called, and what was refused.
called: set[str] = set()
refused: set[str] = set()

# The refusals that come with a document: which limit it was.
LIMITS = ("rate_limited", "too_many_invitations", "too_many_absent", "upload_quota_exceeded")

# A name without its schema fails, as in `ws-relay migrate`.
SETTINGS = {"search_path": "pg_catalog", "application_name": "index-tests"}


class Outcome(NamedTuple):
    """What a function returned: a refusal, or a document, or neither when there is nothing to say."""

    refusal: str | None
    document: Any


class Session:
    """One connection."""

    def __init__(self, connection: asyncpg.Connection):
        self.connection = connection

    async def outcome(self, function: str, **arguments: Any) -> Outcome:
        names = ", ".join(f"p_{name} => ${i}" for i, name in enumerate(arguments, 1))
        sql = f"SELECT refusal::text, document::text FROM messaging.{function}({names})"
        row = await self.connection.fetchrow(sql, *(encoded(value) for value in arguments.values()))
        # Only a limit says more than its code.
        assert row["refusal"] in (None, *LIMITS) or row["document"] is None, f"{function}: {row}"
        called.add(function)
        if row["refusal"]:
            refused.add(row["refusal"])
        return Outcome(row["refusal"], json.loads(row["document"]) if row["document"] is not None else None)

    async def call(self, function: str, **arguments: Any) -> Any:
        """The document of a call that is not refused."""
        outcome = await self.outcome(function, **arguments)
        assert outcome.refusal is None, f"{function} refused: {outcome.refusal}"
        return outcome.document

    async def refusal(self, function: str, **arguments: Any) -> str | None:
        """The code of a call that must be refused, and must have changed nothing."""
        before = await self.contents()
        outcome = await self.outcome(function, **arguments)
        assert outcome.refusal is not None, f"{function} was not refused: {outcome.document}"
        assert await self.contents() == before, f"{function} refused with {outcome.refusal}, and changed rows"
        return outcome.refusal

    async def may_read(self, **arguments: Any) -> bool:
        """What the relay asks before it sends a channel's events to somebody."""
        called.add("may_read")
        names = ", ".join(f"p_{name} => ${i}" for i, name in enumerate(arguments, 1))
        return await self.value(f"SELECT messaging.may_read({names})", *arguments.values())

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """What the session does inside takes effect at its end, and holds its locks until then."""
        return self.connection.transaction()

    async def value(self, sql: str, *arguments: Any) -> Any:
        return await self.connection.fetchval(sql, *arguments)

    async def rows(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        return await self.connection.fetch(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> None:
        await self.connection.execute(sql, *arguments)

    async def contents(self) -> dict[str, Any]:
        """Every row of every table."""
        # How much of a limit is used up is no content.
        tables = [table for table in await self.value(TABLES) if not table.startswith("messaging.rate_limit")]
        parts = ", ".join(f"'{t}', (SELECT jsonb_agg(r ORDER BY r::text) FROM {t} r)" for t in tables)
        return json.loads(await self.value(f"SELECT jsonb_build_object({parts})::text"))

    async def events(self, channel_id: str, subject: str = "messaging.%") -> list[dict[str, Any]]:
        """The channel's events in the outbox, in the order of their numbers."""
        rows = await self.rows(
            "SELECT subject, seq, payload::text FROM public.outbox WHERE channel_id = $1 AND subject LIKE $2 ORDER BY seq, id",
            channel_id,
            subject,
        )
        return [{"subject": r["subject"], "seq": r["seq"], **json.loads(r["payload"])} for r in rows]

    async def subjects(self, channel_id: str) -> list[str]:
        """The kinds of the channel's events, in order; their numbers must have no hole."""
        events = await self.events(channel_id)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        return [event["subject"].removeprefix("messaging.") for event in events]

    async def audit(self, channel_id: str) -> list[tuple[str, str, str | None]]:
        """The channel's audit log: type, actor, target."""
        sql = "SELECT event_type, actor_id, target_id FROM public.channel_events WHERE channel_id = $1 ORDER BY created_at, ctid"
        return [tuple(row) for row in await self.rows(sql, channel_id)]


@dataclass
class Read:
    """How many rows of a table some statements read, by whatever index or none."""

    rows: int = 0


READ_ROWS = """
SELECT sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::bigint FROM pg_class
WHERE oid = $1::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = $1::regclass)
    OR $1 IS NULL AND relnamespace IN ('public'::regnamespace, 'messaging'::regnamespace)
"""


class Database(Session):
    """A database at the newest schema, empty when a test begins."""

    def __init__(self, url: str, connection: asyncpg.Connection):
        super().__init__(connection)
        self.url = url
        self.opened: list[asyncpg.Connection] = []

    async def session(self) -> Session:
        """Another connection, closed when the test ends."""
        self.opened.append(await connect(self.url))
        return Session(self.opened[-1])

    async def sessions(self, count: int) -> list[Session]:
        return list(await asyncio.gather(*(self.session() for _ in range(count))))

    async def close_sessions(self) -> None:
        for connection in self.opened:
            connection.terminate()
        self.opened.clear()

    @asynccontextmanager
    async def reading(self, table: str | None = None) -> AsyncIterator[Read]:
        """Counts the rows that are read inside, of a table of public or of the schema that it is named with; without one of all."""
        read, name = Read(), table if table is None or "." in table else f"public.{table}"
        async with self.transaction():
            before = await self.value(READ_ROWS, name)
            yield read
            read.rows = await self.value(READ_ROWS, name) - before

    async def empty(self) -> None:
        tables = await self.value(TABLES)
        deletes = "; ".join(f"DELETE FROM {table}" for table in tables)
        # Without the triggers of foreign keys, as everything goes.
        await self.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes}; COMMIT")

    async def waiting(self, session: Session) -> None:
        """Returns when the session's statement waits for another one's lock."""
        pid = session.connection.get_server_pid()

        async def waits() -> bool:
            sql = "SELECT cardinality(pg_blocking_pids($1)) > 0"
            return await self.value(sql, pid)

        await eventually("the second one waits for the first", waits, interval=0.005)


TABLES = """
SELECT array_agg(schemaname || '.' || tablename ORDER BY 1) FROM pg_tables
WHERE schemaname IN ('public', 'messaging') AND tablename NOT IN ('schema_history', 'applied_functions')
"""


def encoded(value: Any) -> Any:
    """JSON goes to PostgreSQL as text."""
    return json.dumps(value) if isinstance(value, dict) else value


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, server_settings=SETTINGS, command_timeout=120)
