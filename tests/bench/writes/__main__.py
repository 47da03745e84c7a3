"""`python -m bench.writes`: what it costs to write a message into the index, commit on disk included, with one writer and with
many, in many channels and in one; beside the bare insertion of as many bytes, and with and without its notification."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.durable import durable, version
from bench.pgbench import found, rate
from bench.results import Results
from harness.database import Database
from harness.server import programs
from harness.services import Relay, nats_server

MANY = 1_000

TEXT = "Nine of the ten boxes are here, the last one comes on Thursday; who has the key of the shed, and can you be there at 8?"
# In a function, because pgbench would take its colons for variables.
SEARCH = """
CREATE FUNCTION public.bench_search() RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
    SELECT jsonb_build_object('analysis', 1, 'has_link', false, 'lexemes', $words$'nine':1A 'ten':4A 'box':5A 'last':9A 'one':10A
        'come':11A 'thursday':13A 'key':17A 'shed':20A '=boxes':5 '=thursday':13$words$)
$$
"""

# One person in each channel, who has read what is there: nobody is told what is unread to them.
MEMBERS = """
INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, joined_at)
SELECT id, 'user:u' || substr(slug, 7), 'human', '@user-u' || substr(slug, 7) || '.localhost', now() FROM public.channels
"""
DRAW = """
\\set channel random(1, :channels)
\\set nonce random(1, 9000000000000000)
"""
# As the API calls them: with what search finds it by, and limits that nobody reaches. 58 is a colon.
RECORD = f"""
SELECT refusal, document FROM messaging.record_message(
    p_room_id => '!bench-' || :channel::text, p_message_id => md5(:nonce::text || '-' || :client_id::text)::uuid,
    p_event_id => '$' || :client_id::text || '-' || :nonce::text, p_matrix_type => 'm.room.message',
    p_sender_id => 'user' || chr(58) || 'u' || :channel::text, p_sender_type => 'human',
    p_sender_matrix_id => '@user-u' || :channel::text || '.localhost', p_content_preview => '{TEXT}',
    p_content_type => 'text', p_reply_to_event_id => NULL, p_client_key => {{key}}, p_fingerprint => {{fingerprint}},
    p_sent_at => NULL, p_joined_at => NULL, p_pushed_content => NULL,
    p_search => public.bench_search());
"""
WRITE = DRAW + RECORD.format(key="NULL", fingerprint="NULL")
PAIR = (
    DRAW
    + """
SELECT refusal, document FROM messaging.prepare_send(
    p_caller => 'user' || chr(58) || 'u' || :channel::text, p_microdaos => '{}', p_channel_id => md5('bench-' || :channel::text)::uuid,
    p_reply_to => NULL, p_client_key => 'key-' || :client_id::text || '-' || :nonce::text, p_fingerprint => 'one', p_is_encrypted => false,
    p_limits => '{"class": "send", "scope": "person", "caller": [1000000, 1], "channel": [1000000, 1]}');
"""
    + RECORD.format(key="'key-' || :client_id::text || '-' || :nonce::text", fingerprint="'one'")
)
# The same bytes as one row.
FLOOR_TABLE = (
    "CREATE TABLE public.bench_floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bytes bytea NOT NULL)"
)
FLOOR = "INSERT INTO public.bench_floor (bytes) SELECT decode(repeat('5a', :bytes::integer), 'hex')"
# What a message is in all tables.
BYTES = """
SELECT (SELECT avg(pg_column_size(m.*)) FROM public.messages m) + (SELECT avg(pg_column_size(o.*)) FROM public.outbox o)
    + (SELECT avg(pg_column_size(s.*)) FROM messaging.message_search s)
