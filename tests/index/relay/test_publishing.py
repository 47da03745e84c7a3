"""ws-relay brings every event to NATS once and in its channel's order, however slow, strict or forgetful NATS is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import nats
import pytest
from nats.js.api import StreamConfig

from harness.database import Database
from harness.services import Proxy, nats_server
from harness.stream import STREAM, Stored, Stream, all_published, write_events
from harness.world import Channel, World
from relay.conftest import NewRelay
from support.waiting import eventually


@pytest.fixture
async def stream(nats_url: str) -> AsyncIterator[Stream]:
    client = await nats.connect(nats_url)
    yield Stream(client)
    await client.close()


async def published(db: Database, deadline: float = 20) -> None:
    await eventually("everything is published", lambda: all_published(db), deadline=deadline)


def numbers(stored: Iterable[Stored]) -> list[int]:
    return [message.seq for message in stored]


async def last(db: Database, channel: Channel) -> int:
    return await db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)


async def test_what_one_person_is_told_goes_out_with_the_event_while_it_is_true(
    db: Database, world: World, new_relay: NewRelay, nats_url: str
) -> None:
    client = await nats.connect(nats_url)
    told = await client.subscribe("relay.member.>")
    channel = await world.channel()
    frame = {"to": "user:bob", "type": "unread.updated", "channel_id": channel.id, "unread_count": 0}
    sql = """UPDATE public.outbox SET personal = $2, created_at = now() - make_interval(secs => $3)
             WHERE id = (SELECT max(id) FROM public.outbox WHERE channel_id = $1)"""
    # The second is young however long this takes.
    for count, age in ((1, 60), (2, -60)):
        await write_events(db, channel)
        await db.execute(sql, channel.id, json.dumps(frame | {"unread_count": count}), age)
    relay = new_relay()
    await relay.start()
    await published(db)
    heard: dict[str, Any] = {}
    while heard.get("type") != frame["type"]:
        heard = json.loads((await told.next_msg(10)).data)
    assert heard["unread_count"] == 2, "what has waited for a minute may be wrong by now"
    assert "to" not in heard
    assert (await relay.metrics())["ephemeral_published_total"] == 1
    assert await db.value("SELECT count(personal) FROM public.outbox") == 0, "what was told is forgotten"
    await client.close()


async def test_a_busy_channel_behind_a_slow_nats_is_published_once_and_in_order(
    db: Database, world: World, new_relay: NewRelay, nats_url: str, stream: Stream
) -> None:
    channel, other = await world.channel(), await world.channel()
    await write_events(db, channel, other, count=500)
    async with Proxy(nats_url, 0.035).open() as slow:
        relay = new_relay(nats=slow)
        await relay.start()
        await published(db)
        count = await last(db, channel)
        metrics = await relay.metrics()
        assert metrics["published_total"] == await db.value("SELECT count(*) FROM public.outbox")
        assert metrics["restored_total"] == 0
        assert numbers(await stream.stored(channel)) == list(range(1, count + 1))
        # The next relay sees that nothing is lost, and sends nothing again.
        await relay.kill()
        successor = new_relay(nats=slow)
        await write_events(db, channel)
        await successor.start()
        await published(db)
        metrics = await successor.metrics()
        assert (metrics["published_total"], metrics["republished_total"], metrics["refills_total"]) == (1, 0, 0)
        assert "anew" not in relay.output() + successor.output()
    for one in (channel, other):
        assert numbers(await stream.stored(one)) == list(range(1, await last(db, one) + 1))


async def test_what_nats_has_and_nobody_noted_is_found_among_the_new(
    db: Database, world: World, new_relay: NewRelay, stream: Stream
) -> None:
    channels = [await world.channel() for _ in range(5)]
    relay = new_relay()
    await write_events(db, *channels, count=50)
    await relay.start()
    await published(db)
    await relay.kill()
    # As after a crash between the acknowledgement and its note, here and there.
    await db.execute("UPDATE public.outbox SET published_at = NULL WHERE id % 3 = 0")
    await write_events(db, *channels, count=50)
    successor = new_relay()
    await successor.start()
    await published(db)
    for channel in channels:
        assert numbers(await stream.stored(channel)) == list(range(1, await last(db, channel) + 1))


async def test_somebody_elses_message_between_two_of_ours_changes_no_order(
    db: Database, world: World, new_relay: NewRelay, stream: Stream
) -> None:
    channel = await world.channel()
    relay = new_relay()
    await relay.start()
    await relay.publishes()
    writing = True

    async def disturb() -> None:
        while writing:
            await stream.jetstream.publish("messaging.other", b'{"channel_id": "", "seq": 0}')

    disturbing = asyncio.create_task(disturb())
    for _ in range(5):
        await write_events(db, channel, count=100)
        await asyncio.sleep(0)
    # Where others publish too, each event waits for the one before.
    await published(db, deadline=100)
    writing = False
    await disturbing
    assert numbers(await stream.stored(channel)) == list(range(1, await last(db, channel) + 1))


async def test_an_event_that_is_too_large_is_shortened_and_nothing_waits_behind_it(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    async with nats_server(max_payload=4096) as url:
        client = await nats.connect(url)
        heard: list[str] = []

        async def hear(message: Any) -> None:
            heard.append(message.headers["Daarion-Left-Out"])

        await client.subscribe("integration.matrix.message", cb=hear)
        stream = Stream(client)
        relay = new_relay(nats=url)
        await relay.start()
        await relay.publishes()
        await write_events(db, channel)
        await write_events(db, channel, text=5_000)
        await write_events(db, channel, subject="integration.matrix.message", text=5_000)
        # An event of integration has no number of its own.
        await db.execute("UPDATE public.channels SET last_seq = last_seq - 1 WHERE id = $1", channel.id)
        await write_events(db, channel)
        await published(db)
        stored = await stream.stored(channel)
        assert numbers(stored) == list(range(1, await last(db, channel) + 1))
        [large] = [message for message in stored if message.left_out]
        assert (large.seq, large.left_out, large.payload["content"]) == (len(stored) - 1, "content", "")
        assert large.payload["event_id"] and large.payload["microdao_id"]
        assert heard == ["content"]
        metrics = await relay.metrics()
        assert (metrics["publish_shortened_total"], metrics["publish_refused_total"]) == (2, 0)
        await client.close()


async def test_the_streams_own_limit_counts_too_whenever_it_was_set(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    async with nats_server() as url:
        client = await nats.connect(url)
        stream = Stream(client)
        config = StreamConfig(name=STREAM, subjects=["messaging.>"], max_msg_size=4096)
        await stream.jetstream.add_stream(config)
        relay = new_relay(nats=url)
        await relay.start()
        await relay.publishes()
        await write_events(db, channel, text=5_000)
        await write_events(db, channel, text=1_000)
        await published(db)
        await stream.jetstream.update_stream(config.evolve(max_msg_size=1024))
        await write_events(db, channel, text=2_000, count=2)
        await write_events(db, channel)
        await published(db)
        stored = await stream.stored(channel)
        assert numbers(stored) == list(range(1, await last(db, channel) + 1))
        left_out = [message.left_out for message in stored[-5:]]
        assert left_out == ["content", None, "content", "content", None]
        await client.close()


async def test_a_new_event_does_not_wait_until_a_lost_stream_is_filled_again(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channels = sorted([await world.channel() for _ in range(100)], key=lambda channel: str(channel.id))
    await write_events(db, *channels, count=100, published=True)
    await db.execute("UPDATE public.outbox SET published_at = now() WHERE published_at IS NULL")
    total = await db.value("SELECT count(*) FROM public.outbox WHERE subject LIKE 'messaging.%'")
    # The one that the refill comes to last.
    late = channels[-1]
    async with nats_server() as url, Proxy(url, 0.02).open() as slow:
        client = await nats.connect(url)
        stream = Stream(client)
        relay = new_relay(nats=slow)
        await relay.start()

        async def has_begun() -> bool:
            return (await stream.jetstream.stream_info(STREAM)).state.messages > 0

        await eventually("the refill has begun", has_begun, retry=(nats.js.errors.NotFoundError,))
        await write_events(db, late)

        async def is_filled() -> bool:
            return (await stream.jetstream.stream_info(STREAM)).state.messages == total + 1

        await eventually("the stream is filled", is_filled, deadline=60)
        place = (await stream.stored(late))[-1].place
        assert place < total * 3 / 4, f"the new event is number {place} of {total + 1}"
        stored = await stream.stored(*channels)
        for channel in channels:
            own = numbers(message for message in stored if message.channel_id == str(channel.id))
            assert own == list(range(1, await last(db, channel) + 1))
        await client.close()


@pytest.mark.parametrize("statistics_are_of_the_backlog", [False, True])
async def test_a_backlog_is_not_read_anew_for_each_batch(
    db: Database, world: World, new_relay: NewRelay, statistics_are_of_the_backlog: bool
) -> None:
    """Statistics know the outbox with nothing that waits, as it is nearly always, or as it was when they were made."""
    channels = [await world.channel() for _ in range(10)]
    await db.execute("DELETE FROM public.outbox")
    await db.execute("VACUUM ANALYZE public.outbox")
    reads = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relid = 'public.outbox'::regclass"
    before = await db.value(reads)
    await write_events(db, *channels, count=2_000, text=1_000)
    if statistics_are_of_the_backlog:
        await db.execute("VACUUM ANALYZE public.outbox")
    relay = new_relay()
    await relay.start()
    await published(db, deadline=100)
    # It says what it has read when its session ends.
    await relay.stop()
    rows = 20_000

    async def are_counted() -> bool:
        return await db.value(reads) - before >= rows

    await eventually("what was read is counted", are_counted)
    # Each is read to be sent, passed over while it is under way, and twice read to be marked. Anew for each batch, it would be
    # read 20 times.
    assert await db.value(reads) - before < 10 * rows
