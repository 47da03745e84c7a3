"""What the others have called: every function has a test, every refusal was seen, and nothing is called in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.database import Database, called, refused

pytestmark = pytest.mark.last

# The functions that the components and the relay call.
CALLED = """
SELECT proname::text FROM pg_proc
WHERE pronamespace = 'messaging'::regnamespace AND (proname = 'may_read' OR proargnames[cardinality(proargnames) - 1:] = '{refusal,document}')
"""
CODES = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = 'messaging.refusal'::regtype
"""


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> None:
    """Skips where only some of the tests were asked for."""
    collected = {item.path for item in request.session.items}
    if getattr(request.config, "some_left_out", False) or collected != set(Path(__file__).parent.rglob("test_*.py")):
        pytest.skip("only some of the tests are run")


async def test_every_function_has_a_test(whole_run: None, db: Database) -> None:
    assert {row[0] for row in await db.rows(CALLED)} == called


async def test_every_refusal_was_seen(whole_run: None, db: Database) -> None:
    definition = await db.value(CODES)
    codes = set(definition.split("'")[1::2])
    assert len(codes) > 20 and codes == refused


async def test_every_parameter_has_a_name_that_callers_can_use(db: Database) -> None:
    """Calls name their parameters, so that a new one with a default can meet an old caller."""
    sql = """SELECT proname::text, proargnames, pronargs, provariadic <> 0 AS variadic FROM pg_proc
             WHERE pronamespace = 'messaging'::regnamespace"""
    rows = {row["proname"]: row for row in await db.rows(sql)}
    assert len(rows) > 50
    for name in {row[0] for row in await db.rows(CALLED)}:
        assert all(argument.startswith("p_") for argument in rows[name]["proargnames"][: rows[name]["pronargs"]]), name


async def test_no_name_is_two_functions(db: Database) -> None:
    sql = "SELECT count(*), count(DISTINCT proname) FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace"
    [(functions, names)] = await db.rows(sql)
    assert functions == names


async def test_nothing_of_a_table_depends_on_a_function(db: Database) -> None:
    """Functions are replaced as a whole; an index or a default on one would outlive or forbid that."""
    sql = """SELECT count(*) FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
             WHERE p.pronamespace = 'messaging'::regnamespace AND d.classid <> 'pg_proc'::regclass"""
    assert await db.value(sql) == 0


async def test_rows_that_are_locked_in_batches_are_chosen_once(db: Database) -> None:
    """Behind IN, a plan may ask once for each row; what locks passes over what the statement has deleted, and goes on."""
    asked_again = [
        row["proname"]
        for row in await db.rows(
            "SELECT proname::text, prosrc FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace"
        )
        if any(re.search(r"FOR (NO KEY )?(UPDATE|SHARE)", rows) for rows in chosen(row["prosrc"]))
    ]
    assert asked_again == []
    assert list(chosen("x IN (SELECT a FROM f(b) FOR UPDATE) AND y IN ('c')")) == ["SELECT a FROM f(b) FOR UPDATE"]


def chosen(body: str) -> Iterator[str]:
    """What stands behind each IN of a function's body that asks for rows."""
    for found in re.finditer(r"\bIN \((?=\s*SELECT)", body):
        depth, end = 1, found.end()
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(body[end], 0)
            end += 1
        yield body[found.end() : end - 1]
