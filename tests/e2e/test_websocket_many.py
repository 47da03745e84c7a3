"""One socket for many channels."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from support.api import Caller, World
from support.sockets import Listener, listener
from support.stack import Stack
from support.waiting import eventually

Open = Callable[[Caller], AbstractAsyncContextManager[Listener]]


@pytest.fixture
def many(stack: Stack) -> Open:
    stack.need("ws_url")

    def open_socket(caller: Caller) -> AbstractAsyncContextManager[Listener]:
        if "Authorization" in caller.headers:
            return listener(f"{stack.ws_url}/ws/messaging", headers=caller.headers)
        return listener(f"{stack.ws_url}/ws/messaging?user_id={caller.id}")

    return open_socket


def of(socket: Listener, channel: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in socket.events if event["channel_id"] == channel["id"]]


async def subscribe(socket: Listener, *channels: dict[str, Any]) -> None:
    await socket.send(json.dumps({"subscribe": list(channels)}))


async def test_every_channel_goes_on_from_its_own_number(world: World, many: Open) -> None:
    alice = world.user("alice")
    channels = [await world.channel(alice) for _ in range(3)]
    for channel in channels:
        await alice.send(channel["id"], "before")
    async with many(alice) as socket:
        await subscribe(socket, *({"channel_id": c["id"], "since_seq": n} for n, c in enumerate(channels)))
        last = [await alice.send(c["id"], "after") for c in channels]

        async def arrived() -> bool:
            return all(of(socket, c)[-1:] == [m["seq"]] for c, m in zip(channels, last, strict=True))

        await eventually("the last message of every channel", arrived)
        for n, (channel, message) in enumerate(zip(channels, last, strict=True)):
            assert of(socket, channel) == list(range(n + 1, message["seq"] + 1))


async def test_who_unsubscribes_hears_no_more(world: World, many: Open) -> None:
    alice = world.user("alice")
    one, two = await world.channel(alice), await world.channel(alice)
    async with many(alice) as socket:
        await subscribe(socket, *({"channel_id": c["id"], "since_seq": 0} for c in (one, two)))
        first = await alice.send(one["id"], "heard")
        await socket.message(first["id"])
        await socket.send(json.dumps({"unsubscribe": [{"channel_id": one["id"]}]}))
        await socket.pong()
        await alice.send(one["id"], "unheard")
        last = await alice.send(two["id"], "heard")
        await socket.message(last["id"])
        assert [m["content_preview"] for m in socket.messages] == ["heard", "heard"]
        # And again, from where it was left.
        await subscribe(socket, {"channel_id": one["id"], "since_seq": first["seq"]})

        async def arrived() -> bool:
            return of(socket, one) == list(range(1, first["seq"] + 2))

        await eventually("what was missed meanwhile", arrived)


async def test_a_channel_that_may_not_be_read_is_named_and_harms_no_other(world: World, many: Open) -> None:
    owner = world.member_of("owner", world.microdao)
    alice = world.member_of("alice", world.other_microdao("other"))
    secret = await owner.create(**world.fields(visibility="private"))
    public = await owner.create(**world.fields())
    async with many(alice) as socket:
        unknown = "00000000-0000-4000-8000-000000000000"
        await subscribe(
            socket,
            {"channel_id": secret["id"], "since_seq": 0},
            {"channel_id": unknown},
            {"channel_id": "general"},
            {"channel_id": public["id"]},
        )
        await socket.pong()

        async def told() -> bool:
            errors = {n["channel_id"]: n["code"] for n in socket.notices if n["type"] == "error"}
            return errors == dict.fromkeys((secret["id"], unknown, "general"), "not_found")

        await eventually("the three channels are named", told)
        await owner.send(secret["id"], "secret")
        message = await owner.send(public["id"], "public")
        await socket.message(message["id"])
        assert of(socket, secret) == []


async def test_who_is_kicked_loses_that_channel_and_no_other(world: World, many: Open) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    closed, public = await world.channel(owner, visibility="private"), await world.channel(owner)
    await owner.invite(closed["id"], alice.id)
    async with many(alice) as socket:
        await subscribe(socket, {"channel_id": closed["id"]}, {"channel_id": public["id"]})
        first = await owner.send(closed["id"], "heard")
        await socket.message(first["id"])
        response = await owner.delete(f"/api/messaging/channels/{closed['id']}/members/{alice.id}")
        assert response.status_code == 204

        async def told() -> bool:
            return closed["id"] in [n.get("channel_id") for n in socket.notices if n["type"] == "error"]

        await eventually("the loss is told", told)
        await owner.send(closed["id"], "unheard")
        last = await owner.send(public["id"], "heard")
        await socket.message(last["id"])
        assert "unheard" not in [m["content_preview"] for m in socket.messages]
