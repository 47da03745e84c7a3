"""What a message's links show: when they wait, what is told of them, and when it goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.database import Database
from harness.previews import IMAGE, PAGE, SITE, change, claim, linked, links, shown, tell, waiting
from harness.world import OWNER, World, at, edit, number, pushed, redaction

OTHER = "https://other.example/"


async def test_a_link_shows_its_page_as_an_event_and_in_every_row(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    assert await shown(db, channel, message) == []
    assert await claim(db) == {"known": [], "claimed": [SITE]}
    await tell(db)
    [preview] = await shown(db, channel, message)
    assert preview == {"id": preview["id"], "url": SITE, **PAGE}
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.preview"]
    event = (await db.events(channel.id))[-1]
    assert (event["message_id"], event["previews"], event["message"]["previews"]) == (message.id, [preview], [preview])
    assert "actor_id" not in event
    [listed] = (
        await db.call(
            "list_channels", caller=OWNER, microdaos=None, microdao_id=None, limit=10, before_time=None, before_id=None
        )
    )["items"]
    assert listed["last_message"]["previews"] == [preview] and listed["link_previews"] is None
    # Nothing waits any more, and nothing more is told.
    await tell(db)
    assert await claim(db) == {"known": [], "claimed": []}
    assert len(await db.subjects(channel.id)) == 3


async def test_three_links_at_most_each_once_and_in_their_order(world: World, db: Database) -> None:
    channel = await world.channel()
    urls = [f"https://{n}.example/" for n in "cabd"]
    hostile = ["javascript:alert(1)", "https://a b/", "https://x.example/" + "a" * 2000, "file:///etc/passwd"]
    message = await linked(world, channel, *hostile, *urls, SITE)
    assert await waiting(db) == ["https://a.example/", "https://b.example/", "https://c.example/"]
    for url in sorted(await waiting(db)):
        await claim(db)
        await tell(db, url, {"title": url})
    assert [preview["url"] for preview in await shown(db, channel, message)] == urls[:3]


async def test_a_page_that_says_nothing_is_told_to_nobody(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel)
    await claim(db)
    await tell(db, SITE, None)
    assert await shown(db, channel, message) == [] and await waiting(db) == []
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]


@pytest.mark.parametrize(
    ("fields", "shows"),
    [
        ({"visibility": "public"}, True),
        ({"visibility": "microdao"}, True),
        ({"visibility": "private"}, False),
        ({"visibility": "public", "is_encrypted": True}, False),
    ],
)
async def test_who_reads_a_channel_decides_whether_its_links_are_fetched(
    world: World, db: Database, fields: dict[str, Any], shows: bool
) -> None:
    channel = await world.channel(**fields)
    await linked(world, channel)
    assert await waiting(db) == ([SITE] if shows else [])
    # What was sent before is not fetched when that changes; what is sent after it is.
    await change(db, channel, link_previews=not shows)
    await linked(world, channel, OTHER)
    assert await waiting(db) == ([OTHER] if not shows and not fields.get("is_encrypted") else [])


async def test_ciphertext_has_no_links(world: World, db: Database) -> None:
    channel = await world.channel()
    await linked(world, channel, matrix_type="m.room.encrypted")
    assert await waiting(db) == []


async def test_a_page_comes_too_late_where_links_show_nothing_any_more(world: World, db: Database) -> None:
    public, private = await world.channel(), await world.channel()
    archived, encrypted = await world.channel(), await world.channel()
    for channel in (public, private, archived, encrypted):
        await linked(world, channel)
    await claim(db)
    await change(db, public, link_previews=False)
    await change(db, private, visibility="private")
    await world.archive(archived)
    await db.call("record_encryption", room_id=encrypted.room_id, sender_id=OWNER)
    await tell(db)
    for channel in (public, private, archived, encrypted):
        assert "message.preview" not in await db.subjects(channel.id)
    assert await waiting(db) == []


async def test_an_edit_brings_other_links(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel, SITE, OTHER)
    await claim(db)
    await tell(db)
    await tell(db, OTHER, {"title": "Other"})
    first, second = await shown(db, channel, message)
    # One stays, in another place, and one has to come.
    third = "https://third.example/"
    document = await db.call("record_edit", **edit(channel, message.event_id, search=links(OTHER, third)))
    assert document["previews"] == [second] == await shown(db, channel, message)
    assert (await db.events(channel.id))[-1]["message"]["previews"] == [second]
    assert await waiting(db) == [third]
    # Without any, nothing is left, whatever the component knew of links.
    unaware = {"analysis": 1, "has_link": False, "lexemes": ""}
    document = await db.call("record_edit", **edit(channel, message.event_id, search=unaware, edited_at=at(1)))
    assert document["previews"] == [] and await waiting(db) == []
    assert first["id"] != second["id"]


async def test_a_late_edit_changes_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel, sent_at=at(-60))
    await db.call("record_edit", **edit(channel, message.event_id, search=links(OTHER), edited_at=at(-10)))
    await db.call("record_edit", **edit(channel, message.event_id, search=links(SITE), edited_at=at(-20)))
    assert await waiting(db) == [OTHER]


async def test_links_come_with_an_edit_that_came_before_its_message(world: World, db: Database) -> None:
    channel = await world.channel()
    event_id = f"$early-{number()}"
    await db.outcome("record_edit", **edit(channel, event_id, search=links(OTHER)))
    await db.call("record_message", **pushed(channel, event_id=event_id, search=links(SITE), sent_at=at(-60)))
    assert await waiting(db) == [OTHER]


async def test_an_edit_that_is_redacted_takes_its_links_along(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await linked(world, channel, "https://first.example/", sent_at=at(-60))
    made = edit(channel, message.event_id, search=links(SITE))
    await db.call("record_edit", **made)
    await claim(db)
    await tell(db)
    await db.call(
        "record_edit_redaction",
        room_id=channel.room_id,
        event_id=message.event_id,
        redacted_event_id=made["event_id"],
        content_preview="text",
        edit_event_id=None,
        edited_at=None,
        search=links("https://first.example/"),
    )
    assert await shown(db, channel, message) == [] and await waiting(db) == ["https://first.example/"]
    assert SITE not in json.dumps(await db.events(channel.id))


async def test_a_superseded_edit_that_is_redacted_leaves_nothing_in_the_log(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, sent_at=at(-60))
    first = edit(channel, message.event_id, search=links(SITE), edited_at=at(-20))
    await db.call("record_edit", **first)
    await claim(db)
    await tell(db)
    await db.call("record_edit", **edit(channel, message.event_id, search=links(), edited_at=at(-10)))
    await db.call("record_redaction", **redaction(channel, first["event_id"]))
    assert SITE not in json.dumps(await db.events(channel.id))


async def test_deletion_forgets_links_and_what_they_show(world: World, db: Database) -> None:
    channel = await world.channel()
    message, other = await linked(world, channel), await linked(world, channel, OTHER)
    await claim(db)
    await tell(db)
    for gone in (message, other):
        await world.delete(channel, gone)
    assert await db.value("SELECT count(*) FROM messaging.message_previews") == 0
    await tell(db, OTHER, {"title": "Late"})
    assert SITE not in json.dumps(await db.events(channel.id)) and IMAGE not in json.dumps(await db.events(channel.id))
    for gone in (message, other):
        assert await shown(db, channel, gone) == []
    assert (await db.subjects(channel.id))[-2:] == ["message.deleted", "message.deleted"]


async def test_what_is_found_late_is_no_news(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await linked(world, channel, sent_at=at(-7200))
    assert await waiting(db) == []


async def test_a_message_twice_has_its_links_once(world: World, db: Database) -> None:
    channel = await world.channel()
    push = pushed(channel, search=links(SITE))
    for _ in range(3):
        await db.call("record_message", **push)
    assert await waiting(db) == [SITE]
    await claim(db)
    await tell(db)
    await db.call("record_message", **push)
    assert await waiting(db) == [] and (await db.subjects(channel.id)).count("message.preview") == 1
