"""How long data lives: messages of another day, and what a relay and the app do about them."""

from __future__ import annotations

from typing import Any

from harness.database import Database, Session
from harness.previews import change
from harness.world import Channel, Message, World

BOT = "@daarion:localhost"


async def aged(db: Database, *messages: Message, days: float = 2) -> None:
    """As if they had been sent so many days ago."""
    for message in messages:
        sql = """WITH aged AS (UPDATE public.messages SET created_at = now() - $2 * interval '1 day' WHERE id = $1
                               RETURNING channel_id, created_at)
                 UPDATE public.channels ch SET active_at = aged.created_at FROM aged WHERE ch.id = aged.channel_id"""
        await db.execute(sql, message.id, days)


async def keeping(world: World, days: int | None = 1, **fields: Any) -> Channel:
    """A channel that was made 10 years ago and keeps messages for so many days."""
    channel = await world.channel(**fields)
    sql = "UPDATE public.channels SET created_at = now() - interval '3650 days' WHERE id = $1"
    await world.db.execute(sql, channel.id)
    if days is not None:
        await change(world.db, channel, retention_days=days)
    return channel


async def note(db: Session, max_days: int | None = None, limit: int = 200) -> bool:
    """The relay's look; whether there is something to carry out."""
    return (await db.call("note_removals", max_days=max_days, limit=limit))["is_due"]


async def claim(db: Session, limit: int = 20) -> list[str]:
    removals = (await db.call("claim_removals", limit=limit, seconds=60))["removals"]
    return [removal["event_id"] for removal in removals]


async def end(db: Session, event_id: str, redacted: bool = True, edits: list[str] | None = None) -> str:
    document = await db.call(
        "end_removal", event_id=event_id, actor_id=BOT, is_redacted=redacted, edit_event_ids=edits or []
    )
    return document["outcome"]


async def look_now(db: Database) -> None:
    """As if the next look at every channel were due."""
    await db.execute("DELETE FROM messaging.retention_looks")


async def remove_all(db: Database, max_days: int | None = None) -> list[str]:
    """Everything that is due, to the end; the events that are redacted, in order."""
    redacted: list[str] = []
    await look_now(db)
    for _ in range(50):
        await note(db, max_days)
        claimed = await claim(db)
        if not claimed:
            return redacted
        for event_id in claimed:
            await end(db, event_id)
            redacted.append(event_id)
    raise AssertionError("it does not end")


async def living(db: Database, channel: Channel) -> list[str]:
    rows = await db.rows(
        "SELECT matrix_event_id FROM public.messages WHERE channel_id = $1 AND deleted_at IS NULL ORDER BY seq",
        channel.id,
    )
    return [row[0] for row in rows]
