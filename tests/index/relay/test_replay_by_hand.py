"""`ws-relay replay` has events published again, beside a relay that publishes, and says what it does."""

from __future__ import annotations

import asyncio
import os

import nats
import pytest

from harness.database import Database
from harness.server import WS_RELAY
from harness.stream import Stored, Stream, all_published, write_events
from harness.world import Channel, World
from relay.conftest import NewRelay
from support.waiting import eventually


async def replay(db: Database, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(WS_RELAY),
        "replay",
        *words,
        env=os.environ | {"DATABASE_URL": db.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


def again(stored: list[Stored], channel: Channel) -> list[int]:
    """The numbers of what was published again."""
    return [m.seq for m in stored if m.refill and m.channel_id == str(channel.id)]


async def test_a_channel_from_a_number_on_or_everything_from_a_time_on(
    db: Database, world: World, new_relay: NewRelay, nats_url: str
) -> None:
    client = await nats.connect(nats_url)
    stream = Stream(client)
    channel, other = await world.channel(), await world.channel()
    relay = new_relay()
    await relay.start()
    await write_events(db, channel, other, count=50)
    await eventually("everything is published", lambda: all_published(db), deadline=20)
    last = await db.value("SELECT last_seq FROM public.channels WHERE id = $1", channel.id)
    plain = {m.payload["event_id"] for m in await stream.stored(channel, other)}

    code, output = await replay(db, "--since", "31", "--channel", str(channel.id))
    assert code == 0, output
    assert f"{last - 30} events are published again" in output and "NATS has them" in output
    stored = await stream.stored(channel, other)
    assert again(stored, channel) == list(range(31, last + 1)) and not again(stored, other)

    code, output = await replay(db, "--since", "1h")
    assert code == 0, output
    stored = await stream.stored(channel, other)
    assert again(stored, other) == list(range(1, last + 1))
    assert again(stored, channel)[-last:] == list(range(1, last + 1))
    assert {m.payload["event_id"] for m in stored} == plain, "they are the same events"
    assert len({m.refill for m in stored}) == 3
    metrics = await relay.metrics()
    assert metrics["refills_total"] == 2 and "anew" not in relay.output()

    code, output = await replay(db, "--since", "2999-01-01T00:00:00Z")
    assert code == 0 and "nothing to publish again" in output
    await client.close()


async def test_without_a_relay_it_is_done_by_the_next_one(
    db: Database, world: World, new_relay: NewRelay, nats_url: str
) -> None:
    client = await nats.connect(nats_url)
    stream = Stream(client)
    channel = await world.channel()
    relay = new_relay()
    await relay.start()
    await eventually("everything is published", lambda: all_published(db), deadline=20)
    await relay.kill()
    asked = asyncio.create_task(replay(db, "--since", "1h"))

    async def noted() -> bool:
        return await db.value("SELECT count(*) FROM messaging.refills") == 1

    await eventually("it is noted", noted)
    await relay.start()
    code, output = await asked
    assert code == 0 and "no relay publishes at the moment" in output
    assert again(await stream.stored(channel), channel) == [1]
    await client.close()


@pytest.mark.parametrize(
    "words", [("--since", "41"), ("--since", "soon"), ("--since", "1h", "--channel", "general"), ()]
)
async def test_what_makes_no_sense_is_refused(db: Database, words: tuple[str, ...]) -> None:
    code, output = await replay(db, *words)
    assert code == 1 and "ws-relay:" in output
    code, output = await replay(db, "--since", "2026-13-45T99:00:00Z")
    assert code == 1 and "2026-13-45T99:00:00Z" in output
