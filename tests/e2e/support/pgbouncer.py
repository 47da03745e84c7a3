"""PgBouncer, as this machine has it, between a part of the system and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from support.ports import free_port
from support.waiting import eventually

# From this version on it knows prepared statements in transaction mode.
KNOWS_STATEMENTS = (1, 21)


def program() -> str:
    found = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "there is no pgbouncer; cargo dev test installs one"
    return found


async def version() -> tuple[int, int]:
    process = await asyncio.create_subprocess_exec(program(), "--version", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    found = re.search(r"PgBouncer (\d+)\.(\d+)", output.decode())
    assert found, output
    return int(found[1]), int(found[2])


@asynccontextmanager
async def pgbouncer(url: str, mode: str, size: int, user: str | None) -> AsyncIterator[str]:
    """Starts one in this mode, with up to so many connections to a database; gives the address that leads through it.
    Whoever comes is the role of `url`. It refuses to run as root, so root names another user."""
    parts = urlsplit(url)
    folder, port = Path(tempfile.mkdtemp(prefix="test-pgbouncer-", dir="/var/tmp")), free_port()
    database = parts.path.lstrip("/")
    target = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    words = " ".join(f"{name}={value}" for name, value in target.items() if value)
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": size,
        "max_client_conn": 1000,
        "logfile": folder / "log",
    }
    if await version() >= KNOWS_STATEMENTS:
        settings["max_prepared_statements"] = 200
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(f"[databases]\n{database} = {words}\n[pgbouncer]\n{lines}\n")
    configuration.chmod(0o600)
    prefix = []
    if user:
        prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
        for path in (folder, configuration):
            shutil.chown(path, user, user)
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *prefix, program(), str(configuration), cwd="/", stdout=silent, stderr=silent
    )
    through = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()

    async def ready() -> bool:
        assert process.returncode is None, (folder / "log").read_text()
        await (await asyncpg.connect(through, statement_cache_size=0, timeout=10)).close()
        return True

    try:
        await eventually("PgBouncer answers", ready, retry=(OSError, asyncpg.PostgresError))
        yield through
    finally:
        if process.returncode is None:
            # Newer ones wait for their clients when they are asked to end.
            process.kill()
            await asyncio.wait_for(process.wait(), 30)
        shutil.rmtree(folder, ignore_errors=True)
