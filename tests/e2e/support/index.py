"""The index itself, for what no route shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from support.stack import Stack
from support.waiting import PATIENCE, eventually

# A row of the audit log: type, actor, target.
Act = tuple[str, str | None, str | None]


class Index:
    """Statements on the index, each on a connection that survives a restart of PostgreSQL."""

    def __init__(self, stack: Stack):
        stack.need("database_url")
        self.url = stack.database_url
        self.connection: asyncpg.Connection | None = None

    async def rows(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        if self.connection is None or self.connection.is_closed():
            self.connection = await asyncpg.connect(self.url, timeout=10, command_timeout=20)
        return await self.connection.fetch(sql, *arguments)

    async def value(self, sql: str, *arguments: Any) -> Any:
        rows = await self.rows(sql, *arguments)
        return rows[0][0]

    async def audit(self, channel: str) -> dict[str, Act]:
        """The channel's audit log, by the rows' ids."""
        rows = await self.rows(
            "SELECT id::text, event_type, actor_id, target_id FROM public.channel_events "
            "WHERE channel_id = $1::text::uuid ORDER BY created_at, event_type",
            channel,
        )
        return {row["id"]: (row["event_type"], row["actor_id"], row["target_id"]) for row in rows}

    async def count_messages(self, channel: str) -> int:
        return await self.value("SELECT count(*) FROM public.messages WHERE channel_id = $1::text::uuid", channel)

    async def count_channels(self, microdao: str) -> int:
        return await self.value("SELECT count(*) FROM public.channels WHERE microdao_id = $1", microdao)

    async def stored_text(self, channel: str) -> str:
        """All that the index, the outbox and the audit log keep of a channel, as one text."""
        return await self.value(
            "SELECT concat("
            " (SELECT string_agg(to_jsonb(m)::text, '') FROM public.messages m WHERE m.channel_id = c.id),"
            " (SELECT string_agg(to_jsonb(s)::text, '') FROM messaging.message_search s WHERE s.channel_id = c.id),"
            " (SELECT string_agg(to_jsonb(o)::text, '') FROM public.outbox o WHERE o.channel_id = c.id),"
            " (SELECT string_agg(to_jsonb(e)::text, '') FROM public.channel_events e WHERE e.channel_id = c.id)"
            ") FROM (SELECT $1::text::uuid AS id) c",
            channel,
        )

    async def outbox(self, channel: str) -> list[asyncpg.Record]:
        """The channel's rows for the stream, in the order in which they were written."""
        return await self.rows(
            "SELECT id, event_id, seq, subject, published_at FROM public.outbox "
            "WHERE channel_id = $1::text::uuid AND subject LIKE 'messaging.%' ORDER BY id",
            channel,
        )

    async def published(self, channel: str, deadline: float = PATIENCE) -> None:
        """Waits until every row of the channel's outbox is marked as published."""
        waits = "SELECT EXISTS (SELECT FROM public.outbox WHERE channel_id = $1::text::uuid AND published_at IS NULL)"

        async def done() -> bool:
            return not await self.value(waits, channel)

        await eventually("every row is marked as published", done, deadline=deadline)

    @asynccontextmanager
    async def not_in_matrix(self, message: dict[str, Any]) -> AsyncIterator[None]:
        """Inside, Matrix does not have the message's event. Undone at the end: a later comparison of the channel with its room
        would take the real event for a new message."""
        rename = "UPDATE public.messages SET matrix_event_id = $2 WHERE id = $1::text::uuid"
        await self.rows(rename, message["id"], f"$nowhere-{message['id']}")
        try:
            yield
        finally:
            await self.rows(rename, message["id"], message["matrix_event_id"])

    async def last_seq(self, channel: str) -> int:
        return await self.value("SELECT last_seq FROM public.channels WHERE id = $1::text::uuid", channel)

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()
