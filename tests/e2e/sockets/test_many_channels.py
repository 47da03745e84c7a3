"""One socket for many channels: each goes on from its own number, and may end without the others."""

from __future__ import annotations

from support.api import UNKNOWN_ID, World
from support.sockets import ListenToMany
from support.waiting import eventually


async def test_every_channel_goes_on_from_its_own_number(world: World, listen_to_many: ListenToMany) -> None:
    alice = world.user("alice")
    channels = [await world.channel(alice) for _ in range(3)]
    for channel in channels:
        await alice.send(channel["id"], "before")
    async with listen_to_many(alice) as socket:
        await socket.subscribe(*({"channel_id": c["id"], "since_seq": n} for n, c in enumerate(channels)))
        last = [await alice.send(c["id"], "after") for c in channels]

        async def arrived() -> bool:
            return all(socket.seqs_of(c)[-1:] == [m["seq"]] for c, m in zip(channels, last, strict=True))

        await eventually("the last message of every channel", arrived)
        for n, (channel, message) in enumerate(zip(channels, last, strict=True)):
            assert socket.seqs_of(channel) == list(range(n + 1, message["seq"] + 1))


async def test_a_channel_that_is_unsubscribed_is_silent_until_it_is_subscribed_again(
    world: World, listen_to_many: ListenToMany
) -> None:
    alice = world.user("alice")
    one, two = await world.channel(alice), await world.channel(alice)
    async with listen_to_many(alice) as socket:
        await socket.subscribe(*({"channel_id": c["id"], "since_seq": 0} for c in (one, two)))
        first = await alice.send(one["id"], "heard")
        await socket.message(first["id"])
        await socket.unsubscribe({"channel_id": one["id"]})
        await socket.pong()
        await alice.send(one["id"], "unheard")
        last = await alice.send(two["id"], "heard")
        await socket.message(last["id"])
        assert [m["content_preview"] for m in socket.messages] == ["heard", "heard"]
        await socket.subscribe({"channel_id": one["id"], "since_seq": first["seq"]})

        async def arrived() -> bool:
            return socket.seqs_of(one) == list(range(1, first["seq"] + 2))

        await eventually("what was missed meanwhile", arrived)


async def test_a_channel_that_may_not_be_read_is_named_and_harms_no_other(
    world: World, listen_to_many: ListenToMany
) -> None:
    owner = world.member_of("owner", world.microdao)
    alice = world.member_of("alice", world.other_microdao("other"))
    secret = await owner.create(**world.fields(visibility="private"))
    public = await owner.create(**world.fields())
    async with listen_to_many(alice) as socket:
        await socket.subscribe(
            {"channel_id": secret["id"], "since_seq": 0},
            {"channel_id": UNKNOWN_ID},
            {"channel_id": "general"},
            {"channel_id": public["id"]},
        )
        await socket.pong()

        async def named() -> bool:
            errors = {n["channel_id"]: n["code"] for n in socket.notices if n["type"] == "error"}
            return errors == dict.fromkeys((secret["id"], UNKNOWN_ID, "general"), "not_found")

        await eventually("the three channels are named", named)
        await owner.send(secret["id"], "secret")
        message = await owner.send(public["id"], "public")
        await socket.message(message["id"])
        assert socket.seqs_of(secret) == []


async def test_a_kicked_reader_loses_that_channel_and_no_other(world: World, listen_to_many: ListenToMany) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    closed, public = await world.channel(owner, visibility="private"), await world.channel(owner)
    await owner.invite(closed["id"], alice.id)
    async with listen_to_many(alice) as socket:
        await socket.subscribe({"channel_id": closed["id"]}, {"channel_id": public["id"]})
        first = await owner.send(closed["id"], "heard")
        await socket.message(first["id"])
        await owner.remove(closed["id"], alice.id)

        async def ended() -> bool:
            return closed["id"] in [n.get("channel_id") for n in socket.notices if n["type"] == "error"]

        await eventually("the subscription has ended", ended)
        await owner.send(closed["id"], "unheard")
        last = await owner.send(public["id"], "heard")
        await socket.message(last["id"])
        assert "unheard" not in [m["content_preview"] for m in socket.messages]
