"""What goes on in a channel, in an order that a seed decides: messages, edits, deletions, reactions, members, names."""

from __future__ import annotations

import random
from typing import Any

from support.api import CHANNELS, Caller, World, member_path, path_to, reaction_path

EMOJIS = ["👍", "🎉", "🦔"]
ACTS = {
    "send": 10,
    "edit": 4,
    "delete": 2,
    "react": 5,
    "take_back": 2,
    "invite": 2,
    "remove": 1,
    "promote": 2,
    "rename": 1,
}


class Life:
    """A channel in which things happen."""

    def __init__(self, world: World, owner: Caller, channel: dict[str, Any], seed: int):
        self.world = world
        self.owner = owner
        self.channel = channel
        self.choice = random.Random(seed)
        self.messages: list[dict[str, Any]] = []
        self.guests: list[Caller] = []
        self.reactions: list[tuple[Caller, dict[str, Any], str]] = []
        self.count = 0

    async def goes_on(self) -> None:
        """One more thing happens."""
        self.count += 1
        [act] = self.choice.choices(list(ACTS), list(ACTS.values()))
        await getattr(self, act)()

    async def send(self) -> None:
        self.messages.append(await self.owner.send(self.channel["id"], f"message {self.count}"))

    async def edit(self) -> None:
        if not self.messages:
            return
        path = self._path(self.choice.choice(self.messages))
        response = await self.owner.patch(path, {"text": f"edited in step {self.count}"})
        assert response.status_code == 200, response.text

    async def delete(self) -> None:
        if not self.messages:
            return
        gone = self.messages.pop(self.choice.randrange(len(self.messages)))
        self.reactions = [reaction for reaction in self.reactions if reaction[1]["id"] != gone["id"]]
        response = await self.owner.delete(self._path(gone))
        assert response.status_code == 204, response.text

    async def react(self) -> None:
        if not self.messages:
            return
        who = self.choice.choice([self.owner, *self.guests])
        message, emoji = self.choice.choice(self.messages), self.choice.choice(EMOJIS)
        response = await who.put(reaction_path(message, emoji))
        assert response.is_success, response.text
        self.reactions.append((who, message, emoji))

    async def take_back(self) -> None:
        if not self.reactions:
            return
        who, message, emoji = self.reactions.pop(self.choice.randrange(len(self.reactions)))
        response = await who.delete(reaction_path(message, emoji))
        assert response.is_success, response.text

    async def invite(self) -> None:
        guest = self.world.member_of(f"guest-{self.count}", self.world.microdao)
        await self.owner.invite(self.channel["id"], guest.id)
        self.guests.append(guest)

    async def remove(self) -> None:
        if not self.guests:
            return
        gone = self.guests.pop(self.choice.randrange(len(self.guests)))
        self.reactions = [reaction for reaction in self.reactions if reaction[0] is not gone]
        await self.owner.remove(self.channel["id"], gone.id)

    async def promote(self) -> None:
        if not self.guests:
            return
        path = member_path(self.channel["id"], self.choice.choice(self.guests).id)
        response = await self.owner.patch(path, {"role": self.choice.choice(["admin", "member", "guest"])})
        assert response.status_code == 200, response.text

    async def rename(self) -> None:
        response = await self.owner.patch(f"{CHANNELS}/{self.channel['id']}", {"name": f"Name {self.count}"})
        assert response.status_code == 200, response.text

    def _path(self, message: dict[str, Any]) -> str:
        return path_to(self.channel["id"], message["id"])
