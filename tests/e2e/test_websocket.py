"""The channel's stream, as a browser follows it."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support.api import CHANNELS, World
from support.index import Index
from support.journal import Journal
from support.sockets import Listen, listener
from support.tokens import token

Address = Callable[..., str]


async def refused(url: str, *statuses: int, **options: Any) -> None:
    """Checks that the relay answers the handshake with one of these statuses."""
    with pytest.raises(InvalidStatus) as answer:
        async with listener(url, **options):
            pass
    assert answer.value.response.status_code in statuses, answer.value.response.body


async def test_ping_is_answered_with_pong(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        for _ in range(3):
            await socket.pong()


async def test_what_the_relay_does_not_know_it_ignores(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        for text in ("hello", "PING", "{", "[]", "null", '{"type": "typing"}', "\0", "😀", " ping", b"ping", b"\xff"):
            await socket.send(text)
        await socket.pong()
        message = await alice.send(channel["id"], "still here")
        await socket.message(message["id"])


async def test_every_reader_gets_every_message_in_order(world: World, listen: Listen) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as one, listen(channel["id"], bob) as two:
        sent = [await alice.send(channel["id"], f"message {n}") for n in range(10)]
        for socket in (one, two):
            await socket.until(sent[-1]["seq"])
            assert socket.messages == sent
            assert socket.seqs == [message["seq"] for message in sent]


async def test_a_reader_hears_nothing_of_other_channels(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    here, there = await world.channel(alice), await world.channel(alice)
    async with listen(here["id"], alice) as socket:
        await alice.send(there["id"], "elsewhere")
        message = await alice.send(here["id"], "here")
        await socket.message(message["id"])
        assert socket.messages == [message]
        assert {event.get("channel_id", here["id"]) for event in socket.events} == {here["id"]}


async def test_since_0_brings_every_event_as_it_is_in_jetstream(world: World, listen: Listen, journal: Journal) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    await sofia.say(channel["id"], "hello")
    message = await owner.send(channel["id"], "hello, too")
    events = await journal.until(channel["id"], message["seq"])
    async with listen(channel["id"], owner, since_seq=0) as socket:
        frames = await socket.until(message["seq"])
    assert [f["seq"] for f in frames] == list(range(1, message["seq"] + 1))
    assert [f"messaging.{f['type']}" for f in frames] == [e.subject for e in events]
    for frame, event in zip(frames, events, strict=True):
        if frame["type"].startswith("message."):
            assert frame["message"] == event.payload["message"]
        else:
            assert {k: v for k, v in event.payload.items() if k not in frame or frame[k] != v} == {}


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    count = 40

    async def send() -> list[dict[str, Any]]:
        return [await alice.send(channel["id"], f"message {n}") for n in range(count)]

    sending = asyncio.create_task(send())
    seen: list[dict[str, Any]] = []
    visits = 0
    while not sending.done() or visits < 3:
        since = seen[-1]["seq"] if seen else 0
        async with listen(channel["id"], alice, since_seq=since) as socket:
            visits += 1
            with suppress(AssertionError):
                # Stays for a few events, then leaves in the middle of the stream.
                await socket.until(since + 3 + visits % 5, deadline=2)
            seen.extend(socket.events)
    sent = await sending
    async with listen(channel["id"], alice, since_seq=seen[-1]["seq"] if seen else 0) as socket:
        if not seen or seen[-1]["seq"] < sent[-1]["seq"]:
            await socket.until(sent[-1]["seq"])
        seen.extend(socket.events)
    assert [event["seq"] for event in seen] == list(range(1, sent[-1]["seq"] + 1))
    assert [e["message"]["id"] for e in seen if e["type"] == "message.created"] == [m["id"] for m in sent]
    assert visits >= 3


async def test_many_readers_resume_while_messages_are_being_sent(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "first")

    async def follow(since: int, last: asyncio.Future[int]) -> list[int]:
        async with listen(channel["id"], alice, since_seq=since) as socket:
            await socket.until(await last)
            return socket.seqs

    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    readers = [asyncio.create_task(follow(n % 3, last)) for n in range(12)]
    sent = await asyncio.gather(*(alice.send(channel["id"], f"message {n}") for n in range(20)))
    last.set_result(max(message["seq"] for message in sent))
    for n, seqs in enumerate(await asyncio.gather(*readers)):
        assert seqs == list(range(n % 3 + 1, last.result() + 1))


async def test_who_is_too_far_behind_is_told_so(world: World, listen: Listen, index: Index, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    await journal.until(channel["id"], sent[-1]["seq"])
    # As after a day: the first events of this channel are not kept any more.
    await index.rows(
        "DELETE FROM outbox WHERE channel_id = $1::text::uuid AND seq <= $2", channel["id"], sent[1]["seq"]
    )
    async with listen(channel["id"], alice, since_seq=0) as socket:
        await socket.pong()
        message = await alice.send(channel["id"], "after that")
        await socket.until(message["seq"])
        assert [notice["type"] for notice in socket.notices].count("reload") == 1, socket.notices
        [reload] = [notice for notice in socket.notices if notice["type"] == "reload"]
        # What comes then goes on behind the number that the notice names.
        assert socket.seqs == list(range(reload["seq"] + 1, message["seq"] + 1))
        assert reload["seq"] >= sent[1]["seq"]
    # Who has all that is gone needs no reload.
    async with listen(channel["id"], alice, since_seq=sent[1]["seq"]) as socket:
        await socket.until(message["seq"])
        assert socket.seqs == list(range(sent[1]["seq"] + 1, message["seq"] + 1))
        assert "reload" not in [notice["type"] for notice in socket.notices]


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "99999999999999999999", "%00"])
async def test_a_number_that_is_none_is_refused(world: World, ws_address: Address, since: str) -> None:
    channel = await world.channel()
    await refused(f"{ws_address(channel['id'])}?since_seq={since}", 422)


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "general", "%00", "1"])
async def test_an_unknown_channel_is_not_found(world: World, ws_address: Address, name: str) -> None:
    text = token(world.user("alice").id, world.secret(), [world.microdao])
    await refused(ws_address(name, token=text), 404)


async def test_a_wrong_token_is_refused(world: World, ws_address: Address) -> None:
    channel = await world.channel()
    entity = world.user("alice").id
    for text in ("nonsense", token(entity, "x" * 64), token(entity, world.secret(), lifetime=-3600), "a.b.c"):
        await refused(ws_address(channel["id"], token=text), 401)
        await refused(ws_address(channel["id"]), 401, headers={"Authorization": f"Bearer {text}"})
        await refused(ws_address(channel["id"]), 401, subprotocols=["bearer", text])
    await refused(ws_address(channel["id"]), 401, headers={"Authorization": "Basic YTpi"})


async def test_a_token_may_come_in_each_of_three_ways(world: World, ws_address: Address) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="microdao"))
    text = alice.headers["Authorization"].split()[1]
    address = ws_address(channel["id"])
    async with (
        listener(address, headers=alice.headers) as header,
        listener(address, subprotocols=["bearer", text]) as protocol,
        listener(ws_address(channel["id"], token=text)) as query,
    ):
        assert protocol.socket.subprotocol == "bearer", "never the token itself"
        message = await alice.send(channel["id"], "hello")
        for socket in (header, protocol, query):
            await socket.message(message["id"])


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_who_may_not_read_is_not_let_in(world: World, ws_address: Address, visibility: str) -> None:
    owner = world.member_of("owner", world.microdao)
    channel = await owner.create(**world.fields(visibility=visibility))
    member = world.member_of("member", world.microdao)
    outsider = world.member_of("outsider", world.other_microdao("other"))
    blind = world.member_of("blind")
    await owner.invite(channel["id"], blind.id, can_read=False)
    address = ws_address(channel["id"])
    for caller, may in [
        (owner, True),
        (member, visibility != "private"),
        (outsider, visibility == "public"),
        (blind, visibility == "public"),
    ]:
        if may:
            async with listener(address, headers=caller.headers) as socket:
                await socket.pong()
        else:
            # A member who may not read knows of the channel; nobody else does.
            await refused(address, *((403, 404) if caller is blind else (404,)), headers=caller.headers)


async def test_in_development_a_name_is_enough_and_for_public_channels_nothing(
    world: World, ws_address: Address
) -> None:
    if not world.development:
        pytest.skip("names count only in development mode")
    owner = world.user("owner")
    public = await world.channel(owner)
    private = await world.channel(owner, visibility="private")
    async with (
        listener(ws_address(public["id"])) as anybody,
        listener(ws_address(private["id"], user_id=owner.id)) as own,
    ):
        for channel, socket in ((public, anybody), (private, own)):
            message = await owner.send(channel["id"], "hello")
            await socket.message(message["id"])
    await refused(ws_address(private["id"]), 401, 404)
    await refused(ws_address(private["id"], user_id=world.user("other").id), 404)
    await refused(ws_address(private["id"], user_id="user:Nobody"), 401)


async def test_a_plain_request_is_told_to_upgrade(world: World, web: Any, ws_address: Address) -> None:
    channel = await world.channel()
    response = await web.get(ws_address(channel["id"]).replace("ws", "http", 1))
    assert response.status_code in (400, 426)


async def test_a_flood_of_text_harms_only_its_sender(world: World, listen: Listen) -> None:
    alice, mallory = world.user("alice"), world.user("mallory")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket, listen(channel["id"], mallory) as flood:
        with suppress(ConnectionClosed):
            await flood.send("x" * 200_000)
            for _ in range(2000):
                await flood.send("ping")
        message = await alice.send(channel["id"], "unharmed")
        await socket.message(message["id"])
        await socket.pong()


async def test_frames_are_the_rows_that_the_api_shows(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        parent = await alice.send(channel["id"], 'Їжак 😀 \u2028 "quoted" \\ </script>')
        reply = await alice.send(channel["id"], "reply", reply_to=parent["id"], msgtype="m.image")
        await socket.until(reply["seq"])
        response = await alice.get(f"{CHANNELS}/{channel['id']}/messages")
        assert socket.messages == response.json()[::-1] == [parent, reply]
        assert all(json.dumps(frame) for frame in socket.events)
