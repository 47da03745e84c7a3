"""list_channels."""

import random
from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, World


async def page(
    db: Database,
    *,
    limit: int = 10,
    cursor: str | None = None,
    microdao: str | None = None,
    caller: str = "user:sam",
    microdaos: list[str] | None = EVERY,
) -> Any:
    before_time, before_id = cursor.split("_") if cursor else (None, None)
    return await db.call(
        "list_channels",
        caller=caller,
        microdaos=microdaos,
        microdao_id=microdao,
        limit=limit,
        before_time=before_time,
        before_id=before_id,
    )


async def test_pages_hold_every_channel_once_newest_first(world: World, db: Database) -> None:
    made = [(await world.channel()).id for _ in range(7)]
    # Made in the same moment: the id decides.
    await db.execute(
        "UPDATE public.channels SET created_at = (SELECT max(created_at) FROM public.channels) WHERE id <> $1", made[0]
    )
    for limit in range(1, 9):
        seen, cursor = [], None
        while True:
            document = await page(db, limit=limit, cursor=cursor)
            assert len(document["items"]) <= limit
            seen += [(item["created_at"], item["id"]) for item in document["items"]]
            if "next" not in document["links"]:
                break
            assert len(document["items"]) == limit
            cursor = document["links"]["next"].removeprefix("cursor=")
        assert sorted(id for _, id in seen) == sorted(made), limit
        assert seen == sorted(seen, reverse=True), limit


async def test_archived_channels_are_not_listed(world: World, db: Database) -> None:
    kept, archived = await world.channel(), await world.channel()
    await world.archive(archived)
    assert [item["id"] for item in (await page(db))["items"]] == [kept.id]


async def test_one_microdaos_channels_are_listed_alone(world: World, db: Database) -> None:
    here, there = await world.channel(), await world.channel(microdao_id="microdao:other")
    assert [item["id"] for item in (await page(db, microdao=DAO))["items"]] == [here.id]
    assert [item["id"] for item in (await page(db, microdao="microdao:other"))["items"]] == [there.id]
    assert (await page(db, microdao="microdao:none")) == {"items": [], "links": {}}


# Whose pages are compared with messaging.access, which decides about one channel.
VISIBLE = """
SELECT array_agg(ch.id::text ORDER BY ch.created_at DESC, ch.id DESC) FROM public.channels ch
WHERE ch.archived_at IS NULL AND messaging.access(ch, $1, $2) <> 'none' AND ($3::text IS NULL OR ch.microdao_id = $3)
"""


@pytest.mark.parametrize("seed", range(3))
async def test_the_pages_hold_what_the_caller_may_know_of(world: World, db: Database, seed: int) -> None:
    chance = random.Random(seed)
    daos = [f"microdao:m{i}" for i in range(3)]
    for _ in range(40):
        visibility = chance.choice(["public", "private", "microdao"])
        channel = await world.channel(visibility=visibility, microdao_id=chance.choice(daos))
        if chance.random() < 0.5:
            state = chance.choice(["joined", "invited", "left"])
            await world.member(channel, "user:sam", state=state, via_microdao=chance.random() < 0.5)
        if chance.random() < 0.2:
            await world.archive(channel)
    for claims in (EVERY, [], [daos[0]], [daos[0], daos[0], daos[2]]):
        for microdao in (None, *daos):
            expected = await db.value(VISIBLE, "user:sam", claims, microdao) or []
            for limit in (1, 3, 50):
                seen: list[str] = []
                cursor = None
                while True:
                    document = await page(db, limit=limit, cursor=cursor, microdao=microdao, microdaos=claims)
                    seen += [item["id"] for item in document["items"]]
                    if "next" not in document["links"]:
                        break
                    cursor = document["links"]["next"].removeprefix("cursor=")
                assert seen == expected, (claims, microdao, limit)


async def test_a_page_has_at_most_a_thousand_channels(db: Database) -> None:
    await many(db, "public", 1002)
    document = await page(db, limit=5000)
    assert len(document["items"]) == 1000 and "next" in document["links"]


@pytest.mark.parametrize("visibility", ["private", "microdao", "public"])
async def test_a_page_reads_what_it_shows_and_not_what_there_is(world: World, db: Database, visibility: str) -> None:
    await many(db, visibility, 20_000)
    mine = await world.channel(visibility="private", microdao_id="microdao:mine")
    await world.member(mine, "user:sam")
    deep = "2020-01-01T03:00:00Z_00000000-0000-4000-8000-000000000000"
    # Often enough for the plans that PostgreSQL keeps.
    for _ in range(7):
        for asked in ({}, {"cursor": deep}, {"microdao": "microdao:m1"}, {"microdao": "microdao:m1", "cursor": deep}):
            async with db.reading("channels") as read:
                document = await page(db, limit=5, microdaos=["microdao:mine"], **asked)
            assert len(document["items"]) == (5 if visibility == "public" else 0 if asked else 1), asked
            assert read.rows < 60, asked


async def many(db: Database, visibility: str, count: int) -> None:
    """Channels of ten microDAOs, a second apart."""
    await db.execute(
        """INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by, created_at)
           SELECT 'c' || n, 'c', 'microdao:m' || n % 10, '!many-' || n, $1, 'user:olga',
                  '2020-01-01T00:00:00Z'::timestamptz + n * interval '1 second' FROM generate_series(1, $2::int) n""",
        visibility,
        count,
    )
    await db.execute("VACUUM ANALYZE public.channels")
