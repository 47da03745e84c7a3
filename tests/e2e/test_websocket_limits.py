"""Sockets end with a code that says why, and what was missed can be had again."""

import asyncio
import json
import socket as sockets
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.api import World, at
from support.index import Index
from support.journal import Journal
from support.sockets import Listen, listener
from support.stack import Stack
from support.tokens import token
from support.waiting import eventually

# As many events at once as no test could send through the homeserver: written like the index's functions do.
FLOOD = """
WITH channel AS (
    UPDATE channels SET last_seq = last_seq + $2 WHERE id = $1::text::uuid RETURNING id, microdao_id, last_seq - $2 AS before
), events AS (
    SELECT gen_random_uuid() AS event_id, c.id, c.microdao_id, c.before + n AS seq
    FROM channel c, generate_series(1, $2::bigint) n
), written AS (
    INSERT INTO outbox (event_id, channel_id, microdao_id, seq, subject, payload)
    SELECT event_id, id, microdao_id, seq, 'messaging.reaction.added', jsonb_build_object(
        'event_id', event_id, 'channel_id', id, 'microdao_id', microdao_id, 'seq', seq, 'message_id', gen_random_uuid(),
        'reactor_id', 'user:flood', 'emoji', repeat('x', $3))
    FROM events ORDER BY seq RETURNING seq
)
SELECT max(seq), pg_notify('outbox', '') FROM written
"""


async def test_a_socket_ends_with_its_token(world: World, ws_address: Callable[..., str]) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="microdao"))
    text = token(alice.id, world.secret(), [world.microdao], lifetime=3)
    async with listener(ws_address(channel["id"], token=text)) as socket:
        message = await alice.send(channel["id"], "still valid")
        await socket.message(message["id"])
        assert await socket.closed() == 4401


async def test_a_socket_ends_when_its_reader_may_not_read_any_more(world: World, listen: Listen) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)
    async with listen(channel["id"], alice) as socket:
        response = await owner.patch(f"{at(channel['id'])}/members/{alice.id}", {"can_read": False})
        assert response.status_code == 200, response.text
        await owner.send(channel["id"], "not for alice")
        assert await socket.closed() == 4403
        assert socket.messages == []


async def test_a_slow_reader_is_cut_and_holds_up_nobody(
    world: World, stack: Stack, index: Index, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    count = 4000
    url = urlsplit(f"{stack.ws_url}/ws/messaging/{channel['id']}?since_seq=1&user_id={alice.id}")
    headers = alice.headers if "Authorization" in alice.headers else None
    # A small window, so that what is not read soon waits at the other side.
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (url.hostname, url.port))
    slow = await connect(
        url.geturl(), sock=raw, additional_headers=headers, proxy=None, max_queue=1, ping_interval=None
    )
    async with listen(channel["id"], alice, since_seq=1) as quick:
        last = await index.value(FLOOD, channel["id"], count, 4000)
        await quick.until(last, deadline=60)
        assert quick.seqs == list(range(2, last + 1))

        # The quick reader has it all; the slow one begins to read only now, and finds the end.
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


async def test_a_long_absence_is_caught_up_page_by_page(world: World, index: Index, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    last = await index.value(FLOOD, channel["id"], 3000, 10)

    async def published() -> bool:
        sql = "SELECT count(*) = 0 FROM outbox WHERE channel_id = $1::text::uuid AND published_at IS NULL"
        return await index.value(sql, channel["id"])

    await eventually("everything is published", published)
    async with listen(channel["id"], alice, since_seq=0) as socket:
        message = await alice.send(channel["id"], "meanwhile")
        await socket.until(message["seq"], deadline=60)
        assert message["seq"] == last + 1
        assert socket.seqs == list(range(1, last + 2))
