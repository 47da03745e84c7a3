"""Backups of a stack's database and homeserver, and their return to an earlier point."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from support.services import Services
from support.stack import Stack

# Those who write to the database.
WRITERS = ("app", "ws-relay")


async def _run(*words: str, **env: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *words, env=os.environ | env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, f"{words}: {output.decode()}"
    return output.decode()


class Backups:
    """As OPERATIONS.md says it: pg_dump of a running database, and Synapse's own database with its media."""

    def __init__(self, stack: Stack, services: Services, folder: Path):
        assert stack.data
        self.services = services
        self.folder = folder
        self.url = stack.database_url or ""
        self.programs = Path(stack.services["postgres"]["command"][0]).parent
        self.synapse = Path(stack.services["synapse"]["cwd"])
        password = json.loads((Path(stack.data) / "secrets.json").read_text())["postgres_admin"]
        self.parts = urlsplit(self.url)
        self.admin = f"postgres://postgres:{password}@{self.parts.hostname}:{self.parts.port}"
        self.stack = stack

    async def dump_index(self) -> Path:
        """While everything goes on."""
        file = self.folder / f"index-{len(list(self.folder.iterdir()))}.dump"
        await _run(str(self.programs / "pg_dump"), "--format=custom", f"--file={file}", self.url)
        return file

    def copy_synapse(self) -> Path:
        """While it goes on: SQLite's own copy, which is of one moment, then the files, which are only ever added."""
        folder = self.folder / f"synapse-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        source = sqlite3.connect(self.synapse / "homeserver.db")
        target = sqlite3.connect(folder / "homeserver.db")
        source.backup(target)
        target.close()
        source.close()
        if (self.synapse / "media").exists():
            shutil.copytree(self.synapse / "media", folder / "media")
        return folder

    async def restore_index(self, file: Path) -> None:
        """Into a new database of the same name, with nobody in it; the writers are stopped and stay so."""
        name = self.parts.path.lstrip("/")
        connection = await asyncpg.connect(f"{self.admin}/postgres", timeout=10, command_timeout=60)
        try:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{self.parts.username}"')
        finally:
            await connection.close()
        await _run(str(self.programs / "pg_restore"), "--exit-on-error", f"--dbname={self.admin}/{name}", str(file))

    async def migrate(self) -> str:
        """`ws-relay migrate` after a restore: it gives roles in this database what a dump does not have."""
        return await _run(self.stack.services["ws-relay"]["command"][0], "migrate", DATABASE_URL=self.url)

    async def restore_synapse(self, folder: Path) -> None:
        """The homeserver is stopped and stays so."""
        for name in ("homeserver.db", "homeserver.db-wal", "homeserver.db-shm", "homeserver.db-journal"):
            (self.synapse / name).unlink(missing_ok=True)
        shutil.copy(folder / "homeserver.db", self.synapse / "homeserver.db")
        shutil.rmtree(self.synapse / "media", ignore_errors=True)
        if (folder / "media").exists():
            shutil.copytree(folder / "media", self.synapse / "media")
