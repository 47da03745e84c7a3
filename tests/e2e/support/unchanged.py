"""A refused request changes nothing: not the index, not the room, and no event leaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from support.index import Index
from support.rooms import Rooms

# The whole state of a channel, as one document.
STATE = """
SELECT jsonb_build_object(
    'channel', (SELECT to_jsonb(c) FROM public.channels c WHERE c.id = ch.id),
    'messages', (SELECT jsonb_agg(to_jsonb(m) - 'edit_origin_ts' ORDER BY m.seq) FROM public.messages m WHERE m.channel_id = ch.id),
    -- Without the homeserver's last word on an edit or a membership: our own echo may still be on its way.
    'members', (SELECT jsonb_agg(to_jsonb(m) - '{matrix_changed_at,matrix_event_id,banned_in_room}'::text[] ORDER BY m.id) FROM public.channel_members m WHERE m.channel_id = ch.id),
    'edits', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.event_id) FROM messaging.message_edits e WHERE e.channel_id = ch.id),
    'mentions', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.message_id, n.member_id) FROM messaging.message_mentions n
                 WHERE n.channel_id = ch.id),
    'previews', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM messaging.message_previews p WHERE p.channel_id = ch.id),
    'search', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.message_id) FROM messaging.message_search s WHERE s.channel_id = ch.id),
    'threads', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.root_id) FROM messaging.threads t WHERE t.channel_id = ch.id),
    'thread_members', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.root_id, t.member_id) FROM messaging.thread_members t
                       WHERE t.channel_id = ch.id),
    'reads', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.member_id) FROM messaging.channel_reads r WHERE r.channel_id = ch.id),
    'receipts_to_send', (SELECT jsonb_agg(to_jsonb(q) - 'due_at' ORDER BY q.id) FROM messaging.receipts_to_send q
                         WHERE q.channel_id = ch.id),
    'reactions', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.id) FROM public.message_reactions r
                  JOIN public.messages m ON m.id = r.message_id WHERE m.channel_id = ch.id),
    'pins', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.place) FROM messaging.pins p WHERE p.channel_id = ch.id),
    'polls', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.message_id) FROM messaging.polls p WHERE p.channel_id = ch.id),
    'poll_votes', (SELECT jsonb_agg(to_jsonb(v) ORDER BY v.event_id) FROM messaging.poll_votes v WHERE v.channel_id = ch.id),
    'files', (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.message_id) FROM messaging.message_files f WHERE f.channel_id = ch.id),
    'replaced', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.message_id, r.content_uri) FROM messaging.replaced_content r
                 WHERE r.channel_id = ch.id),
    'uploads', (SELECT jsonb_agg(to_jsonb(u) ORDER BY u.media_id) FROM messaging.uploads u WHERE u.channel_id = ch.id),
    'removals', (SELECT jsonb_agg(to_jsonb(q) ORDER BY q.event_id) FROM messaging.removals q WHERE q.channel_id = ch.id),
    'typing', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.member_id) FROM messaging.typing t WHERE t.channel_id = ch.id),
    'audit', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.id) FROM public.channel_events e WHERE e.channel_id = ch.id),
    'outbox', (SELECT jsonb_agg(to_jsonb(o) - '{published_at,stream_seq,personal}'::text[] ORDER BY o.id) FROM public.outbox o WHERE o.channel_id = ch.id)
)::text FROM (SELECT $1::text::uuid AS id) ch
"""

Unchanged = Callable[[dict[str, Any]], AbstractAsyncContextManager[None]]


def unchanged_check(index: Index, rooms: Rooms) -> Unchanged:
    """Makes the context manager that compares a channel before and after."""

    async def state(channel: dict[str, Any]) -> dict[str, Any]:
        room = await rooms.events(channel["matrix_room_id"])
        rows = json.loads(await index.value(STATE, channel["id"]))
        return rows | {"room": [(event["type"], event["event_id"]) for event in room]}

    @asynccontextmanager
    async def unchanged(channel: dict[str, Any]) -> AsyncIterator[None]:
        before = await state(channel)
        yield
        after = await state(channel)
        changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        assert not changed, "nothing has changed"

    return unchanged
