"""Who is mentioned in a thread follows it and finds the mention unread, however it came to be there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from harness.database import Database, Session
from harness.receipts import ANN, BOB, joined, read, state
from harness.world import OWNER, Channel, World, edit, pushed


@pytest.fixture
async def channel(world: World, db: Database) -> Channel:
    channel = await world.channel()
    for member in (ANN, BOB):
        await joined(db, channel, member)
    return channel


async def of_bob(db: Database, root_id: Any) -> tuple[bool, int]:
    """Whether he follows the thread, and up to which number he has read it."""
    sql = "SELECT is_following, read_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2"
    [row] = await db.rows(sql, root_id, BOB)
    return tuple(row)


async def test_an_edit_that_mentions_somebody_leaves_it_unread(world: World, db: Database, channel: Channel) -> None:
    root = await world.message(channel)
    reply = await world.message(channel, ANN, thread_event_id=root.event_id)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    await db.call("record_edit", **edit(channel, reply.event_id, ANN, mentions=[BOB]))
    assert await of_bob(db, root.id) == (True, reply.seq - 1)
    assert (await state(db, channel, BOB))["mention_count"] == 1
    # Whoever is mentioned already learns nothing new.
    await read(db, channel, BOB, thread_id=root.id)
    await db.call("record_edit", **edit(channel, reply.event_id, ANN, mentions=[BOB, ANN]))
    assert (await state(db, channel, BOB))["mention_count"] == 0


async def test_mentions_that_come_behind_the_push_are_followed_too(
    world: World, db: Database, channel: Channel
) -> None:
    root = await world.message(channel)
    sent = pushed(channel, ANN, thread_event_id=root.event_id)
    await db.call("record_message", **sent)
    await db.call("record_message", **{**sent, "is_pushed": False, "pushed_content": None, "mentions": [BOB]})
    assert (await of_bob(db, root.id))[0]
    assert (await state(db, channel, BOB))["mention_count"] == 1


async def test_reading_a_reply_reads_its_thread(world: World, db: Database, channel: Channel) -> None:
    root = await world.message(channel)
    reply = await world.message(channel, ANN, thread_event_id=root.event_id, mentions=[BOB])
    await read(db, channel, BOB, message_id=reply.id, thread_id=reply.id)
    assert await of_bob(db, root.id) == (True, reply.seq)
    last = await world.message(channel, ANN, thread_event_id=root.event_id)
    receipt = {"event_id": last.event_id, "member_id": BOB, "is_private": False, "thread_event_id": reply.event_id}
    await db.call("record_receipts", room_id=channel.room_id, receipts=json.dumps([receipt]))
    assert await of_bob(db, root.id) == (True, last.seq)


async def test_replies_and_receipts_of_a_thread_do_not_wait_for_each_other(
    world: World, db: Database, channel: Channel
) -> None:
    root = await world.message(channel)
    # The rows of the members are in another order than their names.
    people = [f"user:m{n}" for n in range(20, 0, -1)]
    for who in people:
        await joined(db, channel, who)
    await world.message(channel, ANN, thread_event_id=root.event_id, mentions=people)

    async def replies(session: Session, sender: str) -> None:
        for _ in range(40):
            sent = pushed(channel, sender, thread_event_id=root.event_id, mentions=people)
            await session.call("record_message", **sent)

    async def receipts(session: Session) -> None:
        for _ in range(40):
            seq = await session.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)
            event = await session.value(
                "SELECT matrix_event_id FROM public.messages WHERE channel_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
                channel.id,
                seq,
            )
            told = [
                {"event_id": event, "member_id": who, "is_private": False, "thread_event_id": root.event_id}
                for who in people
            ]
            await session.call("record_receipts", room_id=channel.room_id, receipts=json.dumps(told))

    one, two, three, four = await db.sessions(4)
    await asyncio.gather(replies(one, "user:m7"), replies(two, OWNER), receipts(three), receipts(four))
    sql = "SELECT reply_count FROM messaging.threads WHERE root_id = $1"
    assert await db.value(sql, root.id) == 81


async def test_a_thread_that_was_read_privately_can_be_shown_as_read(
    world: World, db: Database, channel: Channel
) -> None:
    root = await world.message(channel)
    reply = await world.message(channel, ANN, thread_event_id=root.event_id, mentions=[BOB])
    sql = "SELECT read_seq, shown_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2"
    for is_private, shown in ((True, 0), (False, reply.seq)):
        await read(db, channel, BOB, message_id=reply.id, thread_id=root.id, is_private=is_private)
        assert [tuple(row) for row in await db.rows(sql, root.id, BOB)] == [(reply.seq, shown)]
