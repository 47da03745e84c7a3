"""Reading channels and asking what is unread, for tests of receipts."""

from __future__ import annotations

from typing import Any

from harness.database import Database, Session
from harness.world import Channel, Message, membership

BOB, ANN = "user:bob", "user:ann"


async def read(db: Session, channel: Channel, who: str, **changes: Any) -> dict[str, Any]:
    asked = {"message_id": None, "seq": None, "thread_id": None, "is_private": False, **changes}
    return await db.call("mark_read", **channel.by(who), **asked)


async def state(db: Session, channel: Channel, who: str) -> dict[str, Any]:
    """What a list of channels says, which is the same as the channel alone."""
    document = await db.call("get_channel", **channel.by(who))
    listed = {"microdao_id": None, "limit": 1000, "before_time": None, "before_id": None}
    page = await db.call("list_channels", caller=who, microdaos=None, **listed)
    [same] = [item for item in page["items"] if item["id"] == channel.id]
    assert same == document
    return {name: document[name] for name in ("read_seq", "unread_count", "mention_count", "marked_unread", "muted")}


async def unread(db: Session, channel: Channel, who: str) -> int:
    return (await state(db, channel, who))["unread_count"]


async def mention(db: Database, channel: Channel, message: Message, *who: str) -> None:
    for member_id in who:
        await db.execute(
            """INSERT INTO messaging.message_mentions (message_id, member_id, channel_id, seq, sender_id, thread_id)
               SELECT id, $2, channel_id, seq, sender_id, thread_id FROM public.messages WHERE id = $1""",
            message.id, member_id,
        )  # fmt: skip


async def joined(db: Database, channel: Channel, who: str) -> None:
    await db.call("record_membership", **membership(channel, who, "join"))
