"""Search finds what it should and little else, in Ukrainian and English: measured on a gold set, beside PostgreSQL's own
configurations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg
import pytest

from search.corpus import messages
from search.gold import Query, queries
from search.program import analysed

RECALL = 0.95
PRECISION = 0.98


@dataclass
class Score:
    """Recall and precision of queries, in which each counts the same."""

    recalls: list[float] = field(default_factory=list)
    precisions: list[float] = field(default_factory=list)

    def add(self, wanted: set[int], found: set[int]) -> None:
        right = len(wanted & found)
        self.recalls.append(right / len(wanted))
        # A query that finds nothing finds nothing wrong.
        self.precisions.append(right / len(found) if found else 1.0)

    @property
    def recall(self) -> float:
        return sum(self.recalls) / len(self.recalls)

    @property
    def precision(self) -> float:
        return sum(self.precisions) / len(self.precisions)


async def test_search_finds_the_gold_set(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, gold = messages(), queries()
    assert len(gold) >= 300
    texts = [message.text for message in corpus]
    vectors = [answer["vector"] for answer in analysed([{"text": text, "query": ""} for text in texts])]
    asked = [answer["tsquery"] for answer in analysed([{"text": "", "query": query.text} for query in gold])]
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE corpus (id int, ours tsvector, simple tsvector, english tsvector)"
        )
        await connection.execute(
            "INSERT INTO corpus SELECT number - 1, vector::tsvector, to_tsvector('simple', text), to_tsvector('english', text)"
            " FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (text, vector, number)",
            texts,
            vectors,
        )
        scores: dict[str, dict[str, Score]] = defaultdict(lambda: defaultdict(Score))
        worst: list[tuple[float, str]] = []
        for query, tsquery in zip(gold, asked, strict=True):
            wanted = {at for at, message in enumerate(corpus) if query.finds(message)}
            for system in ("ours", "simple", "english"):
                if system == "ours":
                    rows = await connection.fetch("SELECT id FROM corpus WHERE ours @@ $1::text::tsquery", tsquery)
                else:
                    rows = await connection.fetch(
                        f"SELECT id FROM corpus WHERE {system} @@ websearch_to_tsquery('{system}', $1)", query.text
                    )
                found = {row["id"] for row in rows}
                for kind in (query.kind, "all"):
                    scores[system][kind].add(wanted, found)
                if system == "ours" and wanted != found:
                    worst.append((len(wanted & found) / len(wanted | found), line(query, wanted, found, texts)))
    finally:
        await connection.close()
    with capsys.disabled():
        print(f"\n{len(gold)} queries, {len(corpus)} messages; recall / precision")
        for kind in sorted(scores["ours"]):
            cells = (
                f"{name} {score[kind].recall:6.1%} /{score[kind].precision:7.1%}" for name, score in scores.items()
            )
            print(f"{kind:22}", "   ".join(cells))
    # Shown when it fails.
    print(*(text for _, text in sorted(worst)[:15]), sep="\n")
    ours = scores["ours"]["all"]
    assert ours.recall >= RECALL and ours.precision >= PRECISION, (ours.recall, ours.precision)


def line(query: Query, wanted: set[int], found: set[int], texts: list[str]) -> str:
    """What a query misses and what it finds wrongly."""

    def some(ids: Iterable[int]) -> list[str]:
        return [texts[at][:80] for at in sorted(ids)[:2]]

    return f"{query.text}: misses {len(wanted - found)} {some(wanted - found)}, wrongly {len(found - wanted)} {some(found - wanted)}"
