"""Invitations: people in Matrix accept or decline, and nobody grants more than they have."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from support.api import World, member_path
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_a_closed_room_opens_to_an_invited_person_in_matrix(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, visibility: str
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility=visibility)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    refused = await bob.try_call("POST", f"join/{quote(room, safe='')}", {})
    assert refused.status_code == 403, refused.text
    async with witness.watch(channel, owner) as observed:
        invited = await owner.invite(channel["id"], bob.id, role="guest")
        assert (invited["member_id"], invited["member_type"], invited["role"]) == (bob.id, "human", "guest")
        assert (invited["invited_by"], invited["joined_at"]) == (owner.id, None), "people in Matrix decide themselves"
        await bob.join(room)
        await bob.say(room, "Thank you")
    assert observed.audit == [("member.invited", owner.id, bob.id), ("member.joined", bob.id, bob.id)]
    assert observed.kinds == ["member.invited", "member.joined", "message.created"]
    *memberships, message = observed.events
    assert [event.payload["role"] for event in memberships] == ["guest", "guest"]
    assert message.payload["sender_id"] == bob.id
    member = (await owner.members(channel["id"]))[bob.id]
    # Who is only invited has no name here.
    before = {"joined_at": None, "display_name": None}
    assert member["joined_at"] and member | before == invited, "they have joined as what they were invited"


async def test_a_person_in_matrix_declines_an_invitation(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    bob = await matrix_client(rooms, await person("bob"))
    await owner.invite(channel["id"], bob.id)
    async with witness.watch(channel, owner) as observed:
        await bob.leave(channel["matrix_room_id"])
    assert observed.audit == [("member.left", bob.id, bob.id)]
    assert observed.kinds == ["member.left"]
    assert bob.id not in await owner.members(channel["id"])
    # They can be asked again.
    async with witness.watch(channel, owner) as observed:
        await owner.invite(channel["id"], bob.id)
        await bob.join(channel["matrix_room_id"])
    assert observed.kinds == ["member.invited", "member.joined"]


async def test_a_user_who_was_invited_in_matrix_joins_through_the_api(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner = world.member_of("owner", world.microdao)
    carol = world.member_of("carol", world.other_microdao("other"))
    channel = await owner.create(**world.fields(visibility="private"))
    owners_client, carols_client = await matrix_client(rooms, owner), await matrix_client(rooms, carol)
    async with witness.watch(channel, owner) as observed:
        await owners_client.invite(channel["matrix_room_id"], carol.matrix_id)
    assert observed.audit == [("member.invited", owner.id, carol.id)]
    async with witness.watch(channel, owner) as observed:
        response = await carol.put(member_path(channel["id"]))
        assert (response.status_code, response.json()["invited_by"]) == (200, owner.id), response.text
    assert observed.kinds == ["member.joined"]
    assert carol.matrix_id in await rooms.joined(channel["matrix_room_id"])
    await carols_client.say(channel["matrix_room_id"], "Thank you")


async def test_an_invited_user_reads_at_once_and_joins_with_their_first_message(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, carol = world.member_of("owner", world.microdao), world.member_of("carol")
    channel = await owner.create(**world.fields(visibility="private"))
    message = await owner.send(channel["id"], "Welcome")
    client = await matrix_client(rooms, owner)
    await matrix_client(rooms, carol)
    async with witness.watch(channel, owner) as observed:
        await client.invite(channel["matrix_room_id"], carol.matrix_id)
    assert observed.kinds == ["member.invited"]
    assert await carol.page(channel["id"]) == [message]
    async with witness.watch(channel, owner) as observed:
        second = await carol.send(channel["id"], "Here I am")
    assert observed.kinds == ["member.joined", "message.created"]
    assert await owner.history(channel["id"]) == [message, second]


async def test_a_malformed_matrix_id_cannot_be_invited(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    for name in (
        "@",
        "@bob",
        "bob",
        "@a\0b:localhost",
        "@" + "a" * 260 + ":localhost",
        "#room:localhost",
    ):
        problem(await alice.try_invite(channel["id"], name), 422, "invalid", "/member_id")


async def test_nobody_grants_more_than_they_have(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    inviter = world.user("inviter")
    await owner.invite(channel["id"], inviter.id, can_invite=True)
    guest = world.user("guest").id
    async with unchanged(channel):
        for more in ({"role": "owner"}, {"role": "admin"}, {"can_kick": True}, {"can_create_tasks": True}):
            problem(await inviter.try_invite(channel["id"], guest, **more), 403, "cannot_grant")
    assert (await inviter.invite(channel["id"], guest, can_invite=True))["can_invite"]


async def test_the_role_agent_is_for_agents_and_they_have_no_other(world: World, unchanged: Unchanged) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    async with unchanged(channel):
        problem(await owner.try_invite(channel["id"], sofia.id, role="owner"), 422, "invalid", "/role")
        problem(await owner.try_invite(channel["id"], world.user("bob").id, role="agent"), 422, "invalid", "/role")


async def test_an_invitation_says_when_and_its_events_carry_the_membership(
    world: World, witness: Witness, person: NewPerson
) -> None:
    owner, bob = world.user("owner"), world.user("bob")
    channel = await world.channel(owner)
    invited_person = await person("mia")
    async with witness.watch(channel, owner) as observed:
        invited = await owner.invite(channel["id"], invited_person.id)
    assert invited["invited_at"] >= channel["created_at"] and invited["joined_at"] is None
    [event], [frame] = observed.events, observed.frames
    assert event.payload["member"] == frame["member"] == invited
    async with witness.watch(channel, owner) as observed:
        joined = await owner.invite(channel["id"], bob.id)
    assert joined["joined_at"] >= joined["invited_at"]
    assert [frame["member"]["joined_at"] is None for frame in observed.frames] == [True, False]
    assert observed.frames[-1]["member"] == joined
    assert (await owner.members(channel["id"]))[owner.id]["invited_at"] is None
