"""Who reads which page when: one relay a page, a pause between two of a host, a bound for a flood."""

from __future__ import annotations

import asyncio
import itertools

from harness.database import Database, Session
from harness.previews import PAGE, SITE, claim, linked, shown, tell, waiting
from harness.world import World


async def test_a_page_is_read_by_one_and_shown_in_all_messages(world: World, db: Database) -> None:
    one, two = await world.channel(), await world.channel()
    messages = [(channel, await linked(world, channel)) for channel in (one, two, one)]
    assert (await claim(db))["claimed"] == [SITE]
    assert await claim(db) == {"known": [], "claimed": []}
    await tell(db)
    for channel, message in messages:
        assert [preview["title"] for preview in await shown(db, channel, message)] == [PAGE["title"]]
    # It is known for a day: whoever sends it now waits only for a relay to come by.
    late = await linked(world, two)
    assert await claim(db) == {"known": [SITE], "claimed": []}
    assert await db.call("show_link", url=SITE) == {"has_more": True, "is_shown": True}
    assert len(await shown(db, two, late)) == 1


async def test_relays_at_once_take_different_pages(world: World, db: Database) -> None:
    channel = await world.channel()
    urls = {f"https://{n}.example/" for n in range(12)}
    for url in urls:
        await linked(world, channel, url)
    relays, taken = await db.sessions(3), []
    while len(taken) < len(urls):
        found = await asyncio.gather(*(claim(relay, 2) for relay in relays))
        assert all(len(each["claimed"]) <= 2 for each in found)
        taken += [url for each in found for url in each["claimed"]]
    assert sorted(taken) == sorted(urls)


async def test_a_host_has_a_pause_and_one_look_at_a_time(world: World, db: Database) -> None:
    channel = await world.channel()
    await linked(world, channel, "https://site.example/1", "https://site.example/2", "https://other.example/")
    first = (await claim(db, pause=1))["claimed"]
    assert sorted(first) == ["https://other.example/", "https://site.example/1"]
    assert (await claim(db, pause=0))["claimed"] == []
    await tell(db, "https://site.example/1")
    assert (await claim(db, pause=60))["claimed"] == []
    await db.execute("UPDATE messaging.link_pages SET claimed_at = now() - interval '61 seconds'")
    assert (await claim(db, pause=60))["claimed"] == ["https://site.example/2"]


async def turn(db: Session, host: str = "third.example", patience: int = 120) -> int | None:
    return (await db.call("take_turn", host=host, pause=60, patience=patience))["wait_ms"]


async def test_a_host_that_others_lead_to_has_its_pause_too(world: World, db: Database) -> None:
    async with db.transaction():
        waits = [await turn(db) for _ in range(5)]
    assert waits[0] == 0 and waits[3:] == [None, None], "who would wait too long takes no turn"
    assert 0 < (waits[1] or 0) <= 60_000 < (waits[2] or 0) <= 120_000
    assert await turn(db, "other.example") == 0
    # A clock that was set back holds up nobody.
    await db.execute("UPDATE messaging.rate_limits SET theoretical_arrival_at = now() + interval '1 day'")
    assert await turn(db) == 0
    # Nor is a link of that host looked at meanwhile.
    channel = await world.channel()
    await db.execute("UPDATE messaging.rate_limits SET theoretical_arrival_at = now() + interval '9 seconds'")
    await linked(world, channel, "https://third.example:443/", "https://free.example/")
    assert (await claim(db))["claimed"] == ["https://free.example/"]
    await db.execute("UPDATE messaging.rate_limits SET theoretical_arrival_at = now()")
    assert (await claim(db))["claimed"] == ["https://third.example:443/"]


async def test_of_relays_at_once_each_has_its_own_turn(db: Database) -> None:
    sessions = await db.sessions(6)
    waits = await asyncio.gather(*(turn(session, patience=600) for session in sessions))
    taken = sorted(wait for wait in waits if wait is not None)
    assert len(taken) == 6 and all(later - wait > 30_000 for wait, later in itertools.pairwise(taken))


async def test_a_link_that_leads_to_a_busy_host_is_tried_three_times(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    later = "UPDATE messaging.link_pages SET lease_until = now() - interval '1 second', claimed_at = now() - interval '1 minute'"
    for _ in range(3):
        assert (await claim(db))["claimed"] == [SITE]
        await db.call("release_link", url=SITE)
        assert await claim(db) == {"known": [], "claimed": []}
        await db.execute(later)
    assert await claim(db) == {"known": [SITE], "claimed": []}
    assert await db.call("show_link", url=SITE) == {"has_more": True, "is_shown": False}
    assert await shown(db, channel, message) == []


async def test_channels_take_turns(world: World, db: Database) -> None:
    flooded, calm = await world.channel(), await world.channel()
    for n in range(50):
        await linked(world, flooded, f"https://flood-{n}.example/")
    await linked(world, calm)
    assert SITE in (await claim(db, 2))["claimed"]


async def test_a_flood_is_bounded(world: World, db: Database) -> None:
    channel = await world.channel()
    for n in range(40):
        await linked(world, channel, *(f"https://{n}-{k}.example/" for k in range(3)), sender=f"user:u{n % 4}")
    assert 100 <= len(await waiting(db)) <= 102
    # Others are not affected.
    await linked(world, await world.channel())
    assert SITE in await waiting(db)


async def test_what_a_lost_relay_has_taken_another_one_takes_and_not_for_ever(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    lost = "UPDATE messaging.link_pages SET lease_until = now() - interval '1 second', claimed_at = now() - interval '1 minute'"
    for _ in range(3):
        assert (await claim(db))["claimed"] == [SITE]
        await db.execute(lost)
    assert await claim(db) == {"known": [SITE], "claimed": []}
    assert await db.call("show_link", url=SITE) == {"has_more": True, "is_shown": False}
    assert await waiting(db) == [] and await shown(db, channel, message) == []


async def test_who_is_late_at_the_third_try_still_shows_what_they_found(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    for _ in range(2):
        await claim(db)
        await db.execute("UPDATE messaging.link_pages SET lease_until = now() - interval '1 second'")
    await claim(db)
    assert await claim(db) == {"known": [], "claimed": []}
    assert await db.call("show_link", url=SITE) == {"has_more": False, "is_shown": False}
    await tell(db)
    assert len(await shown(db, channel, message)) == 1


async def test_nothing_waits_longer_than_an_hour(world: World, db: Database) -> None:
    await linked(world, await world.channel())
    await db.execute("UPDATE messaging.message_previews SET waiting_since = now() - interval '61 minutes'")
    assert await claim(db) == {"known": [], "claimed": []} and await waiting(db) == []


async def test_a_page_is_read_again_when_it_is_known_no_more(world: World, db: Database) -> None:
    channel = await world.channel()
    await linked(world, channel)
    await claim(db)
    await tell(db)
    await db.execute("UPDATE messaging.link_pages SET expires_at = now() - interval '1 second'")
    await linked(world, channel)
    assert (await claim(db))["claimed"] == [SITE]
