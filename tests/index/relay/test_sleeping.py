"""A publisher that sleeps is woken by whoever writes; one that works is not told of anything, and misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from harness.database import Database, Session
from harness.stream import all_published
from harness.world import Channel, World, pushed
from relay.conftest import NewRelay
from support.waiting import eventually

# The lock of a publisher that sleeps, and that of one that looks by itself while it works.
SLEEPS, LOOKS = int.from_bytes(b"daarionS"), int.from_bytes(b"daarionL")
HOLDERS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted
    AND classid::bigint << 32 | objid::bigint = $1
"""
TAKE, GIVE_BACK = "SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)"
SHARE, GIVE_SHARE_BACK = "SELECT pg_try_advisory_lock_shared($1)", "SELECT pg_advisory_unlock_shared($1)"


@pytest.fixture
async def heard(db: Database) -> AsyncIterator[asyncio.Queue[str]]:
    """The notifications of the outbox."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    session = await db.session()
    await session.connection.add_listener("outbox", lambda *said: queue.put_nowait(said[-1]))
    yield queue


async def all_heard(db: Database, heard: asyncio.Queue[str]) -> list[str]:
    """What was said until now: notifications come in the order of their commits."""
    await db.execute("NOTIFY outbox, 'the end'")
    said = []
    while (one := await asyncio.wait_for(heard.get(), 20)) != "the end":
        said.append(one)
    return said


async def write(session: Session, channel: Channel) -> None:
    await session.call("record_message", **pushed(channel, pushed_content=None))


async def is_asleep(db: Database) -> bool:
    return await db.value(HOLDERS, SLEEPS) == 1


def is_awake_beside(writing: asyncio.Task[None], db: Database) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        assert not writing.done(), "it was told of every write"
        return not await is_asleep(db)

    return look


async def one_after_the_other(db: Database | Session, channel: Channel, at_once: int = 1) -> None:
    """Writes and waits, so often that it takes minutes if each is only found by the look that comes without a call."""
    async with asyncio.timeout(60):
        for _ in range(200):
            for _ in range(at_once):
                await write(db, channel)
            while not await all_published(db):
                await asyncio.sleep(0.001)


async def test_nobody_notifies_a_publisher_that_works(db: Database, world: World, heard: asyncio.Queue[str]) -> None:
    publisher = await db.session()
    assert await publisher.value(TAKE, LOOKS)
    channel = await world.channel()
    assert await all_heard(db, heard) == []
    assert await publisher.value(TAKE, SLEEPS)
    await write(db, channel)
    assert await all_heard(db, heard) == [""]
    assert await publisher.value(GIVE_BACK, SLEEPS)
    await write(db, channel)
    assert await all_heard(db, heard) == []
    # One of an earlier version takes neither lock.
    assert await publisher.value(GIVE_BACK, LOOKS)
    await write(db, channel)
    assert await all_heard(db, heard) == [""]


async def test_a_publisher_cannot_fall_asleep_beside_a_statement_that_has_not_told_it(
    db: Database, world: World
) -> None:
    channel, (publisher, writer) = await world.channel(), await db.sessions(2)
    for how in ("COMMIT", "ROLLBACK"):
        await writer.execute("BEGIN")
        await write(writer, channel)
        assert not await publisher.value(TAKE, SLEEPS)
        await writer.execute(how)
        assert await publisher.value(TAKE, SLEEPS), how
        assert await publisher.value(GIVE_BACK, SLEEPS)


async def test_who_began_before_it_fell_asleep_wakes_it(db: Database, world: World, heard: asyncio.Queue[str]) -> None:
    """With a snapshot from before, in which the publisher works."""
    channel, (publisher, writer) = await world.channel(), await db.sessions(2)
    await writer.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await writer.value("SELECT count(*) FROM public.channels")
    assert await publisher.value(TAKE, SLEEPS)
    await all_heard(db, heard)
    await write(writer, channel)
    assert await all_heard(db, heard) == []
    await writer.execute("COMMIT")
    assert await all_heard(db, heard) == [""]


async def test_every_write_wakes_a_relay_that_sleeps(db: Database, world: World, new_relay: NewRelay) -> None:
    channel, relay = await world.channel(), new_relay()
    await relay.start()
    await eventually("the relay sleeps", lambda: is_asleep(db))
    await one_after_the_other(db, channel)


async def test_a_long_transaction_keeps_a_relay_awake_and_holds_up_nobody(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel, long = await world.channel(), await db.session()
    assert await long.value(SHARE, SLEEPS)
    relay = new_relay()
    await relay.start()
    await relay.publishes()
    # Writers need not tell it, whether or not it has come so far that it says so.
    other = await db.session()
    await other.value(TAKE, LOOKS)
    await one_after_the_other(db, channel)
    assert not await is_asleep(db)
    assert await long.value(GIVE_SHARE_BACK, SLEEPS)
    await eventually("the relay sleeps", lambda: is_asleep(db))
    await one_after_the_other(db, channel)


async def test_a_relay_with_much_to_do_is_not_told_of_it(
    db: Database, world: World, new_relay: NewRelay, heard: asyncio.Queue[str]
) -> None:
    channels = [await world.channel() for _ in range(8)]
    relay = new_relay()
    await relay.start()
    await eventually("the relay sleeps", lambda: is_asleep(db))
    await all_heard(db, heard)
    writing = True

    async def go_on(session: Session, channel: Channel) -> None:
        while writing:
            await write(session, channel)

    writers = [
        asyncio.create_task(go_on(session, channel))
        for session, channel in zip(await db.sessions(8), channels, strict=True)
    ]

    async def is_awake() -> bool:
        return not await is_asleep(db)

    await eventually("the relay works without being told", is_awake, interval=0.002)
    writing = False
    await asyncio.gather(*writers)
    assert len(await all_heard(db, heard)) < await db.value("SELECT count(*) FROM public.outbox")
    await eventually("everything is published", lambda: all_published(db))
    await eventually("the relay sleeps", lambda: is_asleep(db))


async def test_writes_that_come_one_by_one_are_many_too(db: Database, world: World, new_relay: NewRelay) -> None:
    """As those are that wait for each other's commits: the relay has published most of them before the next one is there."""
    channel, relay = await world.channel(), new_relay()
    await relay.start()
    await eventually("the relay sleeps", lambda: is_asleep(db))
    # Some each time, so that they are many on a slow machine too.
    writing = asyncio.create_task(one_after_the_other(await db.session(), channel, at_once=5))
    await eventually("the relay works without being told", is_awake_beside(writing, db), interval=0.002)
    await writing
    await eventually("the relay sleeps", lambda: is_asleep(db))


