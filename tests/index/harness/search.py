"""What messages are found by, as components hand it over and as the table has it."""

from __future__ import annotations

from typing import Any

from harness.database import Session

VERSION = 1


def entry(text: str, *, has_link: bool = False, analysis: int = VERSION) -> dict[str, Any]:
    """The words of a text as they are, each at its place."""
    lexemes = " ".join(f"'{word}':{place}" for place, word in enumerate(text.split(), 1))
    return {"analysis": analysis, "has_link": has_link, "lexemes": lexemes}


async def words(session: Session, event_id: str) -> set[str] | None:
    """The words that a message is found by; None when it has no row."""
    sql = """SELECT tsvector_to_array(s.lexemes) FROM messaging.message_search s
             JOIN public.messages m ON m.id = s.message_id WHERE m.matrix_event_id = $1"""
    found = await session.value(sql, event_id)
    return None if found is None else {word for word in found if not word.startswith(":")}


async def marks(session: Session, event_id: str) -> set[str]:
    """And the marks of what it is."""
    sql = """SELECT tsvector_to_array(s.lexemes) FROM messaging.message_search s
             JOIN public.messages m ON m.id = s.message_id WHERE m.matrix_event_id = $1"""
    return {word for word in await session.value(sql, event_id) or [] if word.startswith(":")}


async def awaiting(session: Session) -> list[str]:
    """The events of the messages that are left to `ws-relay reindex`."""
    sql = """SELECT matrix_event_id FROM public.messages
             WHERE awaits_reindex AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted' ORDER BY seq"""
    return [row[0] for row in await session.rows(sql)]
