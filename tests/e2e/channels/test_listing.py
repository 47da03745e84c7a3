"""The list of channels: what the caller may see, newest first, page by page."""

from __future__ import annotations

import pytest

from support.api import CHANNELS, UNKNOWN_ID, World, links, row
from support.index import Index
from support.problems import problem


async def test_the_list_has_every_channel_once_newest_first_page_by_page(world: World) -> None:
    admin = world.user("admin")
    made = [await world.channel(admin) for _ in range(5)]
    await world.channel(admin if world.development else None, visibility="private")
    expected = [c["id"] for c in reversed(made)]
    reader = world.user("reader")
    for limit in (1, 2, 5, 1000):
        seen: list[str] = []
        path: str | None = f"{CHANNELS}?microdao_id={world.microdao}&limit={limit}"
        while path:
            response = await reader.get(path)
            assert response.status_code == 200, response.text
            assert len(response.json()) <= limit
            seen.extend(channel["id"] for channel in response.json())
            path = links(response).get("next")
            assert len(seen) <= len(expected), f"limit {limit}: {seen}"
        assert seen == expected, f"limit {limit}"


async def test_a_new_channel_is_at_the_top_of_the_list_without_a_filter(world: World) -> None:
    admin = world.user("admin")
    channel = await world.channel(admin, visibility="private")
    listed = (await admin.get(CHANNELS, limit=200)).json()
    assert channel in [row(one) for one in listed]
    times = [one["created_at"] for one in listed]
    assert times == sorted(times, reverse=True)


async def test_a_list_that_does_not_page_has_every_channel(world: World, index: Index) -> None:
    """The platform's front end asks once, and its oldest channel is #general."""
    admin = world.user("admin")
    general = await world.channel(admin)
    # Rooms would take the homeserver minutes.
    sql = """INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by)
             SELECT 'many-' || n, 'Many', $1::text, '!many-' || n || '-' || $1::text, 'public', 'user:many'
             FROM generate_series(1, 300) n"""
    await index.rows(sql, world.microdao)
    response = await admin.get(CHANNELS, microdao_id=world.microdao)
    assert len(response.json()) == 301 and response.json()[-1]["id"] == general["id"]
    assert "next" not in links(response)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "microdao_id=x", "cursor=x"])
async def test_a_wrong_parameter_of_the_list_is_named(world: World, query: str) -> None:
    body = problem(await world.user("reader").get(f"{CHANNELS}?{query}"), 422, "invalid")
    assert [error["parameter"] for error in body["errors"]] == [query.split("=")[0]]


async def test_an_unknown_channel_is_not_found(world: World) -> None:
    admin = world.user("admin")
    for name in (UNKNOWN_ID, "general", "1", "%00"):
        problem(await admin.get(f"{CHANNELS}/{name}"), 404, "not_found")
