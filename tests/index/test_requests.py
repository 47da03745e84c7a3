"""begin_request, finish_request and delete_old_rows: a change is carried out once for a key, and nothing stays for ever."""

import asyncio
from typing import Any

import pytest

from harness.database import Database, Session
from harness.world import DAO, NOWHERE, OWNER, World, edit, redaction

KEY = {"caller": OWNER, "key": "PATCH member x k"}


def begin(fingerprint: str = "one", **changes: Any) -> dict[str, Any]:
    return {**KEY, "fingerprint": fingerprint, "resource": NOWHERE, **changes}


async def runs(db: Session, fingerprint: str = "one", **changes: Any) -> str:
    """A request begins; returns its run."""
    document = await db.call("begin_request", **begin(fingerprint, **changes))
    assert document.keys() == {"run_id"}
    return document["run_id"]


async def pass_by(db: Session, seconds: int) -> None:
    """So many seconds pass for every request."""
    await db.execute(
        "UPDATE messaging.idempotency_keys SET created_at = created_at - make_interval(secs => $1), "
        "held_until = held_until - make_interval(secs => $1)",
        seconds,
    )


# For how many seconds the one request is held.
HELD = "SELECT extract(epoch FROM held_until - created_at)::integer FROM messaging.idempotency_keys"


async def test_a_finished_request_is_told_again(db: Database) -> None:
    run = await runs(db)
    await db.call("finish_request", **KEY, status=200, response="{}", run_id=run)
    for _ in range(2):
        assert await db.call("begin_request", **begin()) == {"status": 200, "response": "{}"}
    assert await db.refusal("begin_request", **begin("two")) == "idempotency_key_reused"
    assert await runs(db, "two", caller="user:bob")
    assert await runs(db, "two", key="PATCH member y k")


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
    await runs(db)
    assert await db.value(HELD) == 60
    await pass_by(db, 50)
    assert await db.refusal("begin_request", **begin()) == "request_running"
    await pass_by(db, 10)
    run = await runs(db)
    assert await db.refusal("begin_request", **begin()) == "request_running"
    await db.call("finish_request", **KEY, status=None, response=None, run_id=run)
    assert await runs(db, "two")


async def test_a_key_is_held_as_long_as_its_run_may_last(db: Database) -> None:
    await runs(db, seconds=1080)
    assert await db.value(HELD) == 1080
    await pass_by(db, 1000)
    assert await db.refusal("begin_request", **begin(seconds=1080)) == "request_running"
    await pass_by(db, 80)
    await runs(db, seconds=1080)
    # Whoever asks for more than an hour gets an hour.
    await runs(db, key="long", seconds=2**31 - 1)
    await pass_by(db, 3600)
    await runs(db, key="long")


@pytest.mark.parametrize("status", [200, None])
async def test_a_run_that_was_taken_for_cut_off_ends_no_other(db: Database, status: int | None) -> None:
    first = await runs(db)
    await pass_by(db, 60)
    late, second = await db.sessions(2)
    ending = {**KEY, "status": status, "response": status and '{"by": "first"}', "run_id": first}
    async with second.transaction():
        run = await runs(second)
        finishing = asyncio.create_task(late.call("finish_request", **ending))
        await db.waiting(late)
    await finishing
    assert await db.refusal("begin_request", **begin()) == "request_running"
    await db.call("finish_request", **KEY, status=201, response='{"by": "second"}', run_id=run)
    await db.call("finish_request", **ending)
    assert await db.call("begin_request", **begin()) == {"status": 201, "response": '{"by": "second"}'}


async def test_of_requests_at_once_after_one_that_was_cut_off_one_goes_on(db: Database) -> None:
    await runs(db)
    await pass_by(db, 60)
    sessions = await db.sessions(6)
    outcomes = await asyncio.gather(*(session.outcome("begin_request", **begin()) for session in sessions))
    assert sorted(outcome.refusal or "runs" for outcome in outcomes) == ["request_running"] * 5 + ["runs"]


async def test_runs_of_an_earlier_version_hold_their_key_for_a_minute_and_end_it(db: Database) -> None:
    await runs(db)
    await db.execute("UPDATE messaging.idempotency_keys SET run_id = NULL, held_until = NULL")
    assert await db.refusal("begin_request", **begin()) == "request_running"
    await db.call("finish_request", **KEY, status=None, response=None)
    await runs(db)
    await db.execute("UPDATE messaging.idempotency_keys SET run_id = NULL, held_until = NULL")
    await pass_by(db, 61)
    await runs(db)
    await db.call("finish_request", **KEY, status=200, response="{}")
    assert (await db.call("begin_request", **begin()))["status"] == 200


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
    assert await runs(db)
