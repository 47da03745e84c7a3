"""Another relay on the same index and the same NATS, with settings of its own."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.ports import free_port
from support.second_process import second_process
from support.stack import Stack


@asynccontextmanager
async def second_relay(
    stack: Stack, folder: Path, *, begins: str = "/health/ready", tls: ssl.SSLContext | None = None, **settings: str
) -> AsyncIterator[str]:
    """Starts the same program as the stack's relay, with these settings changed; gives the address of its sockets when the
    path `begins` answers 200. `tls` trusts the certificate that the settings name."""
    stack.need_service("ws-relay")
    service = stack.services["ws-relay"]
    address = f"127.0.0.1:{free_port()}"
    env = service["env"] | {name.upper(): value for name, value in settings.items()} | {"WS_LISTEN": address}
    log, health = folder / "second-relay.log", f"{'https' if tls else 'http'}://{address}{begins}"
    async with second_process(service, service["command"], env, log, health, deadline=60, tls=tls):
        yield f"{'wss' if tls else 'ws'}://{address}"
