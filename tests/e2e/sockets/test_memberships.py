"""Whoever is signed in hears of their own memberships on any socket, with the channel, without subscribing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, member_path, path_to, row
from support.second_relay import second_relay
from support.services import Services
from support.sockets import Listen, ListenToMany, listener
from support.stack import Stack
from support.tokens import token
from support.waiting import eventually


async def shown(reader: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    response = await reader.get(path_to(channel["id"]))
    assert response.status_code == 200, response.text
    return row(response.json())


@pytest.mark.parametrize("route", ["one", "many"])
async def test_a_person_hears_of_invitation_joining_role_and_removal(
    world: World, listen: Listen, listen_to_many: ListenToMany, route: str
) -> None:
    owner, alice, bystander = world.user("owner"), world.user("alice"), world.user("bystander")
    other = await world.channel(owner)
    opened = listen_to_many(alice) if route == "many" else listen(other["id"], alice)
    async with opened as socket, listen_to_many(bystander) as bystanders:
        channel = await world.channel(owner, visibility="private")
        await owner.invite(channel["id"], alice.id)
        frame = await socket.membership(channel, "member.invited")
        assert frame["channel"] == await shown(alice, channel)
        assert frame["seq"] == frame["event"]["seq"] > 1
        assert frame["event"]["member"]["member_id"] == frame["event"]["member_id"] == alice.id
        assert frame["event"]["actor_id"] == owner.id
        await socket.pong()
        response = await owner.patch(member_path(channel["id"], alice.id), {"can_invite": True})
        assert response.status_code == 200, response.text
        frame = await socket.membership(channel, "member.role_changed")
        assert frame["event"]["member"]["can_invite"] is True
        await owner.remove(channel["id"], alice.id)
        frame = await socket.membership(channel, "member.kicked")
        assert "channel" not in frame, "alice may not know any more what it has become"
        await bystanders.pong()
        assert bystanders.memberships(channel) == []


async def test_a_persons_other_devices_hear_of_what_they_do(world: World, listen_to_many: ListenToMany) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    public = await world.channel(owner)
    async with listen_to_many(alice) as socket, listen_to_many(alice) as other, listen_to_many(owner) as owners:
        made = await world.channel(alice, visibility="private")
        for device in (socket, other):
            frame = await device.membership(made, "channel.created")
            assert frame["channel"] == made
        assert (await alice.put(member_path(public["id"]))).status_code == 200
        await alice.remove(public["id"])
        for device in (socket, other):
            await device.membership(public, "member.joined")
            # Anybody may know of a public channel.
            assert (await device.membership(public, "member.left"))["channel"]["id"] == public["id"]
        await owners.pong()
        # That they made the channel a moment before they opened the socket may have come to the owner, and nothing else.
        assert set(owners.memberships(public)) <= {"channel.created"}
        assert owners.memberships(made) == []


async def test_a_direct_channel_comes_to_both(world: World, listen_to_many: ListenToMany) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    async with listen_to_many(alice) as alices, listen_to_many(bob) as bobs:
        fields = world.fields(visibility="private", is_direct=True, members=[bob.id])
        channel = await alice.create(**fields)
        assert (await alices.membership(channel, "channel.created"))["channel"]["is_direct"] is True

        async def arrived() -> list[dict[str, Any]]:
            return [frame for frame in bobs.personal if frame["channel_id"] == channel["id"]]

        first = (await eventually("bob hears of the direct channel", arrived))[0]
        assert first["channel"]["id"] == channel["id"] and first["event"]["member_id"] == bob.id
        # What was said meanwhile comes with a subscription behind the number.
        message = await alice.send(channel["id"], "hello")
        await bobs.subscribe({"channel_id": channel["id"], "since_seq": first["seq"]})
        await bobs.message(message["id"])


async def test_who_is_no_member_hears_of_no_new_channel(world: World, listen_to_many: ListenToMany) -> None:
    owner, neighbour = world.user("owner"), world.user("neighbour")
    async with listen_to_many(neighbour) as socket:
        channels = [await world.channel(owner, visibility=v) for v in ("public", "microdao", "private")]
        mine = await world.channel(neighbour)
        await socket.membership(mine, "channel.created")
        assert [socket.memberships(channel) for channel in channels] == [[], [], []]


async def test_a_subscribed_channels_own_frames_do_not_come_twice(world: World, listen_to_many: ListenToMany) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel, later = await world.channel(owner), await world.channel(owner)
    async with listen_to_many(alice) as socket:
        await socket.subscribe({"channel_id": channel["id"], "since_seq": 0})
        for _ in range(3):
            assert (await alice.put(member_path(channel["id"]))).status_code == 200
            await alice.remove(channel["id"])
        # An event without a subscription comes behind them on the same road.
        assert (await alice.put(member_path(later["id"]))).status_code == 200
        await socket.membership(later, "member.joined")
        await socket.until(7)
        await socket.pong()
        assert socket.seqs_of(channel) == list(range(1, 8))
        assert socket.memberships(channel) == []


async def test_a_removal_comes_once_although_it_ends_the_subscription(
    world: World, listen_to_many: ListenToMany
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel, later = await world.channel(owner, visibility="private"), await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    async with listen_to_many(alice) as socket:
        await socket.subscribe({"channel_id": channel["id"]})
        await socket.pong()
        await owner.remove(channel["id"], alice.id)
        assert (await alice.put(member_path(later["id"]))).status_code == 200
        await socket.membership(later, "member.joined")
        await socket.pong()
        own = [event["type"] for event in socket.events if event["channel_id"] == channel["id"]]
        assert own.count("member.kicked") + socket.memberships(channel).count("member.kicked") == 1


async def test_a_membership_that_does_not_count_is_not_told_of(world: World, listen_to_many: ListenToMany) -> None:
    microdao = world.microdao
    owner, former = world.member_of("owner", microdao), world.member_of("former", microdao)
    channel = await owner.create(**world.fields(visibility="microdao"))
    await former.send(channel["id"], "joins by the claim")
    without = world.bearer(former.id, token(former.id, world.secret(), []))
    async with listen_to_many(without) as socket:
        response = await owner.patch(member_path(channel["id"], former.id), {"can_invite": True})
        assert response.status_code == 200, response.text
        mine = await world.channel(owner)
        await owner.invite(mine["id"], former.id)
        await socket.membership(mine, "member.invited")
        assert socket.memberships(channel) == []


async def test_two_relays_each_serve_their_own_sockets(world: World, stack: Stack, tmp_path: Path) -> None:
    owner, alice = world.user("owner"), world.user("alice")

    def url(base: str) -> str:
        return f"{base}/ws/messaging" + (f"?user_id={alice.id}" if "Authorization" not in alice.headers else "")

    stack.need("ws_url")
    async with (
        second_relay(stack, tmp_path) as second,
        listener(url(stack.ws_url or ""), headers=alice.headers) as here,
        listener(url(second), headers=alice.headers) as there,
    ):
        channel = await world.channel(owner, visibility="private")
        await owner.invite(channel["id"], alice.id)
        for socket in (here, there):
            assert (await socket.membership(channel, "member.invited"))["channel"]["id"] == channel["id"]


@pytest.mark.faults
async def test_without_nats_memberships_come_from_the_outbox_and_once(
    world: World, services: Services, listen_to_many: ListenToMany
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    async with listen_to_many(alice) as socket:
        async with services.without("nats"):
            channel = await world.channel(owner, visibility="private")
            await owner.invite(channel["id"], alice.id)
            await socket.membership(channel, "member.invited")
        await services.all_well()
        response = await owner.patch(member_path(channel["id"], alice.id), {"can_invite": True})
        assert response.status_code == 200, response.text
        # The invitation's own frame has come through NATS by now.
        await socket.membership(channel, "member.role_changed")
        told = socket.memberships(channel)
        assert len(set(told)) == len(told), told


async def test_the_list_and_the_frames_leave_no_gap(world: World, listen_to_many: ListenToMany) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channels = [await world.channel(owner, visibility="private") for _ in range(12)]
    for channel in channels:
        # Each socket is opened while an invitation is under way.
        async with listen_to_many(alice) as socket:
            listed = await alice.get(CHANNELS)
            await owner.invite(channel["id"], alice.id)
            assert channel["id"] not in [known["id"] for known in listed.json()]
            await socket.membership(channel, "member.invited")
