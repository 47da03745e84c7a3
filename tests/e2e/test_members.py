"""Members: they come, change, go, and are sent away; room, index, bus and audit log agree."""

from typing import Any

import pytest

from support.api import Caller, World, at
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged


def member(channel: dict[str, Any], who: Caller | str) -> str:
    return f"{at(channel['id'])}/members/{who if isinstance(who, str) else who.id}"


async def power(rooms: Rooms, channel: dict[str, Any], who: Caller) -> int:
    levels = await rooms.state(channel["matrix_room_id"], "m.room.power_levels")
    assert levels
    return levels["users"].get(who.matrix_id, levels.get("users_default", 0))


@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_who_may_read_an_open_channel_may_join_it(
    world: World, rooms: Rooms, journal: Journal, visibility: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility=visibility)
    first = await alice.put(member(channel, "me"))
    assert first.status_code == 200, first.text
    again = await alice.put(member(channel, alice))
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await owner.members(channel["id"]))[alice.id] == first.json()
    assert alice.matrix_id in await rooms.joined(channel["matrix_room_id"])
    story = await journal.story(owner, channel["id"])
    assert [(e.kind, e.payload.get("member_id")) for e in story][1:] == [("member.joined", alice.id)]


async def test_nobody_joins_a_closed_channel_or_somebody_else(world: World, unchanged: Unchanged) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    closed, public = await world.channel(owner, visibility="private"), await world.channel(owner)
    async with unchanged(closed), unchanged(public):
        problem(await alice.put(member(closed, "me")), 404, "not_found")
        problem(await alice.put(member(public, world.user("bob"))), 403)
        outsider = world.member_of("outsider", world.other_microdao("other"))
        problem(await outsider.put(member(closed, "me")), 404, "not_found")


async def test_a_new_role_brings_its_power_level(world: World, rooms: Rooms, journal: Journal) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    for role, level in (("admin", 50), ("owner", 100), ("admin", 50), ("guest", 0)):
        response = await owner.patch(member(channel, alice), {"role": role})
        if role == "admin" and response.status_code == 403:
            # Among owners nobody outranks the other: who is one gives it up themselves.
            response = await alice.patch(member(channel, "me"), {"role": role})
        assert response.status_code == 200, response.text
        assert (response.json()["role"], response.json()["matrix_power_level"]) == (role, level)
        assert await power(rooms, channel, alice) == level
    story = await journal.story(owner, channel["id"])
    changes = [(e.payload["member_id"], e.payload["role"]) for e in story if e.kind == "member.role_changed"]
    assert changes == [(alice.id, role) for role in ("admin", "owner", "admin", "guest")]


async def test_capabilities_count_at_once(world: World) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)

    async def change(**capabilities: bool) -> None:
        response = await owner.patch(member(channel, alice), capabilities)
        assert response.status_code == 200, response.text
        assert response.json() | capabilities == response.json()

    await change(can_write=False)
    problem(await alice.try_send(channel["id"], "x"), 403, "cannot_write")
    await change(can_write=True, can_read=False)
    problem(await alice.get(f"{at(channel['id'])}/messages"), 403, "cannot_read")
    await change(can_read=True)
    problem(await alice.try_invite(channel["id"], world.user("bob").id), 403, "cannot_invite")
    await change(can_invite=True)
    assert (await alice.try_invite(channel["id"], world.user("bob").id)).status_code == 201
    await alice.send(channel["id"], "x")


async def test_nobody_rises_or_raises_above_their_own_role(world: World, unchanged: Unchanged) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], alice.id)
    async with unchanged(channel):
        problem(await admin.patch(member(channel, "me"), {"role": "owner"}), 403)
        problem(await admin.patch(member(channel, alice), {"role": "owner"}), 403)
        problem(await admin.patch(member(channel, owner), {"role": "member"}), 403)
        problem(await admin.delete(member(channel, owner)), 403, "cannot_kick")
        problem(await alice.patch(member(channel, "me"), {"role": "admin"}), 403, "cannot_manage")
        problem(await alice.patch(member(channel, "me"), {"can_kick": True}), 403, "cannot_manage")
        problem(await alice.patch(member(channel, admin), {"role": "member"}), 403, "cannot_manage")
        problem(await alice.delete(member(channel, admin)), 403, "cannot_kick")
        problem(await world.user("passer-by").patch(member(channel, alice), {"role": "guest"}), 403)
        problem(await owner.patch(member(channel, alice), {"role": "agent"}), 422, "invalid", "/role")
        problem(await owner.patch(member(channel, alice), {"role": "king"}), 422, "invalid", "/role")
        problem(await owner.patch(member(channel, world.user("nobody")), {"role": "guest"}), 404, "not_found")
    # Up to their own role they do.
    response = await admin.patch(member(channel, alice), {"role": "admin"})
    assert (response.status_code, response.json()["role"]) == (200, "admin")


