"""Messages that search finds, and callers who search."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from harness.database import Database
from harness.world import EVERY, OWNER, Channel, Message, World
from search.program import analysed

INDEX = """
SELECT messaging.index_search(m, jsonb_build_object('analysis', 1, 'lexemes', given.words, 'has_link', given.has_link))
FROM unnest($1::uuid[], $2::text[], $3::boolean[]) AS given (id, words, has_link) JOIN public.messages m USING (id)
"""


async def index(db: Database, texts: dict[str, str]) -> None:
    """Makes messages found by these texts, by their ids."""
    answers = analysed([{"text": text, "query": ""} for text in texts.values()])
    words, links = [a["vector"] for a in answers], [a["has_link"] for a in answers]
    await db.execute(INDEX, list(texts), words, links)


def ask(queries: list[str]) -> list[dict[str, Any]]:
    """The arguments that queries become."""
    answers = analysed([{"text": "", "query": query} for query in queries])
    return [{"query": a["tsquery"], "index": a["index_tsquery"], "filters": json.dumps(a["filters"])} for a in answers]


class Searched:
    """A small world in which people search."""

    def __init__(self, world: World, db: Database):
        self.world, self.db = world, db

    async def say(
        self, channel: Channel, text: str, sender: str = OWNER, at: datetime | None = None, **changes: Any
    ) -> Message:
        """A message that search finds; at a time of its own, if one is given."""
        message = await self.world.message(channel, sender, content_preview=text, **changes)
        if at is not None:
            await self.db.execute("UPDATE public.messages SET created_at = $2 WHERE id = $1", message.id, at)
        await index(self.db, {message.id: text})
        return message

    async def page(self, query: str, caller: str | None = OWNER, **given: Any) -> dict[str, Any]:
        """A page of what a query finds."""
        [asked] = ask([query])
        return await self.page_of(asked, caller, **given)

    async def page_of(
        self, asked: dict[str, Any], caller: str | None = OWNER, microdaos: list[str] | None = EVERY, **given: Any
    ) -> dict[str, Any]:
        arguments = {"channel_id": None, "microdao_id": None, "cursor": None, "limit": 50, **asked, **given}
        return await self.db.call("search_messages", caller=caller, microdaos=microdaos, **arguments)

    async def found(self, query: str, caller: str | None = OWNER, **given: Any) -> list[str]:
        """The ids of what a query finds, from page to page."""
        [asked] = ask([query])
        return await self.found_by(asked, caller, **given)

    async def found_by(self, asked: dict[str, Any], caller: str | None = OWNER, **given: Any) -> list[str]:
        ids: list[str] = []
        cursor = given.pop("cursor", None)
        for _ in range(2_000):
            page = await self.page_of(asked, caller, cursor=cursor, **given)
            ids += [hit["message"]["id"] for hit in page["hits"]]
            cursor = page["next"]
            if cursor is None:
                return ids
        raise AssertionError("there is no last page")
