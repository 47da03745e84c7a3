"""An index with as many messages as are asked for, 20,000 at least: half of them in one channel, the others in channels that have
a hundred each."""

from __future__ import annotations

import hashlib
import time
import uuid

import asyncpg

CHANNELS = 100_000
OF_MICRODAO = 200
SMALL = 100
CHUNK = 200_000

# Channels by their numbers. Those from 200 on have messages; 200 to 399 are of one microDAO.
BIG, PLAIN, RICH = 0, 300, 301
LISTED = "microdao:dao-1"
# The lister is in all channels of that microDAO, the joiner in 500, the reader in the three above.
READER, LISTER, JOINER = "user:reader", "user:lister", "user:joiner"
JOINED = 500
BIG_MEMBERS = 1_000
# Who was away: one has missed so many events of the big channel; the others so many each, in it or in a channel of their own.
MISSED, MISSED_EACH, AWAY = 10_000, 2_000, 200
RESUMED_FROM = 90_000


def channel_id(number: int) -> str:
    return str(uuid.UUID(hashlib.md5(f"channel-{number}".encode()).hexdigest()))


def of_messages(messages: int) -> int:
    """How many channels have some of so many messages, apart from the big one."""
    return max(messages // 2 // SMALL, JOINED)


# The parameters: how many channels, and which of them come last that have messages.
FILL_CHANNELS = f"""
INSERT INTO public.channels (id, slug, name, description, microdao_id, matrix_room_id, visibility, created_by, created_at,
                             updated_at, topic, member_count, active_at, indexed_active_at)
SELECT md5('channel-' || n)::uuid, 'channel-' || n, 'Channel ' || n, 'What is said in channel ' || n,
    'microdao:dao-' || n / {OF_MICRODAO}, '!room-' || n || ':localhost',
    CASE WHEN n < 400 OR n >= {RESUMED_FROM} AND n < {RESUMED_FROM} + {AWAY} THEN 'microdao' WHEN n % 100 = 0 THEN 'public' ELSE 'private' END, 'user:user' || n % 2000,
    t.at, t.at, 'Topic ' || n, CASE n WHEN {BIG} THEN {BIG_MEMBERS} ELSE 5 END, t.at, t.at
FROM generate_series(0, {CHANNELS} - 1) n CROSS JOIN LATERAL (SELECT '2023-01-01'::timestamptz + n * interval '1 minute' AS at) t;

INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at, via_microdao)
SELECT md5('channel-' || m.n)::uuid, m.id, 'human', '@' || replace(m.id, ':', '-') || ':localhost', m.role, '2023-06-01',
    m.id = '{LISTER}'
FROM (
    SELECT n, 'user:user' || (n + k) % 2000 AS id, CASE k WHEN 0 THEN 'owner' ELSE 'member' END AS role
    FROM generate_series(1, {CHANNELS} - 1) n CROSS JOIN generate_series(0, 4) k
    UNION ALL SELECT {BIG}, 'user:user' || k, 'member' FROM generate_series(0, {BIG_MEMBERS} - 2) k
    UNION ALL SELECT n, '{LISTER}', 'member' FROM generate_series({OF_MICRODAO}, 2 * {OF_MICRODAO} - 1) n
    UNION ALL SELECT n, '{JOINER}', 'member' FROM generate_series({OF_MICRODAO}, {OF_MICRODAO} + {JOINED} - 1) n
    UNION ALL SELECT n, '{READER}', 'member' FROM unnest(ARRAY[{BIG}, {PLAIN}, {RICH}]) n) m;

INSERT INTO messaging.profiles (member_id, display_name, avatar_url, changed_at)
SELECT 'user:user' || n, 'User ' || n, 'mxc://localhost/avatar' || n, now() FROM generate_series(0, 1999) n;
"""
# Every other message is the big channel's. $1 to $2: which; $3: how many channels share the others.
FILL_MESSAGES = f"""
INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                             content_preview, created_at, deleted_at, seq, main_number, client_key, awaits_reindex)
SELECT md5('message-' || i)::uuid, md5('channel-' || p.channel)::uuid, '$event-' || md5(i::text), 'm.room.message', s.id, 'human',
    '@' || replace(s.id, ':', '-') || ':localhost',
    CASE WHEN i % 100 = 99 THEN '' ELSE 'Message ' || i || ': ' || left(
        'what somebody says to the others of this channel, now and then a little more than that, and mostly less', 20 + (i % 83)::integer) END,
    '2024-01-01'::timestamptz + i * interval '3 seconds',
    CASE WHEN i % 100 = 99 THEN '2024-01-01'::timestamptz + i * interval '4 seconds' END,
    p.seq, p.seq, CASE WHEN i % 4 < 2 THEN 'key-' || i END, false
FROM generate_series($1::bigint, $2::bigint) i
CROSS JOIN LATERAL (SELECT
    CASE WHEN i % 2 = 0 THEN {BIG} ELSE {OF_MICRODAO} + i / 2 % $3::bigint END AS channel,
    CASE WHEN i % 2 = 0 THEN i / 2 + 1 ELSE i / 2 / $3::bigint + 1 END AS seq) p
CROSS JOIN LATERAL (SELECT 'user:user' || i * 7919 % 2000 AS id) s
"""
# What a page shows beside messages: one in twenty outside the big channel has a reaction.
FILL_REACTIONS = """
INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id, created_at)
SELECT md5('message-' || i)::uuid, 'user:user1', 'human', '👍', '$' || md5('reaction-' || i), now()
FROM generate_series($1::bigint, $2::bigint) i WHERE i % 2 = 1 AND (i / 2 / $3::bigint) % 20 = 0
"""
# In one channel: reactions of three to every third message, a thread of three under every tenth, a file in every seventh.
FILL_RICH = f"""
INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id, created_at)
SELECT m.id, 'user:user' || k, 'human', e.emoji, '$r-' || m.seq || '-' || k, now()
FROM public.messages m CROSS JOIN generate_series(1, 3) k
CROSS JOIN LATERAL (SELECT CASE WHEN k = 3 THEN '❤️' ELSE '🎉' END AS emoji) e
WHERE m.channel_id = md5('channel-{RICH}')::uuid AND m.seq % 3 = 0;

INSERT INTO messaging.threads (root_id, channel_id, reply_count, last_reply_id, last_seq, participants)
SELECT m.id, m.channel_id, 3, last.id, last.seq, ARRAY['user:user1', 'user:user2']
FROM public.messages m JOIN public.messages last ON last.channel_id = m.channel_id AND last.seq = m.seq + 3
WHERE m.channel_id = md5('channel-{RICH}')::uuid AND m.seq % 10 = 0;
UPDATE public.messages m SET thread_id = root.id FROM public.messages root
WHERE m.channel_id = md5('channel-{RICH}')::uuid AND root.channel_id = m.channel_id
    AND root.seq % 10 = 0 AND m.seq > root.seq AND m.seq <= root.seq + 3;

INSERT INTO messaging.message_files (message_id, channel_id, content_uri, file)
SELECT id, channel_id, 'mxc://localhost/file' || seq, jsonb_build_object(
    'content_uri', 'mxc://localhost/file' || seq, 'filename', 'picture.png', 'mimetype', 'image/png', 'size', 12345)
FROM public.messages WHERE channel_id = md5('channel-{RICH}')::uuid AND seq % 7 = 0;
UPDATE public.messages SET content_type = 'image' WHERE channel_id = md5('channel-{RICH}')::uuid AND seq % 7 = 0;
"""
# Somebody reads up to ten messages before the end of every other channel that they are in, and all of the others.
FILL_STATE = f"""
UPDATE public.channels ch SET last_seq = last.seq, main_count = last.seq, active_at = last.created_at,
    indexed_active_at = last.created_at
FROM (SELECT DISTINCT ON (channel_id) channel_id, seq, created_at FROM public.messages ORDER BY channel_id, seq DESC) last
WHERE ch.id = last.channel_id;
INSERT INTO messaging.channel_reads (channel_id, member_id, read_seq)
SELECT m.channel_id, m.member_id, greatest(ch.last_seq - CASE WHEN substr(ch.slug, 9)::integer % 2 = 1 THEN 10 ELSE 0 END, 0)
FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id WHERE m.member_id IN ('{READER}', '{LISTER}', '{JOINER}')
"""
# The log of what they have missed, as the messages of the big channel have written it. It is set aside: otherwise a relay would
# publish all of it first, and again to a stream that does not have it.
FILL_OUTBOX = f"""
INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, payload, set_aside_at)
SELECT e.id, ch.id, ch.microdao_id, w.seq, 'messaging.message.created', jsonb_build_object(
    'event_id', e.id, 'channel_id', ch.id, 'microdao_id', ch.microdao_id, 'seq', w.seq, 'message_id', m.id,
    'matrix_event_id', m.matrix_event_id, 'sender_id', m.sender_id, 'sender_type', m.sender_type,
    'preview', m.content_preview, 'content_preview', m.content_preview,
    'created_at', messaging.rfc3339(m.created_at), 'mentions', m.mentions, 'message', messaging.message_json(m)), now()
FROM (
    SELECT {BIG} AS number, ch.last_seq - n AS seq, ch.last_seq - n AS message_seq
    FROM public.channels ch CROSS JOIN generate_series(0, {MISSED} - 1) n WHERE ch.id = md5('channel-{BIG}')::uuid
    UNION ALL SELECT {RESUMED_FROM} + k, n, n FROM generate_series(0, {AWAY} - 1) k CROSS JOIN generate_series(1, {MISSED_EACH}) n) w
JOIN public.channels ch ON ch.id = md5('channel-' || w.number)::uuid
JOIN public.messages m ON m.channel_id = md5('channel-{BIG}')::uuid AND m.seq = w.message_seq
CROSS JOIN LATERAL (SELECT md5(w.number || ' ' || w.seq)::uuid AS id) e;
UPDATE public.channels SET last_seq = {MISSED_EACH}
WHERE id IN (SELECT md5('channel-' || {RESUMED_FROM} + k)::uuid FROM generate_series(0, {AWAY} - 1) k)
"""


async def fill(connection: asyncpg.Connection, messages: int) -> None:
    """Makes all of it. The indexes of messages are made when the messages are in, which is faster."""
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"  {what}, {time.monotonic() - began:,.0f} s", flush=True)

    # Foreign keys hold, as everything is made here.
    await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
    await connection.execute(FILL_CHANNELS)
    say(f"{CHANNELS:,} channels")
    indexes = await connection.fetch(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index "
        "WHERE indrelid = 'public.messages'::regclass AND NOT indisprimary "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
    )
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    shared_by = of_messages(messages)
    for first in range(0, messages, CHUNK):
        last = min(first + CHUNK, messages) - 1
        await connection.execute(FILL_MESSAGES, first, last, shared_by)
        await connection.execute(FILL_REACTIONS, first, last, shared_by)
        say(f"{last + 1:>10,} messages")
    for index in indexes:
        await connection.execute(index["made"])
    say("indexes")
    await connection.execute(FILL_RICH)
    await connection.execute(FILL_STATE)
    await connection.execute(FILL_OUTBOX)
    say("the log")
    await connection.execute("RESET session_replication_role; RESET maintenance_work_mem")
    await connection.execute("VACUUM ANALYZE", timeout=3600)
    say("analysed")
