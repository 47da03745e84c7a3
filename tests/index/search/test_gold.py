"""Search finds what it should and little else, in Ukrainian and English: measured on a gold set, beside PostgreSQL's own
configurations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from harness.database import Database
from harness.world import World
from search.asking import Searched, ask, index
from search.corpus import messages
from search.gold import Query, queries

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


# The messages of the corpus by their numbers, in many channels.
FILL = """
INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                             content_preview, created_at, seq)
SELECT gen_random_uuid(), ($2::uuid[])[1 + number % cardinality($2)], '$' || number, 'm.room.message', 'user:olga', 'human',
    '@user-olga:localhost', text, now() - number * interval '3 hours', 1000000 - number
FROM unnest($1::text[]) WITH ORDINALITY AS given (text, number) RETURNING id
"""
# What PostgreSQL's own configurations make of them.
PLAIN = """
CREATE TEMPORARY TABLE plain AS
SELECT number - 1 AS number, to_tsvector('simple', text) AS simple, to_tsvector('english', text) AS english
FROM unnest($1::text[]) WITH ORDINALITY AS given (text, number)
"""
CHANNELS = 20


async def test_search_finds_the_gold_set(
    search: Searched, world: World, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, gold = messages(), queries()
    assert len(gold) >= 300
    texts = [message.text for message in corpus]
    channels = [(await world.old_channel()).id for _ in range(CHANNELS)]
    ids = [str(row["id"]) for row in await db.rows(FILL, texts, channels)]
    numbers = {id: number for number, id in enumerate(ids)}
    await index(db, dict(zip(ids, texts, strict=True)))
    await db.execute(PLAIN, texts)
    scores: dict[str, dict[str, Score]] = defaultdict(lambda: defaultdict(Score))
    worst: list[tuple[float, str]] = []
    for query, asked in zip(gold, ask([query.text for query in gold]), strict=True):
        wanted = {at for at, message in enumerate(corpus) if query.finds(message)}
        for system in ("ours", "simple", "english"):
            if system == "ours":
                found = {numbers[id] for id in await search.found_by(asked)}
            else:
                sql = f"SELECT number FROM pg_temp.plain WHERE {system} @@ websearch_to_tsquery('{system}', $1)"
                found = {row["number"] for row in await db.rows(sql, query.text)}
            for kind in (query.kind, "all"):
                scores[system][kind].add(wanted, found)
            if system == "ours" and wanted != found:
                worst.append((len(wanted & found) / len(wanted | found), line(query, wanted, found, texts)))
    await db.execute("DROP TABLE pg_temp.plain")
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
