"""What is sent with the client: in the channel once and in order, whatever fails between the client and the service."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from support.api import Caller, World
from support.messenger import Messenger
from support.reference_client import Browser, Fate, Site
from support.relay_proxy import RelayProxy
from support.services import Services
from support.waiting import eventually
from support.witness import Witness

pytestmark = pytest.mark.faults

Open = Callable[..., Awaitable[Messenger]]


async def own(reader: Caller, channel: str) -> list[str]:
    """What a caller has in a channel, in its order."""
    return [
        message["content_preview"] for message in await reader.history(channel) if message["sender_id"] == reader.id
    ]


async def test_every_message_is_there_once_and_in_order_whatever_is_lost(
    world: World,
    witness: Witness,
    services: Services,
    site: Site,
    proxy: RelayProxy,
    messenger: Open,
) -> None:
    owner, reader = world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)
    channels = [await owner.create(**world.fields(visibility=kind)) for kind in ("private", "microdao")]
    await owner.invite(channels[0]["id"], reader.id)
    opened = await messenger(reader, *(channel["id"] for channel in channels))
    for channel in channels:
        await opened.shows(channel, [])
    choice = random.Random(4)

    def fate() -> Fate:
        draw = choice.random()
        return Fate(draw < 0.2, 0.2 <= draw < 0.5, choice.uniform(0, 0.2))

    async def fail() -> None:
        while True:
            await asyncio.sleep(choice.uniform(0.1, 1.0))
            proxy.cut(0.7, choice)

    async def write(channel: dict[str, str]) -> None:
        for number in range(30):
            await owner.send(channel["id"], f"of the owner {number}")

    site.fate = fate
    site.lost = site.unanswered = 0
    failing = asyncio.create_task(fail())
    writing = [asyncio.create_task(write(channel)) for channel in channels]
    sent: dict[str, list[str]] = {channel["id"]: [] for channel in channels}
    for number in range(40):
        channel = choice.choice(channels)
        sent[channel["id"]].append(f"own {number}")
        await opened.send(channel, f"own {number}")
        if number == 20:
            await services.restart("ws-relay", kill=True)
        await asyncio.sleep(choice.uniform(0, 0.3))
    await asyncio.gather(*writing)

    async def through() -> bool:
        return all([len(await own(reader, channel)) == len(texts) for channel, texts in sent.items()])

    await eventually("all was sent", through, deadline=180)
    failing.cancel()
    site.fate = None
    await witness.settle()
    for channel in channels:
        assert await own(reader, channel["id"]) == sent[channel["id"]]
        wanted = [message["content_preview"] for message in await owner.history(channel["id"])]
        await opened.send(channel, "the end")

        async def drawn_as_it_is(channel: dict[str, str] = channel, wanted: list[str] = wanted) -> bool:
            items = [item for item in await opened.items(channel) if item["kind"] == "message"]
            texts = [item["content_preview"] for item in items]
            assert texts == (wanted + ["the end"])[-len(texts) :] and len(texts) >= min(50, len(wanted)), texts
            return all(item["state"] == "sent" for item in items)

        await eventually("it draws what the index has", drawn_as_it_is, deadline=60)
    report = await opened.report()
    assert report["doubled"] == []
    assert site.lost > 5 and site.unanswered > 5 and report["sockets"] > 2, "it was cut"


async def test_what_is_written_without_a_network_is_sent_when_there_is_one(
    world: World, site: Site, proxy: RelayProxy, messenger: Open, place: str
) -> None:
    owner, reader = world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)
    channel = await owner.create(**world.fields(visibility="microdao"))
    opened = await messenger(reader, channel["id"])
    await opened.shows(channel, [])
    site.passes = proxy.passes = False
    proxy.cut()
    texts = [f"{number}" for number in range(5)]
    for text in texts:
        await opened.send(channel, text)
    assert await opened.texts(channel) == texts
    await owner.send(channel["id"], "meanwhile")
    if place == "browser":
        # The page is closed and opened again: what waits is kept in its storage.
        assert isinstance(opened.follower, Browser)
        await opened.follower.reload()

        async def begun() -> bool:
            return await opened.texts(channel) == texts

        await eventually("it draws what waits", begun, retry=(AssertionError,))
    site.passes = proxy.passes = True
    await opened.shows(channel, ["meanwhile", *texts], deadline=90)
    assert await own(reader, channel["id"]) == texts
    assert (await opened.report())["doubled"] == []
