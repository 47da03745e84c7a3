"""Events of rooms reach the webhooks that are subscribed to them, after the homeserver has its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.api import Caller, World
from support.homeserver import Homeserver, accepted, pushed_message
from support.index import Index
from support.person import NewPerson
from support.receiver import Receiver, Request
from support.stack import Stack
from support.waiting import eventually


@asynccontextmanager
async def subscribed(index: Index, room_id: str, *urls: str) -> AsyncIterator[None]:
    """Subscribes these to all events of the room. The gateway that does so for a caller is private."""
    for url in urls:
        await index.rows(
            "INSERT INTO messaging.gateway_subscriptions (room_id, webhook_url) VALUES ($1, $2)", room_id, url
        )
    try:
        yield
    finally:
        await index.rows("DELETE FROM messaging.gateway_subscriptions WHERE room_id = $1", room_id)


@pytest.fixture
def port(stack: Stack) -> int:
    stack.need("webhook_allowed_host")
    port = urlsplit(stack.webhook_allowed_host or "").port
    assert port
    return port


async def got(receiver: Receiver, event_id: str) -> Request | None:
    return next((request for request in receiver.requests if request.event_id == event_id), None)


async def test_what_happens_in_a_room_is_delivered_with_the_platforms_body(
    world: World, index: Index, stack: Stack, person: NewPerson, port: int
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    receiver = Receiver()
    async with receiver.listen(port) as url, subscribed(index, room, f"{url}/hooks?key=secret"):
        by_api = (await alice.send(channel["id"], "by the API"))["matrix_event_id"]
        in_matrix = await bob.say(room, "in Matrix")
        for event_id, sender in ((by_api, alice.matrix_id), (in_matrix, bob.id)):
            request = await eventually("it is delivered", lambda id=event_id: got(receiver, id))
            assert set(request.body) == {"subscription_id", "room_id", "event"}
            assert (request.body["room_id"], request.body["event"]["sender"]) == (room, sender)
            assert request.headers["x-internal-service-token"] == stack.matrix_gateway_secret
        # Our own service takes the same body; it has the event already.
        gateway = Caller(alice.http, stack, "", {"X-Internal-Service-Token": stack.matrix_gateway_secret or ""})
        assert (await gateway.post("/webhooks/matrix-events", request.body)).status_code == 200
        assert len(await alice.history(channel["id"])) == 2


async def test_subscribers_that_hang_hold_up_no_event(
    world: World, index: Index, homeserver: Homeserver, person: NewPerson, port: int
) -> None:
    alice = world.user("alice")
    crowded, other = await world.channel(alice), await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(other))

    async def says(request: Request) -> int:
        if request.path.startswith("/hangs"):
            await asyncio.Event().wait()
        return 200

    receiver = Receiver(says)
    async with (
        receiver.listen(port) as url,
        subscribed(index, crowded["matrix_room_id"], *(f"{url}/hangs/{n}" for n in range(20))),
        subscribed(index, room, f"{url}/takes"),
    ):
        event = pushed_message(crowded)
        accepted(await homeserver.push(event))
        await eventually("subscribers hang", lambda: got(receiver, event["event_id"]))
        began = time.monotonic()
        accepted(await homeserver.push(pushed_message(crowded)))
        event_id = await bob.say(room, "at once")

        async def indexed() -> list[dict[str, Any]]:
            return [m for m in await alice.history(other["id"]) if m["matrix_event_id"] == event_id]

        await eventually("the other room's message is indexed", indexed)
        # One try at a hanging subscriber alone takes longer.
        assert time.monotonic() - began < 10
