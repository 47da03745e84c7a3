"""Every table has a rule by which its rows go, or a reason for which they stay; ARCHITECTURE.md has both."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.database import Database
from harness.server import ROOT
from harness.world import OWNER, World

# A table's rule: the column that has the age, the age, and the columns and values of a row; more than one where rows of
# different kinds have different ages.
KEY = "'key-' || $3"
RULES: list[tuple[str, str, str, str, str]] = [
    (
        "messaging.idempotency_keys",
        "created_at",
        "24 hours",
        "caller, key, fingerprint, resource",
        f"'{OWNER}', {KEY}, '', $1",
    ),
    (
        "messaging.intents",
        "created_at",
        "30 days",
        "channel_id, act, target_id, actor_id",
        f"$1, 'x', {KEY}, '{OWNER}'",
    ),
    (
        "messaging.channel_reservations",
        "reserved_at",
        "30 days",
        "microdao_id, slug, channel_id, caller, fingerprint",
        f"'microdao:x', {KEY}, $1, '{OWNER}', ''",
    ),
    (
        "messaging.pending_relations",
        "created_at",
        "30 days",
        "event_id, target_event_id, channel_id, kind, parameters",
        f"{KEY}, '$x', $1, 'edit', '{{}}'",
    ),
    ("messaging.pending_redactions", "created_at", "90 days", "event_id, channel_id", f"{KEY}, $1"),
    (
        "messaging.set_aside_events",
        "first_failed_at",
        "90 days",
        "event_id, room_id, event_type, event, reason, set_aside_at",
        f"{KEY}, '!x', 'm', '{{}}', '', now()",
    ),
    (
        "messaging.set_aside_events",
        "last_failed_at",
        "1 day",
        "event_id, room_id, event_type, event, reason",
        f"{KEY}, '!x', 'm', '{{}}', ''",
    ),
    (
        "messaging.webhook_deliveries",
        "created_at",
        "1 day",
        "subscription_id, room_id, event_id, event",
        f"$4::uuid, '!x', {KEY}, '{{}}'",
    ),
    (
        "messaging.receipts_to_send",
        "created_at",
        "1 hour",
        "channel_id, member_id, root_id, is_private, seq, due_at",
        f"$1::uuid, {KEY}, $1::uuid, false, 1, now()",
    ),
    (
        "messaging.content_to_delete",
        "noted_at",
        "7 days",
        "content_uri, uploader_matrix_id, due_at",
        f"{KEY}, '', now()",
    ),
    (
        "messaging.search_words",
        "last_seen_at",
        "400 days",
        "microdao_id, word, key, messages",
        f"'microdao:x', {KEY}, '', 2",
    ),
    (
        "messaging.search_words",
        "last_seen_at",
        "30 days",
        "microdao_id, word, key, messages",
        f"'microdao:x', {KEY}, '', 1",
    ),
]
RULES.append(("messaging.link_pages", "expires_at", "1 hour", "url, host, claimed_at", f"{KEY}, 'x', '-infinity'"))
# These go by other statements, which have tests of their own: the outbox by the relay's (relay/test_publishing.py), rates
# when they have run out (test_rate_limits.py), typing when it is over (typists/test_typing.py), words that wait when they are learnt
# (search/test_words.py), removals when they are carried out (life/test_retention.py), the others when whoever made them, or what they wait for, is done with them.
OTHERS = {
    "public.outbox",
    "messaging.gateway_subscriptions",
    "messaging.rate_limits",
    "messaging.refills",
    "messaging.removals",
    "messaging.room_upgrades",
    "messaging.message_edits",
    "messaging.message_files",
    "messaging.message_mentions",
    "messaging.message_previews",
    "messaging.message_search",
    "messaging.pins",
    "messaging.polls",
    "messaging.replaced_content",
    "messaging.poll_votes",
    "messaging.search_words_to_forget",
    "messaging.search_words_to_learn",
    "messaging.typing",
    "messaging.unreadable_pictures",
}


def documented() -> dict[str, str]:
    """The tables of ARCHITECTURE.md, each with what it says of their rows."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.partition("## What goes, and when")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", section, re.MULTILINE))


async def test_every_table_has_a_rule_or_a_reason(db: Database) -> None:
    sql = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'messaging')"
    tables, rules = {row[0] for row in await db.rows(sql)}, documented()
    assert len(tables) > 15
    assert rules.keys() == tables, "a table that is added needs a line in ARCHITECTURE.md, What goes, and when"
    stay = {table for table, rule in rules.items() if rule.startswith("never: ")}
    assert stay | {rule[0] for rule in RULES} | OTHERS == tables, "a table is to have an age that is tested here"
    assert not stay & {rule[0] for rule in RULES}


@pytest.mark.parametrize(
    ("table", "column", "age", "columns", "values"), RULES, ids=[f"{rule[0]}-{rule[2]}" for rule in RULES]
)
async def test_a_row_goes_at_its_age_and_not_before(
    db: Database, world: World, table: str, column: str, age: str, columns: str, values: str
) -> None:
    assert age.removeprefix("1 ") in documented()[table], "ARCHITECTURE.md says another age"
    channel = await world.channel()
    subscription = await db.value(
        "INSERT INTO messaging.gateway_subscriptions (room_id, webhook_url) VALUES ('!x', 'http://x') RETURNING id"
    )
    # What the world has made is young.
    before = await db.value(f"SELECT count(*) FROM {table}")
    sql = f"""INSERT INTO {table} ({columns}, {column})
              SELECT {values}, now() - $2::text::interval
              WHERE $4::uuid IS NOT NULL AND $1::uuid IS NOT NULL AND $3::text IS NOT NULL"""
    for n, how_old in enumerate([f"{age} 1 minute"] * 3 + [f"{age} -1 minute"]):
        await db.execute(sql, channel.id, how_old, str(n), subscription)
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 2}, "in small batches"
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 1}
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 0}
    assert await db.value(f"SELECT count(*) FROM {table}") == before + 1


async def test_rows_that_stay_go_with_their_channel(db: Database) -> None:
    """A channel that is deleted by hand leaves nothing behind but what the log still has to tell: rows go with it or their message."""
    sql = """SELECT table_schema || '.' || table_name FROM information_schema.columns c
             WHERE column_name = 'channel_id' AND table_schema IN ('public', 'messaging') AND NOT EXISTS (
                 SELECT FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey)
                 WHERE f.contype = 'f' AND f.confdeltype = 'c'
                     AND (a.attname = 'channel_id' OR f.confrelid = 'public.messages'::regclass)
                     AND f.conrelid = (c.table_schema || '.' || c.table_name)::regclass)"""
    found: set[Any] = {row[0] for row in await db.rows(sql)}
    # Until there is a channel, and until the event is published, again where the stream has lost it, and its day is over.
    assert found == {"messaging.channel_reservations", "messaging.refills", "public.outbox"}
