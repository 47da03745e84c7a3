"""Events say which request wrote them, and nothing of it is left for the next one on a connection."""

from __future__ import annotations

import re
from pathlib import Path

from harness.database import Database
from harness.world import OWNER, World, pushed

ROOT = Path(__file__).parents[2]

# As components/edge/src/index/call.rs asks.
NAMED = """SELECT r.refusal::text FROM set_config('messaging.request_id', $1, true) AS told, LATERAL (
    SELECT f.refusal, f.document FROM messaging.record_channel_change(
        p_channel_id => $2, p_caller => $3, p_changes => $4) AS f
    WHERE told.told IS NOT NULL OFFSET 0) AS r"""


async def test_an_event_names_the_request_of_its_statement_and_of_no_other(db: Database, world: World) -> None:
    session = await db.session()
    channel = await world.channel(session=session)
    await session.value(NAMED, "request-1", channel.id, OWNER, '{"name": "one"}')
    # On the same connection, with another one, with none, and with one that is too long.
    await session.value(NAMED, "request-2", channel.id, OWNER, '{"name": "two"}')
    await session.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes={"name": "three"})
    await session.value(NAMED, "", channel.id, OWNER, '{"name": "four"}')
    await session.value(NAMED, "x" * 1000, channel.id, OWNER, '{"name": "five"}')
    await session.call("record_message", **pushed(channel))
    rows = await db.rows(
        "SELECT request_id FROM public.outbox WHERE channel_id = $1 AND subject LIKE 'messaging.%' ORDER BY seq",
        channel.id,
    )
    assert [row["request_id"] for row in rows] == [None, "request-1", "request-2", None, None, "x" * 64, None]
    assert await session.value("SELECT coalesce(current_setting('messaging.request_id', true), '')") == ""


async def test_a_request_stands_in_no_payload(db: Database, world: World) -> None:
    channel = await world.channel()
    await db.value(NAMED, "request-secret", channel.id, OWNER, '{"name": "one"}')
    payload = await db.value(
        "SELECT string_agg(payload::text, '') FROM public.outbox WHERE channel_id = $1", channel.id
    )
    assert "request-secret" not in payload


def test_functions_that_are_told_of_no_request_write_no_event() -> None:
    """What call.rs leaves out because it only reads must not come to messaging.publish on any way."""
    source = (ROOT / "components/edge/src/index/call.rs").read_text()
    found = re.search(r"const QUIET: .*?= \[(.*?)\]", source, re.DOTALL)
    assert found
    quiet = tuple(re.findall(r'"([a-z_]+)"', found[1]))
    bodies: dict[str, str] = {}
    for path in (ROOT / "migrations/functions").rglob("*.sql"):
        for function in re.finditer(r"CREATE FUNCTION messaging\.(\w+)\((.*?)\n\$\$;", path.read_text(), re.DOTALL):
            bodies[function[1]] = function[2]
    writers = {"publish"}
    while (
        more := {name for name, body in bodies.items() if set(re.findall(r"messaging\.(\w+)\(", body)) & writers}
        - writers
    ):
        writers |= more
    assert {"record_message", "emit_member"} <= writers, "the functions are found"
    assert quiet and not [name for name in writers if name.startswith(quiet)]
