"""The soak of `cargo dev soak`, for half a minute: load and faults, and afterwards nothing is missing or doubled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.own_stack import OwnStack, run_module

pytestmark = pytest.mark.faults

SEED = 91
MINUTES = 0.6
# Every part dies, answers and pushes get lost on both sides of the app, the stream loses its events, and readers are cut off.
KINDS = ("kill", "homeserver", "pushes", "stream", "sockets-cut")
# The soak waits by itself for what is slow, and says what it has waited for.
DEADLINE = 600


async def test_nothing_is_lost_nothing_comes_twice_and_all_is_in_order(own: OwnStack, tmp_path: Path) -> None:
    words = ["soak", "--stack", str(own.file), "--out", str(tmp_path), "--seed", str(SEED)]
    words += ["--minutes", str(MINUTES), *(word for kind in KINDS for word in ("--only", kind))]
    await run_module(sys.executable, *words, deadline=DEADLINE)
