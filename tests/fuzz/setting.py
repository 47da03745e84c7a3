"""What the drawn requests are about: people, channels, messages, and what none of them may ever see."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from support.api import Caller, World, member_path, path_to, reaction_path, unique
from support.stack import Stack
from support.tokens import sign, token

# Archiving draws from channels of its own: otherwise all would soon be closed.
DOOMED = 8


@dataclass
class Setting:
    """Everything that a request may name; written by the run, read by the hooks."""

    seed: int
    # Headers by who sends them.
    identities: dict[str, dict[str, str]]
    service: dict[str, str]
    gateway: dict[str, str]
    microdaos: list[str]
    members: list[str]
    channels: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    doomed: list[str] = field(default_factory=list)
    # Channel and message.
    messages: list[tuple[str, str]] = field(default_factory=list)
    # A private channel of somebody who takes no part, and a word that stands in all of it.
    hidden: tuple[str, str] = ("", "")
    word: str = ""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Setting:
        return cls(**json.loads(path.read_text()))


class Hidden:
    """The channel that must stay as it is."""

    def __init__(self, owner: Caller, channel: dict[str, Any], message: dict[str, Any]):
        self.owner, self.channel, self.message = owner, channel, message

    async def state(self) -> list[Any]:
        """All that its owner sees of it."""
        path = path_to(self.channel["id"])
        of_message = path_to(self.channel["id"], self.message["id"])
        places = (path, f"{path}/messages?deleted=true", f"{path}/members", of_message, f"{of_message}/reactions")
        responses = [await self.owner.get(place) for place in places]
        assert all(response.status_code == 200 for response in responses), [r.text for r in responses]
        return [response.json() for response in responses]


async def prepare(stack: Stack, http: httpx.AsyncClient, seed: int) -> tuple[Setting, Hidden]:
    """Makes all of it through the API."""
    world = World(http, stack, True)
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    elsewhere = world.other_microdao("elsewhere")
    setting = Setting(
        seed=seed,
        identities=identities(world, alice, bob, elsewhere),
        service={"X-Internal-Service-Token": stack.internal_secret or ""},
        gateway={"X-Internal-Service-Token": stack.matrix_gateway_secret or ""},
        microdaos=[world.microdao, elsewhere],
        members=[alice.id, bob.id, sofia.id, world.user("carol").id],
    )
    for fields in ({}, {}, {"visibility": "microdao"}, {"visibility": "private"}, {"is_encrypted": True}):
        channel = await world.channel(alice, **fields)
        setting.channels.append(channel["id"])
        setting.rooms.append(channel["matrix_room_id"])
        await alice.invite(channel["id"], bob.id)
        await alice.invite(channel["id"], sofia.id)
        if not fields.get("is_encrypted"):
            setting.messages += await talk(alice, bob, channel["id"])
    direct = await alice.create(is_direct=True, members=[bob.id], microdao_id=world.microdao)
    setting.channels.append(direct["id"])
    setting.messages += await talk(alice, bob, direct["id"])
    closed = await world.channel(alice)
    setting.messages += await talk(alice, bob, closed["id"])
    setting.channels.append(closed["id"])
    response = await alice.delete(path_to(closed["id"]))
    assert response.status_code == 204, response.text
    setting.doomed = [(await world.channel(alice))["id"] for _ in range(DOOMED)]
    hidden = await hide(world, setting)
    return setting, hidden


def identities(world: World, alice: Caller, bob: Caller, elsewhere: str) -> dict[str, dict[str, str]]:
    """Those that count, and those that must not."""
    secret = world.secret()

    def bearer(text: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {text}"}

    claims = {"sub": alice.id, "exp": 4_000_000_000, "microdaos": [world.microdao]}
    return {
        "owner": {"X-User-Id": alice.id},
        "member": {"X-User-Id": bob.id},
        "newcomer": {"X-User-Id": world.user("dan").id},
        "owner by token": bearer(token(alice.id, secret, [world.microdao], lifetime=86_400)),
        "foreigner by token": bearer(token(world.user("eve").id, secret, [elsewhere], lifetime=86_400)),
        "agent by token": bearer(token(world.agent("max").id, secret, [world.microdao], lifetime=86_400)),
        "expired": bearer(token(alice.id, secret, [world.microdao], lifetime=-3600)),
        "unsigned": bearer(sign(claims, secret, {"alg": "none"})),
        "of another key": bearer(sign(claims, secret[::-1])),
        "refresh": bearer(sign(claims | {"type": "refresh"}, secret)),
        "no token at all": {"Authorization": "Bearer x"},
        "no name": {"X-User-Id": "nobody"},
        "nobody": {},
    }


async def talk(alice: Caller, bob: Caller, channel: str) -> list[tuple[str, str]]:
    """Messages of every kind: answered, answering, edited, reacted to, deleted."""
    said = [await alice.send(channel, f"Number {n}") for n in range(4)]
    said.append(await bob.send(channel, "An answer", reply_to=said[0]["id"]))
    assert (await alice.patch(path_to(channel, said[1]["id"]), {"text": "changed"})).status_code == 200
    assert (await bob.put(reaction_path(said[0], "x"))).status_code == 204
    assert (await alice.delete(path_to(channel, said[2]["id"]))).status_code == 204
    return [(channel, message["id"]) for message in said]


async def hide(world: World, setting: Setting) -> Hidden:
    """The channel that nobody among the identities may know of."""
    word = unique("hidden")
    microdao = world.other_microdao("hidden")
    owner = world.member_of("mallory", microdao)
    fields = {"microdao_id": microdao, "visibility": "private", "name": word, "slug": word, "topic": word}
    channel = await owner.create(**world.fields(**fields))
    message = await owner.send(channel["id"], word)
    assert (await owner.put(reaction_path(message, "x"))).status_code == 204
    assert (await owner.get(member_path(channel["id"]).rsplit("/", 1)[0])).status_code == 200
    setting.hidden, setting.word = (channel["id"], message["id"]), word
    return Hidden(owner, channel, message)
