"""Who comes, goes and is sent away: people in Matrix too, and everybody comes back only as the table allows."""

from __future__ import annotations

from typing import Any

import nio
import pytest

from support.api import Caller, World, at
from support.element import element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


def member(channel: dict[str, Any], who: str = "me") -> str:
    return f"{at(channel['id'])}/members/{who}"


async def removed(by: Caller, channel: dict[str, Any], who: str = "me") -> None:
    response = await by.delete(member(channel, who))
    assert response.status_code == 204, response.text


async def test_a_person_in_matrix_accepts_an_invitation(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    bob = await element(rooms, await person("bob"))
    async with witness.watch(channel, owner) as told:
        invited = await owner.invite(channel["id"], bob.id, role="guest")
        await bob.join(channel["matrix_room_id"])
    assert told.audit == [("member.invited", owner.id, bob.id), ("member.joined", bob.id, bob.id)]
    assert told.kinds == ["member.invited", "member.joined"]
    assert [e.payload["role"] for e in told.events] == ["guest", "guest"]
    now = (await owner.members(channel["id"]))[bob.id]
    assert now | {"joined_at": None} == invited, "who accepts is what they were invited as"
    assert now["joined_at"] and (now["role"], now["invited_by"]) == ("guest", owner.id)


async def test_a_person_in_matrix_declines_an_invitation(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    bob = await element(rooms, await person("bob"))
    await owner.invite(channel["id"], bob.id)
    async with witness.watch(channel, owner) as told:
        await bob.leave(channel["matrix_room_id"])
    assert told.audit == [("member.left", bob.id, bob.id)]
    assert told.kinds == ["member.left"]
    assert bob.id not in await owner.members(channel["id"])
    # They can be asked again.
    async with witness.watch(channel, owner) as told:
        await owner.invite(channel["id"], bob.id)
        await bob.join(channel["matrix_room_id"])
    assert told.kinds == ["member.invited", "member.joined"]


async def test_an_invitation_in_matrix_to_one_of_ours_counts_once_they_come(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner = world.member_of("owner", world.microdao)
    carol = world.member_of("carol", world.other_microdao("other"))
    channel = await owner.create(**world.fields(visibility="private"))
    at_home, away = await element(rooms, owner), await element(rooms, carol)
    async with witness.watch(channel, owner) as told:
        await at_home.invite(channel["matrix_room_id"], carol.matrix_id)
    assert told.audit == [("member.invited", owner.id, carol.id)]
    async with witness.watch(channel, owner) as told:
        response = await carol.put(member(channel))
        assert (response.status_code, response.json()["invited_by"]) == (200, owner.id), response.text
    assert told.kinds == ["member.joined"]
    assert carol.matrix_id in await rooms.joined(channel["matrix_room_id"])
    await away.say(channel["matrix_room_id"], "Thank you")


async def test_who_is_invited_and_not_yet_in_reads_and_comes_in_by_writing(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, carol = world.member_of("owner", world.microdao), world.member_of("carol")
    channel = await owner.create(**world.fields(visibility="private"))
    message = await owner.send(channel["id"], "Welcome")
    client = await element(rooms, owner)
    await element(rooms, carol)
    async with witness.watch(channel, owner) as told:
        await client.invite(channel["matrix_room_id"], carol.matrix_id)
    assert told.kinds == ["member.invited"]
    assert await carol.page(channel["id"]) == [message]
    async with witness.watch(channel, owner) as told:
        answer = await carol.send(channel["id"], "Here I am")
    assert told.kinds == ["member.joined", "message.created"]
    assert await owner.history(channel["id"]) == [message, answer]


@pytest.mark.parametrize("way", ["left", "kicked", "kicked in Matrix"])
@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_who_has_gone_comes_back_only_as_the_table_allows(
    world: World, rooms: Rooms, witness: Witness, visibility: str, way: str
) -> None:
    owner = world.member_of("owner", world.microdao)
    insider, outsider = world.member_of("insider", world.microdao), world.member_of("outsider")
    channel = await owner.create(**world.fields(visibility=visibility))
    # Their microDAO makes a difference in one of the three.
    for caller in (insider, outsider) if visibility == "microdao" else (outsider,):
        await owner.invite(channel["id"], caller.id, role="admin")
        if way == "left":
            await removed(caller, channel)
        elif way == "kicked":
            await removed(owner, channel, caller.id)
        else:
            async with witness.watch(channel, owner) as told:
                await (await element(rooms, owner)).kick(channel["matrix_room_id"], caller.matrix_id)
            assert told.audit == [("member.kicked", owner.id, caller.id)]
        may = visibility == "public" or (visibility == "microdao" and caller is insider)
        async with witness.watch(channel, owner) as told:
            responses = [await caller.put(member(channel)), await caller.try_send(channel["id"], "Back")]
        assert [response.status_code for response in responses] == ([200, 201] if may else [404, 404])
        assert told.kinds == (["member.joined", "message.created"] if may else [])
        assert (caller.matrix_id in await rooms.joined(channel["matrix_room_id"])) == may
        if may:
            # As anybody else who comes: what they were is not kept, in the room neither.
            back = (await owner.members(channel["id"]))[caller.id]
            assert (back["role"], back["matrix_power_level"], back["can_kick"]) == ("member", 0, False)
            levels = await rooms.state(channel["matrix_room_id"], "m.room.power_levels") or {}
            assert levels["users"].get(caller.matrix_id, 0) == 0
    # Whoever may invite brings everybody back.
    if visibility != "public":
        await owner.invite(channel["id"], outsider.id)
    await outsider.send(channel["id"], "Thank you")


@pytest.mark.parametrize("way", ["join", "post", "react"])
@pytest.mark.parametrize("visibility", ["public", "microdao"])
async def test_coming_in_by_oneself_is_told_as_that(
    world: World, rooms: Rooms, witness: Witness, visibility: str, way: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility=visibility)
    message = await owner.send(channel["id"], "Come in")
    async with witness.watch(channel, owner) as told:
        if way == "join":
            response = await alice.put(member(channel))
        elif way == "post":
            response = await alice.try_send(channel["id"], "Here I am")
        else:
            response = await alice.put(f"{at(channel['id'], message['id'])}/reactions/x")
        assert response.is_success, response.text
    assert told.audit == [("member.joined", alice.id, alice.id)]
    done = {"join": [], "post": ["message.created"], "react": ["reaction.added"]}[way]
    assert told.kinds == ["member.joined", *done]
    assert (await owner.members(channel["id"]))[alice.id]["invited_by"] is None


async def test_leaving_does_not_give_back_the_right_to_write(world: World, unchanged: Unchanged) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], troll.id, can_write=False)
    await removed(troll, channel)
    async with unchanged(channel):
        problem(await troll.try_send(channel["id"], "x"), 403, "cannot_write")
    response = await troll.put(member(channel))
    assert (response.status_code, response.json()["can_write"]) == (200, False)
    problem(await troll.try_send(channel["id"], "x"), 403, "cannot_write")


async def test_who_is_banned_in_matrix_stays_out_until_they_are_unbanned(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner, troll = world.user("owner"), world.user("troll")
    channel = await world.channel(owner)
    await troll.send(channel["id"], "spam")
    client = await element(rooms, owner)
    async with witness.watch(channel, owner) as told:
        await client.ban(channel["matrix_room_id"], troll.matrix_id)
    assert told.audit == [("member.kicked", owner.id, troll.id)]
    assert troll.id not in await owner.members(channel["id"])
    async with unchanged(channel):
        problem(await troll.try_send(channel["id"], "more"), 403)
        problem(await troll.put(member(channel)), 403)
        problem(await owner.try_invite(channel["id"], troll.id), 403)
    async with witness.watch(channel, owner) as told:
        await client.unban(channel["matrix_room_id"], troll.matrix_id)
    assert told.kinds == []
    await troll.send(channel["id"], "Sorry")
    assert (await owner.members(channel["id"]))[troll.id]["joined_at"]


async def test_a_kicked_person_in_matrix_may_rejoin_a_public_room_only(
    world: World, rooms: Rooms, person: NewPerson, witness: Witness
) -> None:
    owner, bob = world.user("owner"), await person("bob")
    client = await element(rooms, bob)
    public, private = await world.channel(owner), await world.channel(owner, visibility="private")
    for channel in (public, private):
        await owner.invite(channel["id"], bob.id)
        async with witness.watch(channel, owner) as told:
            await client.join(channel["matrix_room_id"])
        assert told.kinds == ["member.joined"]
        await removed(owner, channel, bob.id)
        assert bob.id not in await rooms.joined(channel["matrix_room_id"])
    assert isinstance(await bob.client.join(private["matrix_room_id"]), nio.JoinError)
    async with witness.watch(public, owner) as told:
        await client.join(public["matrix_room_id"])
    assert told.kinds == ["member.joined"]


async def test_the_last_owner_leaves_in_matrix_and_the_channel_is_still_managed(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    # Nobody can hold them there; the room has let them go.
    async with witness.watch(channel, admin) as told:
        await (await element(rooms, owner)).leave(channel["matrix_room_id"])
    assert told.audit == [("member.left", owner.id, owner.id)]
    assert owner.id not in await admin.members(channel["id"])
    assert (await admin.patch(at(channel["id"]), {"name": "Ours now"})).status_code == 200


@pytest.mark.parametrize(("level", "role"), [(100, "owner"), (99, "admin"), (50, "admin"), (49, None), (1, None)])
async def test_a_power_level_of_matrix_is_a_role(
    world: World, rooms: Rooms, witness: Witness, level: int, role: str | None
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id, role="guest")
    client = await element(rooms, owner)
    async with witness.watch(channel, owner) as told:
        await client.set_power(channel["matrix_room_id"], alice.matrix_id, level)
    expected = [("member.role_changed", owner.id, alice.id)] if role else []
    assert told.audit == expected
    now = (await owner.members(channel["id"]))[alice.id]
    assert (now["role"], now["matrix_power_level"]) == (role or "guest", level)
    manages = role is not None
    assert (now["can_invite"], now["can_kick"]) == (manages, manages)
    # And it is worth something in the API.
    response = await alice.patch(at(channel["id"]), {"topic": "mine"})
    assert response.status_code == (200 if manages else 403)


async def test_an_agent_stays_an_agent_whatever_its_power_level(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    async with witness.watch(channel, owner) as told:
        await (await element(rooms, owner)).set_power(channel["matrix_room_id"], sofia.matrix_id, 50)
    assert told.kinds == []
    now = (await owner.members(channel["id"]))[sofia.id]
    assert (now["role"], now["can_kick"], now["can_invite"]) == ("agent", False, False)
