"""How long data lives: messages of another day, and the commands of operators."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from support.index import Index
from support.stack import Stack


async def aged(index: Index, channel: dict[str, Any], *events: str, days: int = 2) -> None:
    """As if these messages had been sent so many days ago, and the channel were to be looked at now."""
    sql = """UPDATE public.messages SET created_at = now() - $2::int * interval '1 day'
             WHERE matrix_event_id = ANY ($1) RETURNING id"""
    assert len(await index.rows(sql, list(events), days)) == len(events)
    await index.rows("DELETE FROM messaging.retention_looks WHERE channel_id = $1::text::uuid", channel["id"])


async def command(stack: Stack, *arguments: str) -> tuple[int, str]:
    """Runs the relay's program as an operator; its exit code and what it says."""
    stack.need_service("ws-relay")
    relay = stack.services["ws-relay"]
    process = await asyncio.create_subprocess_exec(
        relay["command"][0],
        *arguments,
        env=os.environ | relay["env"],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode is not None
    return process.returncode, output.decode()
