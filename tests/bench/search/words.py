"""What messages are made of, and what is asked of them."""

from __future__ import annotations

import random
import re

from search import dictionary
from search.vocabulary import ENGLISH, UKRAINIAN

LEMMAS = 20_000
# How many forms of a word are used at most.
FORMS = 4


def vocabulary(seed: int) -> list[str]:
    """Forms of words, the commonest first: those that the tests' corpus is about, then others of the dictionary."""
    draw = random.Random(seed)
    plain = [word for word in dictionary.words() if re.fullmatch("[а-щьюяєіїґ']+", word)]
    common = [some(dictionary.forms(lemma), draw) for lemma in UKRAINIAN if lemma in dictionary.words()]
    rare = [some(dictionary.forms(lemma), draw) for lemma in draw.sample(plain, LEMMAS)]
    found = []
    for lemmas in (common + ENGLISH, rare):
        forms = [form for forms in lemmas for form in forms]
        draw.shuffle(forms)
        found += forms
    return list(dict.fromkeys(found))


def some(forms: list[str], draw: random.Random) -> list[str]:
    return draw.sample(forms, min(FORMS, len(forms)))


def terms(words: list[str], draw: random.Random) -> str:
    """What somebody may ask for: a word of any frequency, mostly, two of them, or an operator beside one."""

    def word() -> str:
        # As often a common one as a rare one: ranks 1 to 10, to 100, and so on.
        last = min(10 ** draw.uniform(0, 5), len(words))
        return words[draw.randrange(max(int(last), 1))]

    kind = draw.random()
    if kind < 0.6:
        return word()
    if kind < 0.8:
        return f"{word()} {word()}"
    if kind < 0.85:
        return f'"{word()} {word()}"'
    if kind < 0.9:
        return f"{word()} -{word()}"
    if kind < 0.95:
        return f"from:user{draw.randrange(50, 2_000)} {word()}"
    return f"{word()} has:{draw.choice(['file', 'link', 'image', 'reaction'])}"


SIGNS = ["", "", "", "-", '"', "*", '-"', "(", "|", "&", "!", "<->", "\\", "'", ":*", "«"]
OPERATORS = [
    "from:me",
    "-from:user77",
    "in:channel-1",
    "-in:channel-2",
    "before:2024-02-01",
    "after:2025-06-01",
    "on:2024-12-24",
    "-on:2025-01-01",
    "has:file",
    "-has:link",
    "has:reaction",
    "has:thread",
    "has:pin",
    "-has:pin",
    "is:reply",
    "is:edited",
    "-is:edited",
    "is:agent",
    "is:mention",
    "is:unread",
    "mentions:user99",
    "from:nobody",
    "foo:bar",
]


def hostile(words: list[str], draw: random.Random) -> str:
    """What somebody may ask who wants the database to work: the commonest words in any number, nothing but negations, prefixes
    that most words have, phrases that are nowhere, operators that are hardly ever so."""
    common = words[:40]
    kind = draw.randrange(8)
    if kind == 0:
        return " ".join(draw.sample(common, draw.randint(5, 32)))
    if kind == 1:
        return " ".join(f"-{word}" for word in draw.sample(common, draw.randint(1, 32)))
    if kind == 2:
        return " ".join(f"{draw.choice(words)[:3]}*" for _ in range(draw.randint(1, 32)))
    if kind == 3:
        return f'"{" ".join(draw.choices(common, k=draw.randint(2, 32)))}"'
    if kind == 4:
        return " ".join(draw.sample(OPERATORS, draw.randint(1, 8)))
    if kind == 5:
        negated = " ".join(f"-{word[:3]}*" for word in draw.choices(words, k=draw.randint(1, 16)))
        return f"{draw.choice(common)} {negated}"
    if kind == 6:
        return "".join(chr(draw.choice([draw.randint(1, 0x2FF), draw.randint(0x400, 0x4FF)])) for _ in range(500))
    pieces = [draw.choice(SIGNS) + draw.choice(words) + draw.choice(SIGNS) for _ in range(draw.randint(1, 40))]
    return " ".join(pieces + draw.sample(OPERATORS, draw.randint(0, 3)))
