"""Every act of the load, and every answer to it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Act:
    """Something that somebody does, retried until it has an answer."""

    number: int
    who: str
    kind: str
    channel: str
    # What is special about it: a text, a message, a member.
    about: dict[str, Any]
    key: str | None
    began: float
    # Seconds since the act began, and a status or the name of a failure.
    answers: list[tuple[float, str]] = field(default_factory=list)
    # The last answer; None for an act that never got one.
    status: int | None = None
    body: Any = None

    @property
    def done(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def was_retried(self) -> bool:
        return len(self.answers) > 1


class Ledger:
    """The acts in the order in which they began."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.start = time.monotonic()

    @property
    def now(self) -> float:
        return round(time.monotonic() - self.start, 3)

    def begin(self, who: str, kind: str, channel: str, key: str | None = None, **about: Any) -> Act:
        act = Act(len(self.acts) + 1, who, kind, channel, about, key, self.now)
        self.acts.append(act)
        return act

    def answered(self, act: Act, status: int, body: Any = None) -> None:
        """An answer that may be the last one."""
        act.answers.append((round(self.now - act.began, 3), str(status)))
        act.status, act.body = status, body

    def failed(self, act: Act, how: str) -> None:
        """No answer, or one that asks for a retry."""
        act.answers.append((round(self.now - act.began, 3), how))

    def done(self, kind: str) -> Iterator[Act]:
        """The acts of a kind that answered 2xx."""
        return (act for act in self.acts if act.kind == kind and act.done)

    def write(self, path: Path) -> None:
        with path.open("w") as file:
            for act in self.acts:
                file.write(json.dumps(asdict(act)) + "\n")
