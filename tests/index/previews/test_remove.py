"""remove_preview: who may take out what a link shows, and that it stays out."""

from __future__ import annotations

import json
from typing import Any

from harness.database import Database
from harness.previews import PAGE, SITE, claim, linked, links, shown, tell, waiting
from harness.world import NOWHERE, OWNER, Channel, Message, World, at, edit

OTHER = "https://other.example/"
BOB = "user:bob"


async def previewed(world: World, db: Database, channel: Channel, sender: str = BOB) -> tuple[Message, dict[str, Any]]:
    message = await linked(world, channel, SITE, OTHER, sender=sender)
    await claim(db)
    await tell(db)
    await tell(db, OTHER, {**PAGE, "title": "Other", "image": None})
    return message, (await shown(db, channel, message))[0]


async def test_the_sender_removes_one_and_it_stays_removed(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, BOB)
    message, preview = await previewed(world, db, channel)
    asked = {**channel.by(BOB), "message_id": message.id, "preview_id": preview["id"]}
    await db.call("remove_preview", **asked)
    [left] = await shown(db, channel, message)
    assert left["url"] == OTHER
    event = (await db.events(channel.id))[-1]
    assert (event["subject"], event["previews"], event["actor_id"]) == ("messaging.message.preview", [left], BOB)
    # Nobody who catches up is shown it.
    assert SITE not in json.dumps(await db.events(channel.id))
    # Again: nothing happens. An edit that keeps the link, or brings it again, does not bring it back.
    count = len(await db.subjects(channel.id))
    await db.call("remove_preview", **asked)
    assert len(await db.subjects(channel.id)) == count
    for n, urls in enumerate([(SITE, OTHER), (OTHER,), (SITE,)]):
        await db.call("record_edit", **edit(channel, message.event_id, BOB, search=links(*urls), edited_at=at(n)))
        assert SITE not in await waiting(db) and SITE not in [each["url"] for each in await shown(db, channel, message)]
    # In another message it is another one.
    await linked(world, channel)
    assert (await claim(db))["known"] == [SITE]


async def test_who_may_delete_the_message_may_remove_it(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    for who, columns in {
        BOB: {},
        "user:mia": {},
        "user:adam": {"role": "admin"},
        "user:ada": {"role": "admin", "can_read": False},
        "user:ivo": {"role": "admin", "state": "invited"},
    }.items():
        await world.member(channel, who, **columns)
    message, preview = await previewed(world, db, channel)
    asked = {"message_id": message.id, "preview_id": preview["id"]}
    stranger = channel.by("user:sam", ["microdao:other"])
    assert await db.refusal("remove_preview", **stranger, **asked) == "channel_not_found"
    for who in ("user:mia", "user:ivo", "user:sam"):
        assert await db.refusal("remove_preview", **channel.by(who), **asked) == "cannot_delete", who
    await db.execute("UPDATE public.channels SET visibility = 'private' WHERE id = $1", channel.id)
    assert await db.refusal("remove_preview", **channel.by("user:ada"), **asked) == "cannot_read"
    await db.call("remove_preview", **channel.by("user:adam"), **asked)
    assert len(await shown(db, channel, message)) == 1


async def test_the_sender_may_after_they_have_left_and_in_an_archive(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, BOB, state="left")
    await world.member(channel, "user:adam", role="admin")
    message, preview = await previewed(world, db, channel)
    await world.archive(channel)
    asked = {"message_id": message.id, "preview_id": preview["id"]}
    assert await db.refusal("remove_preview", **channel.by("user:adam"), **asked) == "channel_archived"
    await db.call("remove_preview", **channel.by(BOB), **asked)
    assert len(await shown(db, channel, message)) == 1


async def test_what_is_not_there_cannot_be_removed(world: World, db: Database) -> None:
    channel = await world.channel()
    message, preview = await previewed(world, db, channel, OWNER)
    other = await linked(world, channel, "https://third.example/")
    waits = await db.value("SELECT id::text FROM messaging.message_previews WHERE message_id = $1", other.id)
    for message_id, preview_id in [(message.id, NOWHERE), (other.id, preview["id"]), (other.id, waits)]:
        asked = {**channel.by(OWNER), "message_id": message_id, "preview_id": preview_id}
        assert await db.refusal("remove_preview", **asked) == "preview_not_found"
    asked = {"message_id": NOWHERE, "preview_id": preview["id"]}
    assert await db.refusal("remove_preview", **channel.by(OWNER), **asked) == "message_not_found"
    await world.delete(channel, message)
    asked = {"message_id": message.id, "preview_id": preview["id"]}
    assert await db.refusal("remove_preview", **channel.by(OWNER), **asked) == "preview_not_found"
