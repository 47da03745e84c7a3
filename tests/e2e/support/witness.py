"""What an act causes, on every way out: the same events in the outbox, in JetStream and on the WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from support.api import Caller, World
from support.index import Act, Index
from support.journal import Event, Journal
from support.matrix_client import MatrixClient, matrix_client
from support.rooms import Rooms
from support.sockets import Listen
from support.waiting import eventually

# By the API's address: the client that marks the end of what the homeserver has to push, and its room.
_markers: dict[str, tuple[MatrixClient, str]] = {}


@dataclass
class Observed:
    """What was observed of an act."""

    events: list[Event] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    audit: list[Act] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


class Witness:
    """Observes every event of a channel, wherever it may be seen."""

    def __init__(self, world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen):
        self.world = world
        self.rooms = rooms
        self.index = index
        self.journal = journal
        self.listen = listen

    async def settle(self) -> None:
        """Waits until the homeserver has pushed everything that has happened so far, and it is dealt with.

        It pushes a room's events in order, but may change the order of rooms among what it reads at once. So a second
        mark is set after the first has come: by then, all that was there before the first is in front of it.
        """
        marker, room = await self._marker()
        for _ in range(2):
            event = await marker.say(room, "So far")

            async def indexed(event: str = event) -> bool:
                sql = "SELECT count(*) FROM public.messages WHERE matrix_event_id = $1"
                return await self.index.value(sql, event) == 1

            await eventually("the homeserver has pushed everything", indexed)

    async def _marker(self) -> tuple[MatrixClient, str]:
        address = self.world.stack.api_url
        if address not in _markers:
            microdao = self.world.other_microdao("marker")
            caller = self.world.member_of("marker", microdao)
            channel = await self.world.channel(caller, microdao_id=microdao)
            _markers[address] = (await matrix_client(self.rooms, caller), channel["matrix_room_id"])
        return _markers[address]

    @asynccontextmanager
    async def watch(self, channel: dict[str, Any], reader: Caller) -> AsyncIterator[Observed]:
        """Collects what the block causes, our own echoes included, and checks that every way out shows the same."""
        name = channel["id"]
        await self.settle()
        before, audited = await self.index.last_seq(name), await self.index.audit(name)
        observed = Observed()
        async with self.listen(name, reader, since_seq=before) as socket:
            yield observed
            await self.settle()
            last = await self.index.last_seq(name)
            if last > before:
                observed.events = [event for event in await self.journal.until(name, last) if event.seq > before]
                await socket.until(last)
            observed.frames = socket.events
            observed.audit = [act for row, act in (await self.index.audit(name)).items() if row not in audited]
        rows = [row for row in await self.index.outbox(name) if row["seq"] > before]
        assert [(row["seq"], row["subject"]) for row in rows] == [(e.seq, e.subject) for e in observed.events]
        assert [(f["seq"], f["type"]) for f in observed.frames] == [(e.seq, e.kind) for e in observed.events]
        for event in observed.events:
            ours = {"channel_id": name, "microdao_id": channel["microdao_id"]}
            assert event.payload | ours == event.payload
