"""How much calls read where one channel has nearly everything, and thousands of channels have little: what they answer with, and not
what there is."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, NamedTuple

import pytest

from harness.database import Database, connect
from harness.databases import Databases
from harness.server import migrate
from harness.world import Channel, World, sent

# Of each kind there is so much that nobody asks for.
MANY = 30_000
# No page names more than 1,000 of anything; a row is counted in its index and in its table.
FEW = 6_000
# From the sixth call on a session has plans that are made for any arguments.
CALLS = 7
ELSEWHERE, LITTLE = "microdao:elsewhere", "microdao:little"
READER = "user:reader"

# Of everything the one channel has as much as all others together, which have one each. $1: that channel.
FILL = f"""
CREATE TEMPORARY TABLE place AS
SELECT n, $1::uuid AS channel_id, 'user:u' || n AS who, 'big-' || n AS key, n AS seq FROM generate_series(1, {MANY}) n
UNION ALL SELECT n, md5('channel-' || n)::uuid, 'user:u' || n, 'other-' || n, 1 FROM generate_series(1, {MANY}) n;

INSERT INTO public.channels (id, slug, name, microdao_id, matrix_room_id, visibility, created_by, member_count, last_seq, main_count,
    created_at, active_at, indexed_active_at)
SELECT channel_id, key, key, '{ELSEWHERE}', '!' || key || ':localhost', (ARRAY['public', 'microdao', 'private'])[1 + n % 3], who, 1,
    1, 1, t.at, t.at, t.at
FROM place CROSS JOIN LATERAL (SELECT now() - n * interval '1 minute' AS at) t WHERE channel_id <> $1;
UPDATE public.channels SET member_count = {MANY} + 2, last_seq = {MANY}, main_count = {MANY} WHERE id = $1;
INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at)
SELECT channel_id, who, 'human', '@' || replace(who, ':', '-') || ':localhost', 'member', now() FROM place;
INSERT INTO messaging.profiles (member_id, display_name, changed_at) SELECT who, key, now() FROM place WHERE channel_id = $1;
INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
    content_preview, created_at, seq, main_number, awaits_reindex)
SELECT md5(key)::uuid, channel_id, '$' || key, 'm.room.message', who, 'human', '@' || replace(who, ':', '-') || ':localhost', 'text',
    now() - interval '1 day' + seq * interval '1 second', seq, seq, false FROM place;
INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
SELECT CASE WHEN channel_id = $1 THEN md5('big-{MANY}')::uuid ELSE md5(key)::uuid END, who, 'human', '👍', '$reaction-' || key FROM place;
INSERT INTO messaging.channel_reads (channel_id, member_id, read_seq, shown_seq) SELECT channel_id, who, seq, seq FROM place;
INSERT INTO messaging.typing (channel_id, member_id, until)
SELECT channel_id, who, now() + interval '1 hour' FROM place WHERE channel_id <> $1 OR n <= 60;
INSERT INTO public.channel_events (channel_id, event_type, actor_id, created_at)
SELECT channel_id, 'channel.updated', who, now() - n * interval '1 second' FROM place;
INSERT INTO messaging.message_mentions (message_id, member_id, channel_id, seq, sender_id)
SELECT md5(key)::uuid, 'room', channel_id, seq, who FROM place;
DROP TABLE place;
"""
# Pages, and the place that somebody asks from.
PAGE = {"before": None, "after": None, "thread_id": None, "limit": 50}
MIDDLE = {"seq": MANY // 2}
LISTED = {
    "caller": READER,
    "microdaos": [LITTLE],
    "microdao_id": None,
    "before_time": None,
    "before_id": None,
    "limit": 50,
}
RECEIPTS = [
    {
        "event_id": "$big-9",
        "member_id": f"user:u{n}",
        "is_private": False,
        "thread_event_id": "$big-8" if n % 2 else None,
    }
    for n in range(9)
]
NAMES = [
    {"member_id": f"user:u{n}", "display_name": "New", "avatar_url": None, "changed_at": "2000-01-01T00:00:00Z"}
    for n in range(9)
]


# Numbers of people of the big channel; each has read as many of its messages as their number says.
SENDERS = count(1)


class Crowd(NamedTuple):
    db: Database
    big: Channel


@pytest.fixture(scope="module")
async def crowd(databases: Databases) -> AsyncIterator[Crowd]:
    url = await databases.new("crowd")
    await migrate(url)
    db = Database(url, await connect(url))
    world = World(db)
    big, little = [await world.channel(microdao_id=LITTLE, visibility="microdao") for _ in range(2)]
    for channel in (big, little):
        await world.member(channel, READER)
    fill = FILL.replace("$1", f"'{big.id}'")
    await db.execute(f"SET session_replication_role = replica; {fill}; RESET session_replication_role")
    # All rows are looked at, so that plans are the same each time.
    await db.execute("SET default_statistics_target = 10000")
    await db.execute("VACUUM ANALYZE")
    yield Crowd(db, big)
    await db.connection.close()


def asked(crowd: Crowd) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked: a function and its arguments."""
    big = crowd.big.by(READER, [LITTLE])
    room, channel = {"room_id": crowd.big.room_id}, {"channel_id": crowd.big.id}
    newest = str(uuid.UUID(hashlib.md5(f"big-{MANY}".encode()).hexdigest()))
    person = {"member_id": "user:u7", "after": None, "limit": 40}
    return {
        "the newest page": ("list_messages", big | PAGE),
        "a page in the middle": ("list_messages", big | PAGE | {"before": MIDDLE}),
        "a page upwards": ("list_messages", big | PAGE | {"after": MIDDLE}),
        "members": ("list_members", big | {"limit": 100, "after": None}),
        "the channel": ("get_channel", big),
        "what a socket is told": ("get_reading", big),
        "receipts": ("list_receipts", big),
        "threads": ("list_threads", big | {"limit": 50}),
        "pins": ("list_pins", big),
        "channels of a microDAO": ("list_channels", LISTED | {"microdao_id": LITTLE}),
        "channels by activity": ("list_channels", LISTED | {"by_activity": True}),
        "channels that one is in": ("list_channels", LISTED | {"joined": True}),
        "what is unread": ("get_unread", {"caller": READER, "microdaos": [LITTLE]}),
        "a profile": ("get_profile", {"caller": READER, "microdaos": [LITTLE], "member_id": "user:u7"}),
        "a message alone": ("get_message", big | {"message_id": newest}),
        "agents": ("get_agent_context", channel),
        "all channels of a person": ("export_person", person | {"part": "memberships"}),
        "the audit log": ("export_channel", channel | {"part": "audit", "after": None, "limit": 40}),
        "the messages of a channel": (
            "export_channel",
            channel | {"part": "messages", "after": str(MANY // 2), "limit": 40},
        ),
        "the messages of a person": ("export_person", person | {"part": "messages"}),
        "a message": (
            "prepare_send",
            big | {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False},
        ),
        "the reactions of a person": ("export_person", person | {"part": "reactions"}),
        "the files of a person": ("export_person", person | {"part": "files"}),
        "a message comes": ("record_message", sent(crowd.big, READER)),
        "a message of somebody who has read little comes": (
            "record_message",
            sent(crowd.big, f"user:u{next(SENDERS)}"),
        ),
        "a reaction": ("prepare_reaction", big | {"message_id": newest, "emoji": "x"}),
        "what is read": (
            "mark_read",
            big | {"message_id": None, "seq": MANY // 2, "thread_id": None, "is_private": False},
        ),
        "somebody types": ("set_typing", big | {"is_typing": True}),
        "who reads in the room": ("record_receipts", room | {"receipts": json.dumps(RECEIPTS)}),
        "names of the room": ("follow_profiles", room | {"members": json.dumps(NAMES)}),
    }


async def test_a_call_reads_what_it_answers_with(crowd: Crowd) -> None:
    read_more: dict[str, int] = {}
    for what in asked(crowd):
        for _ in range(CALLS):
            # With another message each time.
            function, arguments = asked(crowd)[what]
            async with crowd.db.reading() as read:
                await crowd.db.call(function, **arguments)
            if read.rows > FEW:
                read_more[what] = read.rows
    assert read_more == {}


async def test_where_somebody_searches_is_found_among_their_channels(crowd: Crowd) -> None:
    for microdao_id in (LITTLE, None):
        for _ in range(CALLS):
            async with crowd.db.reading("channels") as read:
                scope = await crowd.db.value("SELECT messaging.search_scope($1, $2, $3)", READER, [LITTLE], microdao_id)
            assert read.rows < 100
        assert (scope is None) == (microdao_id is None), "there are many public channels"


async def test_what_has_just_happened_in_a_channel_is_found_by_its_time(crowd: Crowd) -> None:
    sql = """INSERT INTO messaging.room_state (channel_id, event_type, value, changed_at, followed_at)
             VALUES ($1, 'm.room.join_rules', 'invite', now(), now())"""
    await crowd.db.execute(sql, crowd.big.id)
    for _ in range(CALLS):
        async with crowd.db.reading("channel_events") as read:
            await crowd.db.value("SELECT messaging.was_reopened($1)", crowd.big.id)
            await crowd.db.value("SELECT messaging.has_just_closed($1, 'm.room.join_rules', $2)", crowd.big.id, READER)
        assert read.rows < FEW
