"""The roles of components and relays, and what they were given."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from urllib.parse import quote

import asyncpg

from harness.databases import connected

COMPONENTS, RELAY = "messaging_components", "messaging_relay"

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
