"""Reading through the API and on WebSockets."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from support.api import CHANNELS, Caller, World, path_to, unique
from support.problems import problem
from support.sockets import Listen, ListenToMany
from support.tokens import token

UNREAD = "/api/messaging/unread"
NOTHING = {"unread_count": 0, "mention_count": 0, "channels": 0}


async def read(caller: Caller, channel: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = await caller.request("PUT", f"{path_to(channel['id'])}/read", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def counted(caller: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    """What the list of channels says, which is the same as the channel alone."""
    alone = (await caller.get(path_to(channel["id"]))).json()
    listed = (await caller.get(CHANNELS, microdao_id=channel["microdao_id"])).json()
    assert [one for one in listed if one["id"] == channel["id"]] == [alone]
    return alone


async def put(caller: Caller, channel: dict[str, Any], what: str, **body: Any) -> httpx.Response:
    response = await caller.request("PUT", f"{path_to(channel['id'])}/{what}", **({"json": body} if body else {}))
    assert response.status_code == 200, response.text
    return response


async def test_what_others_send_is_unread_until_one_reads_it(world: World) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(alice)
    for member in (bob, sofia):
        await alice.invite(channel["id"], member.id)
    agent = world.bearer(sofia.id, token(sofia.id, world.secret(), [world.microdao]))
    messages = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    for member in (bob, agent):
        assert (await counted(member, channel))["unread_count"] == 3
        assert (await member.get(UNREAD)).json() == {"unread_count": 3, "mention_count": 0, "channels": 1}
    assert (await counted(alice, channel))["unread_count"] == 0
    state = await read(bob, channel, message_id=messages[1]["id"])
    assert (state["read_seq"], state["unread_count"], state["channel_id"]) == (messages[1]["seq"], 1, channel["id"])
    assert (await read(bob, channel, seq=messages[0]["seq"]))["read_seq"] == messages[1]["seq"], "never backwards"
    assert (await read(bob, channel))["unread_count"] == 0, "without a place, everything"
    await sofia.say(channel["id"], "I have read it")
    assert (await counted(agent, channel))["unread_count"] == 0, "sending is reading"
    assert (await counted(bob, channel))["unread_count"] == 1
    receipts = (await alice.get(f"{path_to(channel['id'])}/receipts")).json()
    shown = {receipt["member_id"]: receipt["read_seq"] for receipt in receipts["receipts"]}
    assert shown.keys() == {alice.id, bob.id, sofia.id} and (receipts["member_count"], receipts["read_count"]) == (3, 1)
    assert (await alice.get(f"{path_to(channel['id'])}/receipts", seq=1)).json()["read_count"] == 3


async def test_a_private_receipt_is_not_shown(world: World, listen: Listen) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    first, second = [await alice.send(channel["id"], text) for text in ("first", "second")]
    async with listen(channel["id"], alice) as socket:
        await read(bob, channel, message_id=second["id"], private=True)
        await read(bob, channel, message_id=first["id"])
        frame = await socket.reads("receipt.updated", channel)
        assert (frame["member_id"], frame["read_seq"]) == (bob.id, first["seq"])
        assert [f["read_seq"] for f in socket.reading if f["type"] == "receipt.updated"] == [first["seq"]]
    receipts = (await alice.get(f"{path_to(channel['id'])}/receipts")).json()["receipts"]
    [mine] = [receipt for receipt in receipts if receipt["member_id"] == bob.id]
    assert mine == {"member_id": bob.id, "read_seq": first["seq"], "display_name": None, "avatar_url": None}
    assert (await counted(bob, channel))["unread_count"] == 0


async def test_marks_by_hand_and_muted_channels(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel, other = await world.channel(alice), await world.channel(alice)
    for one in (channel, other):
        await alice.invite(one["id"], bob.id)
        await alice.send(one["id"], "hello")
    assert (await put(bob, channel, "muted", muted=True)).json()["muted"]
    assert (await bob.get(UNREAD)).json() == {"unread_count": 1, "mention_count": 0, "channels": 1}
    await read(bob, other)
    assert (await bob.get(UNREAD)).json() == NOTHING
    assert (await put(bob, other, "unread")).json()["marked_unread"]
    assert (await bob.get(UNREAD)).json() == NOTHING | {"channels": 1}
    assert (await counted(bob, other))["marked_unread"]
    assert not (await read(bob, other))["marked_unread"]
    assert (await put(bob, channel, "muted", muted=False)).json()["unread_count"] == 1


async def test_a_key_is_one_request(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    messages = [await alice.send(channel["id"], f"{n}") for n in range(2)]
    key, path = unique("key"), f"{path_to(channel['id'])}/read"
    first, again = [await bob.request("PUT", path, json={"seq": messages[0]["seq"]}, key=key) for _ in range(2)]
    assert first.json() == again.json() and first.json()["unread_count"] == 1
    problem(await bob.request("PUT", path, json={"seq": 1}, key=key), 422, "idempotency_key_reused")
    for wrong in ({"seq": -1}, {"seq": "x"}, {"message_id": "x"}, {"seq": 2**60}):
        assert (await bob.request("PUT", path, json=wrong)).status_code == 422, wrong


async def test_other_sockets_of_the_same_person_hear_of_everything_and_nobody_else_does(
    world: World, listen_to_many: ListenToMany
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    message = await alice.send(channel["id"], "hello")
    async with listen_to_many(bob) as phone, listen_to_many(alice) as elsewhere:
        await elsewhere.subscribe({"channel_id": channel["id"]})
        await elsewhere.reads("unread.updated", channel)
        await read(bob, channel, message_id=message["id"], private=True)
        await phone.reads("unread.updated", channel, read_seq=message["seq"], unread_count=0)
        await put(bob, channel, "unread")
        await phone.reads("unread.updated", channel, marked_unread=True)
        await put(bob, channel, "muted", muted=True)
        await phone.reads("unread.updated", channel, muted=True, marked_unread=True)
        await elsewhere.pong()
        own = [frame for frame in elsewhere.reading if frame["type"] == "unread.updated"]
        # Her own message may be told of as read after she has subscribed.
        assert own and not any(frame["muted"] or frame["marked_unread"] for frame in own), "only Alice's own state"
        assert [f for f in elsewhere.reading if f["type"] == "receipt.updated"] == []


async def test_who_sends_without_having_read_has_read_on_all_sockets(
    world: World, listen_to_many: ListenToMany
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    await alice.send(channel["id"], "hello")
    async with listen_to_many(bob) as phone:
        message = await bob.send(channel["id"], "hello to you")
        await phone.reads("unread.updated", channel, read_seq=message["seq"], unread_count=0)


async def test_a_subscription_begins_with_the_state_and_has_the_deltas_after_it(
    world: World, listen_to_many: ListenToMany, listen: Listen
) -> None:
    alice, bob, carol = world.user("alice"), world.user("bob"), world.user("carol")
    channel = await world.channel(alice, visibility="private")
    for member in (bob, carol):
        await alice.invite(channel["id"], member.id)
    first = await alice.send(channel["id"], "first")
    await read(carol, channel, message_id=first["id"])
    second = await alice.send(channel["id"], "second")
    async with listen_to_many(bob) as socket:
        await socket.subscribe({"channel_id": channel["id"], "since_seq": 0})
        await socket.until(second["seq"])
        await socket.reads("unread.updated", channel, unread_count=2, marked_unread=False)
        state = await socket.reads("receipts", channel)
        shown = {receipt["member_id"]: receipt["read_seq"] for receipt in state["receipts"]}
        assert shown == {alice.id: second["seq"], carol.id: first["seq"]}
        await read(carol, channel, message_id=second["id"])
        await socket.reads("receipt.updated", channel, member_id=carol.id, read_seq=second["seq"])
        assert [frame["type"] for frame in socket.reading][:2] == ["unread.updated", "receipts"]
        assert not [frame for frame in socket.reading if "seq" in frame], "none has a number"
        third = await alice.send(channel["id"], "third")
        await socket.until(third["seq"])
        assert socket.seqs == list(range(1, third["seq"] + 1))
    async with listen(channel["id"], bob) as plain:
        await alice.send(channel["id"], "fourth")
        await plain.until(third["seq"] + 1)
        assert plain.reading == [], "the platform's first clients get no state"


async def test_reads_at_once_end_at_the_furthest(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    messages = [await alice.send(channel["id"], f"{n}") for n in range(6)]
    await asyncio.gather(*(read(bob, channel, message_id=message["id"]) for message in messages[::-1] + messages))
    assert (await counted(bob, channel))["read_seq"] == messages[-1]["seq"]
