"""A database that was restored from a copy gives ids again: every new event is in the stream all the same."""

from __future__ import annotations

import nats

from harness.database import Database
from harness.stream import Stream, all_published, write_events
from harness.world import World
from relay.conftest import NewRelay
from support.waiting import eventually

ID = "pg_get_serial_sequence('public.outbox', 'id')"


async def published(db: Database) -> None:
    await eventually("everything is published", lambda: all_published(db), deadline=20)


async def newest_id(db: Database) -> int:
    return await db.value(f"SELECT pg_sequence_last_value({ID})")


async def restored(db: Database, numbers: dict[str, int], newest: int) -> None:
    """As the database was when the outbox's newest row was that one."""
    await db.execute("DELETE FROM public.outbox WHERE id > $1", newest)
    await db.execute("UPDATE messaging.event_stream SET last_seq = (SELECT max(stream_seq) FROM public.outbox)")
    for channel, seq in numbers.items():
        await db.execute("UPDATE public.channels SET last_seq = $2 WHERE id = $1::text::uuid", channel, seq)
    await db.execute(f"SELECT setval({ID}, {newest})")


async def test_new_events_with_ids_of_before_reach_the_stream(
    db: Database, world: World, new_relay: NewRelay, nats_url: str
) -> None:
    client = await nats.connect(nats_url)
    stream = Stream(client)
    channels = [await world.channel() for _ in range(2)]
    relay = new_relay()
    await relay.start()
    await write_events(db, *channels, count=10)
    await published(db)
    newest = await newest_id(db)
    numbers = {str(row["id"]): row["last_seq"] for row in await db.rows("SELECT id, last_seq FROM public.channels")}
    await write_events(db, *channels, count=5)
    await published(db)
    lost_to = await newest_id(db)
    await relay.kill()
    await restored(db, numbers, newest)
    # Some are there before a relay sees it, some come later, some with ids that were not used.
    await write_events(db, *channels, count=2)
    await relay.start()
    await relay.publishes()
    await write_events(db, *channels, count=5)
    await published(db)
    stored = await stream.stored(*channels)
    rows = await db.rows("SELECT id, event_id::text FROM public.outbox WHERE subject LIKE 'messaging.%'")
    ids = {row["event_id"]: row["id"] for row in rows}
    held = {message.payload["event_id"]: message for message in stored}
    assert ids.keys() <= held.keys(), "every event that the database has is in the stream"
    assert len(stored) == len(held), "and none is there twice"
    again = [held[event] for event, id in ids.items() if newest < id <= lost_to]
    [generation] = {message.message_id.partition(".")[2] for message in again}
    assert len(again) == 10 and generation.isdecimal()
    others = [held[event].message_id for event, id in ids.items() if not newest < id <= lost_to]
    assert not [message_id for message_id in others if "." in message_id]
    assert (await relay.metrics())["database_restores_total"] == 1
    assert "restored from a copy" in relay.output()
    # The next one knows it already.
    await relay.kill()
    await relay.start()
    await write_events(db, *channels)
    await published(db)
    assert (await relay.metrics())["database_restores_total"] == 0
    assert len(await stream.stored(*channels)) == len(stored) + 2
    await client.close()
