"""Who takes part, and where: made before the first fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from support.api import Agent, Caller, World, member_path
from support.matrix_client import MatrixClient
from support.person import register
from support.rooms import Rooms
from support.stack import Stack


@dataclass
class Known:
    """A message that somebody has seen in a channel."""

    id: str
    event: str
    sender: str


@dataclass
class Place:
    """A channel, and what the people in it know of it."""

    id: str
    room: str
    name: str
    visibility: str
    is_direct: bool
    messages: list[Known] = field(default_factory=list)


@dataclass
class Cast:
    """Everybody, and every channel."""

    world: World
    owner: Caller
    users: list[Caller]
    agents: list[Agent]
    people: list[MatrixClient]
    places: list[Place]

    @property
    def groups(self) -> list[Place]:
        return [place for place in self.places if not place.is_direct]


def place_of(channel: dict[str, Any]) -> Place:
    return Place(channel["id"], channel["matrix_room_id"], channel["slug"], channel["visibility"], channel["is_direct"])


async def gather(stack: Stack, http: httpx.AsyncClient, web: httpx.AsyncClient) -> Cast:
    """Makes people and channels."""
    world = World(http, stack, True)
    owner = world.user("owner")
    users = [world.user(f"user{n}") for n in range(4)]
    agents = [world.agent(f"agent{n}") for n in range(2)]
    people = [await _person(stack, web, f"person{n}") for n in range(2)]
    places = []
    for visibility in ("public", "public", "microdao", "private"):
        place = place_of(await world.channel(owner, visibility=visibility))
        for member in [*users[: 2 if visibility == "public" else 3], *agents]:
            await owner.invite(place.id, member.id)
        for person in people:
            if visibility != "public":
                await owner.invite(place.id, person.id)
            await person.call("POST", f"join/{place.room}", {})
        places.append(place)
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [users[0].id]}
    places.append(place_of(await owner.create(**body)))
    # The first post joins; the others come when they like.
    await users[3].put(member_path(places[0].id))
    return Cast(world, owner, users, agents, people, places)


async def _person(stack: Stack, web: httpx.AsyncClient, name: str) -> MatrixClient:
    account = await register(stack, web, name)
    client = MatrixClient(Rooms(stack, web), account.id, account.client.access_token)
    await account.close()
    return client
