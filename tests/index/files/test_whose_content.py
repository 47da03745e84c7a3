"""Content is nobody's to open or to delete by ways around its messages: pictures, stickers, encryption that begins later."""

from __future__ import annotations

import json
from typing import Any

from files.test_media import URI, reads, sent
from harness.database import Database
from harness.files import caption, claimed, content, due, file, of_kind, picture, uploaded
from harness.world import DAO, EVERY, OWNER, Channel, World

EVE = "user:eve"


async def choose(db: Database, who: str, uri: str, **how: Any) -> None:
    """A change of a profile from its beginning to its end."""
    wanted = {"avatar_url": uri}
    await db.call("prepare_profile_change", caller=who, changes=wanted, **{"microdaos": [DAO], "is_own": True, **how})
    await db.call("record_profile_change", caller=who, wanted=wanted, changes=wanted, is_whole=True)


async def choose_for(db: Database, channel: Channel, who: str, uri: str) -> None:
    changes = {"avatar_url": uri}
    await db.call("prepare_channel_change", **channel.by(who), changes=changes)
    await db.call("record_channel_change", channel_id=channel.id, caller=who, changes=changes)


async def test_who_chooses_a_picture_that_they_may_not_read_opens_it_to_nobody(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await sent(world, db, private)
    await choose(db, EVE, URI)
    evil = await world.channel(visibility="public")
    await world.member(evil, EVE, role="owner")
    await choose_for(db, evil, EVE, URI)
    for who in (EVE, "user:mallory"):
        assert await reads(db, who, EVERY) is None, who
    # Nor by going there once more.
    await choose(db, EVE, "mxc://localhost/other")
    await choose(db, EVE, URI)
    assert await reads(db, EVE) is None
    assert await reads(db, OWNER) == "plan.png"


async def test_who_makes_a_channel_with_such_a_picture_neither(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await sent(world, db, private)
    made = {"caller": EVE, "microdaos": [DAO], "microdao_id": DAO, "slug": "mine", "is_direct": False}
    made |= {"client_key": None, "fingerprint": "x", "visibility": "private", "avatar_url": URI}
    reserved = await db.call("reserve_channel", **made)
    own = await world.channel(visibility="private")
    sql = "UPDATE messaging.unreadable_pictures SET holder_id = $1 WHERE holder_id = $2"
    await db.execute(sql, str(own.id), reserved["channel_id"])
    await world.member(own, EVE, role="owner")
    await db.execute("UPDATE public.channels SET avatar_url = $2 WHERE id = $1", own.id, URI)
    assert await reads(db, EVE) is None


async def test_a_picture_of_who_may_read_it_is_shown(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await uploaded(db, private, URI)
    assert await reads(db, EVE) is None
    await choose(db, OWNER, URI)
    assert await reads(db, EVE) is not None, "the owner shows it to everybody"


async def test_the_picture_of_an_agent_is_what_a_service_chose(world: World, db: Database) -> None:
    await choose(db, "agent:sofia", URI)
    assert await reads(db, EVE) is None, "an agent's own choice is asked about"
    await choose(db, "agent:sofia", "mxc://localhost/other")
    await choose(db, "agent:sofia", URI, is_own=False)
    assert await reads(db, EVE) is not None


async def test_a_picture_keeps_nobody_elses_content(world: World, db: Database) -> None:
    channel, uri = await world.channel(visibility="private"), content()
    await uploaded(db, channel, uri)
    message = await picture(world, channel, uri)
    await world.delete(channel, message)
    await choose(db, EVE, uri)
    await due(db)
    assert await claimed(db) == [uri]


async def test_thumbnails_that_an_edit_replaced_go_with_the_message(world: World, db: Database) -> None:
    channel, uri, one, two = await world.channel(), content(), content(), content()
    for each in (uri, one, two):
        await uploaded(db, channel, each)
    message = await picture(world, channel, uri, thumbnail_uri=one)
    edited = file(uri, thumbnail_uri=two)
    await db.call("record_edit", **caption(channel, message.event_id, edited, origin_ts=10**15))
    await world.delete(channel, message)
    await due(db)
    assert sorted(await claimed(db)) == sorted([uri, one, two])


async def test_a_sticker_stays_when_a_message_with_it_is_deleted(world: World, db: Database) -> None:
    channel, uri = await world.channel(), content()
    sticker = {"content_type": "sticker", "matrix_type": "m.sticker", "file": json.dumps(file(uri))}
    message = await world.message(channel, OWNER, content_preview="", **sticker)
    await world.delete(channel, message)
    await due(db)
    assert await claimed(db) == []


async def test_what_reindex_has_not_read_may_still_show_it(world: World, db: Database) -> None:
    channel, other, uri = await world.channel(), await world.channel(), content()
    old = await world.message(channel, **of_kind("image", None))
    assert await db.value("SELECT awaits_reindex FROM public.messages WHERE id = $1", old.id)
    message = await picture(world, other, uri)
    await world.delete(other, message)
    await due(db)
    assert await claimed(db) == []
    await db.execute("UPDATE public.messages SET awaits_reindex = false")
    assert await claimed(db) == [uri], "it has waited"


async def test_what_was_not_sent_stays_its_uploaders_when_its_channel_is_encrypted(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:bob")
    await uploaded(db, channel, URI)
    await db.execute("UPDATE public.channels SET is_encrypted = true WHERE id = $1", channel.id)
    assert await reads(db, "user:bob") is None
    assert await reads(db, OWNER) is not None


async def test_a_quota_that_is_used_up_is_named_and_counted(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:bob")
    quotas = {"bytes": {"scope": "person", "caller": [2048, 3600], "microdao": [2048, 3600]}}
    size = 2048 * 1024
    await db.call("prepare_upload", **channel.by("user:bob"), size=size, limits=quotas)
    for who, whose in ((OWNER, "microdao"), ("user:bob", "person")):
        refused = await db.outcome("prepare_upload", **channel.by(who), size=size, limits=quotas)
        assert (refused.refusal, refused.document["policy"]) == ("upload_quota_exceeded", f"upload-kib-{whose}")
    rows = await db.rows(
        "SELECT scope, hits FROM messaging.rate_limit_hits WHERE class = 'upload_bytes' ORDER BY scope"
    )
    assert [tuple(row) for row in rows] == [("microdao", 1), ("person", 1)]
