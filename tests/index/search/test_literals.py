"""What search hands to PostgreSQL is what PostgreSQL takes, and both find the same."""

from __future__ import annotations

import random
from typing import Any

import asyncpg

from search.program import analysed

SEED = 11
CASES = 10_000

TEXTS = (
    "книга книги книзі день дня вікон вікно робити роблю робить знайшов знайти м'ята м’ята Київ Києві якості якість організацій "
    "the dogs dog running run it's café user@example.com example.com https://example.com/a?b=1&c='d' @alice @alice:example.com "
    "#новини file-name.pdf snake_case_name snake getUserName name v1.2.3 1.2 C++ c 🔥 東京 covid19 PDFки Івано-Франківськ "
    "a b ' '' \\ \\' : :* & | ! ( ) <-> * - -- \" « » „ “ ” 'a' \u0301 \u00ad ььь \ufdfa ﬁ ½ \u200b \x01 \ufffe ꫫ"
)
WORDS = TEXTS.split(" ")
OPERATORS = ["from:", "in:", "has:", "is:", "before:", "on:", "foo:", "https:", "x:y", "has:file", "on:2026-11-26"]


def piece(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.7:
        return draw.choice(WORDS)
    if kind < 0.8:
        return "".join(
            chr(draw.choice([draw.randint(1, 0x7F), draw.randint(0x400, 0x4FF)])) for _ in range(draw.randint(1, 6))
        )
    if kind < 0.9:
        points = (draw.randint(1, 0x10FFFF) for _ in range(draw.randint(1, 4)))
        return "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)
    return draw.choice(WORDS) + draw.choice(WORDS)


def text(draw: random.Random) -> str:
    return "".join(piece(draw) + draw.choice(["", " ", " ", "\n"]) for _ in range(draw.randint(0, 12)))


def query(draw: random.Random, of: str) -> str:
    words = of.split()
    parts = []
    for _ in range(draw.randint(1, 4)):
        part = draw.choice(words) if words and draw.random() < 0.6 else piece(draw)
        if draw.random() < 0.2:
            start = draw.randint(0, max(len(words) - 1, 0))
            part = f'"{" ".join(words[start : start + draw.randint(1, 3)])}"'
        part = draw.choice(["", "", "", "", "-"]) + part + draw.choice(["", "", "", "", "*"])
        parts.append(draw.choice(OPERATORS) + part if draw.random() < 0.05 else part)
    return draw.choice([" ", "  ", ""]).join(parts)


async def found(server: str, answers: list[dict[str, Any]]) -> list[bool | None]:
    """Whether PostgreSQL finds each text by its query; None where there is no query."""
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        rows = await connection.fetch(
            "SELECT vector::tsvector @@ query::tsquery AS found"
            " FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS cases (vector, query, number) ORDER BY number",
            [answer["vector"] for answer in answers],
            [answer["tsquery"] for answer in answers],
        )
    finally:
        await connection.close()
    return [row["found"] for row in rows]


async def test_postgresql_takes_every_literal_and_finds_what_is_shown_as_found(server: str) -> None:
    draw = random.Random(SEED)
    cases = []
    for _ in range(CASES):
        drawn = text(draw)
        cases.append({"text": drawn, "query": query(draw, drawn)})
    answers = analysed(cases)
    assert len(answers) == CASES
    both = await found(server, answers)
    hits = 0
    for case, answer, result in zip(cases, answers, both, strict=True):
        if answer["tsquery"] is None:
            assert answer["filters"] or answer["hints"], case
            continue
        assert result == answer["matches"], (case, answer)
        if answer["is_selective"] and result:
            assert answer["highlights"], (case, answer)
            hits += 1
    assert hits > CASES / 10, "the cases hardly ever hit, so they show nothing"


async def test_the_index_is_asked_for_no_less_than_what_is_found(server: str) -> None:
    draw = random.Random(SEED + 1)
    cases = []
    for _ in range(CASES):
        drawn = text(draw)
        cases.append({"text": drawn, "query": query(draw, drawn)})
    answers = analysed(cases)
    for answer in answers:
        assert (answer["index_tsquery"] is not None) == answer["is_selective"]
    looked_up = [answer | {"tsquery": answer["index_tsquery"]} for answer in answers]
    both = zip(cases, answers, await found(server, answers), await found(server, looked_up), strict=True)
    hits = 0
    for case, answer, is_found, is_looked_up in both:
        if is_found and answer["is_selective"]:
            assert is_looked_up, (case, answer)
            hits += 1
    assert hits > CASES / 10


async def test_the_longest_texts_fit(server: str) -> None:
    longest = [
        " ".join(f"{n:x}" for n in range(20_000)),
        "a " * 32_768,
        "я" * 65_536,
        "\ufdfa" * 21_845,
        "\u3300" * 21_845,
        " ".join(chr(0x3300 + n % 88) + chr(0x3300 + n // 88 % 88) for n in range(9_000)),
        "https://example.com/" + "a/" * 32_000,
        "_".join(f"part{n}" for n in range(8_000)),
        "a" + "\u0300\u0316" * 30_000,
        "'" * 65_536,
        "\\" * 65_536,
        "@" * 65_536,
    ]
    answers = analysed([{"text": text, "query": text} for text in longest])
    await found(server, answers)
    for answer in answers:
        assert len(answer["vector"].encode()) < 1_000_000
        assert len((answer["tsquery"] or "").encode()) < 100_000
        assert len(answer["excerpt"]) <= 200


async def test_no_lexeme_is_lost_on_the_way(server: str) -> None:
    """What PostgreSQL has of a literal is what was written: nothing is cut, nothing is quoted wrongly."""
    [answer] = analysed([{"text": "Don't go to https://example.com/a\\b'/c, комп’ютер!", "query": "x"}])
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        lexemes = await connection.fetchval("SELECT tsvector_to_array($1::text::tsvector)", answer["vector"])
    finally:
        await connection.close()
    assert "=https://example.com/a\\b'/c" in lexemes
    assert "=donʼt" in lexemes
    assert {"=компʼютер", "компютер"} <= set(lexemes)
