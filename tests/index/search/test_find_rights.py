"""Search finds what its caller may read, and nothing shows that there is more."""

from __future__ import annotations

from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, NOWHERE, OWNER, World
from search.asking import Searched
from support.waiting import eventually
from test_access import CALLERS, KINDS, KNOW, READ, channel_of


@pytest.mark.parametrize("others", [0, 20])
@pytest.mark.parametrize("kind", KINDS)
async def test_messages_are_found_by_who_may_read_them(
    search: Searched, world: World, db: Database, kind: str, others: int
) -> None:
    """Whether their channels are few or many."""
    channel = await channel_of(world, kind)
    message = await search.say(channel, "needle")
    for _ in range(others):
        await search.say(await world.channel(), "hay")
    for name, (caller, microdaos) in CALLERS.items():
        expected = [message.id] if name in READ[kind] else []
        for query in ("needle", "-hay", "from:olga needle", f"in:{channel.id}"):
            assert await search.found(query, caller, microdaos=microdaos) == expected, (name, query)
        assert await search.found("needle", caller, microdaos=microdaos, microdao_id=DAO) == expected, name
        assert await search.found("needle", caller, microdaos=microdaos, microdao_id="microdao:other") == []
        given = {"query": None, "index": None, "filters": "[]", "microdao_id": None, "cursor": None, "limit": 10}
        outcome = await db.outcome("search_messages", **channel.by(caller, microdaos), **given)
        refusal = None if name in READ[kind] else "cannot_read" if name in KNOW[kind] else "channel_not_found"
        assert outcome.refusal == refusal, name


@pytest.mark.parametrize("others", [0, 20])
async def test_who_is_banned_finds_nothing(search: Searched, world: World, db: Database, others: int) -> None:
    channel = await world.channel(visibility="microdao")
    message = await search.say(channel, "needle")
    for _ in range(others):
        await search.say(await world.channel(), "hay")
    assert await search.found("needle", "user:bad", microdaos=[DAO]) == [message.id]
    await db.execute(
        """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, joined_at, left_at, banned_at)
           VALUES ($1, 'user:bad', 'human', '@user-bad:localhost', NULL, now(), now())""",
        channel.id,
    )
    assert await search.found("needle", "user:bad", microdaos=[DAO]) == []


@pytest.mark.parametrize("others", [0, 20])
async def test_agents_find_nothing_in_an_encrypted_channel(
    search: Searched, world: World, db: Database, others: int
) -> None:
    """What was said before it was encrypted, too."""
    channel = await world.channel()
    await world.member(channel, "agent:max")
    message = await search.say(channel, "needle")
    for _ in range(others):
        await search.say(await world.channel(), "hay")
    assert await search.found("needle", "agent:max") == [message.id]
    await db.execute("UPDATE public.channels SET is_encrypted = true WHERE id = $1", channel.id)
    assert await search.found("needle", "agent:max") == []
    assert await search.found("needle", "user:sam") == [message.id]


async def test_an_archived_channel_is_searched_by_who_reads_it(search: Searched, world: World) -> None:
    channel = await world.channel(visibility="private")
    message = await search.say(channel, "needle")
    await world.archive(channel)
    assert await search.found("needle", OWNER, microdaos=[]) == [message.id]
    assert await search.found("needle", "user:sam", microdaos=EVERY) == []


@pytest.mark.parametrize("others", [0, 20])
async def test_pages_end_the_same_whether_others_have_more(search: Searched, world: World, others: int) -> None:
    public = await world.channel()
    hidden = await world.channel("user:zoe", visibility="private")
    for _ in range(others):
        await search.say(await world.channel(), "hay")
    for _ in range(5):
        await search.say(public, "needle")

    async def whole() -> list[Any]:
        pages = [await search.page("needle", "user:sam", limit=limit) for limit in (3, 5, 6)]
        # A page ends after a while, and then says where the next one begins.
        assert [page["next"] is None for page in pages] == [False, True, True]
        assert [len(page["hits"]) for page in pages] == [3, 5, 5]
        return pages

    pages = await eventually("the pages", whole)
    for _ in range(30):
        await search.say(hidden, "needle", "user:zoe")
    assert await eventually("the pages beside others'", whole) == pages


async def test_a_channel_that_is_not_there_is_not_found(search: Searched, db: Database) -> None:
    given = {"query": None, "index": None, "filters": "[]", "microdao_id": None, "cursor": None, "limit": 10}
    by = {"caller": OWNER, "microdaos": EVERY, "channel_id": NOWHERE}
    assert await db.refusal("search_messages", **by, **given) == "channel_not_found"
