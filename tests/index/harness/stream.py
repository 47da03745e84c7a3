"""Events in the outbox without the acts that lead to them, and what NATS has of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import nats
from nats.js import JetStreamContext

from harness.database import Database
from harness.world import Channel

STREAM = "MESSAGING"

# Events behind the channel's last one, with its envelope and this much text, which the frames of messages show.
EVENTS = """
WITH ch AS (
    UPDATE public.channels SET last_seq = last_seq + $2 WHERE id = ANY ($1::uuid[])
    RETURNING id, microdao_id, last_seq - $2 AS before
), event AS (
    SELECT gen_random_uuid() AS event_id, ch.id, ch.microdao_id, ch.before + n AS seq FROM ch, generate_series(1, $2) n
)
INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, payload, published_at)
SELECT event_id, id, microdao_id, seq, $3, jsonb_build_object('event_id', event_id, 'channel_id', id,
    'microdao_id', microdao_id, 'seq', seq, CASE WHEN $3 LIKE 'messaging.message.%' THEN 'message' ELSE 'content' END,
    repeat('x', $4)), CASE WHEN $5 THEN now() END
FROM event ORDER BY seq, id
"""


@dataclass(frozen=True)
class Stored:
    """A message of the stream."""

    place: int
    message_id: str
    # The generation, when the event was sent again.
    refill: str | None
    left_out: str | None
    channel_id: str
    seq: int
    payload: dict[str, Any]


async def write_events(
    db: Database,
    *channels: Channel,
    count: int = 1,
    subject: str = "messaging.channel.updated",
    text: int = 0,
    published: bool = False,
) -> None:
    """Writes events of these channels, `count` of each, with the numbers that come next."""
    await db.execute(EVENTS, [channel.id for channel in channels], count, subject, text, published)
    await db.execute("NOTIFY outbox")


async def all_published(db: Database) -> bool:
    return await db.value("SELECT NOT EXISTS (SELECT FROM public.outbox WHERE published_at IS NULL)")


class Stream:
    """The stream as a consumer finds it."""

    def __init__(self, client: nats.NATS):
        self.jetstream: JetStreamContext = client.jetstream()

    async def stored(self, *channels: Channel) -> list[Stored]:
        """Every message of these channels, in order."""
        ids = {str(channel.id) for channel in channels}
        return [message for message in await self._all() if message.channel_id in ids]

    async def _all(self) -> list[Stored]:
        state = (await self.jetstream.stream_info(STREAM)).state
        if not state.messages:
            return []
        subscription = await self.jetstream.subscribe("messaging.>", ordered_consumer=True, pending_msgs_limit=-1)
        found = []
        while not found or found[-1].place < state.last_seq:
            message = await subscription.next_msg(timeout=10)
            payload, headers = json.loads(message.data), message.headers or {}
            found.append(
                Stored(
                    message.metadata.sequence.stream,
                    headers.get("Nats-Msg-Id", ""),
                    headers.get("Daarion-Refill"),
                    headers.get("Daarion-Left-Out"),
                    payload["channel_id"],
                    payload["seq"],
                    payload,
                )
            )
        await subscription.unsubscribe()
        return found
