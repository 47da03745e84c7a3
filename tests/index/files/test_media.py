"""Content is for whoever may read a message that has it, sees whose picture it is, or has uploaded it; for nobody else there
is none."""

from __future__ import annotations

import json
from typing import Any

from files.test_upload import FILE
from harness.database import Database
from harness.previews import PAGE, change, claim, linked, tell
from harness.world import DAO, OWNER, Channel, World, redaction

URI = "mxc://localhost/abc"
OTHERS = ["microdao:elsewhere"]


async def sent(world: World, db: Database, channel: Channel, **columns: Any) -> None:
    """A message that has the content as its file."""
    message = await world.message(channel)
    file = json.dumps({"content_uri": URI, "filename": columns.pop("filename", "plan.png")})
    row = {"content_uri": URI, "thumbnail_uri": None, **columns}
    sql = """INSERT INTO messaging.message_files (message_id, channel_id, content_uri, thumbnail_uri, file)
             VALUES ($1, $2, $3, $4, $5::text::jsonb)"""
    await db.execute("DELETE FROM messaging.message_files WHERE message_id = $1", message.id)
    await db.execute(sql, message.id, channel.id, row["content_uri"], row["thumbnail_uri"], file)


async def uploaded(db: Database, channel: Channel, by: str = OWNER) -> None:
    await db.call("record_upload", caller=by, channel_id=channel.id, **FILE)


async def reads(db: Database, caller: str, microdaos: list[str] | None = None) -> str | None:
    """What the content is called to a caller; None: there is none."""
    given = {"caller": caller, "microdaos": microdaos or [], "server_name": "localhost", "media_id": "abc"}
    outcome = await db.outcome("read_media", **given)
    assert outcome.refusal in (None, "media_not_found")
    listed = await db.call(
        "list_readable_media", caller=caller, microdaos=microdaos or [], content_uris=[URI, "mxc://x/y"]
    )
    assert listed == ([] if outcome.refusal else [URI])
    return None if outcome.refusal else outcome.document["filename"] or "?"


async def test_whoever_reads_a_message_reads_its_file(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await world.member(private, "user:bob")
    await world.member(private, "user:blind", can_read=False)
    await sent(world, db, private)
    assert [await reads(db, who, [DAO]) for who in (OWNER, "user:bob")] == ["plan.png"] * 2
    assert [await reads(db, who, [DAO]) for who in ("user:blind", "user:eve")] == [None] * 2
    await db.execute("UPDATE public.channel_members SET left_at = now() WHERE member_id = 'user:bob'")
    assert await reads(db, "user:bob", [DAO]) is None, "who was removed"
    await world.archive(private)
    assert await reads(db, OWNER) == "plan.png", "an archived channel is read as before"
    assert await reads(db, "service:internal") == "plan.png"


async def test_a_microdao_is_asked_for_its_claim(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await sent(world, db, channel)
    assert await reads(db, "user:eve", [DAO]) == "plan.png"
    assert await reads(db, "user:eve", OTHERS) is None
    assert await reads(db, "user:eve") is None


async def test_a_thumbnail_is_read_with_its_message(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await sent(world, db, channel, content_uri="mxc://localhost/large", thumbnail_uri=URI)
    assert await reads(db, OWNER) == "?"
    assert await reads(db, "user:eve", [DAO]) is None


async def test_an_upload_is_its_uploaders_as_long_as_they_read_the_channel(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:bob")
    await uploaded(db, channel, "user:bob")
    assert await reads(db, "user:bob") == "a.png"
    assert await reads(db, OWNER) is None, "nobody else sees it before it is sent"
    await db.execute("UPDATE public.channel_members SET left_at = now() WHERE member_id = 'user:bob'")
    assert await reads(db, "user:bob") is None


async def test_in_an_encrypted_channel_every_reader_gets_the_ciphertext(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private", is_encrypted=True)
    await world.member(channel, "user:bob")
    await world.member(channel, "agent:sofia", role="agent")
    await uploaded(db, channel)
    assert await reads(db, "user:bob") == "?", "a name is text"
    assert [await reads(db, who) for who in ("agent:sofia", "user:eve")] == [None] * 2
    await db.execute("UPDATE messaging.uploads SET released_at = now()")
    assert await reads(db, "user:bob") is None


async def test_the_picture_of_a_channel_is_for_who_knows_of_it(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await db.execute("UPDATE public.channels SET avatar_url = $1 WHERE id = $2", URI, channel.id)
    assert await reads(db, OWNER) == "?"
    assert await reads(db, "user:eve", [DAO]) is None


async def test_a_name_is_that_of_a_message_that_the_caller_reads(world: World, db: Database) -> None:
    secret, open_one = await world.channel(visibility="private"), await world.channel(visibility="public")
    await sent(world, db, secret, filename="secret.png")
    await sent(world, db, open_one, filename="open.png")
    assert await reads(db, "user:eve") == "open.png"


async def test_content_in_many_messages_costs_no_more(world: World, db: Database) -> None:
    """Of a channel whose 20,000 messages have it, hardly more rows are read than of one with one."""
    crowded, closed = await world.channel(visibility="private"), await world.channel(visibility="private")
    await sent(world, db, crowded)
    await sent(world, db, closed)
    sql = """INSERT INTO messaging.message_files SELECT gen_random_uuid(), channel_id, content_uri, thumbnail_uri, file, former_uris
             FROM messaging.message_files, generate_series(1, 20000) WHERE channel_id = $1"""
    async with db.transaction():
        await db.execute("SET LOCAL session_replication_role = replica")
        await db.execute(sql, crowded.id)
        await db.execute("ANALYZE messaging.message_files")
        async with db.reading("messaging.message_files") as read:
            assert await reads(db, "user:eve", [DAO]) is None
        assert read.rows < 300
        await db.execute("DELETE FROM messaging.message_files WHERE message_id NOT IN (SELECT id FROM public.messages)")


async def test_the_picture_of_a_link_is_for_whoever_reads_its_message(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    await change(db, private, link_previews=True)
    message = await linked(world, private)
    page = {**PAGE, "image": {**PAGE["image"], "content_uri": URI}}
    await claim(db)
    await tell(db, page=page)
    assert await reads(db, OWNER) == "?"
    assert await reads(db, "user:eve", [DAO]) is None
    assert await db.value("SELECT messaging.is_content_shown($1)", URI), "nobody has it deleted"
    await db.call("record_redaction", **redaction(private, message.event_id))
    assert await reads(db, OWNER) is None
    assert await db.value("SELECT messaging.is_content_shown($1)", URI), "as long as its page is known"
    await db.execute("DELETE FROM messaging.link_pages")
    assert not await db.value("SELECT messaging.is_content_shown($1)", URI)
