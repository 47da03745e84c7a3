"""`ws-relay migrate`, the functions: one current text, applied as a whole, under the feet of those who call them."""

import asyncio
from typing import Any

import asyncpg

from harness.database import Session
from harness.databases import Databases, execute, fetch, schema
from harness.server import migrate, run_migrate
from harness.world import OWNER, World, pushed, reaction, sent

# As if the program had other functions than the database.
OTHER = "UPDATE messaging.applied_functions SET hash = 'other'"
# A function that is in no file, as a later version leaves one behind.
LEFTOVER = "CREATE FUNCTION messaging.leftover(p_a text) RETURNS text LANGUAGE sql AS 'SELECT p_a'"
FUNCTIONS = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace"


async def test_functions_are_replaced_while_they_are_called_and_no_caller_sees_an_error(world: World) -> None:
    """Every kind of call: short ones, ones that wait for each other's rows, refused ones."""
    db = world.db
    channel, private = await world.channel(), await world.channel(visibility="private")
    message = await world.message(channel)
    ended = asyncio.Event()
    calls = 0

    async def call_on(session: Session, part: int) -> None:
        nonlocal calls
        while not ended.is_set():
            match part:
                case 0 | 1:
                    await session.call("record_message", **pushed(channel))
                case 2:
                    await session.call("record_message", **sent(channel))
                case 3:
                    await session.call("get_message", **channel.by(OWNER), message_id=message.id)
                case 4:
                    assert (
                        await session.outcome("get_channel", **private.by("user:sam"))
                    ).refusal == "channel_not_found"
                case 5:
                    page = {"limit": 20, "before": None, "after": None, "thread_id": None}
                    await session.call("list_messages", **channel.by(OWNER), **page)
                case 6:
                    assert await session.may_read(**channel.by(OWNER))
                case _:
                    await session.call("record_reaction", **reaction(channel, message.event_id, f"user:u{calls}"))
            calls += 1

    callers = [asyncio.create_task(call_on(session, part)) for part, session in enumerate(await db.sessions(8))]
    said = []
    for _ in range(8):
        await db.execute(OTHER)
        said.append(await migrate(db.url))
    ended.set()
    await asyncio.gather(*callers)
    assert all("functions from" in text for text in said)
    assert calls > 100
    await db.subjects(channel.id)


async def test_a_call_that_waits_across_a_replacement_ends_well(world: World) -> None:
    db = world.db
    channel = await world.channel()
    first, second, third = await db.sessions(3)
    refused = {**channel.by(OWNER), "member_id": OWNER}
    async with first.transaction():
        await first.call("record_message", **pushed(channel))
        waiting = [
            asyncio.create_task(second.call("record_message", **pushed(channel))),
            asyncio.create_task(third.outcome("prepare_removal", **refused)),
        ]
        for session in (second, third):
            await db.waiting(session)
        await db.execute(OTHER)
        await migrate(db.url)
    assert (await waiting[0])["inserted"] is True
    assert (await waiting[1]).refusal == "last_owner"


async def test_an_older_program_leaves_a_newer_ones_functions_alone(migrated: str) -> None:
    await execute(migrated, f"{LEFTOVER}; UPDATE messaging.applied_functions SET hash = 'other', version = '99.1.0'")
    before = await schema(migrated)
    assert "the functions are those of version 99.1.0, newer than" in await migrate(migrated)
    assert await schema(migrated) == before


async def test_a_newer_program_replaces_an_older_ones_functions(migrated: str, pristine: Any) -> None:
    await execute(migrated, f"{LEFTOVER}; UPDATE messaging.applied_functions SET hash = 'other', version = '0.0.9'")
    said = await migrate(migrated)
    assert f"applied {await fetch(migrated, FUNCTIONS)} functions" in said
    assert await schema(migrated) == pristine


async def test_functions_whose_signature_has_changed_are_replaced_as_well(migrated: str, pristine: Any) -> None:
    # The same parameters' types, but another result, and other names.
    await execute(
        migrated,
        f"""DROP FUNCTION messaging.rank(text); DROP FUNCTION messaging.may_read(text, text[], uuid);
        CREATE FUNCTION messaging.rank(p_of text) RETURNS text LANGUAGE sql AS 'SELECT p_of';
        CREATE FUNCTION messaging.may_read(p_a text, p_b text[], p_c uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        {OTHER}""",
    )
    assert "dropping all of them first" in await migrate(migrated)
    assert await schema(migrated) == pristine


async def test_a_file_that_fails_changes_nothing(migrated: str) -> None:
    # Something that a function's body names is not there.
    await execute(migrated, f"{LEFTOVER}; ALTER TABLE public.channels RENAME COLUMN topic TO subject; {OTHER}")
    before = await schema(migrated)
    code, output = await run_migrate(migrated)
    assert code != 0 and "messaging.channel_text(public.channels,text)" in output
    assert await schema(migrated) == before
    await execute(migrated, "ALTER TABLE public.channels RENAME COLUMN subject TO topic")


async def test_a_table_that_uses_a_function_keeps_it_and_is_named(migrated: str) -> None:
    await execute(migrated, f"{LEFTOVER}; CREATE VIEW public.foreign_view AS SELECT messaging.leftover('a'); {OTHER}")
    before = await schema(migrated)
    code, output = await run_migrate(migrated)
    assert code != 0 and "cannot be dropped" in output and "foreign_view" in output
    assert await schema(migrated) == before
    await execute(migrated, "DROP VIEW public.foreign_view")


async def test_somebody_elses_functions_are_not_dropped(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, f"CREATE SCHEMA messaging; {LEFTOVER}")
    code, output = await run_migrate(url)
    assert code != 0 and "messaging.leftover(text)" in output
    assert await fetch(url, FUNCTIONS) == 1


async def test_rights_on_a_function_outlive_its_replacement(databases: Databases, migrated: str) -> None:
    await databases.role("reader")
    await execute(migrated, f"GRANT EXECUTE ON FUNCTION messaging.may_read TO reader; {OTHER}")
    await migrate(migrated)
    sql = "SELECT proacl::text LIKE '%reader=X%' FROM pg_proc WHERE proname = 'may_read'"
    assert await fetch(migrated, sql) is True


async def test_a_name_without_its_schema_fails(db: Any) -> None:
    """What the tests of the functions rest on: in a function's body nothing is found by a search path."""
    try:
        await db.value("SELECT count(*) FROM channels")
    except asyncpg.UndefinedTableError:
        return
    raise AssertionError("channels was found without its schema")
