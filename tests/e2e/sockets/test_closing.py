"""Sockets end with a code that says why, and what was missed can be had again."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.api import World, member_path
from support.flood import flood
from support.index import Index
from support.journal import Journal
from support.relay_metrics import metric
from support.sockets import Address, Listen, listener
from support.stack import Stack
from support.tokens import token

# Seconds after its end for which a token is accepted, because clocks differ.
CLOCK_SKEW = 30


async def test_a_socket_ends_with_its_token(world: World, ws_address: Address) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="microdao"))
    text = token(alice.id, world.secret(), [world.microdao], lifetime=8 - CLOCK_SKEW)
    async with listener(ws_address(channel["id"], token=text)) as opened:
        message = await alice.send(channel["id"], "still valid")
        await opened.message(message["id"])
        assert await opened.closed() == 4401


async def test_a_socket_ends_when_its_reader_may_not_read_any_more(world: World, listen: Listen) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)
    async with listen(channel["id"], alice) as opened:
        response = await owner.patch(member_path(channel["id"], alice.id), {"can_read": False})
        assert response.status_code == 200, response.text
        await owner.send(channel["id"], "not for alice")
        assert await opened.closed() == 4403
        assert opened.messages == []


async def test_a_slow_reader_is_cut_and_holds_up_nobody(
    world: World, stack: Stack, web: httpx.AsyncClient, index: Index, journal: Journal, listen: Listen
) -> None:
    cut = await metric(web, stack, "slow_closes_total")
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = urlsplit(f"{stack.ws_url}/ws/messaging/{channel['id']}?since_seq=1&user_id={alice.id}")
    headers = alice.headers if "Authorization" in alice.headers else None
    # A small window, so that what is not read soon waits at the other side.
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (url.hostname, url.port))
    slow = await connect(
        url.geturl(), sock=raw, additional_headers=headers, proxy=None, max_queue=1, ping_interval=None
    )
    async with listen(channel["id"], alice, since_seq=1) as quick:
        # In portions that fit into a queue (`WS_QUEUE`, `WS_QUEUE_BYTES`): a reader who keeps up is never cut.
        for _ in range(40):
            last = await flood(index, channel, 100, 4000)
            await quick.until(last, deadline=60)
            if await metric(web, stack, "slow_closes_total") > cut:
                break
        last = await flood(index, channel, 100, 4000)
        await quick.until(last, deadline=60)
        assert quick.seqs == list(range(2, last + 1))

        # The quick reader has it all; the slow one begins to read only now, while the relay still waits for it, and finds the end.
        seen: list[dict[str, Any]] = []
        with suppress(ConnectionClosed):
            async with asyncio.timeout(60):
                async for text in slow:
                    seen.append(json.loads(text))
    assert slow.close_code == 4408
    seqs = [frame["seq"] for frame in seen if frame["type"] == "reaction.added"]
    assert seqs == list(range(2, len(seqs) + 2)), "what it got before the cut is whole"
    assert seqs[-1] < last
    async with listen(channel["id"], alice, since_seq=seqs[-1]) as again:
        await again.until(last, deadline=60)
        assert again.seqs == list(range(seqs[-1] + 1, last + 1))
    await journal.until(channel["id"], last)
