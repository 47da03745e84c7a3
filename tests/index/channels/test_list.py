"""list_channels."""

from typing import Any

from harness.database import Database
from harness.world import DAO, EVERY, World


async def page(db: Database, *, limit: int = 10, cursor: str | None = None, microdao: str | None = None) -> Any:
    before_time, before_id = cursor.split("_") if cursor else (None, None)
    return await db.call(
        "list_channels",
        caller="user:sam",
        microdaos=EVERY,
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
