"""What Prometheus sees of a relay: sockets, deliveries, its parts, and the components' requests from their log."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from harness.database import Database
from harness.services import Relay
from harness.stream import write_events
from harness.world import OWNER, Channel, World
from relay.conftest import NewRelay
from support.waiting import eventually

DEVELOPMENT = {"AUTH_MODE": "development"}


def reads(relay: Relay, **wanted: float) -> Callable[[], Awaitable[bool]]:
    async def read() -> bool:
        metrics = await relay.metrics()
        return all(metrics.get(name) == value for name, value in wanted.items())

    return read


async def heard(socket: ClientConnection, kind: str, count: int) -> list[dict[str, Any]]:
    """So many frames of this type, among others."""
    frames: list[dict[str, Any]] = []
    while len(frames) < count:
        frame = json.loads(await asyncio.wait_for(socket.recv(), 20))
        frames += [frame] if frame["type"] == kind else []
    return frames


def socket(relay: Relay, channel: Channel, query: str = "") -> connect:
    url = f"ws://127.0.0.1:{relay.port}/ws/messaging/{channel.id}?user_id={OWNER}{query}"
    return connect(url, proxy=None, additional_headers={"X-User-Id": OWNER})


async def test_sockets_frames_and_the_way_of_an_event_are_measured(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    relay = new_relay(**DEVELOPMENT, WS_MAX_SOCKETS="12")
    await relay.start()
    await relay.publishes()
    before = await relay.metrics()
    assert (before["sockets_limit"], before["event_delivery_seconds_count"]) == (12, 0)
    assert before['socket_closes_total{code="4408"}'] == 0, "what may happen is there before it happens"
    async with socket(relay, channel) as alice:
        await eventually("the socket is live", reads(relay, sockets_open=1, channels_subscribed=1))
        await write_events(db, channel)
        await heard(alice, "channel.updated", 1)
    await eventually("it is closed", reads(relay, sockets_open=0, sockets_opened_total=1))
    metrics = await relay.metrics()
    assert metrics["event_delivery_seconds_count"] == 1
    assert 0 < metrics["event_delivery_seconds_sum"] < 60, "from the statement to the socket"
    assert metrics["frames_sent_bytes_total"] > metrics["frames_sent_total"] >= 1


async def test_how_resumes_end_is_counted(db: Database, world: World, new_relay: NewRelay) -> None:
    channel = await world.channel()
    await write_events(db, channel, count=3)
    relay = new_relay(**DEVELOPMENT)
    await relay.start()
    await relay.publishes()

    def resumes(outcome: str) -> str:
        return f'resumes_total{{outcome="{outcome}"}}'

    async with socket(relay, channel, "&since_seq=1") as alice:
        assert [frame["seq"] for frame in await heard(alice, "channel.updated", 3)] == [2, 3, 4]
        await eventually("it has caught up", reads(relay, **{resumes("caught_up"): 1}))
    async with socket(relay, channel, "&since_seq=99") as alice:
        await heard(alice, "reload", 1)
        await eventually("it is told", reads(relay, **{resumes("reloaded"): 1, resumes("caught_up"): 1}))
    assert (await relay.metrics())[resumes("failed")] == 0


async def test_the_parts_behind_a_relay_are_seen(db: Database, new_relay: NewRelay) -> None:
    relay = new_relay()
    await relay.start()
    await relay.publishes()
    await eventually("both are there", reads(relay, nats_connected=1, database_up=1))
    metrics = await relay.metrics()
    assert 1 <= metrics['database_connections{state="idle"}'] + metrics['database_connections{state="used"}'] <= 2
    assert metrics["database_waiting"] == 0
    [build] = [name for name in metrics if name.startswith("build_info")]
    assert 'version="' in build and metrics[build] == 1
    await relay.kill()
    away = new_relay(nats="nats://127.0.0.1:1", DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing")
    await away.start()

    async def answers() -> bool:
        metrics = await away.metrics()
        return (metrics["nats_connected"], metrics["database_up"]) == (0, 0)

    await eventually("it says that both are away", answers, retry=(Exception,))


def request(route: str, status: int, **changes: object) -> str:
    line = {"message": "request", "route": route, "method": "GET", "status": status, "duration_ms": 20, **changes}
    return json.dumps(line) + "\n"


async def test_requests_are_counted_from_the_components_log(new_relay: NewRelay, tmp_path: Path) -> None:
    folder = tmp_path / "components"
    folder.mkdir()
    pins = folder / "pins_stderr.txt"
    pins.write_text(request("/pins", 200))
    relay = new_relay(REQUEST_LOGS=str(folder))
    await relay.start()
    await eventually("it is there", relay.metrics, retry=(Exception,))
    await eventually("it follows", reads(relay, **{'request_lines_skipped_total{reason="malformed"}': 0}))
    with pins.open("a") as log:
        log.write(request("/pins", 200) * 2 + request("/pins", 503) + "thread 'main' panicked at 'x'\n")
        log.write(request('/"} 9\nforged', 200) + "x" * 100_000 + "\n" + request("/pins", 200)[:-20])
    counted = 'requests_total{{route="/pins",method="GET",status="{}"}}'
    skipped = {f'request_lines_skipped_total{{reason="{reason}"}}': 1 for reason in ("malformed", "too_long")}
    await eventually(
        "they are counted", reads(relay, **{counted.format("2xx"): 2, counted.format("5xx"): 1}, **skipped)
    )
    metrics = await relay.metrics()
    assert metrics['request_duration_seconds_count{route="/pins",method="GET"}'] == 3
    assert metrics['request_duration_seconds_bucket{le="0.025",route="/pins",method="GET"}'] == 3
    assert not [name for name in metrics if "forged" in name]
    # The log is cut, as logrotate does, and a component comes that was not there.
    pins.write_text(request("/pins", 200))
    (folder / "files_stderr.txt").write_text(request("/files", 404))
    files = counted.replace("/pins", "/files")
    await eventually("both are read", reads(relay, **{counted.format("2xx"): 3, files.format("4xx"): 1}))
    # A relay that starts again goes on at the end.
    await relay.kill()
    again = new_relay(REQUEST_LOGS=str(folder))
    await again.start()
    await eventually("it is there", again.metrics, retry=(Exception,))
    await eventually("it follows", reads(again, **{'request_lines_skipped_total{reason="malformed"}': 0}))
    with pins.open("a") as log:
        log.write(request("/pins", 200))
    await eventually("it counts what is new", reads(again, **{counted.format("2xx"): 1}))


@pytest.mark.parametrize("form", ["json", "text"])
async def test_the_line_of_an_event_names_the_request_that_wrote_it(
    db: Database, world: World, new_relay: NewRelay, form: str
) -> None:
    channel = await world.channel()
    relay = new_relay(LOG_FORMAT=form)
    await relay.start()
    await relay.publishes()
    sql = """SELECT FROM set_config('messaging.request_id', $2, true) AS told, LATERAL (
                 SELECT f.refusal FROM messaging.record_channel_change(
                     p_channel_id => $1, p_caller => $3, p_changes => '{"name": "between us"}') AS f
                 WHERE told.told IS NOT NULL OFFSET 0) r"""
    await db.execute(sql, channel.id, f"request-{form}", OWNER)

    async def said() -> bool:
        return f"request-{form}" in relay.output()

    await eventually("it is published", said)
    [line] = [line for line in relay.output().splitlines() if f"request-{form}" in line]
    assert "between us" not in relay.output()
    if form == "json":
        entries = [json.loads(line) for line in relay.output().splitlines()]
        assert all(entry.keys() >= {"time", "level", "component", "message"} for entry in entries)
        entry = json.loads(line)
        assert (entry["message"], entry["subject"], entry["channel"]) == (
            "published",
            "messaging.channel.updated",
            channel.id,
        )


async def test_what_is_no_file_holds_up_no_other(new_relay: NewRelay, tmp_path: Path) -> None:
    folder = tmp_path / "components"
    folder.mkdir()
    # Nobody ever writes into it.
    os.mkfifo(folder / "a_stderr.txt")
    relay = new_relay(REQUEST_LOGS=str(folder))
    await relay.start()
    await eventually("it is there", relay.metrics, retry=(Exception,))
    pins = folder / "pins_stderr.txt"
    pins.write_text("")
    await asyncio.sleep(1)
    pins.write_text(request("/pins", 200))
    await eventually("it counts", reads(relay, **{'requests_total{route="/pins",method="GET",status="2xx"}': 1}))
    async with asyncio.timeout(20):
        await relay.stop()
