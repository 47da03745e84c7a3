"""A database as an earlier version left it: its numbered files, its rows, and functions with its signatures."""

from __future__ import annotations

import json

import asyncpg

from harness.databases import Databases, connected
from harness.server import ROOT

FILES = ROOT / "tests/index/migrate"
# By function: the parameters by which the components of that version called it, and their types.
CALLS: dict[str, dict[str, str]] = json.loads((FILES / "calls_of_007.json").read_text())
LAST = 7
GENERAL, CLOSED = (f"10000000-0000-4000-8000-00000000000{n}" for n in (1, 2))

# As the migrator keeps them; the functions were another version's.
HISTORY = """
CREATE TABLE messaging.schema_history (version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255));
CREATE TABLE messaging.applied_functions (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version text NOT NULL, hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now());
INSERT INTO messaging.applied_functions (version, hash) VALUES ('0.0.7', 'other');
CREATE DOMAIN messaging.refusal AS text;
"""


async def older_database(databases: Databases, migrated: asyncpg.Connection) -> str:
    """Makes it; `migrated` is a connection to one at the newest schema, whose history says the files' checksums."""
    url = await databases.new()
    known = await migrated.fetch("SELECT * FROM messaging.schema_history WHERE version <= $1", LAST)
    assert [row["version"] for row in known] == list(range(1, LAST + 1))
    async with connected(url) as connection:
        await connection.execute("CREATE SCHEMA messaging")
        for file in sorted((ROOT / "migrations").glob("00[1-7]_*.sql")):
            await connection.execute(file.read_text())
        await connection.execute(HISTORY)
        rows = [tuple(row) for row in known]
        await connection.executemany("INSERT INTO messaging.schema_history VALUES ($1, $2, $3, $4)", rows)
        for name, parameters in CALLS.items():
            await connection.execute(_function(name, parameters))
        await connection.execute((FILES / "rows_of_007.sql").read_text())
    return url


def _function(name: str, parameters: dict[str, str]) -> str:
    """With the signature that it had; nobody calls it before it is replaced."""
    declared = [f"{parameter} {kind}" for parameter, kind in parameters.items()]
    result = ["OUT refusal messaging.refusal", "OUT document json"]
    if name == "may_read":
        head, returns = ", ".join(declared), "RETURNS boolean "
    else:
        head, returns = ", ".join(declared + result), ""
    body = "BEGIN RAISE EXCEPTION 'this is the older version'; END"
    return f"CREATE FUNCTION messaging.{name}({head}) {returns}LANGUAGE plpgsql AS $$ {body} $$"
