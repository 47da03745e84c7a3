"""What is really on NATS: the events in the stream, and what is announced beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NotFoundError, ServiceUnavailableError

from support import received
from support.api import Caller
from support.stack import Stack
from support.waiting import PATIENCE, eventually

STREAM = "MESSAGING"
# While NATS restarts, all of these mean: not yet.
AWAY = (ConnectionClosedError, NoRespondersError, NatsTimeout, ServiceUnavailableError, OSError)


@dataclass(frozen=True)
class Event:
    """One event of the stream."""

    place: int
    subject: str
    payload: dict[str, Any]
    message_id: str | None

    @property
    def seq(self) -> int:
        return self.payload["seq"]

    @property
    def kind(self) -> str:
        """The subject without the stream's prefix, as WebSocket frames have it."""
        return self.subject.removeprefix("messaging.")


async def connect(stack: Stack) -> Client:
    stack.need("nats_url")
    return await nats.connect(stack.nats_url, connect_timeout=30, max_reconnect_attempts=-1, reconnect_time_wait=0.2)


async def announcements(client: Client, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """A list that grows with every announcement under a subject outside the stream: subject and payload."""
    heard: list[tuple[str, dict[str, Any]]] = []

    async def hear(message: Msg) -> None:
        payload = json.loads(message.data)
        received.keep(message.subject, payload)
        heard.append((message.subject, payload))

    await client.subscribe(subject, cb=hear)
    await client.flush()
    return heard


class Journal:
    """Reads the JetStream stream from where it ended when the test began."""

    def __init__(self, client: Client):
        self.client = client
        self.jetstream = client.jetstream(timeout=5)
        self.next = 1
        self.seen: list[Event] = []

    async def open(self) -> Journal:
        async def end() -> int:
            try:
                return (await self.jetstream.stream_info(STREAM)).state.last_seq + 1
            except NotFoundError:
                return 1

        self.next = await eventually("the stream says where it ends", end, retry=AWAY)
        return self

    async def _read(self) -> None:
        """One by one, by place in the stream: no consumer, so nothing can be lost between two reads."""
        while True:
            try:
                found = await self.jetstream.get_msg(STREAM, seq=self.next, subject="messaging.>", next=True)
            except NotFoundError:
                # The end; or there is no stream yet.
                return
            assert found.seq and found.subject and found.data
            message_id = (found.headers or {}).get("Nats-Msg-Id")
            event = Event(found.seq, found.subject, json.loads(found.data), message_id)
            received.keep(event.subject, event.payload)
            self.seen.append(event)
            self.next = found.seq + 1

    async def of(self, channel: str) -> list[Event]:
        """The channel's events so far, in the stream's order."""
        await self._read()
        return [event for event in self.seen if event.payload.get("channel_id") == channel]

    async def until(self, channel: str, seq: int, deadline: float = PATIENCE) -> list[Event]:
        """The channel's events once number `seq` is there: each one once, in order, from 1, without a gap."""

        async def arrived() -> list[Event]:
            events = await self.of(channel)
            return events if any(event.seq >= seq for event in events) else []

        events = await eventually(f"event {seq} in JetStream", arrived, deadline=deadline, retry=AWAY)
        numbers = [event.seq for event in events]
        assert numbers == list(range(1, len(events) + 1)), f"the channel's events in JetStream: {numbers}"
        return events

    async def so_far(self, member: Caller, channel: str) -> list[Event]:
        """The channel's events so far; a member sends a message to mark the end, which is not among them."""
        last = await member.send(channel, "that was all")
        events = await self.until(channel, last["seq"])
        return [event for event in events if event.seq < last["seq"]]

    async def created(self, channel: str, message: dict[str, Any]) -> list[Event]:
        """The messaging.message.created of a message; everything before it in the channel is there, too."""
        events = await self.until(channel, message["seq"])
        return [
            e for e in events if e.subject == "messaging.message.created" and e.payload["message_id"] == message["id"]
        ]