"""
# The lock of a publisher that sleeps, and that of one that looks by itself while it works.
SLEEPS, LOOKS = int.from_bytes(b"daarionS"), int.from_bytes(b"daarionL")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench writes", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement [3]")
    parser.add_argument("--rounds", type=int, default=3, help="of everything [3]")
    parser.add_argument("--writers", type=int, nargs="*", default=[1, 16], help="how many at once [1 16]")
    return parser.parse_args()


@asynccontextmanager
async def quiet(db: Database) -> AsyncIterator[None]:
    """No statement notifies, whatever it is: what is left is the price of the rest."""
    definition = await db.value("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'publish'")
    assert "PERFORM pg_notify(" in definition
    await db.execute(definition.replace("PERFORM pg_notify(", "PERFORM concat("))
    yield
    await db.execute(definition)


@asynccontextmanager
async def asleep(db: Database) -> AsyncIterator[None]:
    """A publisher that sleeps the whole time, and hears every notification: each write has to wake it."""
    session = await db.session()
    assert await session.value("SELECT pg_try_advisory_lock($1)", SLEEPS)
    await session.connection.add_listener("outbox", lambda *_: None)
    yield
    await session.connection.reset()


@asynccontextmanager
async def awake(db: Database) -> AsyncIterator[None]:
    """A publisher that works the whole time, and nothing of what it does."""
    session = await db.session()
    assert await session.value("SELECT pg_try_advisory_lock($1)", LOOKS)
    yield
    await session.connection.reset()


@asynccontextmanager
async def published(db: Database) -> AsyncIterator[None]:
    """The real one, on the same machine, with what it costs."""
    async with AsyncExitStack() as stack:
        nats_url = await stack.enter_async_context(nats_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        relay = Relay(db.url, nats_url, folder)
        await relay.start()
        stack.push_async_callback(relay.kill)
        await relay.publishes()
        yield


Publisher = Callable[[Database], AbstractAsyncContextManager[None]]
PUBLISHERS: dict[str, Publisher] = {
    "publisher awake": awake,
    "woken by each": asleep,
    "no notification": quiet,
    "ws-relay beside it": published,
}


async def measure(db: Database, results: Results, args: argparse.Namespace) -> None:
    async def once(script: str, writers: int, **variables: int) -> float:
        await db.execute("TRUNCATE public.outbox")
        await db.execute("CHECKPOINT")
        return await rate(db.url, script, writers, args.seconds, **variables)

    # The planner knows nothing of empty tables, and compiles what it takes for large.
    await rate(db.url, WRITE, 4, args.seconds, channels=MANY)
    await db.execute("VACUUM ANALYZE")
    size = int(await db.value(BYTES))
    print(f"a message has {size} bytes in its rows", flush=True)
    for number in range(args.rounds):
        for writers in args.writers:
            for place, channels in (("many channels", MANY), ("one channel", 1)):
                if writers == 1 and channels == 1:
                    continue
                work = f"{writers} writing into {place}" if writers > 1 else "1 writing"
                results.add(work, "bare INSERT", await once(FLOOR, writers, bytes=size), "1/s", better="more")
                names = [*PUBLISHERS]
                for who in names[number % len(names) :] + names[: number % len(names)]:
                    async with PUBLISHERS[who](db):
                        results.add(work, who, await once(WRITE, writers, channels=channels), "1/s", better="more")
                pairs = await once(PAIR, writers, channels=channels)
                results.add(f"{work}, prepared first", "publisher awake", pairs, "1/s", better="more")
        print(f"round {number + 1} of {args.rounds}", flush=True)


def goals(results: Results) -> None:
    many = "16 writing into many channels"
    results.goal(many, "a second", at_least=2_400, of="publisher awake")
    results.goal(many, "as without a notification", ratio=("publisher awake", "no notification"), at_least=0.95)


async def run(args: argparse.Namespace) -> None:
    found()
    versions = {"postgres": await version(programs() / "postgres")}
    results = Results("writes", versions)
    async with durable(MANY) as db:
        await db.execute("UPDATE public.channels SET id = md5(slug)::uuid")
        await db.execute(MEMBERS)
        await db.execute(FLOOR_TABLE)
        await db.execute(SEARCH)
        await db.execute("VACUUM ANALYZE")
        await measure(db, results, args)
    goals(results)
    results.show()
    results.save()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
