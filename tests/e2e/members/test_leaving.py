"""Leaving, kicks and bans: former members come back only as the permission table allows."""

from __future__ import annotations

import pytest

from support.api import World, member_path, path_to
from support.journal import Journal
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.mark.parametrize("way", ["left", "kicked", "kicked in Matrix"])
@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_a_former_member_comes_back_only_as_the_table_allows(
    world: World, rooms: Rooms, witness: Witness, visibility: str, way: str
) -> None:
    owner = world.member_of("owner", world.microdao)
    insider, outsider = world.member_of("insider", world.microdao), world.member_of("outsider")
    channel = await owner.create(**world.fields(visibility=visibility))
    # Their microDAO makes a difference in one of the three.
    for caller in (insider, outsider) if visibility == "microdao" else (outsider,):
        await owner.invite(channel["id"], caller.id, role="admin")
        async with witness.watch(channel, owner) as observed:
            if way == "left":
                await caller.remove(channel["id"])
            elif way == "kicked":
                await owner.remove(channel["id"], caller.id)
            else:
                client = await matrix_client(rooms, owner)
                await client.kick(channel["matrix_room_id"], caller.matrix_id)
        kind, actor = ("member.left", caller) if way == "left" else ("member.kicked", owner)
        assert (observed.kinds, observed.audit) == ([kind], [(kind, actor.id, caller.id)])
        assert caller.id not in await owner.members(channel["id"])
        assert caller.matrix_id not in await rooms.joined(channel["matrix_room_id"])
        again = await caller.delete(member_path(channel["id"]))
        # Who has left by themselves has done so already; who was kicked is nobody.
        assert again.status_code == (204 if way == "left" else 404), again.text
        may_return = visibility == "public" or (visibility == "microdao" and caller is insider)
        async with witness.watch(channel, owner) as observed:
            responses = [
                await caller.get(path_to(channel["id"])),
                await caller.put(member_path(channel["id"])),
                await caller.try_send(channel["id"], "Back"),
            ]
        assert [response.status_code for response in responses] == ([200, 200, 201] if may_return else [404] * 3)
        assert observed.kinds == (["member.joined", "message.created"] if may_return else [])
        assert (caller.matrix_id in await rooms.joined(channel["matrix_room_id"])) == may_return
        if may_return:
            # As anybody else who comes: their former role is not kept, in the room neither.
            member = (await owner.members(channel["id"]))[caller.id]
            assert (member["role"], member["matrix_power_level"], member["can_kick"]) == ("member", 0, False)
            assert member["left_at"] is None
            assert await rooms.power_level(channel["matrix_room_id"], caller.matrix_id) == 0
    # A member who may invite brings everybody back.
    if visibility != "public":
        await owner.invite(channel["id"], outsider.id)
    await outsider.send(channel["id"], "Thank you")


async def test_leaving_and_returning_does_not_give_back_the_right_to_write(
    world: World, unchanged: Unchanged, witness: Witness
) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], troll.id, can_write=False)
    await troll.remove(channel["id"])
    await witness.settle()
    async with unchanged(channel):
        problem(await troll.try_send(channel["id"], "x"), 403, "cannot_write")
    response = await troll.put(member_path(channel["id"]))
    assert (response.status_code, response.json()["can_write"]) == (200, False)
    problem(await troll.try_send(channel["id"], "x"), 403, "cannot_write")


async def test_the_last_owner_hands_over_before_leaving(world: World, rooms: Rooms, unchanged: Unchanged) -> None:
    owner, heir = world.user("owner"), world.user("heir")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], heir.id)
    async with unchanged(channel):
        problem(await owner.delete(member_path(channel["id"])), 409, "last_owner")
        problem(await owner.patch(member_path(channel["id"]), {"role": "member"}), 409, "last_owner")
    assert (await owner.patch(member_path(channel["id"], heir.id), {"role": "owner"})).status_code == 200
    await owner.remove(channel["id"])
    assert (await heir.members(channel["id"]))[heir.id]["role"] == "owner"
    assert await rooms.power_level(channel["matrix_room_id"], heir.matrix_id) == 100
    # The room can still be managed.
    assert (await heir.patch(path_to(channel["id"]), {"name": "Inherited"})).status_code == 200


async def test_an_admin_is_owner_of_a_channel_whose_last_owner_has_left_in_matrix(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    # The homeserver lets them go; nothing of ours can hold them.
    async with witness.watch(channel, admin) as observed:
        await (await matrix_client(rooms, owner)).leave(channel["matrix_room_id"])
    assert observed.audit == [("member.left", owner.id, owner.id), ("member.role_changed", owner.id, admin.id)]
    members = await admin.members(channel["id"])
    assert owner.id not in members and members[admin.id]["role"] == "owner"
    assert (await admin.patch(path_to(channel["id"]), {"name": "Ours now"})).status_code == 200


async def test_a_kicked_member_is_out_and_disconnected(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    owner, alice, sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)
    await owner.invite(channel["id"], sofia.id)
    async with listen(channel["id"], alice) as socket, listen(channel["id"], owner) as owners:
        await owner.remove(channel["id"], alice.id)
        assert await socket.closed() == 4403
        await owner.remove(channel["id"], sofia.id)
        events = await journal.so_far(owner, channel["id"])
        await owners.until(events[-1].seq)
    kicked = [(e.payload["member_id"], e.payload.get("actor_id")) for e in events if e.kind == "member.kicked"]
    assert kicked == [(alice.id, owner.id), (sofia.id, owner.id)]
    assert [f["member_id"] for f in owners.events if f["type"] == "member.kicked"] == [alice.id, sofia.id]
    assert {alice.matrix_id, sofia.matrix_id}.isdisjoint(await rooms.joined(channel["matrix_room_id"]))
    problem(await alice.get(path_to(channel["id"])), 404, "not_found")
    problem(await sofia.try_say(channel["id"], "x"), 403, "not_a_member")
    assert set(await owner.members(channel["id"])) == {owner.id}


async def test_a_member_who_may_kick_kicks_plain_members_only(world: World) -> None:
    owner, bouncer, alice = world.user("owner"), world.user("bouncer"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], bouncer.id, can_kick=True)
    await owner.invite(channel["id"], alice.id)
    problem(await bouncer.delete(member_path(channel["id"], owner.id)), 403, "cannot_kick")
    problem(await alice.delete(member_path(channel["id"], bouncer.id)), 403, "cannot_kick")
    await bouncer.remove(channel["id"], alice.id)
    await bouncer.remove(channel["id"], alice.id)
    problem(await owner.delete(member_path(channel["id"], alice.id)), 404, "not_found")
    # In a public channel they can come back, as anybody else.
    await alice.send(channel["id"], "Sorry")
    assert (await owner.members(channel["id"]))[alice.id]["role"] == "member"


async def test_a_person_who_is_banned_in_matrix_stays_out_until_unbanned(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    await troll.send(channel["id"], "spam")
    client = await matrix_client(rooms, owner)
    async with witness.watch(channel, owner) as observed:
        await client.ban(channel["matrix_room_id"], troll.matrix_id)
    assert observed.audit == [("member.kicked", owner.id, troll.id)]
    assert troll.id not in await owner.members(channel["id"])
    async with unchanged(channel):
        problem(await troll.try_send(channel["id"], "more"), 403)
        problem(await troll.put(member_path(channel["id"])), 403)
    async with witness.watch(channel, owner) as observed:
        await client.unban(channel["matrix_room_id"], troll.matrix_id)
    assert observed.kinds == []
    await troll.send(channel["id"], "Sorry")
    assert (await owner.members(channel["id"]))[troll.id]["joined_at"]
