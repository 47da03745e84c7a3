"""Roles and capabilities: they count at once, and Matrix power levels follow them and lead to them."""

from __future__ import annotations

import pytest

from support.api import World, member_path, path_to
from support.journal import Journal
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


async def test_a_new_role_brings_its_power_level(world: World, rooms: Rooms, journal: Journal) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    for role, level in (("admin", 50), ("owner", 100), ("admin", 50), ("guest", 0)):
        response = await owner.patch(member_path(channel["id"], alice.id), {"role": role})
        if role == "admin" and response.status_code == 403:
            # No owner outranks another: owners give the role up themselves.
            response = await alice.patch(member_path(channel["id"]), {"role": role})
        assert response.status_code == 200, response.text
        assert (response.json()["role"], response.json()["matrix_power_level"]) == (role, level)
        assert await rooms.power_level(channel["matrix_room_id"], alice.matrix_id) == level
    events = await journal.so_far(owner, channel["id"])
    changes = [(e.payload["member_id"], e.payload["role"]) for e in events if e.kind == "member.role_changed"]
    assert changes == [(alice.id, role) for role in ("admin", "owner", "admin", "guest")]


async def test_capabilities_count_at_once(world: World) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)

    async def change(**capabilities: bool) -> None:
        response = await owner.patch(member_path(channel["id"], alice.id), capabilities)
        assert response.status_code == 200, response.text
        assert response.json() | capabilities == response.json()

    await change(can_write=False)
    problem(await alice.try_send(channel["id"], "x"), 403, "cannot_write")
    await change(can_write=True, can_read=False)
    problem(await alice.get(f"{path_to(channel['id'])}/messages"), 403, "cannot_read")
    await change(can_read=True)
    problem(await alice.try_invite(channel["id"], world.user("bob").id), 403, "cannot_invite")
    await change(can_invite=True)
    assert (await alice.try_invite(channel["id"], world.user("bob").id)).status_code == 201
    await alice.send(channel["id"], "x")


async def test_nobody_raises_themselves_or_others_above_their_own_role(world: World, unchanged: Unchanged) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], alice.id)
    async with unchanged(channel):
        problem(await admin.patch(member_path(channel["id"]), {"role": "owner"}), 403)
        problem(await admin.patch(member_path(channel["id"], alice.id), {"role": "owner"}), 403)
        problem(await admin.patch(member_path(channel["id"], owner.id), {"role": "member"}), 403)
        problem(await admin.delete(member_path(channel["id"], owner.id)), 403, "cannot_kick")
        problem(await alice.patch(member_path(channel["id"]), {"role": "admin"}), 403, "cannot_manage")
        problem(await alice.patch(member_path(channel["id"]), {"can_kick": True}), 403, "cannot_manage")
        problem(await alice.patch(member_path(channel["id"], admin.id), {"role": "member"}), 403, "cannot_manage")
        problem(await alice.delete(member_path(channel["id"], admin.id)), 403, "cannot_kick")
        problem(await world.user("passer-by").patch(member_path(channel["id"], alice.id), {"role": "guest"}), 403)
        problem(await owner.patch(member_path(channel["id"], alice.id), {"role": "agent"}), 422, "invalid", "/role")
        problem(await owner.patch(member_path(channel["id"], alice.id), {"role": "king"}), 422, "invalid", "/role")
        problem(
            await owner.patch(member_path(channel["id"], world.user("nobody").id), {"role": "guest"}), 404, "not_found"
        )
    # Up to their own role they may.
    response = await admin.patch(member_path(channel["id"], alice.id), {"role": "admin"})
    assert (response.status_code, response.json()["role"]) == (200, "admin")


@pytest.mark.parametrize(("level", "role"), [(100, "owner"), (99, "admin"), (50, "admin"), (49, None), (1, None)])
async def test_a_power_level_that_is_set_in_matrix_is_a_role(
    world: World, rooms: Rooms, witness: Witness, level: int, role: str | None
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id, role="guest")
    client = await matrix_client(rooms, owner)
    async with witness.watch(channel, owner) as observed:
        await client.set_power(channel["matrix_room_id"], alice.matrix_id, level)
    expected = [("member.role_changed", owner.id, alice.id)] if role else []
    assert observed.audit == expected
    member = (await owner.members(channel["id"]))[alice.id]
    assert (member["role"], member["matrix_power_level"]) == (role or "guest", level)
    manages = role is not None
    assert (member["can_invite"], member["can_kick"]) == (manages, manages)
    # The role counts in the API.
    response = await alice.patch(path_to(channel["id"]), {"topic": "mine"})
    assert response.status_code == (200 if manages else 403)


async def test_an_agent_stays_an_agent_whatever_its_power_level(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    async with witness.watch(channel, owner) as observed:
        await (await matrix_client(rooms, owner)).set_power(channel["matrix_room_id"], sofia.matrix_id, 50)
    assert observed.kinds == []
    member = (await owner.members(channel["id"]))[sofia.id]
    assert (member["role"], member["can_kick"], member["can_invite"]) == ("agent", False, False)
