"""A corpus of messages, drawn with a seed: sentences about the words of the vocabulary, names and numbers as people write
them, and the slips that they make."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache, cached_property

from search import dictionary
from search.vocabulary import ENGLISH, UKRAINIAN

SEED = 11
MESSAGES = 4_000
# Words that nobody asks for, so that there is something to find wrongly.
NOISE = 2_000

TEMPLATES = [
    "{u} і {u} вже тут, а {u} буде завтра",
    "хто бачив {u}? там {u} та {u}",
    "Привіт! {u} {u} {u}, дякую",
    "{u}: {u}, {n}, {n}",
    "не забудьте про {u}, бо {n} {u}",
    "@{name} {u} {u} {s}",
    "{s} — {u}, {n} {u}",
    "{n} {n} {u} {n}",
    "можна {u} без {n}? бо {u}",
    "The {e} and the {e} are here, see {s}",
    "please {e} this {e} before the {e}",
    "{e} {e}, {e}. Thanks!",
    "{s}: {e} is not {e}",
    "I think {e} will {e} by Monday",
    "{u} {e} {u} {e}",
    "дивись {s} та {s}",
]
SPECIAL = [
    *(
        f"{name}@{host}"
        for name in ["olena.koval", "support", "a.shevchenko"]
        for host in ["example.com", "пошта.укр", "mail.example.org"]
    ),
    *(
        f"https://{host}/{path}"
        for host in ["example.com", "docs.example.org"]
        for path in ["setup", "api/v2/users?id=7", "a_(b)"]
    ),
    *(f"#{tag}" for tag in ["новини", "release", "важливо2026"]),
    *(f"{name}.{ext}" for name in ["report-final", "звіт_2026", "IMG_0042"] for ext in ["pdf", "xlsx", "jpg"]),
    *(f"v{major}.{minor}.{patch}" for major in (1, 2) for minor in (0, 3) for patch in (1, 12)),
    *[
        "get_user_name",
        "getUserName",
        "max_connections",
        "HTTPServer",
        "messaging-core",
        "C++",
        "C#",
        "covid19",
        "ПриватБанк",
    ],
]
# The parts of `getUserName`, `HTTPServer`, `covid19`.
PART = r"[A-ZА-ЯЄІЇ]+(?![a-zа-яєії])|[A-ZА-ЯЄІЇ]?[a-zа-яєії]+|\d+"
NAMES = ["olena", "taras_sh", "bot-ci", "марія"]


@dataclass
class Message:
    """A message as it is typed, and what was meant."""

    text: str
    # Without slips, in lower case, with `'` for every apostrophe and `г` for `ґ`.
    meant: str
    # What is more than a word: addresses, names of files, identifiers.
    special: list[str]

    @cached_property
    def tokens(self) -> list[str]:
        """What is written between signs, in its order."""
        return re.findall(r"[^\W_]+(?:'[^\W_]+)*", self.meant)

    @cached_property
    def words(self) -> set[str]:
        """The same with the parts of identifiers."""
        parts = (part for name in self.special for part in re.findall(PART, name))
        return {*self.tokens, *(meant(part) for part in parts)}


def meant(text: str) -> str:
    return text.lower().replace("ґ", "г")


@cache
def ukrainian() -> dict[str, list[str]]:
    """The words of the vocabulary with their forms."""
    return {lemma: dictionary.forms(lemma) for lemma in UKRAINIAN if lemma in dictionary.words()}


@cache
def noise() -> list[str]:
    """Forms of other words of the dictionary."""
    draw = random.Random(SEED)
    plain = [word for word in dictionary.words() if re.fullmatch("[а-щьюяєіїґ']+", word)]
    return [draw.choice(dictionary.forms(lemma)) for lemma in draw.sample(plain, NOISE)]


def slip(word: str, draw: random.Random) -> str:
    """The word as somebody may have typed it."""
    kind = draw.random()
    if kind < 0.05:
        return word.upper()
    if kind < 0.1:
        return word.capitalize()
    if kind < 0.13:
        vowels = [at for at, letter in enumerate(word) if letter in "аеиоуіюяєї"]
        at = draw.choice(vowels) + 1 if vowels else len(word)
        return f"{word[:at]}\u0301{word[at:]}"
    if kind < 0.15:
        return f"{word[:2]}\u00ad{word[2:]}"
    if kind < 0.17:
        # Latin letters that look like these.
        return word.translate(str.maketrans("ос", "oc"))
    if "'" in word:
        return word.replace("'", draw.choice("'’ʼ‘`"))
    return word.replace("ґ", "г") if kind > 0.7 else word


@cache
def messages() -> list[Message]:
    """The corpus."""
    draw = random.Random(SEED)
    return [message(draw) for _ in range(MESSAGES)]


def message(draw: random.Random) -> Message:
    special: list[str] = []
    typed: list[str] = []
    plain: list[str] = []
    template = draw.choice(TEMPLATES)
    for piece in re.split(r"(@?\{\w+\})", template):
        match piece:
            case "{u}":
                word = draw.choice(draw.choice(list(ukrainian().values())))
                typed.append(slip(word, draw))
            case "{n}":
                word = draw.choice(noise())
                typed.append(slip(word, draw))
            case "{e}":
                word = draw.choice(draw.choice(ENGLISH))
                typed.append(draw.choice([word, word, word.capitalize(), word.upper()]))
            case "{s}" | "@{name}":
                word = draw.choice(SPECIAL) if piece == "{s}" else f"@{draw.choice(NAMES)}"
                special.append(word)
                typed.append(word)
            case word:
                typed.append(word)
        plain.append(word)
    return Message("".join(typed), meant("".join(plain)), special)
