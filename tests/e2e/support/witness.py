"""What an act has caused, on every way out: the same events in the outbox, in JetStream and on the WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from support.api import Caller, World
from support.element import Element, element
from support.index import Index
from support.journal import Event, Journal
from support.rooms import Rooms
from support.sockets import Listen
from support.waiting import eventually

# Whoever marks the end of what the homeserver has to tell, and their room; one for all tests of a deployment.
_markers: dict[str, tuple[Element, str]] = {}


async def quiet(world: World, rooms: Rooms, index: Index) -> None:
    """Waits until the homeserver has pushed everything that has happened so far, and it is dealt with.

    It pushes a room's events in order, but may change the order of rooms among what it reads at once. So a second
    mark is set after the first has come: by then, all that was there before the first is in front of it.
    """
    if world.stack.api_url not in _markers:
        microdao = world.other_microdao("marker")
        caller = world.member_of("marker", microdao)
        channel = await world.channel(caller, microdao_id=microdao)
        _markers[world.stack.api_url] = (await element(rooms, caller), channel["matrix_room_id"])
    marker, room = _markers[world.stack.api_url]
    for _ in range(2):
        event = await marker.say(room, "So far")

        async def indexed(event: str = event) -> bool:
            return await index.value("SELECT count(*) FROM messages WHERE matrix_event_id = $1", event) == 1

        await eventually("the homeserver has told everything", indexed)


@dataclass
class Told:
    """What was told of an act."""

    events: list[Event] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    # Type, who, whom.
    audit: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


class Witness:
    """Sees every event of a channel, from wherever it may be seen."""

    def __init__(self, world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen):
        self.world = world
        self.rooms = rooms
        self.index = index
        self.journal = journal
        self.listen = listen

    async def quiet(self) -> None:
        await quiet(self.world, self.rooms, self.index)

    async def _audit(self, channel: str) -> dict[str, tuple[str, str | None, str | None]]:
        rows = await self.index.rows(
            "SELECT id::text, event_type, actor_id, target_id FROM channel_events "
            "WHERE channel_id = $1::text::uuid ORDER BY created_at, event_type",
            channel,
        )
        return {row["id"]: (row["event_type"], row["actor_id"], row["target_id"]) for row in rows}

    @asynccontextmanager
    async def watch(self, channel: dict[str, Any], reader: Caller) -> AsyncIterator[Told]:
        """Collects what is caused inside, our own echoes included, and checks that every way out tells the same."""
        name = channel["id"]
        await self.quiet()
        before, audited = await self.index.last_seq(name), await self._audit(name)
        told = Told()
        async with self.listen(name, reader, since_seq=before) as socket:
            yield told
            await self.quiet()
            last = await self.index.last_seq(name)
            if last > before:
                told.events = [event for event in await self.journal.until(name, last) if event.seq > before]
                await socket.until(last)
            told.frames = socket.events
            told.audit = [row for key, row in (await self._audit(name)).items() if key not in audited]
        rows = [row for row in await self.index.outbox(name) if row["seq"] > before]
        assert [(row["seq"], row["subject"]) for row in rows] == [(e.seq, e.subject) for e in told.events]
        assert [(f["seq"], f["type"]) for f in told.frames] == [(e.seq, e.kind) for e in told.events]
        for event in told.events:
            ours = {"channel_id": name, "microdao_id": channel["microdao_id"]}
            assert event.payload | ours == event.payload
