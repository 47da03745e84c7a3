"""Queries, each with what it should find. What is found rightly is told by the dictionary and by what was meant when the
corpus was drawn, never by the analysis that is measured."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from search.corpus import SEED, SPECIAL, Message, meant, messages, ukrainian
from search.vocabulary import ENGLISH


@dataclass
class Query:
    """A query, and whether a message is one that it should find."""

    kind: str
    text: str
    finds: Callable[[Message], bool]


@cache
def families() -> dict[str, set[str]]:
    """The forms of every word that a form may belong to."""
    found: dict[str, set[str]] = {}
    for forms in [*ukrainian().values(), *ENGLISH]:
        family = {meant(form) for form in forms}
        for form in family:
            found.setdefault(form, set()).update(family)
    return found


def word(form: str) -> Callable[[Message], bool]:
    """Finds every form of the word."""
    family = families().get(meant(form), set()) | {meant(form)}
    return lambda message: not family.isdisjoint(message.words)


def every(*finds: Callable[[Message], bool]) -> Callable[[Message], bool]:
    return lambda message: all(find(message) for find in finds)


def without(find: Callable[[Message], bool]) -> Callable[[Message], bool]:
    return lambda message: not find(message)


def phrase(words: list[str]) -> Callable[[Message], bool]:
    """Finds the words one behind the other."""
    size = len(words)
    return lambda message: any(message.tokens[at : at + size] == words for at in range(len(message.tokens)))


def prefix(start: str) -> Callable[[Message], bool]:
    """Finds words, and what is written in one piece, that begin so."""
    return lambda message: any(
        found.startswith(start) for found in [*message.words, *(meant(name) for name in message.special)]
    )


def piece(name: str) -> Callable[[Message], bool]:
    """Finds what is written in one piece, and that of which it is a part."""
    pattern = re.compile(rf"(?<![^\W_]){re.escape(meant(name))}(?![^\W_]|[+#])")
    return lambda message: pattern.search(message.meant) is not None


def typed(form: str, draw: random.Random) -> str:
    """The form as somebody types it who searches."""
    return draw.choice([form, form, form, form.upper(), form.capitalize(), form.replace("'", "’")])


def drawn() -> Iterator[Query]:
    draw = random.Random(SEED)
    lemmas = list(ukrainian().values())
    for _ in range(140):
        form = draw.choice(draw.choice(lemmas))
        yield Query("Ukrainian word", typed(form, draw), word(form))
    for _ in range(60):
        form = draw.choice(draw.choice(ENGLISH))
        yield Query("English word", form, word(form))
    for source in draw.sample(messages(), 100):
        known = [token for token in source.tokens if token in families()]
        if len(set(known)) < 2:
            continue
        pair = [draw.choice(sorted(families()[token])) for token in draw.sample(sorted(set(known)), 2)]
        yield Query("two words", " ".join(pair), every(*map(word, pair)))
    for source in draw.sample(messages(), 40):
        at = draw.randrange(max(len(source.tokens) - 2, 1))
        words = source.tokens[at : at + draw.choice([2, 3])]
        if any(not token.isalpha() for token in words) or len(words) < 2:
            continue
        yield Query("phrase", f'"{" ".join(words)}"', phrase(words))
    for _ in range(25):
        form = meant(draw.choice(draw.choice(lemmas + ENGLISH)))
        start = form[: max(4, len(form) - 3)]
        yield Query("prefix", f"{start}*", prefix(start))
    for _ in range(25):
        one, other = (draw.choice(draw.choice(lemmas)) for _ in range(2))
        yield Query("without", f"{one} -{other}", every(word(one), without(word(other))))
    for name in SPECIAL:
        yield Query("written in one piece", name, piece(name))
    for name in ["@olena", "@taras_sh", "@bot-ci", "@марія"]:
        yield Query("written in one piece", name, lambda message, name=name: name in message.special)
    for part in [
        "example.com",
        "docs.example.org",
        "koval",
        "olena.koval",
        "report",
        "звіт_2026",
        "xlsx",
        "setup",
        "api/v2",
        "1.12",
        "connections",
        "max",
        "user",
        "taras",
        "core",
        "приват",
        "server",
        "covid",
        "release",
        "img_0042",
        "shevchenko@example.com",
    ]:
        yield Query("a part of it", part, word(part) if part.isalpha() else piece(part))


@cache
def queries() -> list[Query]:
    """The gold set: those that should find something, none twice."""
    found = {query.text: query for query in drawn() if any(map(query.finds, messages()))}
    return list(found.values())
