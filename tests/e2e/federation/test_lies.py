"""Whatever another homeserver claims, it hides no member and reorders nothing that others have seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from support.agreement import Agreement
from support.api import Caller, World, member_path, unique
from support.neighbour import LAST_TIME, Neighbour, Puppet
from support.sockets import Listen
from support.waiting import eventually
from support.witness import Witness

DAY = 24 * 60 * 60 * 1000
# The greatest number of canonical JSON.
GREATEST = 2**53 - 1
# Times that no clock shows: the first one, one that PostgreSQL's RFC 3339 has no room for, and the last one.
TIMES = [0, 253_402_300_800_000, LAST_TIME]


@dataclass
class Scene:
    """A public channel of alice's. anchor is in it, from the other homeserver, which thereby takes part in the room."""

    alice: Caller
    channel: dict[str, Any]
    anchor: Puppet

    @property
    def id(self) -> str:
        return self.channel["id"]

    @property
    def room(self) -> str:
        return self.channel["matrix_room_id"]


@pytest.fixture
async def scene(world: World, neighbour: Neighbour, agreement: Agreement) -> Scene:
    alice = world.user("alice")
    channel = await world.channel(alice)
    anchor = await neighbour.any_puppet("anchor")
    await anchor.join_by(world.alias(channel))
    await agreement.catches_up(channel["matrix_room_id"], anchor)
    return Scene(alice, channel, anchor)


async def test_a_time_that_no_clock_shows_hides_nobody_and_nothing(
    scene: Scene, neighbour: Neighbour, agreement: Agreement
) -> None:
    liars, said = [await neighbour.any_puppet("mallory") for _ in TIMES], {}
    for mallory, stamp in zip(liars, TIMES, strict=True):
        mallory.time = stamp
        await mallory.set_membership(scene.room, "join")
        said[mallory.id] = await mallory.say(scene.room, "one")
        await mallory.edit(scene.room, said[mallory.id], "two")
        await mallory.react(scene.room, said[mallory.id], "👍")
    await agreement.catches_up(scene.room, scene.anchor)
    assert {mallory.id for mallory in liars} < set(await scene.alice.members(scene.id))
    assert not await agreement.differences(scene.channel)
    shown = {m["matrix_event_id"]: m["content_preview"] for m in await scene.alice.history(scene.id)}
    assert [shown[event] for event in said.values()] == ["two"] * len(liars)
    for mallory in liars:
        await mallory.redact(scene.room, said[mallory.id])
        await mallory.set_membership(scene.room, "leave")
    await agreement.catches_up(scene.room, scene.anchor)
    # Whether a leave at such a time counts, the room says.
    assert not await agreement.differences(scene.channel)
    # And as honest people again.
    for mallory in liars:
        mallory.time = None
        await mallory.set_membership(scene.room, "join")
    await agreement.catches_up(scene.room, scene.anchor)
    await agreement.holds(scene.channel)


async def test_a_back_dated_return_is_a_return(scene: Scene, neighbour: Neighbour, agreement: Agreement) -> None:
    mallory = await neighbour.any_puppet("mallory")
    await mallory.set_membership(scene.room, "join")
    await mallory.set_membership(scene.room, "leave")
    await agreement.catches_up(scene.room, scene.anchor)
    assert mallory.id not in await scene.alice.members(scene.id)
    mallory.time = int(time.time() * 1000) - DAY
    await mallory.set_membership(scene.room, "join")
    await agreement.catches_up(scene.room, scene.anchor)
    assert (await scene.alice.members(scene.id))[mallory.id]["joined_at"], "who reads the room is shown as its member"
    await agreement.holds(scene.channel)


async def test_a_change_from_the_past_is_the_change_that_counts(
    scene: Scene, neighbour: Neighbour, agreement: Agreement
) -> None:
    response = await scene.alice.patch(member_path(scene.id, scene.anchor.id), {"role": "admin"})
    assert response.status_code == 200, response.text
    anchor = scene.anchor
    await eventually("their server knows", lambda: has_power(anchor, scene.room))
    for n, lie in enumerate([None, -DAY, DAY, -DAY]):
        anchor.time = None if lie is None else int(time.time() * 1000) + lie
        await anchor.set_state(scene.room, "m.room.name", {"name": f"Name {n}"})
        await anchor.set_state(scene.room, "m.room.topic", {"topic": f"Topic {n}"})
        await agreement.catches_up(scene.room, anchor)
        await agreement.holds(scene.channel)


async def has_power(who: Puppet, room: str) -> bool:
    levels = await who.call("GET", f"rooms/{quote(room)}/state/m.room.power_levels/")
    return levels["users"].get(who.id, 0) >= 50


