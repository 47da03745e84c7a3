"""What breaks the protocol ends with the code that RFC 6455 has for it, and floods end before they slow others."""

from __future__ import annotations

import json

import pytest

from support.api import UNKNOWN_ID, World
from support.raw_socket import CONTINUATION, TEXT, frame, raw_socket
from support.sockets import Address, Listen, ListenToMany

BROKEN = {
    "text that is not UTF-8": (frame(TEXT, b"\xc3\x28"), 1007),
    "text that ends within a character": (frame(TEXT, "\u0457".encode()[:1]), 1007),
    "a reserved bit": (frame(TEXT, b"ping", reserved=4), 1002),
    "a reserved opcode": (frame(3, b"x"), 1002),
    "a reserved control opcode": (frame(11), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "a new text within a text": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "a ping in fragments": (frame(9, b"x", fin=False), 1002),
    "a frame without a mask": (bytes([0x81, 4]) + b"ping", 1002),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_broken_frames_end_with_their_code(world: World, ws_address: Address, case: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    data, code = BROKEN[case]
    async with raw_socket(ws_address(channel["id"], **alice.query)) as socket:
        # More behind it, so that the end of the connection finds bytes that nobody reads.
        await socket.send(data + frame(TEXT, b"ping") * 20)
        assert await socket.closed() == code


async def test_frames_without_end_are_counted(world: World, ws_address: Address, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with raw_socket(ws_address(channel["id"], **alice.query)) as socket, listen(channel["id"], alice) as other:
        await socket.send(frame(TEXT, b"x", fin=False))
        await socket.send(frame(CONTINUATION, fin=False) * 50_000)
        assert await socket.closed() == 1008
        message = await alice.send(channel["id"], "unharmed")
        await other.message(message["id"])


async def test_a_long_message_in_many_small_frames_is_whole(world: World, ws_address: Address) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with raw_socket(ws_address(channel["id"], **alice.query)) as socket:
        for _ in range(5):
            parts = [frame(TEXT, b"x" * 100, fin=False), *[frame(CONTINUATION, b"x" * 100, fin=False)] * 600]
            await socket.send(b"".join(parts) + frame(CONTINUATION))
        await socket.send(frame(TEXT, b"ping"))
        await socket.receives(b"pong")


async def test_a_client_is_counted_by_the_channels_that_it_names(world: World, listen_to_many: ListenToMany) -> None:
    alice, mallory = world.user("alice"), world.user("mallory")
    channel = await world.channel(alice)
    async with listen_to_many(mallory) as flood:
        for _ in range(5):
            await flood.send(json.dumps({"subscribe": [UNKNOWN_ID] * 1000}))
        async with listen_to_many(alice) as socket:
            await socket.subscribe({"channel_id": channel["id"]})
            await socket.pong()
            message = await alice.send(channel["id"], "unharmed")
            await socket.message(message["id"])
        assert await flood.closed() == 1008


async def test_a_client_may_name_all_the_channels_that_it_may_have(world: World, listen_to_many: ListenToMany) -> None:
    alice = world.user("alice")
    channels = [await world.channel(alice) for _ in range(2)]
    last = await alice.send(channels[-1]["id"], "hello")
    async with listen_to_many(alice) as socket:
        named = [{"channel_id": channel["id"], "since_seq": last["seq"] - 1} for channel in channels]
        await socket.subscribe(*[{"channel_id": UNKNOWN_ID}] * 998, *named)
        await socket.message(last["id"])
