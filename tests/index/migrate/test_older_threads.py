"""What an earlier version left of replies: each was in the thread of what it replied to."""

from __future__ import annotations

from typing import Any

import asyncpg

from harness.database import Database, Session
from harness.databases import Databases
from harness.older import GENERAL, older_database
from harness.server import migrate
from harness.world import Channel, pushed

OLGA: dict[str, Any] = {"caller": "user:olga", "microdaos": None, "channel_id": GENERAL}
FIRST, EDITED, NESTED = (f"20000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 9))


async def test_replies_of_an_earlier_version_are_threads_that_go_on(databases: Databases, database: Database) -> None:
    url = await older_database(databases, database.connection)
    connection = await asyncpg.connect(url)
    # A reply to a reply.
    await connection.execute(
        """INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type,
                                        sender_matrix_id, content_preview, thread_id, seq)
           VALUES ($1, $2, '$nested', 'm.room.message', 'user:olga', 'human', '@user-olga:localhost', 'nested', $3, 6)""",
        NESTED,
        GENERAL,
        EDITED,
    )
    await migrate(url)
    session = Session(connection)
    rows = await session.rows(
        "SELECT id::text, reply_to::text, thread_id::text FROM public.messages WHERE thread_id IS NOT NULL ORDER BY seq"
    )
    assert [tuple(row) for row in rows] == [(EDITED, FIRST, FIRST), (NESTED, EDITED, EDITED)]
    found = (await session.call("get_message", **OLGA, message_id=FIRST))["message"]
    thread = found["thread"]
    assert (thread["reply_count"], thread["last_reply"]["id"], thread["participants"]) == (
        1,
        EDITED,
        [{"member_id": "@bob:elsewhere", "member_type": "human", "display_name": None, "avatar_url": None}],
    )
    # Who has written in it follows it, and has read it.
    assert (thread["is_following"], thread["unread_count"]) == (True, 0)
    # What is written under the nested one is in the thread of the first, here and in Matrix.
    sending = {"reply_to": None, "client_key": None, "fingerprint": None, "is_encrypted": False, "thread_id": NESTED}
    prepared = await session.call("prepare_send", **OLGA, **sending)
    assert prepared["thread_event_id"] == "$first"
    reply = pushed(Channel(GENERAL, "!general", "user:olga"), "@bob:elsewhere", thread_event_id="$nested")
    recorded = (await session.call("record_message", **reply))["message"]
    assert recorded["thread_id"] == FIRST
    thread = (await session.call("get_message", **OLGA, message_id=FIRST))["message"]["thread"]
    assert (thread["reply_count"], thread["unread_count"]) == (2, 1)
    await session.call("set_following", **OLGA, message_id=NESTED, is_following=False)
    thread = (await session.call("get_message", **OLGA, message_id=FIRST))["message"]["thread"]
    assert (thread["is_following"], thread["unread_count"]) == (False, 0)
    await connection.close()
