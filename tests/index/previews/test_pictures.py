"""Pictures of pages are paid for by who sent their links."""

from harness.database import Database
from harness.previews import SITE, claim, linked
from harness.world import World

MIB = 1024 * 1024


async def allowed(db: Database, size: int, url: str = SITE) -> bool:
    return (await db.call("may_store_picture", url=url, size=size))["is_allowed"]


async def test_a_sender_has_so_much_a_day_and_so_has_a_microdao(world: World, db: Database) -> None:
    channel = await world.channel(visibility="public")
    for number in range(11):
        who = f"user:sender{number}"
        await world.member(channel, who)
        await linked(world, channel, f"https://site{number}.example/", sender_id=who)
        url = f"https://site{number}.example/"
        got = [await allowed(db, MIB, url) for _ in range(101)]
        assert got.count(True) == (100 if number < 10 else 24), who


async def test_nothing_is_stored_for_nobody(world: World, db: Database) -> None:
    channel = await world.channel(visibility="public")
    assert not await allowed(db, 1)
    message = await linked(world, channel)
    await claim(db)
    assert await allowed(db, 1)
    await world.delete(channel, message)
    assert not await allowed(db, 1)
