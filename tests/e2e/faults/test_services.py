"""Services stop and start again: what was accepted is never lost, never twice, and every caller gets a response."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, Caller, World
from support.index import Index
from support.journal import STREAM, Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.services import Services
from support.sockets import Listen
from support.waiting import eventually

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
async def well_again(services: Services) -> Any:
    """Nothing is tested on a system that is still getting up."""
    yield
    await services.all_well()


async def send_until_accepted(sender: Caller, channel: str, text: str, key: str) -> dict[str, Any]:
    """Sends with a key until the service is back, as a client does that was told to retry."""

    async def sent() -> dict[str, Any]:
        response = await sender.try_send(channel, text, key)
        assert response.status_code in (201, 502, 503, 504), response.text
        return response.json() if response.status_code == 201 else {}

    return await eventually("the retry succeeds", sent, deadline=60, retry=(httpx.TransportError,))


async def failed(who: Caller, part: str) -> dict[str, str]:
    """The parts of the service, when it reports this one as failed; what it reports may be a second old."""
    ready = await who.get("/health/ready")
    parts = ready.json()["parts"]
    assert (ready.status_code, parts[part]) == (503, "failed")
    return parts


async def test_without_the_homeserver_sends_fail_clearly_and_the_retry_is_one_message(
    world: World, services: Services, rooms: Rooms, journal: Journal, key: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    first = await alice.send(channel["id"], "before")
    async with services.without("synapse"):
        began = time.monotonic()
        response = await alice.try_send(channel["id"], "during", key)
        assert response.status_code in (502, 504), response.text
        body = problem(response, response.status_code)
        assert body["code"] in ("homeserver_failed", "homeserver_timeout")
        assert "127.0.0.1" not in response.text, "nothing of the inside is told"
        assert time.monotonic() - began < 30
        # What the index knows does not need the homeserver.
        assert await alice.history(channel["id"]) == [first]
        created = await alice.post(CHANNELS, world.fields())
        assert created.status_code in (502, 504), created.text
        parts = await eventually("the homeserver is reported as failed", lambda: failed(alice, "homeserver"))
        assert parts["postgresql"] == "ok"
        assert (await alice.get("/health")).status_code == 200
    message = await send_until_accepted(alice, channel["id"], "during", key)
    assert await alice.send(channel["id"], "during", key) == message
    assert await alice.history(channel["id"]) == [first, message]
    assert [e["content"]["body"] for e in await rooms.messages(channel["matrix_room_id"])] == ["before", "during"]
    assert len(await journal.created(channel["id"], message)) == 1


async def test_a_restart_of_the_homeserver_forgets_no_key(
    world: World, services: Services, rooms: Rooms, key: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "once", key)
    await services.restart("synapse", kill=True)
    assert await send_until_accepted(alice, channel["id"], "once", key) == message
    last = await send_until_accepted(alice, channel["id"], "after that", f"{key}-2")
    assert await alice.history(channel["id"]) == [message, last]
    assert len(await rooms.messages(channel["matrix_room_id"])) == 2


async def test_without_nats_nothing_is_lost(
    world: World, services: Services, journal: Journal, index: Index, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], "before")]
    async with listen(channel["id"], alice, since_seq=0) as socket:
        await socket.until(sent[-1]["seq"])
        async with services.without("nats", kill=True):
            sent += [await alice.send(channel["id"], f"during {n}") for n in range(5)]
        sent += [await alice.send(channel["id"], f"after {n}") for n in range(2)]
        events = await journal.until(channel["id"], sent[-1]["seq"], deadline=60)
        created = [e.payload["message_id"] for e in events if e.subject == "messaging.message.created"]
        assert created == [m["id"] for m in sent]
        # The socket stayed open, and its reader has missed nothing either.
        await socket.until(sent[-1]["seq"], deadline=60)
        assert socket.seqs == list(range(1, sent[-1]["seq"] + 1))
    await index.published(channel["id"])


async def test_a_killed_relay_publishes_everything_once_and_its_readers_resume(
    world: World, services: Services, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    stop = asyncio.Event()

    async def send() -> list[dict[str, Any]]:
        sent = []
        while not stop.is_set():
            sent.append(await alice.send(channel["id"], f"message {len(sent)}"))
        return sent

    sending = asyncio.create_task(send())
    async with listen(channel["id"], alice, since_seq=0) as socket:
        await socket.until(10)
        # In the middle of the stream, between a publication and its note perhaps.
        await services.stop("ws-relay", kill=True)
        await socket.closed()
        seen = socket.seqs
    assert seen == list(range(1, len(seen) + 1))
    await services.start("ws-relay")
    async with listen(channel["id"], alice, since_seq=len(seen)) as socket:
        await socket.until(len(seen) + 5)
        stop.set()
        sent = await sending
        await socket.until(sent[-1]["seq"])
        assert seen + socket.seqs == list(range(1, sent[-1]["seq"] + 1))
    events = await journal.until(channel["id"], sent[-1]["seq"], deadline=60)
    created = [e.payload["message_id"] for e in events if e.subject == "messaging.message.created"]
    assert created == [m["id"] for m in sent]


async def test_without_a_relay_messages_are_sent_and_then_published(
    world: World, services: Services, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with services.without("ws-relay"):
        sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
        assert await alice.history(channel["id"]) == sent
    events = await journal.until(channel["id"], sent[-1]["seq"], deadline=60)
    assert [e.payload["message_id"] for e in events if e.subject == "messaging.message.created"] == [
        m["id"] for m in sent
    ]


async def test_a_restart_of_postgresql_is_survived(
    world: World, services: Services, journal: Journal, rooms: Rooms, listen: Listen, key: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    first = await alice.send(channel["id"], "before")
    # Fills the pools with connections that the restart will break.
    await asyncio.gather(*(alice.page(channel["id"]) for _ in range(10)))
    async with services.without("postgres", kill=True):
        for response in (
            await alice.get(f"{CHANNELS}/{channel['id']}/messages"),
            await alice.try_send(channel["id"], "during", key),
        ):
            assert problem(response, 503)["code"] == "unavailable"
            assert "postgres" not in response.text.lower()
        await eventually("PostgreSQL is reported as failed", lambda: failed(alice, "postgresql"))
    message = await send_until_accepted(alice, channel["id"], "during", key)
    # No broken connection is left over in any pool.
    pages = await asyncio.gather(*(alice.get(f"{CHANNELS}/{channel['id']}/messages") for _ in range(20)))
    assert [page.status_code for page in pages] == [200] * 20, {page.text for page in pages}
    assert await alice.history(channel["id"]) == [first, message]
    assert len(await rooms.messages(channel["matrix_room_id"])) == 2
    async with listen(channel["id"], alice, since_seq=0) as socket:
        await socket.until(message["seq"])
        assert socket.seqs == list(range(1, message["seq"] + 1))
    assert len(await journal.created(channel["id"], message)) == 1


async def test_a_restart_of_postgresql_between_sends_loses_nothing(
    world: World, services: Services, journal: Journal, rooms: Rooms
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "first")
    sending = asyncio.gather(
        *(send_until_accepted(alice, channel["id"], f"message {n}", f"restart-{n}") for n in range(20))
    )
    await services.restart("postgres")
    sent = await sending
    history = await alice.history(channel["id"])
    assert sorted(m["id"] for m in history[1:]) == sorted(m["id"] for m in sent)
    assert len({m["id"] for m in sent}) == 20
    assert len(await rooms.messages(channel["matrix_room_id"])) == 21
    events = await journal.until(channel["id"], history[-1]["seq"], deadline=60)
    assert sum(e.subject == "messaging.message.created" for e in events) == 21


async def test_messages_sent_in_matrix_while_the_app_was_away_are_indexed_when_it_is_back(
    world: World, services: Services, person: NewPerson, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    async with services.without("app", kill=True):
        sent = [await bob.say(room, f"message {n}") for n in range(3)]

    async def indexed() -> bool:
        assert [m["matrix_event_id"] for m in await alice.history(channel["id"])] == sent
        return True

    # The homeserver's wait between tries grows to minutes, unless it is told that the app is back.
    await eventually("everything sent meanwhile is indexed", indexed, deadline=60, retry=(httpx.TransportError,))
    last = (await alice.history(channel["id"]))[-1]
    assert len(await journal.created(channel["id"], last)) == 1


async def test_a_lost_stream_is_made_again_and_filled_from_the_outbox(
    world: World, services: Services, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    await journal.until(channel["id"], sent[-1]["seq"])
    await journal.jetstream.delete_stream(STREAM)
    await services.restart("ws-relay")
    fresh = Journal(journal.client)
    # Event by event, of all that the stack has ever had.
    events = await fresh.until(channel["id"], sent[-1]["seq"], deadline=300)
    assert [e.payload["message"] for e in events if e.kind == "message.created"] == sent
    last = await alice.send(channel["id"], "and on")
    assert len(await fresh.created(channel["id"], last)) == 1
