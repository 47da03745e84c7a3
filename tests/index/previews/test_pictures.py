"""Pictures of pages are paid for by who sent their links, and go with the last thing that shows them."""

import json

from harness.database import Database
from harness.files import claimed, due, waiting
from harness.previews import IMAGE, PAGE, SITE, claim, linked, links, shown, tell
from harness.world import OWNER, World, edit

MIB = 1024 * 1024


async def allowed(db: Database, size: int, url: str = SITE) -> bool:
    return (await db.call("may_store_picture", url=url, size=size))["is_allowed"]


async def forgotten(db: Database) -> None:
    """The time of all known pages is over."""
    await db.execute(
        "UPDATE messaging.link_pages SET expires_at = now() - interval '2 hours', claimed_at = now() - interval '2 hours'"
    )
    await db.call("delete_old_rows", limit=100)


async def gone(db: Database) -> list[str]:
    """What is to be deleted when everything that has been noted has waited."""
    await due(db)
    return await claimed(db)


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


async def test_a_picture_goes_when_nothing_shows_it_any_more(world: World, db: Database) -> None:
    channel = await world.channel()
    deleted, edited, removed = [await linked(world, channel) for _ in range(3)]
    await claim(db)
    await tell(db)
    await world.delete(channel, deleted)
    assert await waiting(db) == {IMAGE: ""}
    assert await gone(db) == [] and await waiting(db) == {}, "other messages show it"
    await db.call("record_edit", **edit(channel, edited.event_id, search=links()))
    [preview] = await shown(db, channel, removed)
    await db.call("remove_preview", **channel.by(OWNER), message_id=removed.id, preview_id=preview["id"])
    assert await gone(db) == [], "the page is known, and whoever sends its link shows the picture"
    late = await linked(world, channel)
    await tell(db)
    await forgotten(db)
    assert await waiting(db) == {IMAGE: ""}
    assert await gone(db) == [], "a message shows it"
    await world.delete(channel, late)
    assert await gone(db) == [IMAGE]
    await db.call("end_content", content=json.dumps([{"content_uri": IMAGE, "uploader_matrix_id": None}]))
    assert await waiting(db) == {}


async def test_a_picture_that_is_somebodys_own_by_now_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    await claim(db)
    await tell(db)
    await db.execute("UPDATE public.channels SET avatar_url = $1 WHERE id = $2", IMAGE, channel.id)
    await world.delete(channel, message)
    await forgotten(db)
    assert await gone(db) == []


async def test_a_page_that_is_read_again_leaves_no_picture_behind(world: World, db: Database) -> None:
    channel = await world.channel()
    first = await linked(world, channel)
    await claim(db)
    await tell(db)
    await world.delete(channel, first)
    await db.execute("UPDATE messaging.link_pages SET expires_at = now() - interval '1 second'")
    second = await linked(world, channel)
    assert (await claim(db))["claimed"] == [SITE]
    assert await gone(db) == [IMAGE]
    # Two relays have read it, one of them too late; and another one, when nobody knew of the page any more.
    other = "mxc://localhost/other"
    await tell(db)
    await tell(db, page={**PAGE, "image": {**PAGE["image"], "content_uri": other}})
    assert [each["image"]["content_uri"] for each in await shown(db, channel, second)] == [IMAGE]
    await world.delete(channel, second)
    assert await gone(db) == [IMAGE]
    await forgotten(db)
    assert other in await gone(db)
    lost = "mxc://localhost/lost"
    await tell(db, page={**PAGE, "image": {**PAGE["image"], "content_uri": lost}})
    assert lost in await gone(db)
