"""What the stream has lost is in it again: in order, from the first event of a channel that was lost, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import nats
import pytest
from nats.js.api import StreamConfig

from harness.database import Database
from harness.services import NatsServer, Proxy, own_nats
from harness.stream import STREAM, Stored, Stream, all_published, write_events
from harness.world import Channel, World
from relay.conftest import NewRelay
from support.waiting import eventually


@dataclass
class Nats:
    """NATS of the test's own, and its stream."""

    server: NatsServer
    stream: Stream
    # What was told of the stream.
    advisories: list[dict[str, Any]]

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture
async def own() -> AsyncIterator[Nats]:
    async def quiet(error: Exception) -> None:
        """NATS dies here."""

    async with own_nats() as server:
        client = await nats.connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=quiet)
        advisories: list[dict[str, Any]] = []

        async def hear(message: Any) -> None:
            advisories.append(json.loads(message.data))

        await client.subscribe("advisory.messaging", cb=hear)
        yield Nats(server, Stream(client), advisories)
        await client.close()


async def published(db: Database) -> None:
    await eventually("everything is published", lambda: all_published(db), deadline=20)


async def count(db: Database) -> int:
    return await db.value("SELECT count(*) FROM public.outbox WHERE subject LIKE 'messaging.%'")


async def refilled(db: Database, total: int) -> None:
    """Returns when nothing is to be sent again, after so many rows have a place that is not the one of before."""

    async def over() -> bool:
        sql = "SELECT count(*) FROM public.outbox o WHERE stream_seq IS NOT NULL"
        return await db.value(sql) == total and not await db.value("SELECT count(*) FROM messaging.refills")

    await eventually("nothing is to be sent again", over, deadline=30)


def told(stored: Iterable[Stored], channel: Channel) -> list[int]:
    """The channel's numbers as somebody has them in the end who lets an event take the place of those from its number on."""
    numbers: list[int] = []
    for message in stored:
        if message.channel_id == str(channel.id):
            numbers = [seq for seq in numbers if seq < message.seq] + [message.seq]
    return numbers


async def last(db: Database, channel: Channel) -> int:
    return await db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)


async def whole(db: Database, stream: Stream, channels: list[Channel]) -> list[Stored]:
    """What the stream has of these channels, when it tells all that there was."""

    async def tells() -> list[Stored]:
        stored = await stream.stored(*channels)
        for channel in channels:
            assert told(stored, channel) == list(range(1, await last(db, channel) + 1))
        return stored

    return await eventually("the stream has everything", tells, deadline=30, retry=(nats.errors.Error,))


def doubled(stored: list[Stored]) -> int:
    return len(stored) - len({message.payload["event_id"] for message in stored})


async def test_a_purge_is_made_good_although_nats_remembers_the_ids(
    db: Database, world: World, new_relay: NewRelay, own: Nats
) -> None:
    channels = [await world.channel() for _ in range(3)]
    await write_events(db, *channels, count=40)
    relay = new_relay(nats=own.url)
    await relay.start()
    await published(db)
    before = {m.payload["event_id"]: m.message_id for m in await own.stream.stored(*channels)}
    await relay.kill()
    await own.stream.jetstream.purge_stream(STREAM)
    await relay.start()
    stored = await whole(db, own.stream, channels)
    assert doubled(stored) == 0 and {m.payload["event_id"] for m in stored} == before.keys()
    [generation] = {m.refill for m in stored}
    assert generation and int(generation) > 0
    assert all(m.message_id == f"{before[m.payload['event_id']]}.{generation}" for m in stored)

    async def both_are_told() -> bool:
        return len(own.advisories) == 2

    await eventually("beginning and end are told", both_are_told)
    begun, ended = own.advisories
    assert begun == {"type": "refill.begun", "generation": int(generation), "channels": 3}
    assert ended == {"type": "refill.ended", "generation": int(generation), "events": len(stored)}
    # And once more, with what is new.
    await relay.kill()
    await write_events(db, *channels, count=2)
    await own.stream.jetstream.purge_stream(STREAM)
    await relay.start()
    await published(db)
    stored = await whole(db, own.stream, channels)
    assert doubled(stored) == 0
    assert {m.message_id.count(".") for m in stored} == {0, 1}
    assert (await relay.metrics())["refills_total"] == 1


@pytest.mark.parametrize("how", ["purge", "purge some", "delete", "delete one"])
async def test_a_loss_is_noticed_while_a_relay_publishes(
    db: Database, world: World, new_relay: NewRelay, own: Nats, how: str
) -> None:
    channels = [await world.channel() for _ in range(2)]
    relay = new_relay(nats=own.url)
    await relay.start()
    await relay.publishes()
    await write_events(db, *channels, count=20)
    await published(db)
    jetstream = own.stream.jetstream
    match how:
        case "purge":
            await jetstream.purge_stream(STREAM)
        case "purge some":
            await jetstream.purge_stream(STREAM, seq=10)
        case "delete":
            await jetstream.delete_stream(STREAM)
        case "delete one":
            await jetstream.delete_msg(STREAM, 15)
    # What comes before the loss is noticed.
    await write_events(db, *channels, count=3)
    await published(db)
    await whole(db, own.stream, channels)
    await refilled(db, await count(db))


