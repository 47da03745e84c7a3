"""What a message shows of its edits."""

from __future__ import annotations

from harness.database import Database
from harness.world import OWNER, Channel, Message


async def shown(db: Database, channel: Channel, message: Message) -> tuple[str, bool]:
    """A message's text, and whether it says that it was edited."""
    document = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    return document["content_preview"], document["edited_at"] is not None
