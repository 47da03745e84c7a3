"""Databases of the first delivery, and those that its second start has made twins in: explained, and not touched."""

from harness.databases import Databases, execute, fetch, schema
from harness.server import migrate, run_migrate

HISTORY = "(version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255))"
TABLES = ("channels", "messages", "channel_members", "message_reactions", "channel_events", "outbox")
# What matters here about the first delivery: its history, its schema with functions, and the rows in public.
FIRST = f"""
CREATE TABLE public.messaging_schema_history {HISTORY};
CREATE TABLE public.channels (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slug text NOT NULL, name text NOT NULL, description text,
    microdao_id text NOT NULL, matrix_room_id text NOT NULL UNIQUE, visibility text NOT NULL DEFAULT 'microdao',
    is_direct boolean NOT NULL DEFAULT false, is_encrypted boolean NOT NULL DEFAULT false, topic text, avatar_url text,
    created_by text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz, last_seq bigint NOT NULL DEFAULT 0, CONSTRAINT channels_slug_microdao_unique UNIQUE (slug, microdao_id));
INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, created_by)
VALUES ('general', 'General', 'microdao:daarion', '!room:localhost', 'user:olga');
CREATE SCHEMA messaging;
CREATE TABLE messaging.idempotency_keys (caller text);
CREATE FUNCTION messaging.channel_json(ch public.channels) RETURNS jsonb LANGUAGE sql AS 'SELECT to_jsonb(ch)';
"""
TWINS = f"CREATE TABLE messaging.messaging_schema_history {HISTORY};" + "".join(
    f"CREATE TABLE messaging.{table} (id int);" for table in TABLES
)


async def explained(url: str) -> str:
    """What the command says when it refuses; nothing has changed."""
    before = await schema(url)
    code, output = await run_migrate(url)
    assert code != 0
    assert "nothing was changed" in output and "cargo dev up --fresh" in output
    assert await schema(url) == before
    return output


async def follow(url: str, output: str) -> None:
    """Does what the explanation says."""
    statements = [line.strip() for line in output.splitlines() if line.strip().startswith("DROP ")]
    assert statements
    await execute(url, " ".join(statements))
    await migrate(url)
    assert await fetch(url, "SELECT array_agg(slug) FROM public.channels") == ["general"]


async def test_a_database_of_the_first_delivery_is_explained(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, FIRST)
    output = await explained(url)
    assert "public.messaging_schema_history" in output and "twins" not in output
    await follow(url, output)


async def test_twins_that_hide_the_rows_are_explained(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, FIRST + TWINS)
    output = await explained(url)
    assert "All of them are empty: messaging.channel_events, messaging.channel_members, messaging.channels" in output
    assert "messaging.messaging_schema_history" in output
    await follow(url, output)


async def test_twins_with_rows_of_their_own_are_not_to_be_dropped(databases: Databases) -> None:
    url = await databases.new()
    await execute(url, FIRST + TWINS + "INSERT INTO messaging.channels VALUES (1)")
    output = await explained(url)
    assert "With rows of their own: messaging.channels." in output
    assert "move the rows of messaging.channels into" in output


async def test_twins_are_noticed_beside_the_history_of_this_version_too(migrated: str) -> None:
    await execute(migrated, "CREATE TABLE messaging.messages (id int)")
    output = await explained(migrated)
    await execute(migrated, "DROP TABLE messaging.messages")
    assert "messaging.messages" in output
