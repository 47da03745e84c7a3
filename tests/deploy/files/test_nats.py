"""The logins that `prepare` gives NATS, in a real one: only relays publish."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error

from harness.places import DEPLOY
from harness.proxy import free_port, program, replaced

Connect = Callable[[str], Awaitable[tuple[Client, list[str]]]]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "compose"
    shutil.copytree(DEPLOY / "compose", folder, ignore=shutil.ignore_patterns("secrets", ".env"))
    (folder / ".env").write_text("MESSAGING_HOST=chat.example.org\nMATRIX_HOST=matrix.example.org\n")
    subprocess.run([str(folder / "prepare")], check=True, capture_output=True)
    return folder / "secrets"


@pytest.fixture
async def connect(secrets: Path, tmp_path: Path) -> AsyncIterator[Connect]:
    """Connects as somebody, and gives the errors that the server tells of."""
    server = program("nats-server")
    if server is None:
        pytest.skip("nats-server is not installed; tests/deploy/run installs it where there is apt")
    port = free_port()
    written = (secrets / "nats.conf").read_text()
    settings = tmp_path / "nats.conf"
    settings.write_text(
        replaced(
            written,
            {
                "0.0.0.0:4222": f"127.0.0.1:{port}",
                "http: 127.0.0.1:8222": "",
                "store_dir: /data": f"store_dir: {tmp_path}",
            },
        )
    )
    process = await asyncio.create_subprocess_exec(
        server, "-c", str(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    async with AsyncExitStack() as stack:

        async def connected(user: str) -> tuple[Client, list[str]]:
            told: list[str] = []

            async def tell(error: Exception) -> None:
                told.append(str(error))

            login = {"user": user, "password": (secrets / f"nats_{user}").read_text()} if user else {}
            reconnects = {"allow_reconnect": bool(user), "max_reconnect_attempts": 100, "reconnect_time_wait": 0.1}
            client = await nats.connect(f"nats://127.0.0.1:{port}", error_cb=tell, **login, **reconnects)
            stack.push_async_callback(client.close)
            return client, told

        yield connected
    process.terminate()
    await asyncio.wait_for(process.wait(), 20)


async def test_a_consumer_reads_and_publishes_nothing(connect: Connect) -> None:
    relay, _ = await connect("relay")
    stream = relay.jetstream()
    await stream.add_stream(name="MESSAGING", subjects=["messaging.>"])
    await stream.publish("messaging.message.created", b"said")

    consumer, told = await connect("consumer")
    events = consumer.jetstream()
    ordered = await events.subscribe("messaging.>", ordered_consumer=True)
    assert (await ordered.next_msg(timeout=10)).data == b"said"
    pulled = await events.pull_subscribe("messaging.>", durable="agent", stream="MESSAGING")
    [message] = await pulled.fetch(1, timeout=10)
    await message.ack_sync()
    live = await consumer.subscribe("integration.>")
    await consumer.flush()
    await relay.publish("integration.matrix.message", b"seen")
    assert (await live.next_msg(timeout=10)).data == b"seen"

    subjects = ["messaging.message.created", "integration.matrix.message", "relay.frames", "advisory.messaging"]
    subjects += [
        "$JS.API.STREAM.DELETE.MESSAGING",
        "$JS.API.STREAM.PURGE.MESSAGING",
        "$JS.API.STREAM.MSG.DELETE.MESSAGING",
    ]
    told.clear()
    for subject in subjects:
        await consumer.publish(subject, b"forged")
    await consumer.subscribe("relay.>")
    await consumer.flush()
    async with asyncio.timeout(20):
        while len(told) < len(subjects) + 1:
            await asyncio.sleep(0.02)
    assert all("permissions violation" in one for one in told), told
    assert (await stream.stream_info("MESSAGING")).state.messages == 1


async def test_nobody_comes_in_without_a_login(connect: Connect) -> None:
    await connect("relay")
    with pytest.raises((Error, OSError)):
        await connect("")
