"""What a count costs, and what it counts where messages have no numbers, or many have gone."""

from __future__ import annotations

import pytest

from harness.database import Database
from harness.receipts import ANN, BOB, joined, read, unread
from harness.world import OWNER, Channel, World

# The others' messages, one by one.
UNREAD = """
SELECT least(100, count(*)) FROM public.messages m WHERE m.channel_id = $1 AND m.thread_id IS NULL AND m.deleted_at IS NULL
    AND m.sender_id <> $2 AND m.seq > (SELECT read_seq FROM messaging.channel_reads WHERE channel_id = $1 AND member_id = $2)
"""


async def counted(db: Database, channel: Channel, who: str) -> int:
    """What is unread, which is what there is."""
    count = await unread(db, channel, who)
    assert count == await db.value(UNREAD, channel.id, who)
    return count


async def test_a_count_reads_as_much_of_few_messages_as_of_many(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(5)]
    for channel in channels:
        await joined(db, channel, BOB)
    read_rows = []
    total = {"caller": BOB, "microdaos": None}
    for count in (2, 100, 130):
        for channel in channels:
            while await counted(db, channel, BOB) < min(count, 100):
                for _ in range(count // 2):
                    await world.message(channel, mentions=[BOB, "room"])
        async with db.reading("messages") as read:
            assert (await db.call("get_unread", **total))["unread_count"] == 5 * min(count, 100)
        read_rows.append(read.rows)
    # For each channel the next message by the index and its row, and what has gone of them by another.
    assert max(read_rows) <= 5 * 4, read_rows


async def test_what_is_deleted_counts_no_more_however_much_it_is(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    messages = [await world.message(channel) for _ in range(230)]
    for n, message in enumerate(messages):
        if n not in (3, 150, 229):
            await world.delete(channel, message)
        if n in (0, 3, 20, 99, 129, 135, 180, 229):
            await counted(db, channel, BOB)
    assert await counted(db, channel, BOB) == 3
    await read(db, channel, BOB, seq=messages[150].seq)
    assert await counted(db, channel, BOB) == 1


@pytest.mark.parametrize("is_deleted_first", [False, True])
async def test_a_reply_counts_in_its_thread_once_that_is_found(
    world: World, db: Database, is_deleted_first: bool
) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    early = await world.message(channel, thread_event_id="$root", mentions=[BOB])
    other = await world.message(channel, thread_event_id="$root")
    assert await counted(db, channel, BOB) == 2
    if is_deleted_first:
        await world.delete(channel, early)
    root = await world.message(channel, event_id="$root")
    assert await counted(db, channel, BOB) == 1
    assert await db.value("SELECT count(*) FROM public.messages WHERE thread_id = $1", root.id) == 2
    await world.delete(channel, other)
    assert await counted(db, channel, BOB) == 1
    mentions = "SELECT messaging.count_mentions($1, $2, 0)"
    assert await db.value(mentions, channel.id, BOB) == (0 if is_deleted_first else 1)
    await db.execute("UPDATE messaging.thread_members SET read_seq = 10 ^ 6 WHERE member_id = $1", BOB)
    assert await db.value(mentions, channel.id, BOB) == 0, "the thread is read"


async def test_messages_of_earlier_versions_are_counted_as_well(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    first, *_, last = [await world.message(channel) for _ in range(4)]
    await db.execute("UPDATE public.messages SET main_number = NULL")
    await db.execute("UPDATE public.channels SET main_count = 0")
    assert await counted(db, channel, BOB) == 4
    await world.message(channel)
    await world.message(channel, ANN, thread_event_id=first.event_id)
    deleted = await world.message(channel, ANN)
    await world.delete(channel, deleted)
    assert await counted(db, channel, BOB) == 5
    await read(db, channel, BOB, seq=last.seq)
    assert await counted(db, channel, BOB) == 1
    await world.message(channel)
    assert await counted(db, channel, BOB) == 2
    assert await counted(db, channel, OWNER) == 0


# Messages of which nine in ten are gone, as retention leaves them; the last ones are there.
MOSTLY_GONE = """
INSERT INTO public.messages (channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                             content_preview, seq, main_number, is_uncounted, deleted_at)
SELECT $1::uuid, '$' || $1::text || n, 'm.room.message', 'user:olga', 'human', '@user-olga:localhost', 'x', 10 + n, n, gone,
       CASE WHEN gone THEN now() END
FROM generate_series(1, $2::integer) n, LATERAL (SELECT n % 10 > 0 AND n < $2 - 20 AS gone) g
"""


async def test_who_is_nearly_up_to_date_costs_a_few_rows_where_most_messages_are_gone(
    world: World, db: Database
) -> None:
    many = 3000
    channels = [await world.channel() for _ in range(20)]
    for channel in channels:
        await joined(db, channel, BOB)
        await db.execute(MOSTLY_GONE, channel.id, many)
        newest = "UPDATE public.channels SET last_seq = $2 + 10, main_count = $2 WHERE id = $1"
        await db.execute(newest, channel.id, many)
        await read(db, channel, BOB, seq=many + 7)
    await db.execute("ANALYZE")
    by = channels[0].by(BOB)
    whole = {"caller": BOB, "microdaos": None}
    page = {"microdao_id": None, "limit": 50, "before_time": None, "before_id": None}
    calls = [
        ("get_channel", by, 1),
        ("get_reading", by, 1),
        ("get_unread", whole, 20),
        ("list_channels", whole | page, 20),
    ]
    for function, arguments, seen in calls:
        # Often enough for the plans that PostgreSQL keeps.
        for _ in range(7):
            for table in ("messages", "messaging.message_mentions"):
                async with db.reading(table) as rows:
                    await db.call(function, **arguments)
                assert rows.rows <= 6 * seen, (function, table, rows.rows)
