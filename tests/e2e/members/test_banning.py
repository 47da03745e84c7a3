"""Bans: whoever may remove may ban, it holds on every way in, and an invitation lifts it."""

from __future__ import annotations

import pytest

from support.api import Caller, World, member_path, path_to, reaction_path
from support.matrix_client import bot_client, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.waiting import eventually
from support.witness import Witness


async def ban(by: Caller, channel: str, member: str) -> None:
    response = await by.delete(member_path(channel, member) + "?ban=true")
    assert (response.status_code, response.content) == (204, b""), response.text


@pytest.mark.parametrize("was", ["member", "gone", "never there"])
@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_a_banned_person_stays_out_until_somebody_invites_them(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged, visibility: str, was: str
) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner, visibility=visibility)
    message = await owner.send(channel["id"], "hello")
    if was != "never there":
        await troll.send(channel["id"], "spam")
    if was == "gone":
        await troll.remove(channel["id"])
    async with witness.watch(channel, owner) as observed:
        await ban(owner, channel["id"], troll.id)
        await ban(owner, channel["id"], troll.id)
    assert (observed.kinds, observed.audit) == (["member.kicked"], [("member.kicked", owner.id, troll.id)])
    assert (observed.events[0].payload["banned"], observed.frames[0]["banned"]) == (True, True)
    assert observed.frames[0]["member"]["banned_at"]
    state = await rooms.state(channel["matrix_room_id"], "m.room.member", troll.matrix_id)
    assert state and state["membership"] == "ban"
    async with unchanged(channel):
        problem(await troll.try_send(channel["id"], "more"), 403, "banned")
        problem(await troll.put(member_path(channel["id"])), 403, "banned")
        problem(await troll.put(reaction_path(message, "x")), 403, "banned")
        reads = await troll.get(f"{path_to(channel['id'])}/messages")
        assert reads.status_code == (200 if visibility == "public" else 403)
    await owner.invite(channel["id"], troll.id)
    await troll.send(channel["id"], "Sorry")
    member = (await owner.members(channel["id"]))[troll.id]
    assert member["joined_at"] and member["banned_at"] is None
    # The pushes of all of it change nothing any more.
    await witness.settle()
    assert troll.id in await owner.members(channel["id"])


async def test_a_banned_reader_of_the_microdao_is_disconnected(world: World, listen: Listen) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channel = await world.channel(owner, visibility="microdao")
    async with listen(channel["id"], reader) as socket:
        await ban(owner, channel["id"], reader.id)
        assert await socket.closed() == 4403


async def test_only_who_may_remove_bans_and_lifts(world: World, unchanged: Unchanged) -> None:
    owner, admin, plain, host, troll = (world.user(name) for name in ("owner", "admin", "plain", "host", "troll"))
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], plain.id)
    await owner.invite(channel["id"], host.id, can_invite=True)
    async with unchanged(channel):
        for who, whom in ((plain, troll), (plain, host), (admin, owner), (owner, owner)):
            response = await who.delete(member_path(channel["id"], whom.id) + "?ban=true")
            problem(response, 403, "cannot_kick")
        problem(await owner.delete(member_path(channel["id"], troll.id) + "?ban=maybe"), 422, "invalid")
    await ban(admin, channel["id"], troll.id)
    problem(await host.try_invite(channel["id"], troll.id), 403, "banned")
    problem(await owner.delete(member_path(channel["id"], troll.id)), 404, "not_found")


async def test_a_ban_in_matrix_and_its_end_count_here(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    client = await matrix_client(rooms, owner)
    async with witness.watch(channel, owner) as observed:
        await client.ban(room, troll.matrix_id)
    assert observed.events[0].payload["banned"] is True
    problem(await troll.try_send(channel["id"], "spam"), 403, "banned")
    async with witness.watch(channel, owner) as observed:
        await client.unban(room, troll.matrix_id)
    assert observed.kinds == []
    await troll.send(channel["id"], "Thank you")


async def test_a_ban_outlives_the_upgrade_of_the_room(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    bob = await matrix_client(rooms, await person("bob"))
    for banned in (troll.id, bob.id):
        await ban(owner, channel["id"], banned)
    client = await matrix_client(rooms, owner)
    # Made by hand: it knows of no ban.
    old = channel["matrix_room_id"]
    body = {"preset": "public_chat", "creation_content": {"predecessor": {"room_id": old}}, "room_version": "11"}
    new = (await client.call("POST", "createRoom", body))["room_id"]
    bot = f"@daarion:{world.stack.server_name}"
    await client.invite(new, bot)
    await client.set_power(new, bot, 100)
    await bot_client(rooms).set_state(old, "m.room.tombstone", {"body": "moved", "replacement_room": new})

    async def moved() -> bool:
        return (await owner.get(path_to(channel["id"]))).json()["matrix_room_id"] == new

    await eventually("the channel has moved", moved)

    async def known() -> bool:
        states = [await rooms.state(new, "m.room.member", who) for who in (troll.matrix_id, bob.id)]
        return all(state and state["membership"] == "ban" for state in states)

    await eventually("the new room knows of the bans", known)
    problem(await troll.try_send(channel["id"], "spam"), 403, "banned")
    assert (await bob.try_call("POST", f"rooms/{new}/join", {})).status_code == 403
