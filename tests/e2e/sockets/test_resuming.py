"""Resuming: a reader who comes back gets every event after a number, once, and then goes live."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from support.api import World
from support.flood import flood
from support.index import Index
from support.journal import Journal
from support.sockets import Address, Listen, handshake_refused


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


async def test_a_reader_who_comes_back_misses_nothing_and_gets_nothing_twice(world: World, listen: Listen) -> None:
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


async def test_a_reader_who_is_too_far_behind_is_told_to_reload(
    world: World, listen: Listen, index: Index, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    await journal.until(channel["id"], sent[-1]["seq"])
    # As after a day: the first events of this channel are not kept any more.
    await index.rows(
        "DELETE FROM public.outbox WHERE channel_id = $1::text::uuid AND seq <= $2", channel["id"], sent[1]["seq"]
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
    # A reader who has all that is gone needs no reload.
    async with listen(channel["id"], alice, since_seq=sent[1]["seq"]) as socket:
        await socket.until(message["seq"])
        assert socket.seqs == list(range(sent[1]["seq"] + 1, message["seq"] + 1))
        assert "reload" not in [notice["type"] for notice in socket.notices]


async def test_a_long_absence_is_caught_up_page_by_page(world: World, index: Index, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    last = await flood(index, channel, 3000, 10)
    await index.published(channel["id"], deadline=60)
    async with listen(channel["id"], alice, since_seq=0) as socket:
        message = await alice.send(channel["id"], "meanwhile")
        await socket.until(message["seq"], deadline=60)
        assert message["seq"] == last + 1
        assert socket.seqs == list(range(1, last + 2))


async def test_a_resume_brings_ten_thousand_events_and_no_more(world: World, index: Index, listen: Listen) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    last = await flood(index, channel, 10_001, 10)
    # What comes live and all at once would be more than a queue holds.
    await index.published(channel["id"], deadline=120)
    async with listen(channel["id"], alice, since_seq=last - 10_000) as socket:
        await socket.until(last, deadline=120)
        assert socket.seqs == list(range(last - 10_000 + 1, last + 1))
    async with listen(channel["id"], alice, since_seq=last - 10_001) as socket:
        message = await alice.send(channel["id"], "after that")
        await socket.until(message["seq"], deadline=60)
        assert [(notice["type"], notice["seq"]) for notice in socket.notices] == [
            ("subscribed", last),
            ("reload", last),
        ]
        assert socket.seqs == [message["seq"]]


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "99999999999999999999", "%00"])
async def test_a_malformed_number_is_refused(world: World, ws_address: Address, since: str) -> None:
    channel = await world.channel()
    await handshake_refused(f"{ws_address(channel['id'])}?since_seq={since}", 422)
