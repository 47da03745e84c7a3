"""How long a processor works for a session of PostgreSQL: what it costs, however busy the machine is with other things."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def work(connection: Any) -> float:
    """What it has been until now, in milliseconds; 0 when the session is on another machine."""
    # Nanoseconds of the process (Linux, Documentation/scheduler/sched-stats.rst).
    try:
        return int(Path(f"/proc/{connection.get_server_pid()}/schedstat").read_text().split()[0]) / 1e6
    except OSError:
        return 0.0
