"""Every WebSocket frame and every event that a test has received, kept until the AsyncAPI document has judged it.

The judgement waits until the test is over: a reader of frames that also judged them would fall behind a fast sender.
"""

from __future__ import annotations

from typing import Any

_kept: list[tuple[str, Any]] = []


def keep(name: str, payload: Any) -> None:
    """Keeps a frame under its type, a text under itself, or an event under its subject."""
    _kept.append((name, payload))


def take() -> list[tuple[str, Any]]:
    """What was kept since the last call."""
    taken = _kept.copy()
    _kept.clear()
    return taken
