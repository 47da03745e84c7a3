"""A retried edit: told what came of it, and changing nothing that came after it."""

from __future__ import annotations

from typing import Any

from support.api import World, path_to
from support.problems import problem
from support.unchanged import Unchanged


async def test_a_retry_of_an_edit_changes_nothing_that_came_after_it(
    world: World, key: str, unchanged: Unchanged
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "first")
    path = path_to(channel["id"], message["id"])

    async def edit(text: str, key: str | None = None) -> Any:
        return await alice.request("PATCH", path, json={"text": text}, key=key)

    assert (await edit("second", key)).json()["content_preview"] == "second"
    async with unchanged(channel):
        assert (await edit("second", key)).json()["content_preview"] == "second"
        problem(await edit("other", key), 422, "idempotency_key_reused")
    assert (await edit("third")).status_code == 200
    async with unchanged(channel):
        late = await edit("second", key)
        assert (late.status_code, late.json()["content_preview"]) == (200, "third")
        problem(await edit("third", key), 422, "idempotency_key_reused")
    assert (await alice.content(message))["text"] == (await alice.page(channel["id"]))[0]["content_preview"] == "third"
    # A key belongs to its message.
    other = await alice.send(channel["id"], "other")
    response = await alice.request("PATCH", path_to(channel["id"], other["id"]), json={"text": "edited"}, key=key)
    assert response.json()["content_preview"] == "edited"
