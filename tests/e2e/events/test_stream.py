"""The event bus: every change of a channel is one event, numbered without a gap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from nats.aio.client import Client

from support.api import World
from support.index import Index
from support.journal import STREAM, Journal, announcements, connect
from support.person import NewPerson
from support.sockets import Listen
from support.stack import Stack
from support.waiting import eventually


@pytest.fixture
async def bus(stack: Stack) -> AsyncIterator[Client]:
    client = await connect(stack)
    yield client
    await client.close()


async def test_the_stream_holds_every_subject_of_the_service(bus: Client) -> None:
    info = await bus.jetstream().stream_info(STREAM)
    assert info.config.subjects == ["messaging.>"]
    assert info.config.storage == "file"


async def test_a_channels_events_are_numbered_from_1_without_a_gap(
    world: World, journal: Journal, index: Index, listen: Listen
) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], guest.id)
    await guest.send(channel["id"], "hello")
    message = await world.user("passer-by").send(channel["id"], "hello")
    events = await journal.until(channel["id"], message["seq"])
    assert [event.subject.removeprefix("messaging.") for event in events] == [
        "channel.created",
        "member.invited",
        "member.joined",
        "message.created",
        # People join with their first message.
        "member.joined",
        "message.created",
    ]
    for event in events:
        assert event.payload | {"channel_id": channel["id"], "microdao_id": channel["microdao_id"]} == event.payload
    assert len({event.payload["event_id"] for event in events}) == len(events)
    # Each row of the outbox is one event, recognised by its number, so a republished one is dropped.
    rows = await index.outbox(channel["id"])
    assert [(str(r["id"]), r["seq"], r["subject"], str(r["event_id"])) for r in rows] == [
        (e.message_id, e.seq, e.subject, e.payload["event_id"]) for e in events
    ]
    async with listen(channel["id"], owner, since_seq=0) as socket:
        frames = await socket.until(message["seq"])
    assert [(f["seq"], f"messaging.{f['type']}") for f in frames] == [(e.seq, e.subject) for e in events]


async def test_a_new_channel_is_announced(world: World, journal: Journal) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    [event] = await journal.until(channel["id"], 1)
    assert event.subject == "messaging.channel.created"
    expected = {name: channel[name] for name in ("matrix_room_id", "created_by", "visibility")}
    assert event.payload | expected == event.payload


async def test_a_message_is_announced_with_all_that_agents_need(world: World, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "ї" * 600)
    [event] = await journal.created(channel["id"], message)
    assert event.payload["message"] == message
    assert (
        event.payload
        | {
            "message_id": message["id"],
            "matrix_event_id": message["matrix_event_id"],
            "sender_id": alice.id,
            "sender_type": "human",
            "preview": "ї" * 500,
            "content_preview": "ї" * 500,
            "created_at": message["created_at"],
            "seq": message["seq"],
        }
        == event.payload
    )


async def test_an_invitation_and_a_joining_are_announced(world: World, journal: Journal) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], guest.id, role="admin")
    message = await owner.send(channel["id"], "welcome")
    events = await journal.until(channel["id"], message["seq"])
    about = [event for event in events if event.payload.get("member_id") == guest.id]
    assert [event.subject for event in about] == ["messaging.member.invited", "messaging.member.joined"]
    for event in about:
        assert event.payload | {"invited_by": owner.id, "role": "admin"} == event.payload


async def test_fifty_messages_at_once_are_fifty_events_without_a_gap(
    world: World, journal: Journal, index: Index, listen: Listen
) -> None:
    people = [world.user(f"user{n}") for n in range(5)]
    channel = await world.channel(people[0])
    # Everybody is in, so that from here on every event is a message.
    before = [await one.send(channel["id"], "here") for one in people][-1]["seq"]
    async with listen(channel["id"], people[0], since_seq=before) as socket:
        sent = await asyncio.gather(*(people[n % 5].send(channel["id"], f"message {n}") for n in range(50)))
        await socket.until(before + 50)
        assert sorted(m["seq"] for m in sent) == list(range(before + 1, before + 51))
        assert socket.seqs == list(range(before + 1, before + 51))
    assert await index.last_seq(channel["id"]) == before + 50
    rows = await index.outbox(channel["id"])
    assert [row["seq"] for row in rows] == list(range(1, before + 51))
    events = await journal.until(channel["id"], before + 50)
    ids = {m["seq"]: m["id"] for m in sent}
    assert {e.seq: e.payload["message_id"] for e in events if e.seq > before} == ids
    # The index keeps the same order as the numbers say.
    history = await people[0].history(channel["id"])
    assert [m["seq"] for m in history] == sorted(m["seq"] for m in history)
    times = [m["created_at"] for m in history]
    assert times == sorted(times)


async def test_a_row_that_is_published_again_is_still_one_event(world: World, journal: Journal, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "once")
    await journal.created(channel["id"], message)
    await index.published(channel["id"])
    # As after a crash between the publication and its note.
    await index.rows("UPDATE public.outbox SET published_at = NULL WHERE channel_id = $1::text::uuid", channel["id"])
    last = await alice.send(channel["id"], "next")
    await journal.created(channel["id"], last)
    await index.published(channel["id"])
    # until() refuses anything but 1, 2, 3 …, so a second copy of any event would be found here.
    assert len(await journal.until(channel["id"], last["seq"])) == last["seq"]


async def test_a_message_from_matrix_is_announced_with_its_content(
    world: World, bus: Client, person: NewPerson
) -> None:
    heard = await announcements(bus, "integration.matrix.>")
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    event_id = await bob.say(room, "Hello from Element!", **{"org.example.extra": {"a": [1, None]}})

    async def arrived() -> list[tuple[str, dict[str, Any]]]:
        ours = [(subject, payload) for subject, payload in heard if payload.get("room_id") == room]
        return ours if any(payload.get("event_id") == event_id for _, payload in ours) else []

    announced = await eventually("integration.matrix.message", arrived)
    [created] = [payload for subject, payload in announced if subject == "integration.matrix.room.created"]
    assert created | {"room_id": room, "channel_id": channel["id"]} == created
    [message] = [payload for subject, payload in announced if subject == "integration.matrix.message"]
    expected = {"room_id": room, "event_id": event_id, "sender_matrix_id": bob.id, "type": "m.room.message"}
    assert message | expected == message
    expected = {"body": "Hello from Element!", "org.example.extra": {"a": [1, None]}}
    assert message["content"] | expected == message["content"]
    assert isinstance(message["timestamp"], int) and message["timestamp"] > 1_600_000_000_000
