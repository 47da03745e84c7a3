"""What people do in their Matrix client while things fail around them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from soak.cast import Cast, Known, Place
from soak.doing import Doer
from soak.ledger import Act
from soak.load import EMOJI, Actor, Doing
from support.matrix_client import MatrixClient


class InElement(Actor):
    """Somebody who knows the rooms and nothing of the API."""

    def __init__(self, doer: Doer, cast: Cast, client: MatrixClient, name: str, seed: int):
        super().__init__(doer, cast, client.id, name, seed)
        self.client = client
        self.mine: list[tuple[Place, str]] = []
        self.reactions: list[tuple[Place, str]] = []

    @property
    def deeds(self) -> dict[Doing, int]:
        return {
            self.say: 50,
            self.edit: 10,
            self.redact: 4,
            self.react: 14,
            self.take_back: 6,
            self.join: 10,
            self.leave: 3,
        }

    async def in_matrix(self, kind: str, place: Place, method: str, path: str, body: Any, **about: Any) -> Act:
        act = self.doer.ledger.begin(self.who, kind, place.id, **about)
        room = f"rooms/{quote(place.room, safe='')}/{path}"
        return await self.doer.in_matrix(act, self.client, method, room, body)

    async def send(self, kind: str, place: Place, event_type: str, content: dict[str, Any], **about: Any) -> Act:
        # The transaction id makes every retry one event.
        return await self.in_matrix(kind, place, "PUT", f"send/{event_type}/{self.key()}", content, **about)

    async def say(self) -> Act:
        place, text = self.place(), self.text()
        act = await self.send("say", place, "m.room.message", {"msgtype": "m.text", "body": text}, text=text)
        if act.done:
            self.mine.append((place, act.body["event_id"]))
        return act

    async def edit(self) -> Act | None:
        if not self.mine:
            return None
        place, event = self.random.choice(self.mine[-20:])
        text = self.text()
        content = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        }
        return await self.send("matrix-edit", place, "m.room.message", content, event=event, text=text)

    async def redact(self) -> Act | None:
        if not self.mine:
            return None
        place, event = self.mine.pop(self.random.randrange(len(self.mine)))
        return await self._redact("redact", place, event)

    async def react(self) -> Act | None:
        place = self.place()
        known = self._seen(place)
        if known is None:
            return None
        relation = {"rel_type": "m.annotation", "event_id": known, "key": self.random.choice(EMOJI)}
        act = await self.send("matrix-react", place, "m.reaction", {"m.relates_to": relation}, event=known)
        if act.done:
            self.reactions.append((place, act.body["event_id"]))
        return act

    async def take_back(self) -> Act | None:
        if not self.reactions:
            return None
        place, event = self.reactions.pop(self.random.randrange(len(self.reactions)))
        return await self._redact("matrix-unreact", place, event)

    async def join(self) -> Act:
        place = self.place()
        return await self.in_matrix("matrix-join", place, "POST", "join", {}, member=self.who)

    async def leave(self) -> Act:
        place = self.place()
        return await self.in_matrix("matrix-leave", place, "POST", "leave", {}, member=self.who)

    async def _redact(self, kind: str, place: Place, event: str) -> Act:
        path = f"redact/{quote(event, safe='')}/{self.key()}"
        return await self.in_matrix(kind, place, "PUT", path, {}, event=event)

    def _seen(self, place: Place) -> str | None:
        """Somebody's message, or one of their own that the API may not know of yet."""
        own = [event for where, event in self.mine if where is place]
        known: Known | None = self.recent(place)
        seen = own[-5:] + ([known.event] if known else [])
        return self.random.choice(seen) if seen else None
