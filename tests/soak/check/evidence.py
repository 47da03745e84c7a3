"""What every place holds, read when all is quiet."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from soak.consumer import Delivered
from support.index import Index
from support.rooms import Rooms

Row = dict[str, Any]

MESSAGES = (
    "SELECT id::text, seq, matrix_event_id, sender_id, content_preview, deleted_at IS NOT NULL AS deleted, "
    "thread_id::text, reply_to::text, client_key FROM public.messages WHERE channel_id = $1::text::uuid ORDER BY seq"
)
REACTIONS = (
    "SELECT r.message_id::text, r.reactor_id, r.emoji, r.matrix_event_id, r.removed_at IS NOT NULL AS removed "
    "FROM public.message_reactions r JOIN public.messages m ON m.id = r.message_id "
    "WHERE m.channel_id = $1::text::uuid"
)
MEMBERS = (
    "SELECT member_id, matrix_user_id, role, matrix_power_level, joined_at IS NOT NULL AS joined "
    "FROM public.channel_members WHERE channel_id = $1::text::uuid AND left_at IS NULL"
)
OUTBOX = (
    "SELECT id, event_id::text, seq, subject, payload::text, published_at IS NOT NULL AS published "
    "FROM public.outbox WHERE channel_id = $1::text::uuid AND subject LIKE 'messaging.%' ORDER BY seq"
)
THREADS = (
    "SELECT root_id::text, reply_count, last_reply_id::text FROM messaging.threads WHERE channel_id = $1::text::uuid"
)


@dataclass
class Channel:
    """One channel, as the index and its room have it."""

    row: Row
    messages: list[Row]
    reactions: list[Row]
    members: list[Row]
    outbox: list[Row]
    threads: list[Row]
    # The room's events, oldest first, and its state by type and key.
    timeline: list[Row]
    state: dict[tuple[str, str], Row]

    @property
    def id(self) -> str:
        return self.row["id"]


@dataclass
class Evidence:
    """Everything at one moment."""

    server: str
    channels: list[Channel]
    stream: list[Delivered] = field(default_factory=list)
    # Events that could not be indexed.
    set_aside: list[Row] = field(default_factory=list)
    # Edits and reactions whose message has not come.
    waiting_relations: int = 0

    @property
    def bot(self) -> str:
        return f"@daarion:{self.server}"

    def entity(self, matrix_id: str) -> str:
        """The id under which the index knows a Matrix user."""
        local, _, server = matrix_id[1:].partition(":")
        kind, _, name = local.partition("-")
        return f"{kind}:{name}" if server == self.server and kind in ("user", "agent") and name else matrix_id


async def collect(index: Index, rooms: Rooms, server: str, microdao: str) -> Evidence:
    """Reads the index and the rooms of a microDAO's channels."""
    rows = await index.rows(
        "SELECT id::text, slug, name, topic, matrix_room_id, last_seq, created_by, visibility "
        "FROM public.channels WHERE microdao_id = $1 ORDER BY created_at",
        microdao,
    )
    channels = []
    for row in rows:
        tables = [
            [dict(found) for found in await index.rows(sql, row["id"])]
            for sql in (MESSAGES, REACTIONS, MEMBERS, OUTBOX, THREADS)
        ]
        for event in tables[3]:
            event["payload"] = json.loads(event["payload"])
        room = row["matrix_room_id"]
        state = await _state(rooms, room)
        channels.append(Channel(dict(row), *tables, await rooms.events(room), state))
    set_aside = await index.rows(
        "SELECT event_id, room_id, event_type, reason FROM messaging.set_aside_events WHERE set_aside_at IS NOT NULL"
    )
    relations = await index.value("SELECT count(*) FROM messaging.pending_relations")
    return Evidence(server, channels, set_aside=[dict(row) for row in set_aside], waiting_relations=relations)


async def _state(rooms: Rooms, room: str) -> dict[tuple[str, str], Row]:
    response = await rooms.get(f"rooms/{quote(room, safe='')}/state")
    assert response.status_code == 200, response.text
    return {(event["type"], event["state_key"]): event for event in response.json()}
