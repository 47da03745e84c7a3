"""What people and agents do through the API while things fail around them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from soak.cast import Cast, Known, Place, place_of
from soak.doing import Doer
from soak.ledger import Act
from support.api import CHANNELS, Agent, Caller, member_path, path_to, reaction_path

EMOJI = ("👍", "🎉", "🚀", "👀")
# Of a channel's messages, those to which people still react.
RECENT = 30
# The pause between two acts of one person, in seconds.
PAUSE = (0.05, 0.6)
# More than the index keeps of a text.
LONG = 700

Doing = Callable[[], Awaitable[Act | None]]


class Actor:
    """Somebody who does one thing after the other, drawn from a source of their own."""

    def __init__(self, doer: Doer, cast: Cast, who: str, name: str, seed: int):
        self.doer = doer
        self.cast = cast
        self.who = who
        self.name = name
        self.seed = seed
        self.random = random.Random(f"{seed} {name}")
        self.count = 0

    @property
    def deeds(self) -> dict[Doing, int]:
        """What they do, and how often."""
        raise NotImplementedError

    async def act_until(self, stop: asyncio.Event) -> None:
        deeds = self.deeds
        while not stop.is_set():
            (deed,) = self.random.choices(list(deeds), list(deeds.values()))
            await deed()
            await asyncio.sleep(self.random.uniform(*PAUSE))

    def key(self) -> str:
        self.count += 1
        return f"soak-{self.seed}-{self.name}-{self.count}"

    def text(self) -> str:
        """A text that nobody else says, now and then a long one."""
        text = self.key()
        return text + " " + "x" * LONG if self.random.random() < 0.05 else text

    def place(self) -> Place:
        return self.random.choice(self.cast.groups)

    def recent(self, place: Place) -> Known | None:
        return self.random.choice(place.messages[-RECENT:]) if place.messages else None


class Talker(Actor):
    """Somebody who talks through the API."""

    def __init__(self, doer: Doer, cast: Cast, caller: Caller, name: str, seed: int):
        super().__init__(doer, cast, caller.id, name, seed)
        self.caller = caller
        self.mine: list[tuple[Place, Known]] = []
        self.reactions: list[tuple[Place, Known, str]] = []

    @property
    def deeds(self) -> dict[Doing, int]:
        return {
            self.send: 50,
            self.edit: 10,
            self.delete: 4,
            self.react: 14,
            self.unreact: 6,
            self.join: 6,
            self.leave: 3,
        }

    def place(self) -> Place:
        both = {self.cast.owner.id, self.cast.users[0].id}
        return self.random.choice(self.cast.places if self.who in both else self.cast.groups)

    async def through_api(self, kind: str, place: Place, method: str, path: str, body: Any = None, **about: Any) -> Act:
        act = self.doer.ledger.begin(self.who, kind, place.id, self.key(), **about)
        return await self.doer.through_api(act, self.caller, method, path, body)

    async def send(self) -> Act:
        place, text = self.place(), self.text()
        parent = self.recent(place) if self.random.random() < 0.2 else None
        relation = self.random.choice(("reply_to", "thread_id"))
        body = {"text": text} | ({relation: parent.id} if parent else {})
        act = await self.through_api("send", place, "POST", f"{path_to(place.id)}/messages", body, text=text)
        if act.done:
            known = Known(act.body["id"], act.body["matrix_event_id"], self.who)
            place.messages.append(known)
            self.mine.append((place, known))
        return act

    async def edit(self) -> Act | None:
        if not self.mine:
            return None
        place, known = self.random.choice(self.mine[-RECENT:])
        text = self.text()
        about = {"message": known.id, "text": text}
        return await self.through_api("edit", place, "PATCH", path_to(place.id, known.id), {"text": text}, **about)

    async def delete(self) -> Act | None:
        if not self.mine:
            return None
        place, known = self.mine.pop(self.random.randrange(len(self.mine)))
        return await self.through_api("delete", place, "DELETE", path_to(place.id, known.id), message=known.id)

    async def react(self) -> Act | None:
        place = self.place()
        known = self.recent(place)
        if known is None:
            return None
        emoji = self.random.choice(EMOJI)
        path = reaction_path({"channel_id": place.id, "id": known.id}, emoji)
        act = await self.through_api("react", place, "PUT", path, message=known.id, emoji=emoji)
        if act.done:
            self.reactions.append((place, known, emoji))
        return act

    async def unreact(self) -> Act | None:
        if not self.reactions:
            return None
        place, known, emoji = self.reactions.pop(self.random.randrange(len(self.reactions)))
        path = reaction_path({"channel_id": place.id, "id": known.id}, emoji)
        return await self.through_api("unreact", place, "DELETE", path, message=known.id, emoji=emoji)

    async def join(self) -> Act:
        place = self.random.choice(self.cast.groups)
        return await self.through_api("join", place, "PUT", member_path(place.id), member=self.who)

    async def leave(self) -> Act:
        place = self.random.choice(self.cast.groups)
        return await self.through_api("leave", place, "DELETE", member_path(place.id), member=self.who)


class Owner(Talker):
    """The one who made the channels and manages them."""

    @property
    def deeds(self) -> dict[Doing, int]:
        more = {self.invite: 12, self.kick: 6, self.rename: 5, self.set_topic: 5, self.change_role: 5, self.create: 1}
        talk = {deed: weight for deed, weight in super().deeds.items() if deed not in (self.leave, self.join)}
        return talk | more

    def other(self, place: Place) -> str:
        others = [*self.cast.users, *self.cast.agents, *self.cast.people]
        return self.random.choice(others).id

    async def invite(self) -> Act:
        place = self.random.choice(self.cast.groups)
        member = self.other(place)
        path = f"{path_to(place.id)}/members"
        return await self.through_api("invite", place, "POST", path, {"member_id": member}, member=member)

    async def kick(self) -> Act:
        place = self.random.choice(self.cast.groups)
        member = self.other(place)
        return await self.through_api("kick", place, "DELETE", member_path(place.id, member), member=member)

    async def change_role(self) -> Act:
        place = self.random.choice(self.cast.groups)
        member, role = self.random.choice(self.cast.users).id, self.random.choice(["admin", "member"])
        body = {"role": role}
        return await self.through_api(
            "role", place, "PATCH", member_path(place.id, member), body, member=member, role=role
        )

    async def rename(self) -> Act:
        place, name = self.random.choice(self.cast.groups), self.key()
        return await self.through_api("rename", place, "PATCH", path_to(place.id), {"name": name}, name=name)

    async def set_topic(self) -> Act:
        place, topic = self.random.choice(self.cast.groups), self.key()
        return await self.through_api("topic", place, "PATCH", path_to(place.id), {"topic": topic}, topic=topic)

    async def create(self) -> Act:
        fields = self.cast.world.fields(visibility=self.random.choice(["public", "microdao", "private"]))
        act = self.doer.ledger.begin(self.who, "create", "", self.key(), slug=fields["slug"])
        act = await self.doer.through_api(act, self.caller, "POST", CHANNELS, fields)
        if act.done:
            act.channel = act.body["id"]
            self.cast.places.append(place_of(act.body))
        return act


class Posting(Actor):
    """An agent, for whom the agent runtime posts."""

    def __init__(self, doer: Doer, cast: Cast, agent: Agent, name: str, seed: int):
        super().__init__(doer, cast, agent.id, name, seed)
        self.agent = agent

    @property
    def deeds(self) -> dict[Doing, int]:
        return {self.post: 1}

    async def post(self) -> Act:
        place, text = self.place(), self.text()
        act = self.doer.ledger.begin(self.who, "post", place.id, self.key(), text=text)
        body = {"channel_id": place.id, "text": text}
        path = f"/internal/agents/{self.agent.id}/post-to-channel"
        return await self.doer.through_api(act, self.agent, "POST", path, body)
