"""What is watched is there: every metric that the dashboard and the alerts name, on a stack that runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from support.api import CHANNELS, World, path_to
from support.sockets import Listen
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.last

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "deploy/monitoring"
NAME = re.compile(r"\bdaarion_messaging_[a-z_]+\b")


def named() -> dict[str, set[str]]:
    """The metrics that each file names."""
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    texts = {
        "dashboard": " ".join([*panels, json.dumps(dashboard["templating"])]),
        "alerts": (MONITORING / "alerts.yaml").read_text(),
        "tests of alerts": (MONITORING / "alerts.test.yaml").read_text(),
        "documents": "".join(path.read_text() for path in ROOT.glob("*.md")).replace(
            "daarion_messaging_reconcile_…", ""
        ),
    }
    return {name: set(NAME.findall(text)) for name, text in texts.items()}


def operations() -> set[str]:
    """The metrics of the table in OPERATIONS.md."""
    section = (ROOT / "OPERATIONS.md").read_text().partition("\n## Metrics\n")[2].partition("\n**Requests of")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name.partition("{")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return {f"daarion_messaging_{name}" for name in names}


def series(text: str) -> set[str]:
    """The names of what has a value, and of histograms also without their suffix."""
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
    return names | {name.removesuffix("_bucket") for name in names if name.endswith("_bucket")}


async def scrape(stack: Stack, web: httpx.AsyncClient) -> str:
    response = await web.get(f"{(stack.ws_url or '').replace('ws', 'http', 1)}/metrics")
    assert response.status_code == 200
    return response.text


async def test_every_metric_that_is_named_exists(
    stack: Stack, world: World, web: httpx.AsyncClient, listen: Listen
) -> None:
    stack.need("ws_url")
    stack.need_service("app", "ws-relay")
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with listen(channel["id"], alice) as socket:
        message = await alice.send(channel["id"], "heard")
        await socket.message(message["id"])
    wanted = {name: where for where, names in (named() | {"OPERATIONS.md": operations()}).items() for name in names}
    assert len(wanted) > 40 and "daarion_messaging_outbox_lag_seconds" in operations()

    async def there() -> bool:
        return not wanted.keys() - series(await scrape(stack, web))

    try:
        await eventually("every metric is there", there, deadline=15)
    except AssertionError:
        missing = wanted.keys() - series(await scrape(stack, web))
        pytest.fail(f"nothing has the name of { ({name: wanted[name] for name in missing}) }")


async def test_requests_are_counted_as_they_were(stack: Stack, world: World, web: httpx.AsyncClient) -> None:
    stack.need("ws_url")
    stack.need_service("app", "ws-relay")
    alice = world.user("alice")
    route = f"{CHANNELS}/:channel_id/pins"

    async def counted() -> tuple[float, float, float]:
        found = {"2xx": 0.0, "4xx": 0.0, "time": 0.0}
        for line in (await scrape(stack, web)).splitlines():
            if f'route="{route}"' in line and 'method="GET"' in line:
                name, _, value = line.rpartition(" ")
                if name.startswith("daarion_messaging_requests_total"):
                    found[re.findall(r'status="(\w+)"', name)[0]] += float(value)
                elif name.startswith("daarion_messaging_request_duration_seconds_count"):
                    found["time"] += float(value)
        return found["2xx"], found["4xx"], found["time"]

    channel = await world.channel(alice)
    before = await counted()
    for _ in range(3):
        assert (await alice.get(f"{path_to(channel['id'])}/pins")).status_code == 200
    assert (await alice.get(f"{path_to('nothing')}/pins")).status_code == 404
    expected = (before[0] + 3, before[1] + 1, before[2] + 4)

    async def same() -> bool:
        return await counted() == expected

    await eventually("each is counted once", same, deadline=15)


async def test_no_metric_has_a_label_of_a_person_or_a_channel(stack: Stack, web: httpx.AsyncClient) -> None:
    stack.need("ws_url")
    text = await scrape(stack, web)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|user:|agent:|@[\w-]+:", text), "an id is no label"
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert all(re.fullmatch(r"(/[\w.:-]+)+|/\.\.\.|/", route) for route in routes), routes
    assert len(text.splitlines()) < 6000
