"""What a measurement has found: a table and its goals on the terminal, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

Better = Literal["more", "less"]
HEAD = ("work", "who", "min", "median", "max", "unit")


@dataclass
class Row:
    """The same work by the same program, a figure for each round."""

    work: str
    who: str
    unit: str
    better: Better
    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a part of their median: what differs by less has not been measured."""
        return (max(self.rounds) - min(self.rounds)) / self.median if self.median else 0.0

    def cells(self) -> tuple[str, ...]:
        numbers = (min(self.rounds), self.median, max(self.rounds))
        return self.work, self.who, *(number(one) for one in numbers), self.unit

    def document(self) -> dict[str, Any]:
        numbers = {"min": min(self.rounds), "median": self.median, "max": max(self.rounds), "spread": self.spread}
        return {
            "work": self.work,
            "who": self.who,
            "unit": self.unit,
            "better": self.better,
            **numbers,
            "rounds": self.rounds,
        }


class Goal(NamedTuple):
    """What is to be reached: between two medians, or by one."""

    work: str
    text: str
    ratio: tuple[str, str] | None
    at_least: float | None
    at_most: float | None
    of: str | None


class Results:
    """The rounds of one run. Whoever measures calls `add` once per round, and says the goals before `show` or `save`."""

    def __init__(self, subject: str, versions: dict[str, str]) -> None:
        self.subject = subject
        self.versions = versions
        self.machine = machine()
        self.load = os.getloadavg()[0]
        self.began = datetime.now(UTC)
        self.rows: dict[tuple[str, str], Row] = {}
        self.goals: list[Goal] = []
        self.refused: list[dict[str, str]] = []

    def add(self, work: str, who: str, value: float, unit: str, *, better: Better) -> None:
        """One round's figure."""
        row = self.rows.setdefault((work, who), Row(work, who, unit, better))
        assert (row.unit, row.better) == (unit, better), f"{work} by {who} was measured in {row.unit} before"
        row.rounds.append(value)

    def invalid(self, work: str, who: str, why: str) -> None:
        """A round that has no figure, because not all of its work was done."""
        self.refused.append({"work": work, "who": who, "why": why})
        print(f"invalid: {work}, {who}: {why}", flush=True)

    def goal(
        self,
        work: str,
        text: str,
        *,
        ratio: tuple[str, str] | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        of: str | None = None,
    ) -> None:
        """What the median of one is to be, in its unit (`of`), or as a part of another's (`ratio`)."""
        assert (ratio is None) != (of is None), "either between two or by one"
        assert (at_least is None) != (at_most is None), "either at least or at most"
        self.goals.append(Goal(work, text, ratio, at_least, at_most, of))

    def median(self, work: str, who: str) -> float | None:
        """None when no round of it was valid."""
        row = self.rows.get((work, who))
        return row.median if row else None

    def value(self, goal: Goal) -> float | None:
        """What has become of a goal; None when it was not measured."""
        medians = [self.median(goal.work, who) for who in goal.ratio or (goal.of or "",)]
        if goal.ratio is None or None in medians:
            return None if None in medians else medians[0]
        ours, other = medians
        return ours / other if ours is not None and other else None

    def verdict(self, goal: Goal) -> str:
        value = self.value(goal)
        if value is None:
            return "not measured"
        enough = value >= goal.at_least if goal.at_least is not None else value <= (goal.at_most or 0)
        return "reached" if enough else "not reached"

    def lines(self) -> list[str]:
        table = [HEAD, *(row.cells() for row in self.rows.values())]
        widths = [max(len(cells[column]) for cells in table) for column in range(len(HEAD))]
        # Words begin where their column does, numbers end there.
        align = ("<", "<", ">", ">", ">", "<")
        lines = [
            "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, align, widths, strict=True)).rstrip()
            for cells in table
        ]
        for goal in self.goals:
            value, bound = self.value(goal), goal.at_least if goal.at_least is not None else goal.at_most
            sign = "×" if goal.ratio else ""
            is_what = "–" if value is None else f"{number(value)}{sign}"
            wanted = f"{'at least' if goal.at_least is not None else 'at most'} {bound:,g}{sign}"
            lines.append(f"{self.verdict(goal)}: {goal.work}, {goal.text}: {is_what} ({wanted})")
        return lines

    def show(self) -> None:
        machine = self.machine
        print(
            f"\n{self.subject}: {machine['cores']} cores, {machine['memory_gib']} GiB, load {self.load:.1f} at the start"
        )
        print(*(f"{name} {version}" for name, version in self.versions.items()), sep=", ")
        print(*self.lines(), sep="\n", flush=True)

    def document(self) -> dict[str, Any]:
        goals = [goal._asdict() | {"value": self.value(goal), "verdict": self.verdict(goal)} for goal in self.goals]
        return {
            "subject": self.subject,
            "when": self.began.isoformat(timespec="seconds"),
            "machine": self.machine,
            "load_at_start": self.load,
            "versions": self.versions,
            "rows": [row.document() for row in self.rows.values()],
            "invalid": self.refused,
            "goals": goals,
        }

    def save(self) -> Path:
        """Into the folder that BENCH_RESULTS names; the run before it makes way."""
        folder = Path(os.environ["BENCH_RESULTS"])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.subject}.json"
        path.write_text(json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n")
        print(f"as JSON in {path}", flush=True)
        return path


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": names[0] if names else platform.machine(),
        "memory_gib": round(memory / (1 << 30)),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def number(value: float) -> str:
    """Three digits, or all before the point."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{places}f}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
