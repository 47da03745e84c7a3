"""A program of the stack once more, beside the one that all tests share."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from support.waiting import eventually


@asynccontextmanager
async def second_process(
    service: dict[str, Any],
    words: list[str],
    env: dict[str, str],
    log: Path,
    health: str,
    deadline: float,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[None]:
    """Runs a service's program until the test is done with it; begins when `health` answers 200. `tls` trusts it."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *words, env=env, cwd=service["cwd"], stdout=output, stderr=output, start_new_session=True
        )
    try:
        async with httpx.AsyncClient(trust_env=False, verify=tls or True) as client:

            async def well() -> bool:
                assert process.returncode is None, log.read_text()
                return (await client.get(health)).status_code == 200

            await eventually(f"{health} answers 200", well, deadline=deadline, retry=(httpx.HTTPError,))
        yield
    finally:
        if process.returncode is None:
            # Spin runs its trigger as a child; both are in a session of their own.
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
