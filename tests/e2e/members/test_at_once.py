"""Two who manage a channel at the same time: index and room agree afterwards, and nobody is in who was put out."""

from __future__ import annotations

import asyncio

import pytest

from support.api import Caller, World, member_path
from support.rooms import Rooms
from support.waiting import eventually

# Of two acts that know nothing of each other the homeserver keeps what the stronger person's allows, and tells nobody.
pytestmark = pytest.mark.parametrize("attempt", range(3))


async def membership(rooms: Rooms, room: str, who: Caller) -> str | None:
    return ((await rooms.state(room, "m.room.member", who.matrix_id)) or {}).get("membership")


async def test_a_ban_beside_the_demotion_of_who_bans_is_one_in_the_room_too(
    world: World, rooms: Rooms, attempt: int
) -> None:
    owner, admin, troll = world.user("owner"), world.user("admin"), world.user("troll")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], troll.id)
    _, banned = await asyncio.gather(
        owner.patch(member_path(channel["id"], admin.id), {"role": "member"}),
        admin.delete(member_path(channel["id"], troll.id) + "?ban=true"),
    )

    async def agree() -> bool:
        listed = troll.id in await owner.members(channel["id"])
        inside = await membership(rooms, room, troll)
        return (listed, inside) == ((False, "ban") if banned.status_code == 204 else (inside == "join", inside))

    await eventually(f"index and room agree after {banned.status_code}", agree)


async def test_who_is_removed_beside_a_promotion_has_no_power_left(world: World, rooms: Rooms, attempt: int) -> None:
    owner, admin, member = world.user("owner"), world.user("admin"), world.user("member")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], member.id)
    promoted, removed = await asyncio.gather(
        owner.patch(member_path(channel["id"], member.id), {"role": "admin"}),
        admin.delete(member_path(channel["id"], member.id)),
    )

    async def agree() -> bool:
        listed = await owner.members(channel["id"])
        inside = await membership(rooms, room, member) == "join"
        level = await rooms.power_level(room, member.matrix_id)
        return inside == (member.id in listed) and (level > 0) == (inside and listed[member.id]["role"] == "admin")

    await eventually(f"index and room agree after {promoted.status_code} and {removed.status_code}", agree)


async def test_who_is_off_boarded_beside_a_promotion_is_out_and_has_no_power(
    world: World, rooms: Rooms, attempt: int
) -> None:
    owner, member = world.user("owner"), world.user("member")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    await owner.invite(channel["id"], member.id, role="admin")
    world.stack.need("internal_secret")
    headers = {"X-Internal-Service-Token": world.stack.internal_secret or ""}
    platform = Caller(world.http, world.stack, "", headers)
    promoted, ended = await asyncio.gather(
        owner.patch(member_path(channel["id"], member.id), {"role": "owner"}),
        platform.delete(f"/internal/messaging/microdaos/{world.microdao}/members/{member.id}"),
    )
    assert ended.status_code == 200 and ended.json()["ended"] == 1, ended.text
    assert promoted.status_code in (200, 404, 409), promoted.text

    async def agree() -> bool:
        listed, inside = await owner.members(channel["id"]), await rooms.joined(room)
        level = await rooms.power_level(room, member.matrix_id)
        return (member.id in listed, member.matrix_id in inside, level) == (False, False, 0)

    await eventually(f"they are out after {promoted.status_code}", agree)


async def test_two_who_change_a_member_at_once_both_hear_what_came_of_it(
    world: World, rooms: Rooms, attempt: int
) -> None:
    owner, second, member = world.user("owner"), world.user("second"), world.user("member")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], second.id, role="owner")
    await owner.invite(channel["id"], member.id)
    path = member_path(channel["id"], member.id)
    responses = await asyncio.gather(
        owner.patch(path, {"role": "admin"}),
        second.patch(path, {"role": "owner"}),
        owner.patch(path, {"can_write": False}),
    )
    assert {response.status_code for response in responses} <= {200, 403, 409}, [r.text for r in responses]
    [done, *others] = sorted(responses, key=lambda response: response.status_code)
    assert done.status_code == 200
    for refused in others:
        assert refused.status_code != 409 or int(refused.headers["retry-after"]) >= 1
    level = (await owner.members(channel["id"]))[member.id]["matrix_power_level"]
    assert await rooms.power_level(channel["matrix_room_id"], member.matrix_id) == level
