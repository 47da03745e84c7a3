"""note_failed_event and what follows: events that could not be indexed are counted, set aside, listed and replayed."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import World, number, redaction

FORGET_PATIENCE = "UPDATE messaging.set_aside_events SET first_failed_at = now() - interval '11 minutes'"


def failure(fault: str, **changes: Any) -> dict[str, Any]:
    """An event that has failed; with NUL and a lone surrogate, which PostgreSQL cannot hold unescaped."""
    return {
        "event_id": f"$failed-{number()}",
        "room_id": "!room:localhost",
        "event_type": "m.room.message",
        "event": r'{"content": {"body": "\u0000 \ud800"}}',
        "reason": "500 internal",
        "fault": fault,
        "others": [],
        **changes,
    }


async def note(db: Database, arguments: dict[str, Any], times: int = 1) -> dict[str, Any]:
    for _ in range(times):
        noted = await db.call("note_failed_event", **arguments)
    return noted


async def listed(db: Database) -> list[str]:
    return [event["event_id"] for event in await db.call("list_set_aside_events", limit=200)]


async def test_what_is_the_events_own_fault_is_set_aside_at_once(db: Database) -> None:
    event = failure("event")
    assert await note(db, event) == {"is_set_aside": True, "attempts": 1, "others": []}
    [shown] = await db.call("list_set_aside_events", limit=200)
    assert (shown["event_id"], shown["reason"], shown["attempts"]) == (event["event_id"], "500 internal", 1)
    assert "event" not in shown, "an operator's list shows no content"


@pytest.mark.parametrize("fault", ["statement", "unknown"])
async def test_what_fails_by_itself_is_set_aside_the_third_time(db: Database, fault: str) -> None:
    event = failure(fault)
    for attempt in (1, 2):
        assert await note(db, event) == {"is_set_aside": False, "attempts": attempt, "others": []}
        assert await listed(db) == []
    assert (await note(db, event))["is_set_aside"]
    assert await listed(db) == [event["event_id"]]


@pytest.mark.parametrize("fault", ["database", "gateway"])
async def test_what_another_part_lacks_sets_nothing_aside_for_ten_minutes(db: Database, fault: str) -> None:
    event = failure(fault)
    assert not (await note(db, event, 20))["is_set_aside"]
    await db.execute(FORGET_PATIENCE)
    assert await note(db, event) == {"is_set_aside": True, "attempts": 21, "others": []}
    # A single failure long after another one is none of a row.
    other = failure(fault)
    await note(db, other)
    await db.execute(FORGET_PATIENCE)
    assert not (await note(db, other))["is_set_aside"]


async def test_who_counts_a_failure_learns_which_others_are_set_aside(db: Database) -> None:
    aside, failing = failure("event"), failure("statement")
    await note(db, aside)
    await note(db, failing)
    noted = await note(db, failure("statement", others=[aside["event_id"], failing["event_id"], "$unknown"]))
    assert noted["others"] == [aside["event_id"]]


async def test_a_replay_tries_each_event_once_oldest_first(db: Database) -> None:
    events = [failure("event", event=f'{{"n": {n}}}') for n in range(3)]
    for event in events:
        await note(db, event)
    await note(db, failure("statement"))
    following = await db.call("next_set_aside_event", since=None)
    tried = []
    while following["event"]:
        tried.append(following["event"])
        event = events[len(tried) - 1]
        if len(tried) == 2:
            await note(db, event)
        else:
            await db.call("forget_set_aside_event", event_id=event["event_id"])
        following = await db.call("next_set_aside_event", since=following["since"])
    assert tried == [event["event"] for event in events]
    assert await listed(db) == [events[1]["event_id"]]


async def test_counts_of_events_that_came_again_end_after_a_day(db: Database) -> None:
    await note(db, failure("statement"))
    await note(db, failure("event"))
    await db.execute("UPDATE messaging.set_aside_events SET last_failed_at = now() - interval '2 days'")
    await note(db, failure("statement"))
    assert await db.value("SELECT count(*) FROM messaging.set_aside_events") == 2
    assert len(await listed(db)) == 1


async def test_a_redacted_event_is_no_longer_kept(world: World, db: Database) -> None:
    channel = await world.channel()
    event = failure("event", room_id=channel.room_id)
    await note(db, event)
    await note(db, failure("event", event_id="$elsewhere"))
    # A room decides about its own events only.
    await db.call("record_redaction", **redaction(channel, "$elsewhere"))
    await db.call("record_redaction", **redaction(channel, event["event_id"]))
    assert await listed(db) == ["$elsewhere"]


async def test_without_the_database_nothing_is_counted(db: Database) -> None:
    """What cannot be written is not set aside either: the homeserver sends it again."""
    session = await db.session()
    await session.execute("SET default_transaction_read_only = on")
    with pytest.raises(Exception, match="read-only") as failed:
        await session.call("note_failed_event", **failure("event"))
    assert failed.value.sqlstate == "25006"
    assert await db.value("SELECT count(*) FROM messaging.set_aside_events") == 0
