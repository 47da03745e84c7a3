"""A PostgreSQL of one's own, for tests that need empty and strange databases."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from support.stack import Stack
from support.waiting import eventually


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def cluster(stack: Stack) -> AsyncIterator[str]:
    """Starts a server with the stack's own PostgreSQL programs; gives its address without a database."""
    stack.need_service("postgres")
    service = stack.services["postgres"]
    programs = Path(service["command"][0]).parent
    # PostgreSQL refuses to run as root; the stack knows whom to run it as.
    user = service.get("user")
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
    folder = Path(tempfile.mkdtemp(prefix="e2e-postgres-", dir="/var/tmp" if user else None))
    try:
        if user:
            shutil.chown(folder, user, user)
        data, port = folder / "data", _free_port()
        initdb = [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
        made = await asyncio.create_subprocess_exec(
            *initdb,
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await made.communicate()
        assert made.returncode == 0, output.decode()
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = await asyncio.create_subprocess_exec(
                *prefix, str(programs / "postgres"), "-D", str(data), *options, stdout=log, stderr=log
            )
        try:
            url = f"postgres://postgres@127.0.0.1:{port}"

            async def ready() -> bool:
                assert server.returncode is None, (folder / "log").read_text()
                await (await asyncpg.connect(f"{url}/postgres")).close()
                return True

            await eventually("PostgreSQL answers", ready, retry=(OSError, asyncpg.PostgresError))
            yield url
        finally:
            if server.returncode is None:
                # Fast shutdown: open sessions are ended.
                os.kill(server.pid, signal.SIGINT)
                await asyncio.wait_for(server.wait(), 30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
