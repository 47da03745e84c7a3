"""Subscriptions and the queue of webhook deliveries, as the components use them."""

from __future__ import annotations

import json
from typing import Any

from harness.database import Database, Session

ROOM = "!room:localhost"


async def subscribed(db: Database, url: str = "https://a.example/x", *events: str, room: str = ROOM) -> str:
    arguments = {"room_id": room, "webhook_url": url, "events": list(events), "most": 100}
    return (await db.call("subscribe", **arguments))["subscription_id"]


def event(event_id: str, kind: str = "m.room.message", *, room: str = ROOM, **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "type": kind, "room_id": room} | fields


async def queue(db: Session, *events: dict[str, Any], most: int = 100) -> dict[str, int]:
    return await db.call(
        "queue_deliveries",
        room_ids=[e["room_id"] for e in events],
        event_ids=[e["event_id"] for e in events],
        types=[e["type"] for e in events],
        redacted_ids=[e.get("redacts") for e in events],
        edited_ids=[e.get("edits") for e in events],
        events=[json.dumps(e) for e in events],
        most=most,
    )
