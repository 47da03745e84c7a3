"""The stack runs with roles that may do what they have to in the database, and nothing else."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import asyncpg
import pytest

from support.api import World
from support.index import Index
from support.stack import Stack

# The settings by which a part of the stack knows the database.
PARTS = {"app": ("SPIN_VARIABLE_DATABASE_URL", "messaging_components"), "ws-relay": ("DATABASE_URL", "messaging_relay")}


@pytest.mark.parametrize("part", PARTS)
async def test_each_part_has_its_own_role(stack: Stack, part: str) -> None:
    stack.need_service("app", "ws-relay")
    setting, role = PARTS[part]
    env = stack.services[part]["env"]
    assert urlsplit(env[setting]).username == role
    # And no other one: neither the owner's address nor its password.
    owner = urlsplit(stack.database_url or "")
    assert owner.username == "messaging" and owner.password not in json.dumps(env)


async def test_only_these_roles_are_connected(stack: Stack, world: World, index: Index) -> None:
    stack.need_service("app", "ws-relay")
    await world.user("alice").send((await world.channel())["id"], "hello")
    # The server's own workers come by as they like.
    rows = await index.rows(
        """SELECT DISTINCT usename::text FROM pg_stat_activity
           WHERE datname = current_database() AND usename IS NOT NULL"""
    )
    # The owner is this test itself.
    assert {row[0] for row in rows} == {"messaging", "messaging_components", "messaging_relay"}


@pytest.mark.parametrize("part", PARTS)
async def test_a_role_makes_nothing_and_is_limited(stack: Stack, part: str) -> None:
    stack.need_service("app", "ws-relay")
    setting, _ = PARTS[part]
    connection = await asyncpg.connect(stack.services[part]["env"][setting], timeout=10, command_timeout=20)
    try:
        for sql in (
            "CREATE TABLE public.mine (a int)",
            "CREATE TEMP TABLE mine (a int)",
            "SELECT * FROM public.messages",
            "DELETE FROM public.channels",
            "UPDATE public.channel_members SET role = 'owner'",
            "SELECT * FROM messaging.idempotency_keys",
            "ALTER ROLE messaging PASSWORD 'x'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert await connection.fetchval(f"SELECT current_setting('{name}')") in ("10s", "30s")
    finally:
        await connection.close()
