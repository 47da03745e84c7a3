"""Whatever fails between the client and the relay: the client shows what the index has, and was told each event once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from client.conftest import Follow
from support.api import CHANNELS, Caller, World, row
from support.index import Index
from support.journal import Journal
from support.life import Life
from support.reference_client import Follower
from support.relay_proxy import RelayProxy
from support.services import Services
from support.waiting import eventually
from support.witness import Witness

pytestmark = pytest.mark.faults


async def shown(reader: Caller, channel: str) -> dict[str, Any]:
    """A channel as the API shows it, in the form of the client's report."""
    messages = [message for message in await reader.history(channel) if not message["deleted_at"]]
    reactions = {}
    for message in messages:
        response = await reader.get(f"{CHANNELS}/{channel}/messages/{message['id']}/reactions")
        listed = {reaction["emoji"]: sorted(reaction["reactors"]) for reaction in response.json()}
        if listed:
            reactions[message["id"]] = listed
    members = {member["member_id"]: member["role"] for member in (await reader.members(channel)).values()}
    name = (await reader.get(f"{CHANNELS}/{channel}")).json()["name"]
    return {"messages": messages, "reactions": reactions, "members": members, "name": name, "lost": None}


def as_rows(told: dict[str, Any]) -> dict[str, Any]:
    """A channel of the client's report, without what it has only of messages that it has read from a page."""
    return told | {"messages": [row(message) for message in told["messages"]]}


async def caught_up(follower: Follower, index: Index, *channels: dict[str, Any]) -> dict[str, Any]:
    """The client's report once it has come as far as the index."""
    last = {channel["id"]: await index.last_seq(channel["id"]) for channel in channels}

    async def there() -> dict[str, Any]:
        report = await follower.report()
        assert {name: one.pop("position") for name, one in report["channels"].items()} == last, report
        return report

    return await eventually("the client has come as far as the index", there, deadline=60)


def assert_whole(pieces: list[list[int]], last: int) -> None:
    """Each event once, in order, up to the last one."""
    for piece in pieces:
        assert piece == list(range(piece[0], piece[-1] + 1)) if piece else True, pieces
    assert pieces[-1][-1] == last, pieces
    # None comes again after a later snapshot.
    numbers = [number for piece in pieces for number in piece]
    assert numbers == sorted(set(numbers)), pieces


@pytest.mark.parametrize("kind", ["one", "many"])
async def test_the_client_shows_what_the_index_has_whatever_is_cut_or_killed_meanwhile(
    world: World,
    index: Index,
    witness: Witness,
    services: Services,
    proxy: RelayProxy,
    follow: Follow,
    kind: str,
) -> None:
    owner, reader = world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)
    channels = [await owner.create(**world.fields(visibility=kind)) for kind in ("private", "microdao")]
    await owner.invite(channels[0]["id"], reader.id)
    lives = [Life(world, owner, channel, seed) for seed, channel in enumerate(channels)]
    for life in lives:
        for _ in range(5):
            await life.goes_on()
    follower = await follow(reader, kind, *(channel["id"] for channel in channels))

    async def live(life: Life, count: int) -> None:
        for _ in range(count):
            await life.goes_on()

    async def fail(choice: random.Random) -> None:
        while True:
            await asyncio.sleep(choice.uniform(0.1, 1.0))
            proxy.cut(0.7, choice)

    failing = asyncio.create_task(fail(random.Random(8)))
    try:
        await asyncio.gather(*(live(life, 40) for life in lives))
        living = [asyncio.create_task(live(life, 40)) for life in lives]
        await services.restart("ws-relay", kill=True)
        await asyncio.gather(*living)
    finally:
        failing.cancel()
    # Something for those to hear that were cut in the end.
    for life in lives:
        await life.send()
    await witness.settle()
    report = await caught_up(follower, index, *channels)
    for channel in channels:
        told = report["channels"][channel["id"]]
        pieces = told.pop("pieces")
        # One snapshot, the first; everything else came as events.
        assert len(pieces) == 2 and pieces[0] == [], pieces
        assert_whole(pieces, await index.last_seq(channel["id"]))
        assert as_rows(told) == await shown(owner, channel["id"])
    assert report["sockets"] > 3, "it was cut"


@pytest.mark.parametrize("kind", ["one", "many"])
async def test_the_client_reads_anew_what_the_relay_does_not_keep_any_more(
    world: World, index: Index, journal: Journal, proxy: RelayProxy, follow: Follow, kind: str
) -> None:
    owner, reader = world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)
    channel = await owner.create(**world.fields(visibility="microdao"))
    life = Life(world, owner, channel, 3)
    await life.send()
    follower = await follow(reader, kind, channel["id"])
    await life.send()
    await caught_up(follower, index, channel)
    proxy.passes = False
    proxy.cut()
    for _ in range(25):
        await life.goes_on()
    last = await index.last_seq(channel["id"])
    await journal.until(channel["id"], last)
    # As after a day.
    await index.rows("DELETE FROM public.outbox WHERE channel_id = $1::text::uuid AND seq < $2", channel["id"], last)
    proxy.passes = True

    async def read_anew() -> bool:
        pieces = (await follower.report())["channels"][channel["id"]]["pieces"]
        assert len(pieces) == 3, pieces
        return True

    await eventually("the client has read the channel anew", read_anew, deadline=90)
    for _ in range(5):
        await life.goes_on()
    await life.send()
    told = (await caught_up(follower, index, channel))["channels"][channel["id"]]
    assert_whole(told.pop("pieces"), await index.last_seq(channel["id"]))
    assert as_rows(told) == await shown(owner, channel["id"])


@pytest.mark.parametrize("kind", ["one", "many"])
async def test_the_client_stops_when_its_reader_is_removed(
    world: World, index: Index, follow: Follow, kind: str
) -> None:
    owner, reader = world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)
    closed = await owner.create(**world.fields(visibility="private"))
    await owner.invite(closed["id"], reader.id)
    follower = await follow(reader, kind, closed["id"])
    await owner.send(closed["id"], "heard")
    await caught_up(follower, index, closed)
    await owner.remove(closed["id"], reader.id)

    async def lost() -> bool:
        return (await follower.report())["channels"][closed["id"]]["lost"] == "access_lost"

    await eventually("the client has stopped", lost)
    await owner.send(closed["id"], "unheard")
    told = (await follower.report())["channels"][closed["id"]]
    assert [message["content_preview"] for message in told["messages"]] == ["heard"]
