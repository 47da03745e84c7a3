"""A consumer of the JetStream stream, as an agent has one, and all that it was given."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from support.journal import STREAM
from support.stack import Stack

NAME = "soak"
BATCH = 100
AWAY = (NatsError, OSError)


@dataclass(frozen=True)
class Delivered:
    """One event as NATS gave it."""

    place: int
    message_id: str
    # The generation, when the event was published again.
    refill: str | None
    subject: str
    payload: dict[str, Any]

    @property
    def channel(self) -> str:
        return self.payload["channel_id"]

    @property
    def seq(self) -> int:
        return self.payload["seq"]

    @property
    def event_id(self) -> str:
        return self.payload["event_id"]


async def connect(stack: Stack) -> Client:
    async def quiet(error: Exception) -> None:
        """NATS dies here every minute; the caller sees what failed."""

    assert stack.nats_url
    options: dict[str, Any] = {"connect_timeout": 5, "max_reconnect_attempts": -1, "reconnect_time_wait": 0.2}
    return await nats.connect(stack.nats_url, error_cb=quiet, **options)


def delivered(message: Msg) -> Delivered:
    headers = message.headers or {}
    message_id, refill = headers.get("Nats-Msg-Id", ""), headers.get("Daarion-Refill")
    place = message.metadata.sequence.stream
    return Delivered(place, message_id, refill, message.subject, json.loads(message.data))


class Consumer:
    """Pulls and acknowledges; begins anew with a stream that was made again."""

    def __init__(self, client: Client):
        self.client = client
        self.jetstream = client.jetstream(timeout=5)
        self.events: list[Delivered] = []
        # How often the stream, and with it the consumer, was gone.
        self.beginnings = 0
        self._known: set[tuple[int, int, str]] = set()

    async def consume_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(*AWAY):
                await self._consume(stop)
            await asyncio.sleep(0.3)

    async def _consume(self, stop: asyncio.Event) -> None:
        try:
            await self.jetstream.consumer_info(STREAM, NAME)
        except NotFoundError:
            config = ConsumerConfig(
                durable_name=NAME,
                filter_subject="messaging.>",
                ack_policy=AckPolicy.EXPLICIT,
                deliver_policy=DeliverPolicy.ALL,
                # In order, as one who keeps state has it.
                max_ack_pending=BATCH,
                ack_wait=10,
            )
            await self.jetstream.add_consumer(STREAM, config)
            self.beginnings += 1
        pull = await self.jetstream.pull_subscribe_bind(NAME, STREAM)
        try:
            while not stop.is_set():
                try:
                    messages = await pull.fetch(BATCH, timeout=1)
                except NatsTimeout:
                    # Nothing new; or nobody is there any more.
                    await self.jetstream.consumer_info(STREAM, NAME)
                    continue
                for message in messages:
                    event = delivered(message)
                    # What was given before and not acknowledged comes again under the same place, which another one may
                    # have when NATS has forgotten its last seconds.
                    given = (self.beginnings, event.place, event.message_id)
                    if given not in self._known:
                        self._known.add(given)
                        self.events.append(event)
                    await message.ack()
        finally:
            with suppress(Exception):
                await pull.unsubscribe()


async def everything(client: Client) -> list[Delivered]:
    """The whole stream from its beginning."""
    jetstream = client.jetstream(timeout=20)
    subscription = await jetstream.subscribe("messaging.>", stream=STREAM, ordered_consumer=True)
    try:
        last = (await jetstream.stream_info(STREAM)).state.last_seq
        events: list[Delivered] = []
        if (await jetstream.stream_info(STREAM)).state.messages == 0:
            return events
        while not events or events[-1].place < last:
            events.append(delivered(await subscription.next_msg(timeout=20)))
        return events
    finally:
        await subscription.unsubscribe()
