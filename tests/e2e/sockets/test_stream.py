"""A channel's stream: every event, in order, to everybody who listens."""

from __future__ import annotations

import json
from contextlib import suppress

from websockets.exceptions import ConnectionClosed

from support.api import CHANNELS, World, rows
from support.sockets import Listen


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


async def test_frames_are_the_rows_that_the_api_shows(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        parent = await alice.send(channel["id"], 'Їжак 😀 \u2028 "quoted" \\ </script>')
        reply = await alice.send(channel["id"], "reply", reply_to=parent["id"], msgtype="m.notice")
        await socket.until(reply["seq"])
        response = await alice.get(f"{CHANNELS}/{channel['id']}/messages")
        assert socket.messages == rows(response)[::-1] == [parent, reply]
        assert all(json.dumps(frame) for frame in socket.events)


async def test_every_ping_gets_a_pong(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        for _ in range(3):
            await socket.pong()


async def test_unknown_texts_are_ignored(world: World, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        for text in ("hello", "PING", "{", "[]", "null", '{"type": "typing"}', "\0", "😀", " ping", b"ping", b"\xff"):
            await socket.send(text)
        await socket.pong()
        message = await alice.send(channel["id"], "still here")
        await socket.message(message["id"])


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
