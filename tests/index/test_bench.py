"""What the benchmarks say of their rounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.results import Results


@pytest.fixture
def results() -> Results:
    results = Results("example", {"postgres": "17.6"})
    for ours, other in [(900.0, 400.0), (1000.0, 500.0), (3000.0, 600.0)]:
        results.add("page of 50", "ours", ours, "1/s", better="more")
        results.add("page of 50", "other", other, "1/s", better="more")
    return results


def test_a_row_has_its_middle_round_and_both_ends(results: Results) -> None:
    head, ours, other = (line.split() for line in results.lines())
    assert head == ["work", "who", "min", "median", "max", "unit"]
    assert ours == ["page", "of", "50", "ours", "900", "1,000", "3,000", "1/s"]
    assert other == ["page", "of", "50", "other", "400", "500", "600", "1/s"]


def test_a_goal_is_reached_at_its_bound_and_no_sooner(results: Results) -> None:
    results.goal("page of 50", "beside the other", ratio=("ours", "other"), at_least=2.0)
    results.goal("page of 50", "beside the other", ratio=("ours", "other"), at_least=2.1)
    results.goal("page of 50", "alone", of="ours", at_most=1000)
    results.goal("page of 50", "alone", of="ours", at_most=999)
    results.goal("page of 50", "of nobody", of="third", at_most=0)
    results.goal("page of 50", "beside nobody", ratio=("ours", "third"), at_least=0)
    said = [results.verdict(goal) for goal in results.goals]
    assert said == ["reached", "not reached", "reached", "not reached", "not measured", "not measured"]
    assert results.lines()[3] == "reached: page of 50, beside the other: 2.00× (at least 2×)"
    assert results.lines()[8] == "not measured: page of 50, beside nobody: – (at least 0×)"


def test_an_invalid_round_has_no_figure_and_is_on_record(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    results.invalid("send", "ours", "3 answers were 503")
    results.goal("send", "at all", of="ours", at_least=1)
    assert "invalid: send, ours: 3 answers were 503" in capsys.readouterr().out
    assert results.document()["goals"][0]["verdict"] == "not measured"
    assert results.document()["invalid"] == [{"work": "send", "who": "ours", "why": "3 answers were 503"}]


def test_a_work_keeps_its_unit(results: Results) -> None:
    with pytest.raises(AssertionError):
        results.add("page of 50", "ours", 1.0, "ms", better="less")


def test_what_is_saved_says_where_and_of_what(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "bench"))
    saved = json.loads(results.save().read_text())
    assert results.save() == tmp_path / "bench" / "example.json"
    assert saved["versions"] == {"postgres": "17.6"}
    assert saved["machine"]["cores"] >= 1 and saved["machine"]["kernel"] and saved["load_at_start"] >= 0
    assert saved["rows"][0] == {
        "work": "page of 50",
        "who": "ours",
        "unit": "1/s",
        "better": "more",
        "min": 900.0,
        "median": 1000.0,
        "max": 3000.0,
        "spread": 2.1,
        "rounds": [900.0, 1000.0, 3000.0],
    }
