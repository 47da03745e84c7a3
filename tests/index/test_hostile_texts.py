"""Documents are put together as text: whatever somebody else has chosen comes out of them as it went in, and is nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, World

HOSTILE = [
    '"',
    "\\",
    '","id":"x',
    "\\u0041",
    "}]",
    "".join(map(chr, range(1, 32))) + "\x7f",
    "\u2028😀ї\ufeff",
    "</script>",
    "",
]
# The columns of text that a document shows under their own names, and which everybody may choose who has a server.
COLUMNS = {
    "public.messages": ["matrix_event_id", "sender_id", "content_preview", "content_type", "client_key"],
    "public.channels": [
        "slug",
        "name",
        "description",
        "microdao_id",
        "matrix_room_id",
        "topic",
        "avatar_url",
        "created_by",
    ],
    "public.channel_members": ["matrix_user_id", "invited_by"],
}


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_text_is_shown_as_it_is_and_is_nothing_more(world: World, db: Database, text: str) -> None:
    channel = await world.channel()
    message = await world.message(channel, client_key="k", fingerprint="f")
    plain = await shown(db, channel.id)
    for table, columns in COLUMNS.items():
        await db.execute(f"UPDATE {table} SET {', '.join(f'{column} = $1' for column in columns)}", text)
    await db.execute(
        "INSERT INTO messaging.profiles (member_id, display_name, avatar_url, changed_at) VALUES ($1, $1, $1, now())",
        text,
    )
    await db.execute("UPDATE public.messages SET mentions = ARRAY[$1, $1] WHERE id = $2", text, message.id)
    for before, after in zip(plain, await shown(db, channel.id), strict=True):
        assert before.keys() == after.keys()
    listed, got, row, found, member = await shown(db, channel.id)
    assert listed == got and found == row == listed["last_message"] | {"reactions": []}
    assert {name: got[name] for name in COLUMNS["public.channels"]} == dict.fromkeys(COLUMNS["public.channels"], text)
    assert {name: row[name] for name in COLUMNS["public.messages"]} == dict.fromkeys(COLUMNS["public.messages"], text)
    assert (row["sender_name"], row["sender_avatar_url"], row["mentions"]) == (text, text, [text, text])
    assert got["membership"]["invited_by"] == member["invited_by"] == member["matrix_user_id"] == text
    await db.execute("UPDATE public.channel_members SET member_id = $1", text)
    members = await db.call(
        "list_members", caller="service:internal", microdaos=None, channel_id=channel.id, limit=5, after=None
    )
    assert members["items"] == [member | {"member_id": text, "display_name": text, "avatar_url": text}]


async def shown(db: Database, channel_id: str) -> tuple[Any, Any, Any, Any, Any]:
    """A channel in the list and alone, its message on a page and alone, and its member."""
    by = {"caller": OWNER, "microdaos": None}
    page = await db.call("list_messages", **by, channel_id=channel_id, limit=5, before=None, after=None, thread_id=None)
    channels = await db.call("list_channels", **by, microdao_id=None, limit=5, before_time=None, before_id=None)
    members = await db.call("list_members", **by, channel_id=channel_id, limit=5, after=None)
    [channel], [message], [member] = channels["items"], page["items"], members["items"]
    alone = await db.call("get_message", **by, channel_id=channel_id, message_id=message["id"])
    return channel, await db.call("get_channel", **by, channel_id=channel_id), message, alone["message"], member
