"""The test of `cargo dev fuzz`, with few requests: nothing breaks, and every response is as documented."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from support.own_stack import OwnStack

pytestmark = pytest.mark.faults

TESTS = Path(__file__).resolve().parents[2]
SEED = 9
MINUTES = 0.7
# Schemathesis ends by itself; this is for one that hangs.
DEADLINE = 600


async def test_drawn_requests_find_no_server_error_and_no_breach_of_the_contract(own: OwnStack, tmp_path: Path) -> None:
    python = os.environ.get("E2E_FUZZ_PYTHON")
    if not python:
        pytest.skip("cargo dev test installs what draws requests")
    words = ["-m", "fuzz", "--stack", str(own.file), "--out", str(tmp_path), "--seed", str(SEED)]
    process = await asyncio.create_subprocess_exec(
        python,
        *words,
        "--minutes",
        str(MINUTES),
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS / "e2e")])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()
