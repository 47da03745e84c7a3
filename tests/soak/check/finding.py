"""Something that is not as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

MISSING = "missing"
DOUBLED = "doubled"
DISORDER = "out of order"
DIFFERS = "differs"


@dataclass(frozen=True)
class Finding:
    """One fault of the system: what kind, between which two places, and the ids to look for in the logs."""

    kind: str
    where: str
    channel: str
    what: str
    ids: dict[str, Any] = field(default_factory=dict)
    # The event in Matrix that the other place does not follow, where it is one.
    event: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        ids = " ".join(f"{name}={value}" for name, value in self.ids.items())
        return f"{self.kind}, {self.where}, channel {self.channel}: {self.what} [{ids}]"


def once_each(where: str, channel: str, expected: Iterable[str], found: Iterable[str], what: str) -> list[Finding]:
    """Checks that every expected thing was found once, and nothing else."""
    counts = Counter(found)
    wanted = set(expected)
    findings = [Finding(MISSING, where, channel, what, {"id": item}) for item in sorted(wanted - counts.keys())]
    for item, count in sorted(counts.items()):
        if item not in wanted:
            findings.append(Finding(DIFFERS, where, channel, f"{what} that nobody knows", {"id": item}))
        elif count > 1:
            findings.append(Finding(DOUBLED, where, channel, f"{what}, {count} times", {"id": item}))
    return findings


def in_order(where: str, channel: str, numbers: list[int], last: int, what: str) -> list[Finding]:
    """Checks that the numbers are 1 to `last`, each once and in order; names the first ones that are not."""
    if numbers == list(range(1, last + 1)):
        return []
    findings = []
    counts = Counter(numbers)
    missing = [number for number in range(1, last + 1) if number not in counts]
    doubled = [number for number, count in counts.items() if count > 1]
    strange = [number for number in counts if not 1 <= number <= last]
    disorder = [here for before, here in pairwise(numbers) if here < before]
    for kind, found in ((MISSING, missing), (DOUBLED, doubled), (DIFFERS, strange), (DISORDER, disorder)):
        if found:
            count = len(found)
            findings.append(Finding(kind, where, channel, f"{count} numbers {what}", {"seq": sorted(found)[:20]}))
    return findings
