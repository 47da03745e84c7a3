"""Search as its callers use it."""

from __future__ import annotations

from typing import Any

from support.api import Caller, links

SEARCH = "/api/messaging/search"
AGENT_SEARCH = "/internal/messaging/search"


async def search(caller: Caller, q: str, path: str = SEARCH, **params: Any) -> dict[str, Any]:
    """A page of what somebody finds."""
    response = await caller.get(path, q=q, **params)
    assert response.status_code == 200, response.text
    page = response.json()
    assert ("next" in links(response)) == (page["next"] is not None)
    for hit in page["hits"]:
        assert hit["message"]["channel_id"] == hit["channel"]["id"]
        assert all(0 <= place["start"] < place["end"] <= len(hit["excerpt"]) for place in hit["highlights"])
    return page


async def all_hits(caller: Caller, q: str, **params: Any) -> list[dict[str, Any]]:
    """All pages of it."""
    page = await search(caller, q, **params)
    hits = page["hits"]
    while page["next"]:
        page = await search(caller, q, **params | {"cursor": page["next"]})
        hits += page["hits"]
    return hits


async def texts(caller: Caller, q: str, **params: Any) -> list[str]:
    """The previews of what somebody finds, newest first."""
    return [hit["message"]["content_preview"] for hit in await all_hits(caller, q, **params)]


def marked(hit: dict[str, Any]) -> list[str]:
    """What of an excerpt is highlighted. Python counts in code points, as the API does."""
    return [hit["excerpt"][place["start"] : place["end"]] for place in hit["highlights"]]
