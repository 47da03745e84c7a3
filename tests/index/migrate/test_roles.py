"""`ws-relay migrate`, the roles: what the components and the relays may do in the database, and nothing else."""

from __future__ import annotations

import asyncpg
import pytest

from harness.database import TABLES, Database, Session, connect
from harness.roles import COMPONENTS, DENIED, RELAY, RIGHTS, as_role
from harness.world import OWNER, World, sent

# Every function with the types of its parameters, and whether a component or a relay calls it by a refusal and a document.
FUNCTIONS = """
SELECT proname::text, oid::regprocedure::text AS signature, prosecdef, proconfig, ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) t)
    AS types, coalesce(proargnames[cardinality(proargnames) - 1:] = '{refusal,document}', false) AS is_called
FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace ORDER BY 1
"""
RELAY_CALLS = {
    "delete_old_rows",
    "list_due_deliveries",
    "claim_deliveries",
    "end_delivery",
    "expire_deliveries",
    "list_channels_to_reconcile",
    "are_receipts_due",
    "is_content_due",
    "note_removals",
    "advance_erasure",
    "get_reading",
    "end_typing",
    "count_messages_to_reindex",
    "learn_words",
    "claim_links",
    "take_turn",
    "release_link",
    "record_link",
    "show_link",
    "may_store_picture",
}
SHARED_CALLS = {"set_typing"}
RELAY_USES = {
    "access",
    "has_claim",
    "is_banned",
    "channel_json",
    "channel_text",
    "json_time",
    "json_string",
    "json_boolean",
    "rfc3339",
    "may_read",
}


async def session_of(db: Database, role: str) -> Session:
    db.opened.append(await connect(as_role(db.url, role)))
    return Session(db.opened[-1])


@pytest.fixture
async def components(db: Database) -> Session:
    return await session_of(db, COMPONENTS)


@pytest.fixture
async def relay(db: Database) -> Session:
    return await session_of(db, RELAY)


async def may(session: Session, sql: str) -> bool:
    """Whether the role has the right to it, whatever else comes of it; nothing of it stays."""
    transaction = session.connection.transaction()
    await transaction.start()
    try:
        await session.execute(sql)
    except DENIED:
        return False
    except asyncpg.PostgresError:
        pass
    finally:
        await transaction.rollback()
    return True


async def callable_by(db: Database, session: Session) -> set[str]:
    """The functions that a role may call, tried with nothing but NULL."""
    found = set()
    for row in await db.rows(FUNCTIONS):
        nothing = ", ".join(f"NULL::{kind}" for kind in row["types"])
        if await may(session, f"SELECT messaging.{row['proname']}({nothing})"):
            found.add(row["proname"])
    return found


async def test_components_call_what_is_made_for_them_and_nothing_else(db: Database, components: Session) -> None:
    called = {row["proname"] for row in await db.rows(FUNCTIONS) if row["is_called"]}
    assert len(called) > 50 and called >= RELAY_CALLS
    assert await callable_by(db, components) == called - RELAY_CALLS


async def test_a_relay_calls_what_it_needs_and_nothing_else(db: Database, relay: Session) -> None:
    assert await callable_by(db, relay) == RELAY_CALLS | SHARED_CALLS | RELAY_USES


async def test_what_is_called_runs_as_its_owner_with_a_search_path_of_its_own(db: Database) -> None:
    for row in await db.rows(FUNCTIONS):
        assert row["prosecdef"] == row["is_called"], row["signature"]
        if row["is_called"]:
            assert "search_path=pg_catalog, pg_temp" in row["proconfig"], row["signature"]


async def test_components_touch_no_table(db: Database, components: Session) -> None:
    tables = [*await db.value(TABLES), "messaging.schema_history", "messaging.applied_functions"]
    assert len(tables) > 15
    for table in tables:
        column = await db.value(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum = 1", table
        )
        for sql in (
            f"SELECT FROM {table}",
            f"SELECT {column} FROM {table}",
            f"INSERT INTO {table} DEFAULT VALUES",
            f"UPDATE {table} SET {column} = DEFAULT",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"LOCK TABLE {table}",
        ):
            assert not await may(components, sql), sql


async def test_a_relay_touches_no_other_tables_than_it_has_to(db: Database, relay: Session) -> None:
    assert [row[0] for row in await db.rows(RIGHTS, RELAY) if "(" not in row[0]] == [
        "messaging.applied_functions SELECT",
        "messaging.event_stream INSERT",
        "messaging.event_stream SELECT",
        "messaging.event_stream UPDATE",
        "messaging.gateway_subscriptions.dropped SELECT",
        "messaging.rate_limit_hits SELECT",
        "messaging.refills DELETE",
        "messaging.refills INSERT",
        "messaging.refills SELECT",
        "messaging.refills UPDATE",
        "messaging.schema_history.version SELECT",
        "messaging.set_aside_events.set_aside_at SELECT",
        "messaging.webhook_deliveries.id SELECT",
        "public.channel_members SELECT",
        "public.channels SELECT",
        "public.outbox DELETE",
        "public.outbox SELECT",
        "public.outbox.personal UPDATE",
        "public.outbox.published_at UPDATE",
        "public.outbox.set_aside_at UPDATE",
        "public.outbox.stream_seq UPDATE",
        "public.outbox_id_seq SELECT",
    ]
    assert await may(relay, "UPDATE public.outbox SET published_at = now()")
    for sql in (
        "UPDATE public.outbox SET payload = '{}'",
        "INSERT INTO public.outbox DEFAULT VALUES",
        "DELETE FROM public.channels",
        "SELECT FROM public.messages",
        "SELECT event FROM messaging.webhook_deliveries",
        "UPDATE public.channel_members SET role = 'owner'",
    ):
        assert not await may(relay, sql), sql


@pytest.mark.parametrize("role", [COMPONENTS, RELAY])
async def test_nobody_but_the_owner_makes_anything(db: Database, role: str) -> None:
    session = await session_of(db, role)
    for sql in (
        "CREATE SCHEMA mine",
        "CREATE TABLE public.mine (a int)",
        "CREATE TABLE messaging.mine (a int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION messaging.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "ALTER FUNCTION messaging.delete_old_rows(integer) SECURITY INVOKER",
        "DROP FUNCTION messaging.delete_old_rows(integer)",
        "SET ROLE postgres",
        "SET session_replication_role = replica",
    ):
        assert not await may(session, sql), sql


async def test_components_write_through_the_functions(world: World, components: Session) -> None:
    channel = await world.channel()
    plain = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}
    limits = {"class": "send", "scope": "person", "caller": [1, 60]}
    await components.call("prepare_send", **channel.by(OWNER), **plain, limits=limits)
    assert (await components.call("record_message", **sent(channel)))["inserted"]
    page = {"limit": 20, "before": None, "after": None, "thread_id": None}
    assert len((await components.call("list_messages", **channel.by(OWNER), **page))["items"]) == 1
    # A commit that waits for no disk is the statement's, not only the function's.
    async with components.transaction():
        await components.call("prepare_send", **channel.by("user:sam"), **{**plain, "client_key": "k"})
        assert await components.value("SHOW synchronous_commit") == "off"
        assert await components.value("SHOW search_path") == "pg_catalog"


async def test_a_statement_has_its_time(components: Session, relay: Session) -> None:
    for session, limit in ((components, "10s"), (relay, "30s")):
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert await session.value(f"SELECT current_setting('{setting}')") == limit
