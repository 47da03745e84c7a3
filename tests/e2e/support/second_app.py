"""Another app on the same index, with other settings: for what must not happen to the one that all tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from support.ports import free_port
from support.second_process import second_process
from support.stack import Stack


@asynccontextmanager
async def second_app(
    stack: Stack, folder: Path, environment: Mapping[str, str] | None = None, **variables: str
) -> AsyncIterator[str]:
    """Starts the same program as the stack's app, with these variables changed, and with more in its environment; gives its
    address."""
    stack.need_service("app")
    service = stack.services["app"]
    address = f"127.0.0.1:{free_port()}"
    words = list(service["command"])
    for option, value in (("--listen", address), ("--log-dir", folder), ("--state-dir", folder / "state")):
        if option in words:
            words[words.index(option) + 1] = str(value)
    env = service["env"] | {f"SPIN_VARIABLE_{name.upper()}": value for name, value in variables.items()}
    env |= environment or {}
    log, health = folder / "second-app.log", f"http://{address}/health"
    async with second_process(service, words, env, log, health, deadline=120):
        yield f"http://{address}"
