"""Puts the soak's stand-ins between the parts of a running stack, and a second relay beside the first."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from support.ports import free_port
from support.rewiring import change_services, lead_pushes
from support.stack import Stack

# Frames that may wait for a slow socket; few, so that some are cut.
QUEUE = "32"
# Seconds between two rounds in which the relays look for what was never pushed; so that each run has some.
ROUND = "20"


def rewire(stack: Stack, homeserver: str, appservice: str) -> None:
    """Leads the app to the homeserver, and the homeserver to the app, through these addresses, from their next start."""

    def rewired(services: dict[str, Any]) -> None:
        services["app"]["env"]["SPIN_VARIABLE_MATRIX_HOMESERVER_URL"] = homeserver
        services["ws-relay"]["env"].update({"WS_QUEUE": QUEUE, "RECONCILE_SECONDS": ROUND})

    change_services(stack, rewired)
    lead_pushes(stack, appservice)


def services(stack: Stack) -> dict[str, Any]:
    """The services as the stack file has them now: one that was started again has another process."""
    assert stack.path
    return Stack.read(stack.path).services


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
