"""The index itself, for what no route shows."""

from __future__ import annotations

from typing import Any

import asyncpg

from support.stack import Stack


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

    async def outbox(self, channel: str) -> list[asyncpg.Record]:
        """The channel's rows for the stream, in the order in which they were written."""
        return await self.rows(
            "SELECT id, event_id, seq, subject, published_at FROM outbox "
            "WHERE channel_id = $1::text::uuid AND subject LIKE 'messaging.%' ORDER BY id",
            channel,
        )

    async def last_seq(self, channel: str) -> int:
        return await self.value("SELECT last_seq FROM channels WHERE id = $1::text::uuid", channel)

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()
