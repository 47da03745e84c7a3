"""A newer version starts on what an older one left, and serves the older one's calls beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest

from harness.database import Database, Session, connect
from harness.databases import Databases, schema
from harness.older import CALLS, CLOSED, GENERAL, older_database
from harness.server import migrate
from harness.services import Relay, nats_server
from harness.stream import Stream, all_published
from harness.world import EVERY, Channel, pushed
from support.waiting import eventually

OLGA = {"caller": "user:olga", "microdaos": EVERY}
PAGE = {"limit": 50, "before": None, "after": None, "thread_id": None}
# Every table that the older version had.
COUNTS = """
SELECT jsonb_object_agg(c.oid::regclass::text, (xpath('/row/n/text()', query_to_xml(
    'SELECT count(*) AS n FROM ' || c.oid::regclass, true, true, '')))[1]::text) #>> '{}'
FROM pg_class c WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'messaging'::regnamespace)
    AND relname NOT IN ('schema_history', 'applied_functions')
"""


UNUSED = """
DELETE FROM messaging.schema_history WHERE version >= 16;
CREATE INDEX channels_listing ON public.channels (created_at DESC, id DESC) WHERE archived_at IS NULL;
CREATE INDEX outbox_message ON public.outbox ((payload ->> 'message_id')) WHERE payload ? 'message_id';
"""


@pytest.fixture
async def older(databases: Databases, database: Database) -> str:
    return await older_database(databases, database.connection)


@pytest.fixture
async def session(older: str) -> AsyncIterator[Session]:
    connection = await connect(older)
    yield Session(connection)
    await connection.close()


async def test_every_row_is_kept_and_the_schema_is_the_newest(older: str, session: Session, pristine: Any) -> None:
    before = await session.rows("SELECT * FROM jsonb_each_text(($1)::jsonb)", await session.value(COUNTS))
    assert len(before) == 16 and all(int(count) > 0 for _, count in before), f"an empty table: {before}"
    said = await migrate(older)
    assert "applying 007" not in said and "applying 008" in said
    after = {
        row[0]: row[1]
        for row in await session.rows("SELECT * FROM jsonb_each_text(($1)::jsonb)", await session.value(COUNTS))
    }
    assert {table: after[table] for table, _ in before} == dict(before)
    found = await schema(older)
    # In place of another version's functions there are this one's, and no index is left that this one does not make.
    for part in ("columns", "indexes", "functions", "refusals"):
        assert found[part] == pristine[part], part
    assert "nothing to apply" in await migrate(older)


async def test_what_was_there_is_served_and_what_was_under_way_goes_on(older: str, session: Session) -> None:
    await migrate(older)
    general = Channel(GENERAL, "!general", "user:olga")
    page = await session.call("list_messages", **OLGA, channel_id=GENERAL, **PAGE)
    texts = [message["content_preview"] for message in page["items"]]
    assert texts == ["edited", "first"]
    assert (
        len(
            (await session.call("list_channels", **OLGA, microdao_id=None, limit=50, before_time=None, before_id=None))[
                "items"
            ]
        )
        == 2
    )
    # A retry of a request whose fingerprint that version made in another way is that request.
    retried = await session.call(
        "prepare_send",
        **OLGA,
        channel_id=GENERAL,
        reply_to=None,
        client_key="the-key",
        fingerprint="2:another-kind-of-hash",
        is_encrypted=False,
    )
    assert retried["message"]["matrix_event_id"] == "$first"
    # What came before its message is applied to it, with the next number.
    recorded = await session.call("record_message", **pushed(general, event_id="$late"))
    assert recorded["message"]["seq"] == 8
    emojis = "SELECT array_agg(emoji) FROM public.message_reactions r JOIN public.messages m ON m.id = r.message_id WHERE m.matrix_event_id = '$late'"
    assert await session.value(emojis) == ["🦔"]
    redacted = await session.call("record_message", **pushed(general, event_id="$never"))
    assert redacted == {"inserted": False}, "it was redacted before it came"
    # An edit of that version is found when its message is deleted.
    deletion = {"room_id": "!general", "target_event_id": "$edited", "actor_id": "user:olga", "by_bot": False}
    deleted = await session.call("record_redaction", **deletion)
    assert deleted["edits"] == ["$edit"]


async def test_what_waited_is_published_once_and_in_order(older: str, session: Session, tmp_path: Path) -> None:
    await migrate(older)
    async with nats_server() as nats_url:
        relay = Relay(older, nats_url, tmp_path)
        await relay.start()
        try:
            await eventually("everything is published", lambda: all_published(session))  # type: ignore[arg-type]
            client = await nats.connect(nats_url)
            stored = await Stream(client).stored(Channel(GENERAL, "!general", ""), Channel(CLOSED, "!closed", ""))
            await client.close()
        finally:
            await relay.kill()
    assert [one.seq for one in stored if one.channel_id == GENERAL] == list(range(1, 8))
    assert [one.seq for one in stored if one.channel_id == CLOSED] == [1]


async def test_a_migration_beside_calls_of_the_older_version_waits_for_them_and_stops_nobody(older: str) -> None:
    """Somebody holds the outbox for a while, as a long statement does; meanwhile others read and write channels."""
    await migrate(older)
    holder, other = await connect(older), await connect(older)
    # As 015 leaves them.
    await other.execute(UNUSED)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("UPDATE public.outbox SET payload = payload")
    migrating = asyncio.create_task(migrate(older))

    async def waits() -> bool:
        return await other.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%outbox_message%' AND pid <> pg_backend_pid())"
        )

    await eventually("the migration waits for the outbox", waits)
    for _ in range(5):
        async with asyncio.timeout(15):
            await other.execute("UPDATE public.channels SET last_seq = last_seq")
    # A writer has channels and comes to the outbox: the migration gives way, and nobody is told of a deadlock.
    await holder.execute("UPDATE public.channels SET last_seq = last_seq")
    assert not migrating.done()
    await transaction.commit()
    await migrating
    assert await other.fetchval("SELECT to_regclass('public.outbox_message') IS NULL")
    await holder.close()
    await other.close()


async def test_calls_of_the_older_version_are_served(db: Database) -> None:
    """Old and new components run beside each other: every call has its function, with the parameters that it names."""
    sql = """SELECT proname::text, proargnames, pronargs, pronargdefaults,
                    ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS u (t, n) ORDER BY n) AS types
             FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace"""
    now = {row["proname"]: row for row in await db.rows(sql)}
    assert len(CALLS) == 51
    for name, parameters in CALLS.items():
        assert name in now, f"{name} is gone; a function lives one release after its last caller"
        names = (now[name]["proargnames"] or [])[: now[name]["pronargs"]]
        kinds = dict(zip(names, now[name]["types"], strict=True))
        assert parameters.items() <= kinds.items(), f"{name}: an older caller's parameter is gone or another"
        required = names[: len(names) - now[name]["pronargdefaults"]]
        assert set(required) <= parameters.keys(), f"{name}: an older caller does not name {required}"
