"""PostgreSQL and `ws-relay migrate`, as this machine has them: `cargo dev test` names both in the environment."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WS_RELAY = Path(os.environ.get("WS_RELAY", ROOT / "target/native/ws-relay"))


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs."""
    if named := os.environ.get("POSTGRES_BIN"):
        return Path(named)
    packaged = [bin.parent for bin in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if packaged:
        return max(packaged, key=lambda bin: int(bin.parent.name))
    found = shutil.which("initdb")
    assert found, "there is no PostgreSQL; cargo dev test installs one"
    return Path(found).resolve().parent


def user() -> str | None:
    """Whom to run PostgreSQL as, which refuses to be root."""
    return "postgres" if os.geteuid() == 0 else None


async def run_migrate(url: str, *words: str, program: Path = WS_RELAY, **settings: str) -> tuple[int, str]:
    """Runs the migration command with these words and settings; returns its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        program,
        "migrate",
        *words,
        env={"DATABASE_URL": url} | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def migrate(url: str, *, program: Path = WS_RELAY, **settings: str) -> str:
    """Runs the migration command, which must succeed; returns what it says."""
    code, output = await run_migrate(url, program=program, **settings)
    assert code == 0, output
    return output
