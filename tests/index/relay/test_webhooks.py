"""ws-relay delivers what is queued for webhooks: signed with the token, in order, in at most three tries."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import pytest

from harness.database import Database
from harness.services import Relay
from harness.webhooks import ROOM, event, queue, subscribed
from relay.conftest import NewRelay
from support.receiver import Receiver, Request, hangs
from support.waiting import eventually

SECRET = "gateway-secret"


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


def relay_for(new_relay: NewRelay, *hosts: str) -> Relay:
    return new_relay(WEBHOOK_ALLOWED_HOST=",".join(hosts), MATRIX_GATEWAY_SECRET=SECRET)


async def empty(db: Database) -> bool:
    return await db.value("SELECT NOT EXISTS (SELECT FROM messaging.webhook_deliveries)")


async def queue_is_empty(db: Database, deadline: float = 30) -> None:
    await eventually("nothing waits any more", lambda: empty(db), deadline=deadline)


async def counted(relay: Relay, outcome: str) -> float:
    return (await relay.metrics()).get(f'webhook_deliveries_total{{outcome="{outcome}"}}', 0)


async def test_a_delivery_has_the_platforms_body_and_the_token(
    db: Database, new_relay: NewRelay, receiver: Receiver
) -> None:
    async with receiver.listen() as url:
        subscription = await subscribed(db, f"{url}/hooks?key=secret")
        relay = relay_for(new_relay, url)
        await relay.start()
        pushed = event("$1", content={"body": "\0 😀"})
        await queue(db, pushed)
        await queue_is_empty(db)
        [request] = receiver.requests
        assert request.body == {"subscription_id": str(subscription), "room_id": ROOM, "event": pushed}
        assert request.path == "/hooks?key=secret"
        assert request.headers["x-internal-service-token"] == SECRET
        assert request.headers["content-type"] == "application/json"
        assert await counted(relay, "delivered") == 1


async def test_events_of_a_subscription_come_in_order(db: Database, new_relay: NewRelay, receiver: Receiver) -> None:
    async with receiver.listen() as url:
        await subscribed(db, url)
        relays = [relay_for(new_relay, url) for _ in range(2)]
        for relay in relays:
            await relay.start()
        ids = [f"${n}" for n in range(60)]
        for some in (ids[:20], ids[20:40], ids[40:]):
            await queue(db, *(event(id) for id in some))
        await queue_is_empty(db)
        # Two relays side by side double nothing.
        assert receiver.event_ids == ids


async def test_a_receiver_that_fails_twice_gets_it_in_the_third_try(db: Database, new_relay: NewRelay) -> None:
    async def says(request: Request) -> int:
        return 200 if receiver.event_ids.count("$1") == 3 else 503

    receiver = Receiver(says)
    async with receiver.listen() as url:
        await subscribed(db, url)
        relay = relay_for(new_relay, url)
        await relay.start()
        await queue(db, event("$1"), event("$2"))
        await queue_is_empty(db)
        assert receiver.event_ids == ["$1", "$1", "$1", "$2"]
        assert (await counted(relay, "retried"), await counted(relay, "failed")) == (2, 0)


async def test_after_the_third_failure_it_is_given_up_and_the_log_keeps_the_address(
    db: Database, new_relay: NewRelay
) -> None:
    async def says(request: Request) -> int:
        return 302 if request.event_id == "$1" else 200

    receiver = Receiver(says)
    async with receiver.listen() as url:
        subscription = await subscribed(db, f"{url}/path-secret?key=query-secret")
        relay = relay_for(new_relay, url)
        await relay.start()
        await queue(db, event("$1"), event("$2"))
        await queue_is_empty(db)
        assert receiver.event_ids == ["$1", "$1", "$1", "$2"]
        # A redirect is a failure: it may lead anywhere.
        assert not [request for request in receiver.requests if request.path == "/redirected"]
        assert await counted(relay, "failed") == 1
        assert str(subscription) in relay.output() and "302" in relay.output()
        assert "path-secret" not in relay.output() and "query-secret" not in relay.output()


async def test_a_host_that_hangs_delays_no_other(db: Database, new_relay: NewRelay, receiver: Receiver) -> None:
    silent = Receiver(hangs)
    async with silent.listen() as hanging, receiver.listen() as url:
        for i in range(20):
            await subscribed(db, f"{hanging}/{i}")
        await subscribed(db, url, room="!other:localhost")
        relay = relay_for(new_relay, hanging, url)
        await relay.start()
        await queue(db, event("$1"))

        async def all_hang() -> bool:
            return len(silent.requests) == 8

        await eventually("as many hang as may be under way", all_hang)
        await queue(db, event("$2", room="!other:localhost"))
        # Well before the first of those that hang is given up.
        await eventually("the other host has it", lambda: has(receiver, "$2"), deadline=5)
        assert len(silent.requests) == 8


async def has(receiver: Receiver, event_id: str) -> bool:
    return event_id in receiver.event_ids


async def test_a_relay_that_is_killed_delivers_at_least_once_and_at_most_three_times(
    db: Database, new_relay: NewRelay
) -> None:
    silent = Receiver(hangs)
    async with silent.listen() as url:
        await subscribed(db, url)
        await queue(db, event("$1"))
        relay = relay_for(new_relay, url)
        for tries in (1, 2, 3):
            await relay.start()
            await eventually(f"try {tries} is under way", lambda n=tries: arrived(silent, n))
            await relay.kill()
            # As if the time had passed in which the dead relay may still be at it.
            await db.execute("UPDATE messaging.webhook_deliveries SET due_at = now()")
        await queue(db, event("$2"))
        await relay.start()
        await eventually("the next one goes on", lambda: arrived(silent, 4))
        assert Counter(silent.event_ids) == {"$1": 3, "$2": 1}
        assert await counted(relay, "failed") == 1


async def arrived(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) >= count


async def test_only_hosts_that_the_relay_allows_are_called(db: Database, new_relay: NewRelay) -> None:
    async with AsyncExitStack() as stack:
        one, two, other = Receiver(), Receiver(), Receiver()
        urls = [await stack.enter_async_context(receiver.listen()) for receiver in (one, two, other)]
        for url in urls:
            await subscribed(db, url)
        relay = relay_for(new_relay, *urls[:2])
        await relay.start()
        await queue(db, event("$1"))
        await queue_is_empty(db)
        assert (one.event_ids, two.event_ids, other.event_ids) == (["$1"], ["$1"], [])
        assert await counted(relay, "failed") == 1


async def test_a_setting_that_names_no_host_is_refused_at_the_start(new_relay: NewRelay) -> None:
    for hosts, secret, reason in (
        ("a.example,https://*.example", SECRET, "https://*.example"),
        ("a.example", "", "MATRIX_GATEWAY_SECRET"),
    ):
        relay = new_relay(WEBHOOK_ALLOWED_HOST=hosts, MATRIX_GATEWAY_SECRET=secret)
        await relay.start()
        assert relay.process
        assert await asyncio.wait_for(relay.process.wait(), 20) == 1
        assert reason in relay.output()


async def test_without_nats_webhooks_are_delivered_all_the_same(
    db: Database, new_relay: NewRelay, receiver: Receiver
) -> None:
    async with receiver.listen() as url:
        await subscribed(db, url)
        relay = new_relay(nats="nats://127.0.0.1:9", WEBHOOK_ALLOWED_HOST=url, MATRIX_GATEWAY_SECRET=SECRET)
        await relay.start()
        await queue(db, event("$1"))
        await queue_is_empty(db)
        assert receiver.event_ids == ["$1"]
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://127.0.0.1:{relay.port}/metrics")).status_code == 200