async def test_no_write_is_left_behind_by_a_publisher_that_falls_asleep_all_the_time(
    db: Database, world: World, heard: asyncio.Queue[str]
) -> None:
    """One that does as sleep.rs says, but has nothing that wakes it besides: it would wait in vain for what it missed."""
    channels, publisher = [await world.channel() for _ in range(4)], await db.session()
    await db.execute("UPDATE public.outbox SET published_at = now()")
    assert await publisher.value(TAKE, LOOKS)
    count, published, told, naps = 100, 0, False, 0

    async def some(session: Session, channel: Channel) -> None:
        for number in range(count):
            async with session.transaction():
                await write(session, channel)
                await asyncio.sleep(number % 3 / 1000)
            await asyncio.sleep(number % 7 / 500)

    sessions = await db.sessions(len(channels))
    writers = [asyncio.create_task(some(*one)) for one in zip(sessions, channels, strict=True)]
    look = "UPDATE public.outbox SET published_at = now() WHERE published_at IS NULL RETURNING id"
    while published < count * len(channels):
        if rows := await publisher.rows(look):
            published += len(rows)
            if told:
                told = not await publisher.value(GIVE_BACK, SLEEPS)
        elif told:
            naps += 1
            await asyncio.wait_for(heard.get(), 20)
        else:
            told = await publisher.value(TAKE, SLEEPS)
    await asyncio.gather(*writers)
    assert naps > 0
