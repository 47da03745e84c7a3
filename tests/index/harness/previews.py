"""Links of messages and their pages, as the core and a relay tell of them."""

from __future__ import annotations

from typing import Any

from harness.database import Database, Session
from harness.world import OWNER, Channel, Message, World

SITE = "https://site.example/"
IMAGE = "mxc://localhost/picture"
PAGE = {
    "title": "Site",
    "description": "What it is",
    "site_name": None,
    "image": {"content_uri": IMAGE, "content_type": "image/png", "width": 3, "height": 2},
}


def links(*urls: str) -> dict[str, Any]:
    """What the core makes of a text with these links."""
    return {"analysis": 1, "has_link": bool(urls), "lexemes": "'x':1", "links": list(urls)}


async def linked(world: World, channel: Channel, *urls: str, **changes: Any) -> Message:
    return await world.message(channel, search=links(*(urls or (SITE,))), **changes)


async def claim(db: Database | Session, limit: int = 8, lease: int = 30, pause: int = 0) -> dict[str, list[str]]:
    return await db.call("claim_links", limit=limit, lease=lease, pause=pause)


async def tell(db: Database, url: str = SITE, page: dict[str, Any] | None = PAGE) -> None:
    """What a relay does that has found a page."""
    await db.call("record_link", url=url, page=page, seconds=3600)
    while (await db.call("show_link", url=url))["has_more"]:
        pass


async def shown(db: Database, channel: Channel, message: Message, by: str = OWNER) -> list[dict[str, Any]]:
    """The previews of the row, which every document of it has alike."""
    one = (await db.call("get_message", **channel.by(by), message_id=message.id))["message"]["previews"]
    page = await db.call("list_messages", **channel.by(by), limit=50, before=None, after=None, thread_id=None)
    assert [row["previews"] for row in page["items"] if row["id"] == message.id] in ([one], [])
    return one


async def waiting(db: Database) -> list[str]:
    rows = await db.rows("SELECT url FROM messaging.message_previews WHERE waiting_since IS NOT NULL ORDER BY url")
    return [row["url"] for row in rows]


async def change(db: Database, channel: Channel, caller: str = OWNER, **changes: Any) -> dict[str, Any]:
    """A change of the channel from its beginning to its end; returns the channel."""
    await db.call("prepare_channel_change", **channel.by(caller), changes=changes)
    return await db.call("record_channel_change", channel_id=channel.id, caller=caller, changes=changes)
