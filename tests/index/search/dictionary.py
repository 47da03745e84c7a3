"""Forms of Ukrainian words, from the Hunspell dictionary that Debian's package `hunspell-uk` installs. It is read where it is:
its licences keep it out of this repository."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

FOLDER = Path("/usr/share/hunspell")


@cache
def rules() -> dict[str, list[tuple[str, str, re.Pattern[str]]]]:
    """What goes, what comes, and what the word has to end like, by the flag."""
    found = defaultdict(list)
    for line in read("uk_UA.aff"):
        match line.split():
            case ["SFX", flag, strip, add, ends, *_]:
                ending = re.compile(f"(?:{ends})$")
                found[flag].append((strip if strip != "0" else "", add if add != "0" else "", ending))
    return found


@cache
def words() -> dict[str, str]:
    """The flags of every word that is inflected."""
    lines = (line.rstrip("\n").partition("/") for line in read("uk_UA.dic"))
    return {word: flags for word, _, flags in lines if flags}


def read(name: str) -> list[str]:
    path = FOLDER / name
    assert path.is_file(), f"{path} is missing: apt-get install hunspell-uk (cargo dev test does it)"
    return path.read_text().splitlines()


def forms(lemma: str) -> list[str]:
    """All forms of a word, itself the first."""
    found = [lemma]
    for flag in words()[lemma]:
        for strip, add, ending in rules()[flag]:
            if lemma.endswith(strip) and ending.search(lemma):
                found.append(lemma[: len(lemma) - len(strip)] + add)
    return list(dict.fromkeys(found))
