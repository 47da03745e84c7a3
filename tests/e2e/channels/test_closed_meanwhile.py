"""A change of the visibility that is cut off, or that somebody's in Matrix crosses: nothing leads strangers to a closed room."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.api import Caller, World, path_to
from support.faulty_homeserver import FaultyHomeserver
from support.index import Index
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness

RULES = ("m.room.join_rules", {"join_rule": "invite"})
HISTORY = ("m.room.history_visibility", {"history_visibility": "joined"})


@dataclass
class Crossing:
    """An opening through the API that waits on its way through the homeserver, while the owner acts in Matrix."""

    app: httpx.AsyncClient
    faulty: FaultyHomeserver
    rooms: Rooms
    witness: Witness

    async def begin(
        self, owner: Caller, channel: dict[str, Any], held: str, closing: tuple[str, dict[str, str]]
    ) -> asyncio.Task[httpx.Response]:
        """Opens the channel up to the request with this part of a path, and lets the owner close its room."""
        in_matrix = await matrix_client(self.rooms, owner)
        self.faulty.heal()
        self.faulty.fail("PUT", held, self.faulty.waits)
        opened = owner.through(self.app).patch(path_to(channel["id"]), {"visibility": "public"})
        opening = asyncio.create_task(opened)
        await eventually("the opening waits", self.faulty.is_hit)
        await in_matrix.set_state(channel["matrix_room_id"], *closing)
        await self.witness.settle()
        return opening


@pytest.fixture
def crossing(app: httpx.AsyncClient, faulty: FaultyHomeserver, rooms: Rooms, witness: Witness) -> Crossing:
    return Crossing(app, faulty, rooms, witness)


@pytest.mark.parametrize("to", ["private", "microdao"])
async def test_a_closing_that_was_cut_off_leaves_nothing_that_leads_to_the_room(
    world: World, app: httpx.AsyncClient, faulty: FaultyHomeserver, rooms: Rooms, to: str
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    assert await rooms.listed(channel["matrix_room_id"])
    faulty.heal()
    faulty.fail("PUT", "/state/m.room.join_rules", faulty.loses_the_response)
    cut_off = await owner.through(app).patch(path_to(channel["id"]), {"visibility": to})
    problem(cut_off, 502, "homeserver_failed")
    faulty.heal()

    async def is_closed() -> bool:
        return (await owner.get(path_to(channel["id"]))).json()["visibility"] == to

    # The homeserver tells what it has taken.
    await eventually("the channel follows its room", is_closed)
    assert not await rooms.listed(channel["matrix_room_id"])
    if to == "private":
        assert await rooms.resolve(world.alias(channel)) is None


@pytest.mark.parametrize(
    ("held", "closing"),
    [("/state/m.room.join_rules", HISTORY), ("/directory/list/", RULES), ("/directory/room/", RULES)],
    ids=["history-before-it-is-open", "rule-before-it-is-listed", "rule-before-it-has-its-alias"],
)
async def test_a_room_that_is_closed_in_matrix_while_the_api_opens_it_stays_closed(
    world: World, rooms: Rooms, witness: Witness, crossing: Crossing, held: str, closing: tuple[str, dict[str, str]]
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    room = channel["matrix_room_id"]
    opening = await crossing.begin(owner, channel, held, closing)
    crossing.faulty.heal()
    assert (await opening).status_code == 200

    async def is_closed() -> bool:
        visibility = (await owner.get(path_to(channel["id"]))).json()["visibility"]
        rule = await rooms.state(room, "m.room.join_rules")
        alias = await rooms.resolve(world.alias(channel))
        return (visibility, rule, alias, await rooms.listed(room)) == ("private", RULES[1], None, False)

    await eventually("channel, room, alias and list say that it is closed", is_closed)
    await witness.settle()
    assert await is_closed()


async def test_a_channel_that_ends_as_its_microdaos_is_not_listed_and_keeps_its_alias(
    world: World, rooms: Rooms, index: Index, crossing: Crossing
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="microdao")
    room = channel["matrix_room_id"]
    opening = await crossing.begin(owner, channel, "/directory/list/", RULES)
    # As where the homeserver tells of the closing alone, because it came before the opening was told.
    await index.rows("UPDATE public.channels SET visibility = 'microdao' WHERE id = $1::text::uuid", channel["id"])
    crossing.faulty.heal()
    opened = await opening
    assert (opened.status_code, opened.json()["visibility"]) == (200, "microdao"), opened.text
    assert not await rooms.listed(room)
    assert await rooms.resolve(world.alias(channel)) == room


async def test_an_opening_that_fails_after_matrix_has_closed_the_room_is_hidden_by_the_next_comparison(
    world: World, rooms: Rooms, index: Index, crossing: Crossing
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    room = channel["matrix_room_id"]
    opening = await crossing.begin(owner, channel, "/directory/list/", RULES)
    faulty = crossing.faulty
    faulty.heal()
    faulty.fail("PUT", "/directory/room/", faulty.loses_the_response)
    problem(await opening, 502, "homeserver_failed")
    faulty.heal()
    assert await rooms.listed(room) and await rooms.resolve(world.alias(channel)) == room
    # It may still be under way for a minute.
    note = "messaging.intents SET created_at = now() - interval '2 minutes'"
    await index.rows(f"UPDATE {note} WHERE channel_id = $1::text::uuid", channel["id"])
    path = f"/internal/messaging/channels/{channel['id']}/reconcile"
    compared = await world.agent("sofia").request("POST", path)
    assert compared.status_code == 200, compared.text
    assert not await rooms.listed(room)
    assert await rooms.resolve(world.alias(channel)) is None
    left = "SELECT count(*) FROM messaging.intents WHERE channel_id = $1::text::uuid AND act = 'visibility'"
    assert await index.value(left, channel["id"]) == 0