async def test_who_leaves_is_out_and_comes_back_as_the_table_allows(
    world: World, rooms: Rooms, journal: Journal
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    open_one, closed = await world.channel(owner), await world.channel(owner, visibility="private")
    for channel in (open_one, closed):
        await owner.invite(channel["id"], alice.id)
        response = await alice.delete(member(channel, "me"))
        assert (response.status_code, response.content) == (204, b"")
        assert alice.id not in await owner.members(channel["id"])
        assert alice.matrix_id not in await rooms.joined(channel["matrix_room_id"])
        story = await journal.story(owner, channel["id"])
        assert [e.kind for e in story if e.payload.get("member_id") == alice.id] == [
            "member.invited",
            "member.joined",
            "member.left",
        ]
        problem(await alice.delete(member(channel, "me")), 404, "not_found")
    problem(await alice.get(at(closed["id"])), 404, "not_found")
    problem(await alice.try_send(closed["id"], "x"), 404, "not_found")
    await alice.send(open_one["id"], "Back again")
    assert (await owner.members(open_one["id"]))[alice.id]["left_at"] is None
    await owner.invite(closed["id"], alice.id)
    await alice.send(closed["id"], "Back again")


async def test_the_last_owner_hands_over_before_leaving(world: World, rooms: Rooms, unchanged: Unchanged) -> None:
    owner, heir = world.user("owner"), world.user("heir")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], heir.id)
    async with unchanged(channel):
        problem(await owner.delete(member(channel, "me")), 409, "last_owner")
        problem(await owner.patch(member(channel, "me"), {"role": "member"}), 409, "last_owner")
    assert (await owner.patch(member(channel, heir), {"role": "owner"})).status_code == 200
    assert (await owner.delete(member(channel, "me"))).status_code == 204
    assert (await heir.members(channel["id"]))[heir.id]["role"] == "owner"
    assert await power(rooms, channel, heir) == 100
    # The room can still be managed.
    assert (await heir.patch(at(channel["id"]), {"name": "Inherited"})).status_code == 200


async def test_who_is_kicked_is_out_and_disconnected(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    owner, alice, sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)
    await owner.invite(channel["id"], sofia.id)
    async with listen(channel["id"], alice) as socket, listen(channel["id"], owner) as witness:
        assert (await owner.delete(member(channel, alice))).status_code == 204
        assert await socket.closed() == 4403
        assert (await owner.delete(member(channel, sofia))).status_code == 204
        story = await journal.story(owner, channel["id"])
        await witness.until(story[-1].seq)
    kicked = [(e.payload["member_id"], e.payload.get("actor_id")) for e in story if e.kind == "member.kicked"]
    assert kicked == [(alice.id, owner.id), (sofia.id, owner.id)]
    assert [f["member_id"] for f in witness.events if f["type"] == "member.kicked"] == [alice.id, sofia.id]
    assert {alice.matrix_id, sofia.matrix_id}.isdisjoint(await rooms.joined(channel["matrix_room_id"]))
    problem(await alice.get(at(channel["id"])), 404, "not_found")
    problem(await sofia.try_say(channel["id"], "x"), (await sofia.try_say(channel["id"], "x")).status_code)
    assert set(await owner.members(channel["id"])) == {owner.id}


async def test_who_may_kick_kicks_plain_members_only(world: World) -> None:
    owner, bouncer, alice = world.user("owner"), world.user("bouncer"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], bouncer.id, can_kick=True)
    await owner.invite(channel["id"], alice.id)
    problem(await bouncer.delete(member(channel, owner)), 403, "cannot_kick")
    problem(await alice.delete(member(channel, bouncer)), 403, "cannot_kick")
    assert (await bouncer.delete(member(channel, alice))).status_code == 204
    problem(await bouncer.delete(member(channel, alice)), 404, "not_found")
    # In a public channel they can come back, and what they were allowed to do before is not kept.
    await alice.send(channel["id"], "Sorry")
    assert (await owner.members(channel["id"]))[alice.id]["role"] == "member"
