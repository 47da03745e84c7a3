"""Another relay on the same index and the same NATS, with settings of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from support.stack import Stack
from support.waiting import eventually


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@asynccontextmanager
async def second_relay(stack: Stack, folder: Path, **settings: str) -> AsyncIterator[str]:
    """Starts the same program as the stack's relay, with these settings changed; gives the address of its sockets."""
    stack.need_service("ws-relay")
    service = stack.services["ws-relay"]
    address = free_address()
    env = service["env"] | {name.upper(): value for name, value in settings.items()} | {"WS_LISTEN": address}
    log = folder / "second-relay.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *service["command"], env=env, cwd=service["cwd"], stdout=output, stderr=output, start_new_session=True
        )
    try:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def ready() -> bool:
                assert process.returncode is None, log.read_text()
                return (await client.get(f"http://{address}/health/ready")).status_code == 200

            await eventually("the second relay is ready", ready, deadline=60, retry=(httpx.HTTPError,))
        yield f"ws://{address}"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
