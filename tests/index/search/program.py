"""The analysis of search, as components have it: the example program `search` of `messaging-core`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from harness.server import ROOT

PROGRAM = Path(os.environ.get("SEARCH_PROGRAM", ROOT / "target/debug/examples/search"))


def analysed(cases: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What becomes of each text and query."""
    assert PROGRAM.is_file(), f"{PROGRAM} is not built: cargo build -p messaging-core --example search"
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]
