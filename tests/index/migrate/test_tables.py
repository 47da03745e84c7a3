"""`ws-relay migrate`, the tables: from nothing, from a platform's own tables, under any names, twice, and at once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness.databases import Databases, connected, execute, fetch, schema
from harness.server import migrate, run_migrate

PLATFORM = (Path(__file__).parent / "platform.sql").read_text()
TABLES = ("channels", "messages", "channel_members", "message_reactions", "channel_events")


async def contents(url: str, columns: dict[str, list[str]]) -> dict[str, Any]:
    """The rows of the five tables, in the columns that were there before."""
    return {
        table: json.loads(
            await fetch(
                url,
                f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]')::text FROM "
                f"(SELECT {', '.join(columns[table])} FROM public.{table}) t",
            )
        )
        for table in TABLES
    }


async def columns_of(url: str) -> dict[str, list[str]]:
    sql = """SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = $1"""
    return {table: await fetch(url, sql, table) for table in TABLES}


# Role, database and the role's search path. The first are the names of README's example and of the local stack.
NAMES = [
    ("messaging", "messaging", None),
    ("city", "daarion", None),
    ("daarion", "messenger", 'pg_temp, messaging, "$user"'),
    ("Odd name", "Odd-database", "nowhere"),
]


@pytest.mark.parametrize(("role", "name", "search_path"), NAMES, ids=lambda value: value or "default")
async def test_the_names_of_role_database_and_search_path_do_not_matter(
    databases: Databases, pristine: dict[str, Any], role: str, name: str, search_path: str | None
) -> None:
    await databases.role(role, search_path)
    url = await databases.new(name, role)
    said = await migrate(url)
    assert "applying 001_create_messenger_schema.sql" in said
    before = await schema(url)
    assert before == pristine
    assert "nothing to apply" in await migrate(url)
    assert await schema(url) == before


@pytest.mark.parametrize(("role", "search_path"), [("messaging", None), ("platform", "nowhere, messaging")])
async def test_a_platform_database_keeps_every_row(databases: Databases, role: str, search_path: str | None) -> None:
    await databases.role(role, search_path)
    url = await databases.new(f"platform_of_{role}", role)
    # The platform's own tables were made by its own means, with its own search path.
    await execute(url, f"SET search_path = public; {PLATFORM}")
    columns = await columns_of(url)
    before = await contents(url, columns)
    assert {table: len(rows) for table, rows in before.items()} == {
        "channels": 3,
        "messages": 6,
        "channel_members": 5,
        "message_reactions": 2,
        "channel_events": 3,
    }
    for _ in range(2):
        await migrate(url)
        assert await contents(url, columns) == before
        # Whatever the role's search path: nothing is beside the platform's own tables, hiding them.
        twins = "SELECT count(*) FROM pg_tables WHERE tablename = ANY ($1)"
        assert await fetch(url, twins, list(TABLES)) == len(TABLES)
    # The platform's own things beside the five tables are still there.
    assert await fetch(url, "SELECT count(*) FROM public.microdaos") == 1
    assert await fetch(url, "SELECT count(*) FROM pg_trigger WHERE tgname = 'channels_touch'") == 1


async def test_old_messages_are_numbered_in_the_order_they_were_sent(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, f"SET search_path = public; {PLATFORM}")
    await migrate(url)
    sql = """SELECT coalesce(jsonb_agg(jsonb_build_array(seq, content_preview) ORDER BY seq), '[]')::text
             FROM public.messages m JOIN public.channels c ON c.id = m.channel_id WHERE c.slug = $1"""
    general = json.loads(await fetch(url, sql, "general"))
    assert [seq for seq, _ in general] == [1, 2, 3, 4]
    assert [text for _, text in general] == ["first", "second, at the same time", "second, at the same time", "a reply"]
    assert json.loads(await fetch(url, sql, "empty")) == []
    last = {
        slug: await fetch(url, "SELECT last_seq FROM public.channels WHERE slug = $1", slug)
        for slug in ("general", "closed", "empty")
    }
    assert last == {"general": 4, "closed": 2, "empty": 0}
    # The platform's other services go on writing with their own statements.
    async with connected(url) as connection:
        await connection.execute("SET search_path = public")
        channel = await connection.fetchval("UPDATE channels SET name = 'Renamed' WHERE slug = 'general' RETURNING id")
        await connection.execute(
            "INSERT INTO channel_members (channel_id, member_id, member_type, matrix_user_id) "
            "VALUES ($1, 'user:old-service', 'human', '@user-old-service:localhost')",
            channel,
        )


async def test_of_old_channels_with_one_alias_the_oldest_has_it(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, f"SET search_path = public; {PLATFORM}")
    channel = "INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by, created_at) VALUES "
    await execute(
        url,
        channel + "('a-b', 'x', 'microdao:c', '!1:x', 'public', 'user:a', '2026-01-02'),"
        "('a', 'x', 'microdao:b-c', '!2:x', 'microdao', 'user:a', '2026-01-01'),"
        "('hidden', 'x', 'microdao:c', '!3:x', 'private', 'user:a', '2026-01-01')",
    )
    await migrate(url)
    sql = "SELECT array_agg(alias_name ORDER BY matrix_room_id) FROM public.channels WHERE matrix_room_id IN ('!1:x', '!2:x', '!3:x')"
    assert await fetch(url, sql) == [None, "a-b-c", None]
    assert await fetch(url, "SELECT alias_name FROM public.channels WHERE slug = 'general'") == "general-daarion"


async def test_several_migrations_at_once_are_one(databases: Databases, pristine: dict[str, Any]) -> None:
    url = await databases.new()
    said = await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert sum("applying 001_" in text for text in said) == 1
    assert sum("nothing to apply" in text for text in said) == 3
    assert await schema(url) == pristine


async def test_a_role_that_may_make_no_schema_uses_the_one_that_was_made_for_it(databases: Databases) -> None:
    await databases.role("tenant")
    url = (await databases.new("shared")).replace("postgres@", "tenant@", 1)
    admin = f"{databases.server}/shared"
    await execute(admin, "CREATE SCHEMA messaging AUTHORIZATION tenant; GRANT CREATE ON SCHEMA public TO tenant")
    await execute(
        admin,
        "CREATE SCHEMA elsewhere; CREATE EXTENSION pg_trgm SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO tenant",
    )
    for _ in range(2):
        await migrate(url)


async def test_a_newer_programs_tables_are_left_as_they_are(databases: Databases) -> None:
    url = await databases.new()
    await migrate(url)
    await execute(
        url, "INSERT INTO messaging.schema_history VALUES (99, 'of_a_later_version', '2026-11-25T10:00:00Z', '1')"
    )
    assert "the tables are those of a newer version" in await migrate(url)


async def test_a_numbered_file_that_was_changed_after_it_was_applied_is_an_error(databases: Databases) -> None:
    url = await databases.new()
    await migrate(url)
    await execute(url, "UPDATE messaging.schema_history SET checksum = '1' WHERE version = 2")
    before = await schema(url)
    code, output = await run_migrate(url)
    assert code != 0 and "add_sequence_and_outbox" in output
    assert await schema(url) == before


async def test_a_database_that_is_not_there_is_an_error_at_once(databases: Databases) -> None:
    """The command says what is wrong instead of hanging, when what is wrong does not pass by waiting."""
    code, output = await run_migrate(f"{databases.server}/missing")
    assert code != 0 and "does not exist" in output
