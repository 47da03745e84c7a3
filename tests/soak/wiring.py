"""Puts the soak's stand-ins between the parts of a running stack, and a second relay beside the first."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
from pathlib import Path
from typing import Any

from support.ports import free_port
from support.stack import Stack

# Frames that may wait for a slow socket; few, so that some are cut.
QUEUE = "32"


def rewire(stack: Stack, homeserver: str, appservice: str) -> None:
    """Leads the app to the homeserver, and the homeserver to the app, through these addresses, from their next start."""
    assert stack.path
    with stack.path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = json.loads(stack.path.read_text())
        services = content["services"]
        services["app"]["env"]["SPIN_VARIABLE_MATRIX_HOMESERVER_URL"] = homeserver
        services["ws-relay"]["env"]["WS_QUEUE"] = QUEUE
        _write(stack.path, content)
    command = services["synapse"]["command"]
    configuration = json.loads(Path(command[command.index("-c") + 1]).read_text())
    (registration,) = configuration["app_service_config_files"]
    content = json.loads(Path(registration).read_text())
    content["url"] = appservice
    _write(Path(registration), content)


def services(stack: Stack) -> dict[str, Any]:
    """The services as the stack file has them now: one that was started again has another process."""
    assert stack.path
    return Stack.read(stack.path).services


def _write(path: Path, content: Any) -> None:
    """Writes a file that only we may read, whole or not at all."""
    new = path.with_suffix(".soak")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    new.rename(path)


class SecondRelay:
    """A relay beside the stack's own, started again when it dies as the stack's is."""

    def __init__(self, stack: Stack, folder: Path):
        self.service = services(stack)["ws-relay"]
        self.log = folder / "second-relay.log"
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None
        self.keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._spawn()
        self.keeper = asyncio.create_task(self._keep())

    async def _spawn(self) -> None:
        env = self.service["env"] | {"WS_LISTEN": f"127.0.0.1:{self.port}"}
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.service["command"],
                env=env,
                cwd=self.service["cwd"],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def _keep(self) -> None:
        while True:
            assert self.process
            await self.process.wait()
            await asyncio.sleep(0.5)
            await self._spawn()

    def signal(self, number: signal.Signals) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self) -> None:
        if self.keeper:
            self.keeper.cancel()
            await asyncio.gather(self.keeper, return_exceptions=True)
        if self.process and self.process.returncode is None:
            # One that stands still hears of nothing else.
            self.process.kill()
            await self.process.wait()
