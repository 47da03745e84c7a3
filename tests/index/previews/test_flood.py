"""A flood of links: who floods holds up themselves, neither other senders, channels and microDAOs nor one host."""

from __future__ import annotations

from harness.database import Database
from harness.previews import SITE, claim, linked, tell, waiting
from harness.world import World

MALLORY = "user:mallory"


async def test_channels_that_are_full_hold_up_nobody_in_others(world: World, db: Database) -> None:
    fill = """INSERT INTO messaging.message_previews (id, message_id, channel_id, url, place, waiting_since)
        SELECT gen_random_uuid(), m.id, m.channel_id, 'https://slow.example/' || m.channel_id || n, n, now()
        FROM public.messages m, generate_series(1, 100) n WHERE m.id = $1"""
    for _ in range(20):
        flooded = await world.channel(owner=MALLORY)
        await db.execute(fill, (await linked(world, flooded, "https://slow.example/", sender=MALLORY)).id)
    await linked(world, await world.channel())
    assert SITE in (await claim(db))["claimed"]


async def test_microdaos_take_turns(world: World, db: Database) -> None:
    for n in range(10):
        flooded = await world.channel(microdao_id="microdao:other")
        await linked(world, flooded, *(f"https://{n}-{k}.example/" for k in range(3)), sender=MALLORY)
    calm = await world.channel()
    await linked(world, calm, SITE, "https://second.example/")
    assert {SITE, "https://second.example/"} < set((await claim(db, 4))["claimed"])


async def test_a_sender_leaves_room_for_others(world: World, db: Database) -> None:
    channel = await world.channel()
    for n in range(40):
        await linked(world, channel, *(f"https://slow.example/{n}/{k}" for k in range(3)), sender=MALLORY)
    assert 30 <= len(await waiting(db)) <= 32
    await linked(world, channel, sender="user:bob")
    assert SITE in await waiting(db)


async def test_a_host_has_one_pause_however_it_is_spelled(world: World, db: Database) -> None:
    channel = await world.channel()
    for host in ("https://site.example", "http://site.example:443", "https://site.example:80", "https://site.example."):
        await linked(world, channel, f"{host}/")
    assert len((await claim(db, pause=1))["claimed"]) == 1


async def test_an_archived_channel_waits_for_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    await linked(world, channel)
    await world.archive(channel)
    assert await waiting(db) == []


async def test_a_channel_that_is_held_holds_up_no_other(world: World, db: Database) -> None:
    held, calm = await world.channel(), await world.channel()
    for channel in (held, calm):
        await linked(world, channel)
    await claim(db)
    [session] = await db.sessions(1)
    async with session.transaction():
        await session.value("SELECT id FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", held.id)
        await tell(db)
        assert await waiting(db) == [SITE]
    assert await db.call("show_link", url=SITE) == {"has_more": True, "is_shown": True}
