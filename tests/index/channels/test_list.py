"""list_channels."""

import itertools
import random
from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, World, at


async def page(
    db: Database,
    *,
    limit: int = 10,
    cursor: str | None = None,
    microdao: str | None = None,
    caller: str = "user:sam",
    microdaos: list[str] | None = EVERY,
    joined: bool = False,
    by_activity: bool = False,
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
        joined=joined,
        by_activity=by_activity,
    )


async def pages(db: Database, limit: int, **asked: Any) -> list[Any]:
    """The channels of all pages."""
    seen: list[Any] = []
    cursor = None
    while True:
        document = await page(db, limit=limit, cursor=cursor, **asked)
        seen += document["items"]
        if "next" not in document["links"]:
            return seen
        assert len(document["items"]) == limit
        cursor = document["links"]["next"].removeprefix("cursor=")


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
SELECT array_agg(ch.id::text ORDER BY CASE WHEN $5 THEN coalesce(
        (SELECT max(m.created_at) FROM public.messages m WHERE m.channel_id = ch.id), ch.created_at) ELSE ch.created_at END DESC,
    ch.id DESC) FROM public.channels ch
WHERE ch.archived_at IS NULL AND messaging.access(ch, $1, $2) <> 'none' AND ($3::text IS NULL OR ch.microdao_id = $3)
    AND (NOT $4 OR (messaging.membership(ch, $1, $2)).joined_at IS NOT NULL)
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
        if chance.random() < 0.5:
            await world.message(channel)
        if chance.random() < 0.2:
            await world.archive(channel)
    # As a version before this one has left it.
    await db.execute("UPDATE public.channels SET active_at = NULL WHERE last_seq = 1 AND id::text < '8'")
    for claims in (EVERY, [], [daos[0]], [daos[0], daos[0], daos[2]]):
        for microdao in (None, *daos):
            for joined, by_activity in itertools.product((False, True), repeat=2):
                expected = await db.value(VISIBLE, "user:sam", claims, microdao, joined, by_activity) or []
                asked = {"microdao": microdao, "microdaos": claims, "joined": joined, "by_activity": by_activity}
                for limit in (1, 3, 50):
                    seen = [item["id"] for item in await pages(db, limit, **asked)]
                    assert seen == expected, (asked, limit)


async def test_by_activity_a_channel_only_ever_goes_up(world: World, db: Database) -> None:
    """Whoever goes from page to page sees none twice, and what has moved is on top of a new first page."""
    channels = [await world.channel() for _ in range(6)]
    messages = [await world.message(channel) for channel in channels]
    first = await page(db, limit=2, by_activity=True)
    assert [item["id"] for item in first["items"]] == [channels[5].id, channels[4].id]
    # One that was shown gets a message, one that was not yet as well, and the newest message of another is deleted.
    await world.message(channels[4])
    await world.message(channels[1])
    await world.delete(channels[3], messages[3])
    cursor = first["links"]["next"].removeprefix("cursor=")
    rest = await page(db, limit=10, cursor=cursor, by_activity=True)
    assert [item["id"] for item in rest["items"]] == [channels[3].id, channels[2].id, channels[0].id]
    assert rest["items"][0]["last_message"] is None
    order = [item["id"] for item in await pages(db, 4, by_activity=True)]
    assert order == [channels[n].id for n in (1, 4, 5, 3, 2, 0)]


async def test_an_old_message_that_comes_late_is_no_step_back(world: World, db: Database) -> None:
    channel, other = await world.old_channel(), await world.old_channel()
    for sent_at in (at(-100), at(-3000)):
        await world.message(channel, sent_at=sent_at)
    await world.message(other, sent_at=at(-200))
    assert [item["id"] for item in await pages(db, 9, by_activity=True)] == [channel.id, other.id]


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_by_activity_is_exact_however_far_the_indexes_are_behind(
    world: World, db: Database, seed: int
) -> None:
    chance = random.Random(seed)
    channels = [await world.old_channel(visibility=chance.choice(["public", "microdao"])) for _ in range(25)]
    newest: dict[str, int] = {}
    for ago in sorted((chance.randrange(150) for _ in range(150)), reverse=True):
        channel = chance.choice(channels)
        await world.message(channel, sent_at=at(-ago))
        newest[channel.id] = ago
    behind = "SELECT count(*) FROM public.channels WHERE indexed_active_at < active_at"
    assert await db.value(behind) > 5, "or this shows nothing"
    expected = await db.value(VISIBLE, "user:sam", EVERY, None, False, True)
    assert [newest[id] for id in expected[: len(newest)]] == sorted(newest.values())
    for microdao in (None, DAO):
        for limit in (1, 2, 7, 30):
            assert [item["id"] for item in await pages(db, limit, by_activity=True, microdao=microdao)] == expected


async def test_a_message_leaves_the_indexes_of_channels_alone(world: World, db: Database) -> None:
    channel = await world.channel()
    # Its page has room.
    await db.execute("VACUUM FULL public.channels")
    sql = """SELECT ARRAY[pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)] FROM pg_class
             WHERE oid = 'public.channels'::regclass"""
    async with db.transaction():
        updated, in_place = await db.value(sql)
        for _ in range(8):
            await world.message(channel)
        assert await db.value(sql) == [updated + 8, in_place + 8]


async def test_a_page_has_at_most_a_thousand_channels(db: Database) -> None:
    await many(db, "public", 1002)
    document = await page(db, limit=5000)
    assert len(document["items"]) == 1000 and "next" in document["links"]


@pytest.mark.parametrize("visibility", ["private", "microdao", "public"])
async def test_a_page_reads_what_it_shows_and_not_what_there_is(world: World, db: Database, visibility: str) -> None:
    await many(db, visibility, 20_000)
    mine = await world.channel(visibility="private", microdao_id="microdao:mine")
    await world.member(mine, "user:sam")
    deep = "2020-01-08T12:00:00Z_00000000-0000-4000-8000-000000000000"
    # Often enough for the plans that PostgreSQL keeps.
    for _ in range(7):
        for asked in ({}, {"cursor": deep}, {"microdao": "microdao:m1"}, {"microdao": "microdao:m1", "cursor": deep}):
            for by_activity in (False, True):
                async with db.reading("channels") as read:
                    document = await page(db, limit=5, microdaos=["microdao:mine"], by_activity=by_activity, **asked)
                assert len(document["items"]) == (5 if visibility == "public" else 0 if asked else 1), asked
                assert read.rows < 60, (asked, by_activity)
        async with db.reading("channels") as read:
            document = await page(db, microdaos=["microdao:mine"], joined=True, by_activity=True)
        assert [item["id"] for item in document["items"]] == [mine.id]
        assert read.rows < 10


async def test_a_page_by_activity_has_a_bound_where_all_is_of_one_moment(db: Database) -> None:
    await many(db, "public", 7_000, apart="1 millisecond")
    async with db.reading("channels") as read:
        document = await page(db, limit=5, by_activity=True)
    assert len(document["items"]) == 5
    # Each is read from the index, and from the table.
    assert read.rows < 2 * 5_000 + 60


async def many(db: Database, visibility: str, count: int, apart: str = "1 minute") -> None:
    """Channels of ten microDAOs."""
    await db.execute(
        """INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by, created_at)
           SELECT 'c' || n, 'c', 'microdao:m' || n % 10, '!many-' || n, $1, 'user:olga',
                  '2020-01-01T00:00:00Z'::timestamptz + n * $3::text::interval FROM generate_series(1, $2::int) n""",
        visibility,
        count,
        apart,
    )
    await db.execute("VACUUM ANALYZE public.channels")
