"""Erasing a person: what the relay and the app do for it, and what is left that names them."""

from __future__ import annotations

import json
from typing import Any

from harness.database import Database
from harness.life import BOT, claim, end, note

MARK = "zebra"
ALICE, AGENT, MATRIX = f"user:{MARK}", f"agent:{MARK}", f"@{MARK}:far.example"


def matrix_id(who: str) -> str:
    return who if who.startswith("@") else f"@{who.replace(':', '-')}:localhost"


async def begin(db: Database, who: str = ALICE) -> dict[str, Any]:
    return await db.call("begin_erasure", member_id=who, matrix_user_id=matrix_id(who), actor_id="service:internal")


async def leave(db: Database) -> None:
    """What the app does about the memberships and the profile."""
    while True:
        departure = await db.call("claim_departure", seconds=60)
        if departure is None:
            return
        if departure["microdao_id"] is None:
            await db.call("end_departure", erasure_id=departure["erasure_id"], is_whole=True)
            continue
        listed = await db.call(
            "list_ending_memberships",
            microdao_id=departure["microdao_id"],
            member_id=departure["member_id"],
            limit=5,
            actor_id=BOT,
        )
        for one in listed["memberships"]:
            heir = one["successor"] and one["successor"]["member_id"]
            await db.call(
                "record_ended_membership",
                channel_id=one["channel_id"],
                member_id=departure["member_id"],
                actor_id=BOT,
                successor_id=heir,
            )
        await db.call("end_departure", erasure_id=departure["erasure_id"], is_whole=False)


async def carry_out(db: Database, *, limit: int = 3) -> None:
    """All of it, by the relay and the app in turn."""
    await leave(db)
    for _ in range(500):
        await db.execute("UPDATE public.outbox SET published_at = now() WHERE published_at IS NULL")
        has_more = (await db.call("advance_erasure", limit=limit))["has_more"]
        await note(db)
        for event_id in await claim(db):
            await end(db, event_id)
            has_more = True
        if not has_more:
            return
    raise AssertionError("it does not end")


async def marked(db: Database) -> dict[str, list[str]]:
    """The rows that name the person still, by their tables."""
    contents = await db.contents()
    found = {
        table: [json.dumps(row) for row in rows or [] if MARK in json.dumps(row)] for table, rows in contents.items()
    }
    return {table: rows for table, rows in found.items() if rows}
