"""A PostgreSQL of one's own, for tests that need empty and strange databases."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg

from support.ports import free_port
from support.stack import Stack
from support.waiting import eventually


def cluster(stack: Stack) -> AbstractAsyncContextManager[str]:
    """Starts a server with the stack's own PostgreSQL programs; gives its address without a database."""
    stack.need_service("postgres")
    service = stack.services["postgres"]
    return server(Path(service["command"][0]).parent, service.get("user"))


@asynccontextmanager
async def server(programs: Path, user: str | None, more_settings: Iterable[str] = ()) -> AsyncIterator[str]:
    """Starts a server with these programs and settings; gives its address without a database. PostgreSQL refuses to run
    as root, so root names another user."""
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
    folder = Path(tempfile.mkdtemp(prefix="test-postgres-", dir="/var/tmp" if user else None))
    try:
        if user:
            shutil.chown(folder, user, user)
        data, port = folder / "data", free_port()
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
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        # Nothing here has to outlive the machine.
        settings += ["fsync=off", "full_page_writes=off", "synchronous_commit=off", *more_settings]
        options = [word for setting in settings for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *prefix, str(programs / "postgres"), "-D", str(data), *options, stdout=log, stderr=log
            )
        try:
            url = f"postgres://postgres@127.0.0.1:{port}"

            async def ready() -> bool:
                assert process.returncode is None, (folder / "log").read_text()
                await (await asyncpg.connect(f"{url}/postgres")).close()
                return True

            await eventually("PostgreSQL answers", ready, retry=(OSError, asyncpg.PostgresError))
            yield url
        finally:
            if process.returncode is None:
                # Fast shutdown: open sessions are ended.
                os.kill(process.pid, signal.SIGINT)
                await asyncio.wait_for(process.wait(), 30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
