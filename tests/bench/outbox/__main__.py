"""`python -m bench.outbox`: how fast ws-relay publishes what waits in the outbox, of many channels and of one, from PostgreSQL to
JetStream; beside the same payloads published by a bare client that has them in memory."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import nats

from bench.durable import durable, version
from bench.results import Results
from harness.database import Database
from harness.server import WS_RELAY, programs
from harness.services import NatsServer, Relay, own_nats
from harness.stream import STREAM
from harness.world import Channel, World

MANY = 1_000
TEXT = "Nine of the ten boxes are here, the last one comes on Thursday; who has the key of the shed, and can you be there at 8?"

# Events as a message has them, behind the last ones of the first $1 channels: $2 in all, in turn, committed at once.
EVENTS = """
WITH named AS (
    SELECT id, microdao_id, last_seq, row_number() OVER (ORDER BY slug) - 1 AS place FROM public.channels
    WHERE matrix_room_id LIKE '!bench-%' ORDER BY slug LIMIT $1::integer
), drawn AS (
    SELECT c.*, n, c.last_seq + 1 + n / $1::integer AS seq, gen_random_uuid() AS event_id
    FROM generate_series(0, $2::integer - 1) n JOIN named c ON c.place = n % $1::integer
), written AS (
    INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, payload)
    SELECT event_id, id, microdao_id, seq, 'messaging.message.created', $3::text::jsonb || jsonb_build_object(
        'event_id', event_id, 'channel_id', id, 'microdao_id', microdao_id, 'seq', seq, 'message_id', gen_random_uuid())
    FROM drawn ORDER BY n RETURNING channel_id, seq
), counted AS (
    UPDATE public.channels c SET last_seq = w.seq
    FROM (SELECT channel_id, max(seq) AS seq FROM written GROUP BY 1) w WHERE w.channel_id = c.id
)
SELECT pg_notify('outbox', '')
"""
WAITS = "SELECT EXISTS (SELECT FROM public.outbox WHERE published_at IS NULL)"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench outbox", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="that wait [100,000]")
    parser.add_argument("--rounds", type=int, default=3, help="of everything [3]")
    parser.add_argument("--relay", type=Path, nargs="*", default=[], help="further relays to measure, as programs")
    return parser.parse_args()


async def published(
    db: Database, server: NatsServer, folder: Path, program: Path, channels: int, args: argparse.Namespace, payload: str
) -> float:
    """Rows a second from the moment when all of them are committed until all of them are marked."""
    relay = Relay(db.url, server.url, folder, LOG_FORMAT="json")
    relay.command[0] = str(program)
    await db.execute("DELETE FROM public.outbox")
    await db.execute("VACUUM public.outbox")
    await relay.start()
    try:
        await relay.publishes()
        client = await nats.connect(server.url)
        stream = client.jetstream()
        before = (await stream.stream_info(STREAM)).state.last_seq
        await db.execute("CHECKPOINT")
        await db.connection.execute(EVENTS, channels, args.rows, payload, timeout=300)
        began = time.perf_counter()
        while (await stream.stream_info(STREAM)).state.last_seq < before + args.rows:
            await asyncio.sleep(0.02)
        while await db.value(WAITS):
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        # Each once.
        assert (await stream.stream_info(STREAM)).state.last_seq == before + args.rows
        await client.close()
    finally:
        await relay.stop()
    return args.rows / took


async def floor(server: NatsServer, file: Path) -> float:
    program = Path(os.environ["EXAMPLES"]) / "publish"
    process = await asyncio.create_subprocess_exec(program, server.url, file, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    with file.open() as lines:
        return sum(1 for _ in lines) / float(output)


async def measure(db: Database, results: Results, args: argparse.Namespace, folder: Path) -> None:
    channel_id, room_id = await db.connection.fetchrow("SELECT id, matrix_room_id FROM public.channels LIMIT 1")
    await World(db).message(Channel(str(channel_id), room_id, "user:olga"), content_preview=TEXT, pushed_content=None)
    payload = await db.value("SELECT payload::text FROM public.outbox")
    print(f"an event has {len(payload)} bytes", flush=True)
    lines = folder / "payloads"
    lines.write_text("".join(f"{n}\t{payload}\n" for n in range(args.rows)))
    programs = {"ws-relay": WS_RELAY} | {str(program): program for program in args.relay}
    async with own_nats() as server:
        for number in range(args.rounds):
            for channels, place in ((MANY, f"{MANY:,} channels"), (1, "one channel")):
                work = f"{args.rows:,} waiting in {place}"
                results.add(work, "bare client", await floor(server, lines), "rows/s", better="more")
                for who, program in programs.items():
                    rows = await published(db, server, folder, program, channels, args, payload)
                    results.add(work, who, rows, "rows/s", better="more")
            print(f"round {number + 1} of {args.rounds}", flush=True)


async def run(args: argparse.Namespace) -> None:
    nats_server = os.environ.get("NATS_SERVER", "nats-server")
    versions = {"postgres": await version(programs() / "postgres"), "nats": await version(nats_server)}
    results = Results("outbox", versions)
    with tempfile.TemporaryDirectory() as folder:
        async with durable(MANY) as db:
            await measure(db, results, args, Path(folder))
    for place, least in ((f"{MANY:,} channels", 25_000), ("one channel", 10_000)):
        work = f"{args.rows:,} waiting in {place}"
        results.goal(work, "a second", at_least=least, of="ws-relay")
        results.goal(work, "of what a bare client publishes", ratio=("ws-relay", "bare client"), at_least=0.5)
    results.show()
    results.save()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
