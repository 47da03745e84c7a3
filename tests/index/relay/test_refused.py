"""An event that NATS refuses holds its own channel for a while, and nothing else; then it is set aside and counted."""

from __future__ import annotations

import nats

from harness.database import Database
from harness.services import nats_server
from harness.stream import Stream, all_published, write_events
from harness.world import World
from relay.conftest import NewRelay
from support.waiting import eventually

# An event with a number of so many digits, which cannot be left out.
REFUSED = """
WITH ch AS (UPDATE public.channels SET last_seq = last_seq + 1 WHERE id = $1 RETURNING *)
INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, personal, payload)
SELECT e, id, microdao_id, last_seq, 'messaging.channel.updated', '{}', jsonb_build_object('event_id', e,
    'channel_id', id, 'microdao_id', microdao_id, 'seq', last_seq, 'number', repeat('1', 8000)::numeric)
FROM ch, gen_random_uuid() e RETURNING id
"""


async def test_it_is_set_aside_and_the_rest_goes_on(db: Database, world: World, new_relay: NewRelay) -> None:
    channel, other = await world.channel(), await world.channel()
    async with nats_server(max_payload=4096) as url:
        client = await nats.connect(url)
        stream = Stream(client)
        relay = new_relay(nats=url)
        await relay.start()
        await relay.publishes()
        await write_events(db, channel)
        refused = await db.value(REFUSED, channel.id)
        await write_events(db, channel, other, count=3)

        async def other_is_published() -> bool:
            sql = "SELECT NOT EXISTS (SELECT FROM public.outbox WHERE published_at IS NULL AND channel_id = $1)"
            return await db.value(sql, other.id)

        await eventually("the other channel goes on", other_is_published)
        assert not await all_published(db)
        assert await db.value("SELECT set_aside_at IS NULL FROM public.outbox WHERE id = $1", refused), (
            "nobody waits for that"
        )

        async def aside() -> bool:
            sql = "SELECT set_aside_at IS NOT NULL AND personal IS NULL FROM public.outbox WHERE id = $1"
            return await db.value(sql, refused)

        await eventually("the event is set aside", aside, deadline=40)
        sql = "SELECT count(*) FROM public.outbox WHERE published_at IS NULL"
        assert await db.value(sql) == 1, "the channel goes on"
        numbers = [message.seq for message in await stream.stored(channel)]
        [hole] = set(range(1, numbers[-1] + 1)) - set(numbers)
        assert await db.value("SELECT seq FROM public.outbox WHERE id = $1", refused) == hole

        async def counted() -> bool:
            metrics = await relay.metrics()
            return (metrics["outbox_set_aside"], metrics["outbox_pending"], metrics["outbox_lag_seconds"]) == (1, 0, 0)

        await eventually("it is counted, and nothing waits", counted, deadline=15)
        assert (await relay.metrics())["publish_set_aside_total"] == 1
        await client.close()
