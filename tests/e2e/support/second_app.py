"""Another app on the same index, with other settings: for what must not happen to the one that all tests share."""

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def second_app(stack: Stack, folder: Path, **variables: str) -> AsyncIterator[str]:
    """Starts the same program as the stack's app, with these variables changed; gives its address."""
    stack.need_service("app")
    service = stack.services["app"]
    address = f"127.0.0.1:{_free_port()}"
    words = list(service["command"])
    for option, value in (("--listen", address), ("--log-dir", folder), ("--state-dir", folder / "state")):
        if option in words:
            words[words.index(option) + 1] = str(value)
    env = service["env"] | {f"SPIN_VARIABLE_{name.upper()}": value for name, value in variables.items()}
    log = folder / "second-app.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *words, env=env, cwd=service["cwd"], stdout=output, stderr=output, start_new_session=True
        )
    try:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def alive() -> bool:
                assert process.returncode is None, log.read_text()
                return (await client.get(f"http://{address}/health")).status_code == 200

            await eventually("the second app is alive", alive, deadline=120, retry=(httpx.HTTPError,))
        yield f"http://{address}"
    finally:
        if process.returncode is None:
            # Spin runs its trigger as a child; both are in a session of their own.
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