async def test_messages_keep_the_order_in_which_they_were_seen(
    scene: Scene, listen: Listen, agreement: Agreement
) -> None:
    now = int(time.time() * 1000)
    async with listen(scene.id, scene.alice) as socket:
        for n, stamp in enumerate([now + DAY, 0, now - DAY, LAST_TIME, now]):
            scene.anchor.time = stamp
            await agreement.arrives(scene.room, await scene.anchor.say(scene.room, f"theirs {n}"))
            await scene.alice.send(scene.id, f"ours {n}")
        await agreement.holds(scene.channel)
        messages = [m for m in await scene.alice.history(scene.id) if m["content_preview"] != "So far"]
        await socket.until(messages[-1]["seq"])
    expected = [f"{whose} {n}" for n in range(5) for whose in ("theirs", "ours")]
    assert [m["content_preview"] for m in messages] == expected
    assert [m["content_preview"] for m in socket.messages if m["content_preview"] != "So far"] == expected
    times = [m["created_at"] for m in messages]
    assert times == sorted(times)
    assert times[-1] <= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 60))


async def test_levels_that_fit_no_column_are_the_nearest_ones(
    world: World, scene: Scene, neighbour: Neighbour, agreement: Agreement, witness: Witness
) -> None:
    carol, anchor = world.user("carol"), scene.anchor
    await carol.send(scene.id, "Hello")
    mallory = await neighbour.any_puppet("mallory")
    await mallory.set_membership(scene.room, "join")
    response = await scene.alice.patch(member_path(scene.id, anchor.id), {"role": "owner"})
    assert response.status_code == 200, response.text
    await eventually("their server knows", lambda: has_power(anchor, scene.room))
    for stamp in (None, LAST_TIME, 0):
        anchor.time = stamp
        levels = await anchor.call("GET", f"rooms/{quote(scene.room)}/state/m.room.power_levels/")
        levels["users"] |= {mallory.id: -GREATEST, "@ghost:nowhere": 1 - GREATEST, carol.matrix_id: 50}
        levels["users_default"] = -GREATEST + 5
        await anchor.set_state(scene.room, "m.room.power_levels", levels)
        await agreement.catches_up(scene.room, anchor)
        await agreement.holds(scene.channel)
        members = await scene.alice.members(scene.id)
        assert members[carol.id]["role"] == "admin"
        assert not members[mallory.id]["can_write"]
        # And back, as if nothing had been.
        levels["users"] |= {mallory.id: 0, carol.matrix_id: 0}
        levels["users_default"] = 0
        await anchor.set_state(scene.room, "m.room.power_levels", levels)
        await agreement.catches_up(scene.room, anchor)
        await agreement.holds(scene.channel)


# Names that Synapse gives nobody; the specification calls some of them historical, and asks for tolerance of the others.
NAMES = [
    "Mallory-{}",
    "user-{}",
    "USER-{}",
    "agent-{}",
    "mal/lory={}",
    "mal lory {}",
    "Мелорі-{}",
    "😀{}",
    "mal\tlory\u0085{}",
    "\u202emallory{}",
    "mal#lory?{}%2f",
    "mal\"lory'{}",
]


async def test_who_has_an_odd_name_is_a_member_like_any_other(
    scene: Scene, neighbour: Neighbour, agreement: Agreement
) -> None:
    longest = unique("x")
    longest += "y" * (255 - len(f"@{longest}:{neighbour.name}"))
    names = [pattern.format(unique("x")) for pattern in NAMES] + [longest]
    said = {}
    for name in names:
        mallory = await neighbour.puppet(name)
        await mallory.set_membership(scene.room, "join")
        said[mallory.id] = await mallory.say(scene.room, "Hello")
    await agreement.catches_up(scene.room, scene.anchor)
    assert not await agreement.differences(scene.channel)
    members = await scene.alice.members(scene.id)
    assert set(members) == {scene.alice.id, scene.anchor.id, *said}
    assert {m["sender_id"] for m in await scene.alice.history(scene.id)} == {scene.anchor.id, *said}
    for message in await scene.alice.history(scene.id):
        assert said.get(message["sender_id"], message["matrix_event_id"]) == message["matrix_event_id"]
        assert message["sender_type"] == "human"
    for member in said:
        assert (members[member]["member_type"], members[member]["matrix_user_id"]) == ("human", member)
        await scene.alice.remove(scene.id, member)
    await agreement.holds(scene.channel)
    assert set(await scene.alice.members(scene.id)) == {scene.alice.id, scene.anchor.id}
