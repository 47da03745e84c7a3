"""What services wrote about themselves: nothing may have panicked, whatever failed around it."""

from __future__ import annotations

from pathlib import Path

from soak.check.finding import DIFFERS, Finding

SIGNS = ("panicked at", "wasm trap", "unreachable executed")


def check(folder: Path, further: Path) -> list[Finding]:
    """Looks through the stack's logs and one more."""
    findings = []
    for log in [*sorted(folder.rglob("*")), further]:
        if log.is_file():
            lines = log.read_text(errors="replace").splitlines()
            broken = [line[:300] for line in lines if any(sign in line for sign in SIGNS)]
            if broken:
                ids = {"log": str(log), "first": broken[0]}
                findings.append(Finding(DIFFERS, "logs", "", f"{len(broken)} lines tell of a panic", ids))
    return findings
