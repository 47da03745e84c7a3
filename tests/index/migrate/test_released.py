"""Programs of the last release run on this schema: `released.json` has every function that they may call, with its
parameters, and every column that a relay's own statements may touch. CONTRIBUTING.md says when it changes."""

from __future__ import annotations

import json
import os
from typing import Any

import asyncpg
import pytest

from harness.database import Database, connect
from harness.older import FILES
from harness.roles import COMPONENTS, RELAY, as_role

FILE = FILES / "released.json"

FUNCTIONS = """
SELECT p.proname::text AS name, p.proargnames AS names, p.pronargs AS count, p.pronargdefaults AS defaults,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (t, n) ORDER BY n) AS types,
    ARRAY(SELECT r FROM unnest(ARRAY[$1::text, $2::text]) r WHERE has_function_privilege(r, p.oid, 'EXECUTE')) AS roles
FROM pg_proc p WHERE p.pronamespace = 'messaging'::regnamespace
"""
COLUMNS = """
SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type,
    ARRAY(SELECT r FROM unnest('{SELECT,INSERT,UPDATE}'::text[]) r
          WHERE has_column_privilege($1::text, a.attrelid, a.attnum, r)) AS rights
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('public', 'messaging') AND a.attnum > 0 AND NOT a.attisdropped
"""
# What says that an older program's call or statement is none any more.
GONE = (
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedTableError,
    asyncpg.DatatypeMismatchError,
    asyncpg.AmbiguousFunctionError,
    asyncpg.InsufficientPrivilegeError,
)


async def offered(db: Database) -> dict[str, Any]:
    """What the schema offers to programs outside."""
    functions = {}
    for row in await db.rows(FUNCTIONS, COMPONENTS, RELAY):
        if row["roles"]:
            assert row["name"] not in functions, f"{row['name']} has two signatures"
            names = list(row["names"] or [])
            taken, given = names[: row["count"]], names[row["count"] :]
            functions[row["name"]] = {
                "roles": sorted(row["roles"]),
                "parameters": dict(zip(taken, row["types"], strict=True)),
                "required": sorted(taken[: len(taken) - row["defaults"]]),
                "returns": given,
            }
    columns = {
        row["name"]: {"type": row["type"], "rights": sorted(row["rights"])}
        for row in await db.rows(COLUMNS, RELAY)
        if row["rights"]
    }
    version = await db.value("SELECT serves FROM messaging.applied_functions")
    return {
        "version": version,
        "functions": dict(sorted(functions.items())),
        "columns": dict(sorted(columns.items())),
    }


def broken(released: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What programs of the release do not find any more."""
    found = []
    for name, then in released["functions"].items():
        if not (function := now["functions"].get(name)):
            found.append(f"{name} is gone")
            continue
        if not set(then["roles"]) <= set(function["roles"]):
            found.append(f"{name} may not be called by {then['roles']}")
        if not then["parameters"].items() <= function["parameters"].items():
            found.append(f"{name}: a parameter is gone or of another type")
        if not set(function["required"]) <= set(then["required"]):
            found.append(f"{name}: a parameter without a default, which nobody names")
        if not set(then["returns"]) <= set(function["returns"]):
            found.append(f"{name} returns less")
    for name, then in released["columns"].items():
        column = now["columns"].get(name, {"type": None, "rights": []})
        if column["type"] != then["type"] or not set(then["rights"]) <= set(column["rights"]):
            found.append(f"{name} is gone, of another type, or not a relay's any more")
    return found


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    return json.loads(FILE.read_text())


async def test_the_record_is_of_the_oldest_version_that_is_served(db: Database) -> None:
    now = await offered(db)
    version = await db.value("SELECT version FROM messaging.applied_functions")
    if os.environ.get("UPDATE_RELEASED"):
        FILE.write_text(json.dumps(now, indent=1) + "\n")
    record = json.loads(FILE.read_text())
    assert record["version"] == now["version"], "SERVES has changed without the record, or the record without SERVES"
    # As long as nothing older is served, the release to come is recorded.
    if record["version"] == version:
        assert record == now, (
            "the schema offers something else: UPDATE_RELEASED=1 cargo dev test --index -- -k released"
        )


async def test_everything_that_the_last_release_calls_is_there(db: Database, released: dict[str, Any]) -> None:
    assert len(released["functions"]) > 90 and len(released["columns"]) > 30
    assert not broken(released, await offered(db))


async def test_the_calls_of_the_last_release_are_executed(db: Database, released: dict[str, Any]) -> None:
    """As its roles, with every parameter that it may name and with those alone that it must: NULL each time, of the type
    that it sends. What a function says to that is its own affair."""
    count = 0
    for role in (COMPONENTS, RELAY):
        db.opened.append(connection := await connect(as_role(db.url, role)))
        for name, function in released["functions"].items():
            for parameters in (function["parameters"], function["required"]) if role in function["roles"] else ():
                given = ", ".join(f"{one} => NULL::{function['parameters'][one]}" for one in parameters)
                what = ", ".join(f"{one}::text" for one in function["returns"])
                sql = f"SELECT {what} FROM messaging.{name}({given})" if what else f"SELECT messaging.{name}({given})"
                transaction = connection.transaction()
                await transaction.start()
                try:
                    await connection.execute(sql)
                except GONE as e:
                    pytest.fail(f"{role}: {sql}: {e}")
                except asyncpg.PostgresError:
                    pass
                finally:
                    await transaction.rollback()
                count += 1
    assert count > 180


async def test_what_is_taken_from_an_older_program_is_noticed(db: Database, released: dict[str, Any]) -> None:
    now = await offered(db)
    assert not broken(released, now)

    def without(change: Any) -> list[str]:
        copy = json.loads(json.dumps(now))
        change(copy)
        return broken(released, copy)

    [gone] = without(lambda copy: copy["functions"].pop("list_messages"))
    assert gone == "list_messages is gone"
    function = ("functions", "get_channel")
    [parameter] = without(lambda copy: copy[function[0]][function[1]]["parameters"].pop("p_caller"))
    assert "a parameter is gone" in parameter
    [typed] = without(lambda copy: copy[function[0]][function[1]]["parameters"].update(p_channel_id="text"))
    assert "of another type" in typed
    [asked] = without(lambda copy: copy[function[0]][function[1]]["required"].append("p_new"))
    assert "without a default" in asked
    [right] = without(lambda copy: copy[function[0]][function[1]]["roles"].clear())
    assert "may not be called by" in right
    [less] = without(lambda copy: copy[function[0]][function[1]]["returns"].remove("document"))
    assert less == "get_channel returns less"
    [column] = without(lambda copy: copy["columns"]["public.outbox.payload"].update(type="text"))
    assert "public.outbox.payload" in column
