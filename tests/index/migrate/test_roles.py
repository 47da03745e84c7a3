"""`ws-relay migrate`, the roles: what the components and the relays may do in the database, and nothing else."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from harness.database import TABLES, Database, Session, connect
from harness.databases import Databases, connected, execute, fetch
from harness.server import migrate, run_migrate
from harness.world import DAO, OWNER, World, sent

COMPONENTS, RELAY = "messaging_components", "messaging_relay"

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
    "get_reading",
    "end_typing",
    "count_messages_to_reindex",
}
SHARED_CALLS = {"set_typing"}
RELAY_USES = {"access", "has_claim", "is_banned", "channel_json", "rfc3339", "may_read"}

# Everything that a role was given, in our tables and functions.
RIGHTS = """
SELECT c.oid::regclass::text || ' ' || a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
WHERE a.grantee = $1::regrole AND c.relnamespace IN ('public'::regnamespace, 'messaging'::regnamespace)
UNION ALL
SELECT t.attrelid::regclass || '.' || t.attname || ' ' || a.privilege_type FROM pg_attribute t, aclexplode(t.attacl) a
WHERE a.grantee = $1::regrole
UNION ALL
SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(p.proacl) a WHERE a.grantee = $1::regrole
ORDER BY 1
"""

DENIED = asyncpg.InsufficientPrivilegeError


def as_role(url: str, role: str) -> str:
    return url.replace("//postgres@", f"//{role}@")


def connected_as(url: str, role: str) -> AbstractAsyncContextManager[asyncpg.Connection]:
    return connected(f"postgres://{quote(role)}@{url.partition('@')[2]}")


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
        "messaging.event_stream INSERT",
        "messaging.event_stream SELECT",
        "messaging.event_stream UPDATE",
        "messaging.gateway_subscriptions.dropped SELECT",
        "messaging.rate_limit_hits SELECT",
        "messaging.refills DELETE",
        "messaging.refills INSERT",
        "messaging.refills SELECT",
        "messaging.refills UPDATE",
        "messaging.set_aside_events.set_aside_at SELECT",
        "messaging.webhook_deliveries.id SELECT",
        "public.channel_members SELECT",
        "public.channels SELECT",
        "public.outbox DELETE",
        "public.outbox SELECT",
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


async def test_rights_are_those_of_the_program_whatever_was_there(databases: Databases) -> None:
    url = await databases.new("rights")
    await migrate(url)
    before = {role: await fetch(url, f"SELECT array_agg(r) FROM ({RIGHTS}) x(r)", role) for role in (COMPONENTS, RELAY)}
    assert all(before.values())
    assert "nothing to apply" in await migrate(url)
    strays = [
        f"GRANT SELECT ON public.messages TO {COMPONENTS}",
        f"GRANT UPDATE ON public.outbox TO {RELAY}",
        f"GRANT UPDATE (role) ON public.channel_members TO {RELAY}",
        f"REVOKE SELECT ON public.channels FROM {RELAY}",
        f"GRANT CREATE ON SCHEMA messaging TO {COMPONENTS}",
        "GRANT EXECUTE ON FUNCTION messaging.take_seq(uuid, integer, timestamptz) TO PUBLIC",
        f"REVOKE EXECUTE ON FUNCTION messaging.delete_old_rows(integer) FROM {RELAY}",
        # Other functions than the program's, all of them dropped and made again, and one of another signature.
        "UPDATE messaging.applied_functions SET hash = 'other'",
        "DROP FUNCTION messaging.give_up_channel(uuid)",
        """CREATE FUNCTION messaging.give_up_channel(p_channel uuid, OUT refusal messaging.refusal, OUT document json)
           LANGUAGE sql AS 'SELECT NULL::messaging.refusal, NULL::json'""",
    ]
    for count in (len(strays), 7):
        await execute(url, "; ".join(strays[:count]))
        await migrate(url)
        for role, rights in before.items():
            assert await fetch(url, f"SELECT array_agg(r) FROM ({RIGHTS}) x(r)", role) == rights
        everybody = "SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'messaging'::regnamespace AND a.grantee = 0"
        assert await fetch(url, everybody) == 0
        assert not await fetch(url, f"SELECT has_schema_privilege('{COMPONENTS}', 'messaging', 'CREATE')")


async def test_an_owner_who_may_makes_the_roles_and_keeps_what_an_operator_has_set(databases: Databases) -> None:
    await databases.role("maker")
    await databases.run("ALTER ROLE maker CREATEROLE")
    url = await databases.new("made", "maker")
    names = {"COMPONENTS_ROLE": "made components", "RELAY_ROLE": "made-relay"}
    said = await migrate(url, **names)
    assert said.count("give it a password") == 2
    assert "superuser" not in said
    for role, limit in (("made components", "10s"), ("made-relay", "30s")):
        async with connected_as(url, role) as connection:
            assert await connection.fetchval("SHOW statement_timeout") == limit
    await databases.run("ALTER ROLE \"made-relay\" IN DATABASE made SET statement_timeout = '5s'")
    assert "nothing to apply" in await migrate(url, **names)
    async with connected_as(url, "made components") as connection:
        session = Session(connection)
        new = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
        assert await session.call("reserve_channel", **new, client_key=None, fingerprint="f")
    async with connected_as(url, "made-relay") as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "5s"


async def test_a_database_of_one_role_gets_roles_of_their_own(databases: Databases) -> None:
    await databases.role("alone")
    url = await databases.new("of_one", "alone")
    await migrate(url, COMPONENTS_ROLE="later components", RELAY_ROLE="later relay")
    new = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
    async with connected_as(url, "alone") as before:
        reserved = await Session(before).call("reserve_channel", **new, client_key=None, fingerprint="f")
        await databases.run("ALTER ROLE alone CREATEROLE")
        await migrate(url, COMPONENTS_ROLE="later components", RELAY_ROLE="later relay")
        # What is connected as the owner goes on, and the components under their own name find the same.
        assert await Session(before).call("reserve_channel", **new, client_key=None, fingerprint="f") == reserved
    async with connected_as(url, "later components") as connection:
        assert await Session(connection).call("reserve_channel", **new, client_key=None, fingerprint="f") == reserved
        with pytest.raises(DENIED):
            await connection.fetch("SELECT FROM messaging.channel_reservations")


@pytest.mark.parametrize("role", ["nobody-made-it", "single"])
async def test_one_role_for_everything_goes_on(databases: Databases, role: str) -> None:
    """Roles that are not there and may not be made, and roles that are the owner itself."""
    await databases.role("single")
    url = await databases.new(f"single_{role}", "single")
    names = {"COMPONENTS_ROLE": role, "RELAY_ROLE": role}
    for _ in range(2):
        code, said = await run_migrate(url, **names)
        assert code == 0, said
        assert ("there is no role nobody-made-it" in said) == (role != "single")
    async with connected_as(url, "single") as connection:
        session = Session(connection)
        new: dict[str, Any] = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
        assert await session.call("reserve_channel", **new, client_key=None, fingerprint="f")
        assert await session.value("SELECT count(*) FROM public.outbox") == 0


async def test_one_role_beside_the_owner_has_the_rights_of_both(databases: Databases) -> None:
    await databases.role("both")
    url = await databases.new("of_both")
    for _ in range(2):
        said = await migrate(url, COMPONENTS_ROLE="both", RELAY_ROLE="both")
    assert "nothing to apply" in said
    async with connected_as(url, "both") as connection:
        await Session(connection).call("delete_old_rows", limit=1)
        await Session(connection).call("give_up_channel", channel_id="00000000-0000-4000-8000-000000000000")
        await connection.fetch("SELECT FROM public.outbox")


async def test_an_owner_who_may_not_limit_statements_is_told_how(databases: Databases) -> None:
    await databases.role("owner_of_little")
    await databases.role("given")
    url = await databases.new("little", "owner_of_little")
    said = await migrate(url, COMPONENTS_ROLE="given", RELAY_ROLE="given")
    assert 'ALTER ROLE "given" IN DATABASE "little" SET statement_timeout = \'10s\'' in said
    async with connected_as(url, "given") as connection:
        assert await connection.fetchval("SELECT messaging.may_read(NULL, NULL, NULL)") is False


async def test_the_owner_migrates_by_an_address_of_its_own(databases: Databases) -> None:
    url = await databases.new("by_owner")
    await migrate(as_role(url, COMPONENTS), MIGRATION_DATABASE_URL=url)
    assert await fetch(url, "SELECT count(*) FROM messaging.schema_history") > 0
