"""Pins: the arguments of their calls, and what is shown."""

from __future__ import annotations

from typing import Any

from harness.database import Session
from harness.world import OWNER, Channel, Message, at

BOT = "@bot:localhost"


def pinning(channel: Channel, message: Message | str, by: str = OWNER, is_pinned: bool = True) -> dict[str, Any]:
    message_id = message if isinstance(message, str) else message.id
    return {**channel.by(by), "message_id": message_id, "is_pinned": is_pinned}


def recording(
    channel: Channel, message: Message, by: str = OWNER, is_pinned: bool = True, **more: Any
) -> dict[str, Any]:
    fields = {"channel_id": channel.id, "caller": by, "event_id": message.event_id, "is_pinned": is_pinned}
    return {**fields, "state_event_id": "$list", **more}


def told(channel: Channel, *event_ids: str, **changes: Any) -> dict[str, Any]:
    """A list as the homeserver tells it."""
    fields = {"sender_id": "user:mia", "by_bot": False, "changed_at": at()}
    return {"room_id": channel.room_id, "event_ids": list(event_ids), **fields, **changes}


async def pin(db: Session, channel: Channel, message: Message, by: str = OWNER, is_pinned: bool = True) -> None:
    await db.call("prepare_pin", **pinning(channel, message, by, is_pinned))
    await db.call("record_pin", **recording(channel, message, by, is_pinned))


async def pinned(db: Session, channel: Channel) -> list[str]:
    listed = await db.call("list_pins", **channel.by(OWNER))
    return [message["id"] for message in listed["items"]]