@pytest.mark.parametrize("is_made_anew", [False, True])
async def test_only_what_a_restored_stream_lacks_is_sent_again(
    db: Database, world: World, new_relay: NewRelay, own: Nats, is_made_anew: bool
) -> None:
    # As if the copy were older than what NATS remembers.
    config = StreamConfig(name=STREAM, subjects=["messaging.>"], duplicate_window=0.1)
    await own.stream.jetstream.add_stream(config)
    channels = [await world.channel() for _ in range(3)]
    relay = new_relay(nats=own.url)
    await relay.start()
    await write_events(db, *channels, count=30)
    await published(db)
    kept = len(await own.stream.stored(*channels))
    copy = own.server.copy()
    if is_made_anew:
        await own.stream.jetstream.delete_stream(STREAM)
        await whole(db, own.stream, channels)
    await write_events(db, *channels[:2], count=20)
    await published(db)
    await own.server.restore(copy)
    stored = await whole(db, own.stream, channels)
    assert doubled(stored) == 0
    assert [message.refill is None for message in stored] == [True] * kept + [False] * 40
    await write_events(db, *channels)
    await published(db)
    assert doubled(await whole(db, own.stream, channels)) == 0


@pytest.mark.parametrize(
    "limits", [{"max_msgs": 30}, {"max_bytes": 10_000}, {"max_msgs_per_subject": 5}, {"max_age": 1}]
)
async def test_what_the_stream_drops_by_its_limits_is_no_loss(
    db: Database, world: World, new_relay: NewRelay, own: Nats, limits: dict[str, Any]
) -> None:
    jetstream = own.stream.jetstream
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=["messaging.>"], duplicate_window=0.5, **limits))
    channel = await world.channel()
    relay = new_relay(nats=own.url)
    await relay.start()
    await write_events(db, channel, count=100)
    await published(db)

    async def dropped() -> bool:
        return (await jetstream.stream_info(STREAM)).state.messages < 50

    await eventually("the stream has dropped some", dropped)
    # The next relay looks as closely as one can.
    await relay.kill()
    await db.execute("DELETE FROM messaging.event_stream")
    await relay.start()
    await relay.publishes()
    await write_events(db, channel)
    await published(db)
    assert not await db.value("SELECT count(*) FROM messaging.refills")
    metrics = await relay.metrics()
    assert (metrics["refills_total"], metrics["republished_total"]) == (0, 0)


async def test_a_relay_that_dies_while_it_fills_leaves_the_rest_to_the_next_one(
    db: Database, world: World, new_relay: NewRelay, own: Nats
) -> None:
    channels = [await world.channel() for _ in range(40)]
    await write_events(db, *channels, count=50)
    first = new_relay(nats=own.url)
    await first.start()
    await published(db)
    await first.kill()
    await own.stream.jetstream.purge_stream(STREAM)
    async with Proxy(own.url, 0.02).open() as slow:
        relay = new_relay(nats=slow)
        await relay.start()

        async def has_begun() -> bool:
            return (await own.stream.jetstream.stream_info(STREAM)).state.messages > 200

        await eventually("the refill has begun", has_begun)
        await relay.kill()
    assert await db.value("SELECT count(*) FROM messaging.refills") > 0
    await write_events(db, *channels)
    await first.start()
    await published(db)
    stored = await whole(db, own.stream, channels)
    assert doubled(stored) == 0
    assert len({message.refill for message in stored}) == 2, "one generation, and what is new"


async def test_the_order_holds_when_the_stream_has_some_of_it_already(
    db: Database, world: World, new_relay: NewRelay, own: Nats
) -> None:
    channels = [await world.channel() for _ in range(2)]
    relay = new_relay(nats=own.url)
    await write_events(db, *channels, count=5)
    await relay.start()
    await published(db)
    await relay.kill()
    await own.stream.jetstream.purge_stream(STREAM)
    # As a publisher leaves it that dies when the stream has this much of one channel and nothing of the other.
    sql = "SELECT id, channel_id, subject, payload::text FROM public.outbox WHERE subject LIKE 'messaging.%' ORDER BY seq, id"
    rows = await db.rows(sql)
    begun = [row for row in rows if row["channel_id"] == rows[0]["channel_id"]][:4]
    for row in begun:
        headers = {"Nats-Msg-Id": f"{row['id']}.7", "Daarion-Refill": "7"}
        await own.stream.jetstream.publish(row["subject"], row["payload"].encode(), headers=headers)
    await db.execute(
        "INSERT INTO messaging.refills (channel_id, seq, generation) SELECT unnest($1::uuid[]), 1, 7",
        [channel.id for channel in channels],
    )
    await relay.start()
    await whole(db, own.stream, channels)
    await refilled(db, len(rows))


async def test_what_nobody_noted_is_found_although_nats_remembers_it_no_more(
    db: Database, world: World, new_relay: NewRelay, own: Nats
) -> None:
    config = StreamConfig(name=STREAM, subjects=["messaging.>"], duplicate_window=0.1)
    await own.stream.jetstream.add_stream(config)
    channels = [await world.channel() for _ in range(3)]
    relay = new_relay(nats=own.url)
    await write_events(db, *channels, count=20)
    await relay.start()
    await published(db)
    await relay.kill()
    # As after a crash between the acknowledgements and their note.
    await db.execute("UPDATE public.outbox SET published_at = NULL, stream_seq = NULL WHERE stream_seq > 30")
    await db.execute("UPDATE messaging.event_stream SET last_seq = 0")
    await write_events(db, *channels)
    await relay.start()
    await published(db)
    assert doubled(await whole(db, own.stream, channels)) == 0
    assert (await relay.metrics())["published_total"] == 3
