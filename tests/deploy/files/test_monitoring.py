"""Alerts, dashboard and the collector's configuration: PromQL as Prometheus reads it, and what each alert sends people to."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.places import DEPLOY
from harness.proxy import program

MONITORING = DEPLOY / "monitoring"
OPERATIONS = (DEPLOY.parent / "OPERATIONS.md").read_text()


@pytest.fixture(scope="module")
def promtool() -> str:
    found = program("promtool")
    if found is None:
        pytest.skip("promtool is not installed; tests/deploy/run installs it where there is apt")
    return str(found)


def run(promtool: str, *words: str) -> None:
    done = subprocess.run([promtool, *words], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    return group["rules"]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """Of the dashboard, with what Grafana puts in for its variables."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [expr.replace("$__rate_interval", "2m").replace("$job", ".+") for expr in found]


def test_prometheus_reads_the_alerts_and_they_come_when_they_should(promtool: str) -> None:
    run(promtool, "check", "rules", "alerts.yaml")
    run(promtool, "test", "rules", "alerts.test.yaml")


def test_every_alert_is_tested(promtool: str) -> None:
    tests = (MONITORING / "alerts.test.yaml").read_text()
    assert not [alert["alert"] for alert in alerts() if f'alertname="{alert["alert"]}"' not in tests]


def test_prometheus_reads_the_dashboard(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(expressions())]
    assert len(rules) > 30 and not any("$" in rule["expr"] for rule in rules)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    run(promtool, "check", "rules", str(path))


def test_every_panel_has_its_place_and_says_what_it_shows() -> None:
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels())
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in panels()]
    assert len({(at["x"], at["y"]) for at in places}) == len(places) and all(at["x"] + at["w"] <= 24 for at in places)


def test_every_alert_says_what_to_do_and_points_at_operations() -> None:
    section = OPERATIONS.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    for alert in alerts():
        annotations = alert["annotations"]
        assert len(annotations["description"]) > 40 and annotations["description"].endswith("."), alert["alert"]
        assert annotations["runbook_url"] == "OPERATIONS.md#alerts"
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert f"`{alert['alert']}`" in section, f"OPERATIONS.md does not say what to do about {alert['alert']}"
    assert set(re.findall(r"`(Messaging\w+)`", section)) == {alert["alert"] for alert in alerts()}


def test_no_label_names_a_person_or_a_channel() -> None:
    texts = [*expressions(), *(alert["expr"] for alert in alerts())]
    labels = {label for text in texts for by in re.findall(r"by \(([^)]*)\)", text) for label in by.split(", ")}
    assert labels <= {"le", "route", "method", "status", "instance", "state", "code", "outcome", "reason", "kind"} | {
        "class",
        "scope",
        "version",
    }


def test_the_collector_makes_the_numbers_that_a_relay_makes() -> None:
    """Vector itself is not run here: names, labels and buckets are compared with the relay's source."""
    vector = yaml.safe_load((MONITORING / "vector.yaml").read_text())
    metrics = {
        f"{metric['namespace']}_{metric['name']}": metric for metric in vector["transforms"]["numbers"]["metrics"]
    }
    assert set(metrics) == {"daarion_messaging_requests_total", "daarion_messaging_request_duration_seconds"}
    assert set(metrics["daarion_messaging_requests_total"]["tags"]) == {"route", "method", "status"}
    assert set(metrics["daarion_messaging_request_duration_seconds"]["tags"]) == {"route", "method"}
    source = (DEPLOY.parent / "ws-relay/src/metrics/mod.rs").read_text()
    [numbers] = re.findall(r"const REQUEST: \[f64; \d+\] = \[(.*?)\];", source)
    assert vector["sinks"]["prometheus"]["buckets"] == [float(number) for number in numbers.split(", ")]
    known = {name for step in ("sources", "transforms", "sinks") for name in vector[step]}
    inputs = [name for step in ("transforms", "sinks") for part in vector[step].values() for name in part["inputs"]]
    assert set(inputs) <= known
