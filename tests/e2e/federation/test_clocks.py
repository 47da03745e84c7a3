"""The other homeserver's clock is ten minutes ahead, or behind: nobody notices."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from support.agreement import Agreement
from support.api import World, member_path, path_to
from support.neighbour import Neighbour
from support.rooms import Rooms
from support.sockets import Listen
from support.waiting import eventually
from support.witness import Witness

MINUTES = 60


@pytest.fixture(scope="module", params=[10, -10], ids=["ahead", "behind"])
async def wrong(server: Neighbour, request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """The seconds by which its clock is ahead."""
    await server.set_clock(request.param * MINUTES)
    yield request.param * MINUTES
    if request.param < 0:
        await server.set_clock(0)


async def test_members_messages_and_changes_are_those_of_the_room(
    world: World, neighbour: Neighbour, rooms: Rooms, wrong: int, witness: Witness, listen: Listen, agreement: Agreement
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob = await neighbour.person("bob")
    async with witness.watch(channel, alice) as observed:
        await bob.join_by(world.alias(channel))
        event = await bob.say(room, "Hello")
        await agreement.arrives(room, event)
    assert observed.kinds == ["member.joined", "message.created"]
    stamp = (await rooms.get(f"rooms/{quote(room)}/event/{event}")).json()["origin_server_ts"] / 1000
    assert abs(stamp - time.time() - wrong) < MINUTES, "their clock is wrong"
    response = await alice.patch(member_path(channel["id"], bob.id), {"role": "admin"})
    assert response.status_code == 200, response.text

    async def known() -> bool:
        levels = await bob.call("GET", f"rooms/{quote(room)}/state/m.room.power_levels/")
        return levels["users"].get(bob.id) == 50

    await eventually("their server knows", known)
    # In turn: whoever speaks last has the last word.
    for n in range(2):
        await bob.set_state(room, "m.room.name", {"name": f"Theirs {n}"})
        await bob.set_state(room, "m.room.topic", {"topic": f"Theirs {n}"})
        await agreement.catches_up(room, bob)
        await agreement.holds(channel)
        response = await alice.patch(path_to(channel["id"]), {"name": f"Ours {n}", "topic": f"Ours {n}"})
        assert response.status_code == 200, response.text
        await agreement.holds(channel)

        async def seen(n: int = n) -> bool:
            return (await bob.call("GET", f"rooms/{quote(room)}/state/m.room.name/"))["name"] == f"Ours {n}"

        await eventually("their server has the name", seen)
    for _ in range(2):
        await alice.remove(channel["id"], bob.id)
        await agreement.holds(channel)

        async def gone() -> bool:
            return room not in await bob.rooms()

        await eventually("their server knows", gone)
        await bob.join_by(world.alias(channel))
        await agreement.catches_up(room, bob)
        await agreement.holds(channel)
    messages = await alice.history(channel["id"])
    times = [message["created_at"] for message in messages]
    assert times == sorted(times)
    assert times[-1] <= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + MINUTES)), "none is in the future"
