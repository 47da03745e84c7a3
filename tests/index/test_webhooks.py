"""The queue of webhook deliveries: queue_deliveries fills it, list_due_deliveries, claim_deliveries, end_delivery and
expire_deliveries empty it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database, Session
from harness.webhooks import ROOM, event, queue, subscribed
from harness.world import World, edit, redaction

LEASE = 20


async def waiting(db: Database, subscription: str | None = None) -> list[str]:
    sql = "SELECT event_id FROM messaging.webhook_deliveries WHERE $1::uuid IS NULL OR subscription_id = $1 ORDER BY id"
    return [row[0] for row in await db.rows(sql, subscription)]


async def claim(db: Session, per_host: int = 8, seconds: int = LEASE) -> list[dict[str, Any]]:
    due = await db.call("list_due_deliveries", per_host=per_host)
    return await db.call("claim_deliveries", ids=[row["id"] for row in due], attempts=3, seconds=seconds)


async def test_events_wait_for_the_subscriptions_of_their_room_and_type(db: Database) -> None:
    every = await subscribed(db)
    some = await subscribed(db, "https://b.example", "m.reaction")
    other = await subscribed(db, "https://a.example/x", room="!other:localhost")
    queued = await queue(db, event("$1"), event("$2", "m.reaction"), event("$3", room="!nobody:localhost"))
    assert queued == {"queued": 3, "dropped": 0}
    assert await waiting(db, every) == ["$1", "$2"]
    assert await waiting(db, some) == ["$2"]
    assert await waiting(db, other) == []
    assert await queue(db, event("$4", room="!nobody:localhost")) == {"queued": 0, "dropped": 0}


async def test_an_event_that_is_pushed_again_waits_once(db: Database) -> None:
    await subscribed(db)
    await queue(db, event("$1"), event("$1"))
    assert await queue(db, event("$1"), event("$2")) == {"queued": 1, "dropped": 0}
    assert await waiting(db) == ["$1", "$2"]


async def test_an_event_may_have_any_text(db: Database) -> None:
    await subscribed(db)
    await queue(db, event("$1", content={"body": "\0 😀"}))
    [claimed] = await claim(db)
    assert json.loads(claimed["event"])["content"] == {"body": "\0 😀"}


async def test_a_full_queue_drops_and_counts_what_comes_next(db: Database) -> None:
    full = await subscribed(db)
    await queue(db, event("$1"), event("$2"), most=3)
    other = await subscribed(db, "https://b.example")
    assert await queue(db, event("$3"), event("$4"), event("$5"), most=3) == {"queued": 4, "dropped": 2}
    assert await waiting(db, full) == ["$1", "$2", "$3"]
    assert await waiting(db, other) == ["$3", "$4", "$5"]
    sql = "SELECT dropped FROM messaging.gateway_subscriptions WHERE id = $1"
    assert (await db.value(sql, full), await db.value(sql, other)) == (2, 0)


async def test_the_end_of_a_subscription_is_the_end_of_its_queue(db: Database) -> None:
    subscription = await subscribed(db)
    await queue(db, event("$1"))
    await db.call("unsubscribe", id=subscription)
    assert await waiting(db) == []


async def test_a_redacted_event_and_its_edits_are_not_in_the_queue(db: Database) -> None:
    await subscribed(db)
    await queue(db, event("$1"), event("$edit", edits="$1"), event("$2"))
    await queue(db, event("$redaction", "m.room.redaction", redacts="$1"))
    assert await waiting(db) == ["$2", "$redaction"]
    # In one and the same transaction.
    await queue(db, event("$3"), event("$edit3", edits="$3"), event("$r3", "m.room.redaction", redacts="$3"))
    assert await waiting(db) == ["$2", "$redaction", "$r3"]
    # Not by another room.
    await subscribed(db, room="!other:localhost")
    await queue(db, event("$r2", "m.room.redaction", redacts="$2", room="!other:localhost"))
    assert "$2" in await waiting(db)


async def test_a_deletion_by_the_api_empties_the_queue_and_keeps_late_pushes_out(db: Database, world: World) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await subscribed(db, room=channel.room_id)
    push = event(message.event_id, room=channel.room_id)
    await queue(db, push)
    redact = {"room_id": channel.room_id, "actor_id": channel.owner, "by_bot": False}
    await db.call("record_redaction", target_event_id=message.event_id, **redact)
    assert await waiting(db) == []
    await queue(db, push, event("$late-edit", room=channel.room_id, edits=message.event_id))
    # One that the index has never seen.
    await db.call("record_redaction", target_event_id="$unseen", **redact)
    await queue(db, event("$unseen", room=channel.room_id))
    assert await waiting(db) == []


async def test_of_a_subscription_one_delivery_is_due_the_oldest(db: Database) -> None:
    first = await subscribed(db)
    second = await subscribed(db, "https://b.example")
    await queue(db, event("$1"), event("$2"))
    claimed = await claim(db)
    assert {(c["subscription_id"], json.loads(c["event"])["event_id"]) for c in claimed} == {
        (first, "$1"),
        (second, "$1"),
    }
    assert {(c["attempts"], c["room_id"]) for c in claimed} == {(1, ROOM)}
    assert await claim(db) == []
    [mine] = [c for c in claimed if c["subscription_id"] == first]
    await db.call("end_delivery", id=mine["id"], attempts=1, seconds=None)
    [after] = await claim(db)
    assert (after["subscription_id"], json.loads(after["event"])["event_id"]) == (first, "$2")
    # A try that failed holds up its own subscription until its time has come, and is the next one then.
    await db.call("end_delivery", id=after["id"], attempts=1, seconds=600)
    await queue(db, event("$3"))
    assert await claim(db) == []
    await db.execute("UPDATE messaging.webhook_deliveries SET due_at = now() WHERE id = $1", after["id"])
    assert [(c["id"], c["attempts"]) for c in await claim(db)] == [(after["id"], 2)]


async def test_a_host_is_called_by_a_bounded_number_and_those_that_failed_come_last(db: Database) -> None:
    for i in range(5):
        await subscribed(db, f"https://A.example/{i}")
    elsewhere = await subscribed(db, "https://b.example/?x=//a.example")
    await queue(db, event("$1"))
    await db.execute("""UPDATE messaging.webhook_deliveries SET attempts = 1
                        WHERE id <> ALL (SELECT max(id) FROM messaging.webhook_deliveries GROUP BY subscription_id = $1)""",
                     elsewhere)  # fmt: skip
    claimed = await claim(db, per_host=2)
    assert sorted(c["webhook_url"].partition("//")[2][0].lower() for c in claimed) == ["a", "a", "b"]
    assert sorted(c["attempts"] for c in claimed) == [1, 1, 2]


async def test_two_relays_never_have_the_same_delivery(db: Database) -> None:
    for i in range(20):
        await subscribed(db, f"https://{i}.example")
    await queue(db, event("$1"))
    rounds = await asyncio.gather(*(claim(session) for session in await db.sessions(5)))
    ids = [claimed["id"] for claims in rounds for claimed in claims]
    assert len(ids) == len(set(ids)) == 20


async def test_a_claim_waits_for_nobody(db: Database) -> None:
    await subscribed(db)
    await subscribed(db, "https://b.example")
    await queue(db, event("$1"))
    other = await db.session()
    async with other.transaction():
        [first] = await db.rows("SELECT min(id) FROM messaging.webhook_deliveries")
        await other.call("claim_deliveries", ids=[first[0]], attempts=3, seconds=LEASE)
        assert len(await claim(db)) == 1


async def test_a_try_whose_relay_is_gone_counts_and_is_over_after_a_while(db: Database) -> None:
    await subscribed(db)
    await queue(db, event("$1"), event("$2"))
    for attempt in (1, 2, 3):
        [claimed] = await claim(db, seconds=0)
        assert claimed["attempts"] == attempt
    # There is no fourth; what comes behind goes on.
    assert await claim(db) == []
    assert await db.call("expire_deliveries", attempts=3, seconds=600, limit=10) == {"expired": 0, "failed": 1}
    [claimed] = await claim(db)
    assert json.loads(claimed["event"])["event_id"] == "$2"
    # The end of a try that was given up already changes nothing.
    await db.execute("UPDATE messaging.webhook_deliveries SET attempts = 2")
    await db.call("end_delivery", id=claimed["id"], attempts=1, seconds=0)
    assert await claim(db) == []


async def test_what_waits_too_long_goes(db: Database) -> None:
    await subscribed(db)
    await queue(db, event("$1"), event("$2"))
    await db.execute(
        "UPDATE messaging.webhook_deliveries SET created_at = now() - interval '2 h' WHERE event_id = '$1'"
    )
    assert await db.call("expire_deliveries", attempts=3, seconds=3600, limit=10) == {"expired": 1, "failed": 0}
    assert await waiting(db) == ["$2"]


async def test_an_edit_that_was_redacted_does_not_come_into_the_queue_late(db: Database, world: World) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await subscribed(db, room=channel.room_id)
    made = edit(channel, message.event_id)
    await db.call("record_edit", **made)
    await db.call("record_redaction", **redaction(channel, made["event_id"]))
    await queue(db, event(made["event_id"], room=channel.room_id, edits=message.event_id))
    assert await waiting(db) == []
