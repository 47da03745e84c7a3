"""begin_request, finish_request and delete_old_rows: a change is carried out once for a key, and nothing stays for ever."""

import asyncio
from typing import Any

from harness.database import Database
from harness.world import DAO, NOWHERE, OWNER, World, edit, redaction

KEY = {"caller": OWNER, "key": "PATCH member x k"}


def begin(fingerprint: str = "one", **changes: Any) -> dict[str, Any]:
    return {**KEY, "fingerprint": fingerprint, "resource": NOWHERE, **changes}


async def test_a_finished_request_is_told_again(db: Database) -> None:
    assert await db.call("begin_request", **begin()) == {}
    await db.call("finish_request", **KEY, status=200, response="{}")
    for _ in range(2):
        assert await db.call("begin_request", **begin()) == {"status": 200, "response": "{}"}
    assert await db.refusal("begin_request", **begin("two")) == "idempotency_key_reused"
    assert await db.call("begin_request", **begin("two", caller="user:bob")) == {}
    assert await db.call("begin_request", **begin("two", key="PATCH member y k")) == {}


async def test_who_has_lost_access_is_shown_no_response(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await world.member(channel, "user:bob", via_microdao=True)
    asked = begin(caller="user:bob", resource=channel.id)
    for key, response in (("shows", "{}"), ("empty", "")):
        await db.call("begin_request", **asked | {"key": key}, microdaos=[DAO])
        await db.call("finish_request", caller="user:bob", key=key, status=200, response=response)
    known = await db.call("begin_request", **asked | {"key": "shows"}, microdaos=[DAO])
    assert known == {"status": 200, "response": "{}"}
    assert await db.refusal("begin_request", **asked | {"key": "shows"}, microdaos=[]) == "channel_not_found"
    # That they have left shows nothing of the channel.
    assert (await db.call("begin_request", **asked | {"key": "empty"}, microdaos=[]))["status"] == 200


async def test_of_requests_at_once_one_runs(db: Database) -> None:
    sessions = await db.sessions(6)
    outcomes = await asyncio.gather(*(session.outcome("begin_request", **begin()) for session in sessions))
    assert sorted(outcome.refusal or "runs" for outcome in outcomes) == ["request_running"] * 5 + ["runs"]
    assert await db.refusal("begin_request", **begin("two")) == "idempotency_key_reused"


async def test_a_request_that_was_cut_off_goes_on_and_one_that_failed_is_free(db: Database) -> None:
    await db.call("begin_request", **begin())
    await db.execute("UPDATE messaging.idempotency_keys SET created_at = now() - interval '2 minutes'")
    assert await db.call("begin_request", **begin()) == {}
    assert await db.refusal("begin_request", **begin()) == "request_running"
    await db.call("finish_request", **KEY, status=None, response=None)
    assert await db.call("begin_request", **begin("two")) == {}


async def test_every_kind_of_row_has_an_age(world: World, db: Database) -> None:
    channel = await world.channel()
    for n in range(3):
        await db.call("begin_request", **begin(key=f"k{n}"))
        await db.call("prepare_join", **channel.by(f"user:u{n}"))
        await db.outcome("record_edit", **edit(channel, f"$never{n}"))
        await db.call("record_redaction", **redaction(channel, f"$nothing{n}"))
    creating = {"microdaos": None, "microdao_id": "microdao:x", "is_direct": False, "client_key": None}
    await db.call("reserve_channel", caller=OWNER, **creating, slug="s", fingerprint="f")
    tables = ["idempotency_keys", "intents", "pending_relations", "pending_redactions"]
    assert await db.call("delete_old_rows", limit=10) == {"deleted": 0}
    for table in tables:
        await db.execute(f"UPDATE messaging.{table} SET created_at = now() - interval '91 days'")
    await db.execute("UPDATE messaging.channel_reservations SET reserved_at = now() - interval '91 days'")
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 9}
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 4}
    for table in tables:
        assert await db.value(f"SELECT count(*) FROM messaging.{table}") == 0, table


async def test_a_request_that_fails_while_another_looks_at_it_lets_none_run_without_a_row(db: Database) -> None:
    await db.call("begin_request", **begin())
    failing, second = await db.sessions(2)
    async with failing.transaction():
        await failing.execute("SELECT FROM messaging.idempotency_keys FOR UPDATE")
        looking = asyncio.create_task(second.outcome("begin_request", **begin()))
        await db.waiting(second)
        await failing.call("finish_request", **KEY, status=None, response=None)
    assert (await looking).refusal == "request_running"
    assert await db.call("begin_request", **begin()) == {}
