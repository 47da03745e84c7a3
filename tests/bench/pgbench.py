"""Many writers at once, by PostgreSQL's own pgbench: it costs the machine little beside what is measured."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

from harness.server import programs


async def rate(url: str, script: str, writers: int, seconds: int, **variables: int) -> float:
    """How often a second `writers` have run the script to its end, each as fast as it is answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        options = [f"--client={writers}", f"--jobs={min(writers, 2)}", f"--time={seconds}", "--protocol=prepared"]
        defined = [f"--define={name}={value}" for name, value in variables.items()]
        process = await asyncio.create_subprocess_exec(
            programs() / "pgbench",
            *options,
            *defined,
            "--no-vacuum",
            f"--file={file.name}",
            url,
            # As the roles have it that `ws-relay migrate` makes.
            env=os.environ | {"PGOPTIONS": "-c jit=off"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), seconds + 60)
    text = output.decode()
    found = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
    # What aborts a writer is no figure.
    assert process.returncode == 0 and found and "aborted" not in text, text
    return float(found[1])


def found() -> Path:
    """Where it is; it comes with PostgreSQL's programs."""
    path = programs() / "pgbench"
    assert path.is_file(), f"{path} is missing: install the package of PostgreSQL's own programs"
    return path
