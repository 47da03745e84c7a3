"""The test of `cargo dev fuzz`, with few requests: nothing breaks, and every response is as documented."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.own_stack import OwnStack, run_module

pytestmark = pytest.mark.faults

SEED = 9
MINUTES = 0.7
# Schemathesis ends by itself; this is for one that hangs.
DEADLINE = 600


async def test_drawn_requests_find_no_server_error_and_no_breach_of_the_contract(own: OwnStack, tmp_path: Path) -> None:
    python = os.environ.get("E2E_FUZZ_PYTHON")
    if not python:
        pytest.skip("cargo dev test installs what draws requests")
    words = ["fuzz", "--stack", str(own.file), "--out", str(tmp_path), "--seed", str(SEED), "--minutes", str(MINUTES)]
    await run_module(python, *words, deadline=DEADLINE)
