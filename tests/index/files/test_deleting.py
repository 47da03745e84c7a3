"""Which content is deleted with its message: what its sender brought, once nothing shows it any more."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database, Session
from harness.files import caption, claimed, content, due, file, of_kind, picture, uploaded, waiting
from harness.world import OWNER, Channel, World, edit, matrix_id, redaction

BOB = "user:bob"


async def readable(db: Session, channel: Channel, who: str, *uris: str) -> list[str]:
    """Which of these somebody may download."""
    caller = channel.by(who)
    return await db.call(
        "list_readable_media", caller=caller["caller"], microdaos=caller["microdaos"], content_uris=list(uris)
    )


async def test_what_was_uploaded_goes_with_its_last_message(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    uri, small = content(), content()
    await uploaded(db, channel, uri)
    await uploaded(db, channel, small)
    first = await picture(world, channel, uri, thumbnail_uri=small)
    second = await picture(world, other, uri)
    assert await db.call("is_content_due") == {"is_due": False} and await waiting(db) == {}
    await world.delete(channel, first)
    assert await waiting(db) == {uri: "", small: ""}
    assert await db.call("is_content_due") == {"is_due": False}, "whoever was about to send it has"
    await due(db)
    assert await db.call("is_content_due") == {"is_due": True}
    assert await claimed(db) == [small], "a message shows the other one"
    assert await waiting(db) == {small: ""} and await claimed(db) == []
    await world.delete(other, second)
    await due(db)
    assert sorted(await claimed(db)) == sorted([uri, small])
    ended = [{"content_uri": one, "uploader_matrix_id": None} for one in (uri, small)]
    await db.call("end_content", content=json.dumps(ended))
    assert await waiting(db) == {} and await db.value("SELECT count(*) FROM messaging.uploads") == 0


async def test_only_what_the_sender_brought_goes(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, BOB)
    uploads, by_client, remote = content(), content(), content("elsewhere.example")
    await uploaded(db, channel, uploads, BOB)
    for uri in (uploads, by_client, remote):
        message = await picture(world, channel, uri)
        await db.call("record_redaction", **redaction(channel, message.event_id))
    # Bob's upload is Bob's. Of what a client has uploaded the homeserver has to say whose it is. The other server's is its own.
    assert await waiting(db) == {by_client: matrix_id(OWNER)}
    message = await picture(world, channel, uploads, BOB)
    await picture(world, channel, uploads)
    # An admin deletes it: it is Bob's all the same, and goes with the last message that has it.
    await db.call("record_redaction", **redaction(channel, message.event_id, OWNER))
    await due(db)
    assert uploads not in await claimed(db)
    last = await picture(world, channel, uploads)
    for one in await db.rows("SELECT m.matrix_event_id FROM public.messages m WHERE deleted_at IS NULL"):
        await db.call("record_redaction", **redaction(channel, one[0]))
    assert last and (await waiting(db))[uploads] == ""


async def test_a_picture_of_a_channel_or_a_person_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    of_channel, of_person, of_neither = content(), content(), content()
    await db.execute("UPDATE public.channels SET avatar_url = $1 WHERE id = $2", of_channel, channel.id)
    sql = "INSERT INTO messaging.profiles (member_id, avatar_url, changed_at) VALUES ($1, $2, now())"
    await db.execute(sql, BOB, of_person)
    for uri in (of_channel, of_person, of_neither):
        await world.delete(channel, await picture(world, channel, uri))
    await due(db)
    assert await claimed(db) == [of_neither]


async def test_what_an_edit_has_replaced_goes_with_the_message(world: World, db: Database) -> None:
    channel = await world.channel()
    uris = [content() for _ in range(3)]
    for uri in uris:
        await uploaded(db, channel, uri)
    message = await picture(world, channel, uris[0])
    edits = [caption(channel, message.event_id, file(uri), origin_ts=10**15 + n) for n, uri in enumerate(uris[1:])]
    for one in edits:
        await db.call("record_edit", **one)
    # The last edit is taken back: what it brought goes, and what the message shows again stays.
    redacted: dict[str, Any] = {"room_id": channel.room_id, "event_id": message.event_id}
    await db.call(
        "record_edit_redaction",
        **redacted,
        redacted_event_id=edits[1]["event_id"],
        content_preview="A cat",
        content_type="image",
        edit_event_id=edits[0]["event_id"],
        edited_at=None,
        file=json.dumps(file(uris[1])),
    )
    assert await waiting(db) == {uris[2]: ""}
    await due(db)
    assert await claimed(db) == [uris[2]]
    await world.delete(channel, message)
    await due(db)
    assert sorted(await claimed(db)) == sorted(uris)


async def test_a_picture_that_an_edit_makes_a_text_is_nobodys_and_goes(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, BOB)
    uri, small, before = content(), content(), content()
    for one in (uri, small, before):
        await uploaded(db, channel, one)
    message = await picture(world, channel, before)
    replaced = caption(channel, message.event_id, file(uri, thumbnail_uri=small), origin_ts=10**15)
    await db.call("record_edit", **replaced)
    assert await readable(db, channel, BOB, uri, small, before) == [uri, small]
    # A caption by a client that says nothing of the file keeps it.
    await db.call("record_edit", **caption(channel, message.event_id, None, origin_ts=10**15 + 1))
    assert await readable(db, channel, BOB, uri) == [uri]
    words = edit(channel, message.event_id, **of_kind("text", None), origin_ts=10**15 + 2)
    await db.call("record_edit", **words)
    for who in (BOB, OWNER):
        assert await readable(db, channel, who, uri, small, before) == [], who
    assert await waiting(db) == {uri: "", small: "", before: ""}
    # What another message shows stays.
    await picture(world, await world.channel(), small)
    await due(db)
    assert sorted(await claimed(db)) == sorted([uri, before])


async def test_what_was_taken_back_while_matrix_was_away_goes_with_the_message(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, BOB)
    first, second, small = content(), content(), content()
    for one in (first, second, small):
        await uploaded(db, channel, one)
    message = await picture(world, channel, first)
    made = caption(channel, message.event_id, file(second, thumbnail_uri=small))
    await db.call("record_edit", **made)
    await db.call(
        "record_edit_redaction",
        room_id=channel.room_id,
        event_id=message.event_id,
        redacted_event_id=made["event_id"],
        content_preview="A cat",
        edit_event_id=None,
        edited_at=None,
    )
    assert await readable(db, channel, BOB, first, second, small) == [] and await waiting(db) == {}
    # When Matrix is there again, what the message shows is no replaced content any more.
    again = {"id": message.id, "edit_event_id": None, "search": None, "file": file(first)}
    await db.call("record_reindexed", channel_id=channel.id, messages=json.dumps([again]))
    assert await readable(db, channel, BOB, first, second, small) == [first]
    await world.delete(channel, message)
    await due(db)
    assert sorted(await claimed(db)) == sorted([first, second, small])


async def test_however_much_was_replaced_all_of_it_goes(world: World, db: Database) -> None:
    channel = await world.channel()
    uris = [content() for _ in range(230)]
    message = await picture(world, channel, uris[0])
    for n, uri in enumerate(uris[1:]):
        await db.call("record_edit", **caption(channel, message.event_id, file(uri), origin_ts=10**15 + n))
    await world.delete(channel, message)
    # So many at once, and the rest goes on whenever content is asked for, until there is none.
    assert len(await waiting(db)) == 101
    assert await db.call("is_content_due") == {"is_due": True}
    relays = await db.sessions(2)
    for _ in range(2):
        await asyncio.gather(*(claimed(relay) for relay in relays))
    assert (await waiting(db)).keys() == set(uris)
    assert await db.call("is_content_due") == {"is_due": False}
    assert await db.value("SELECT count(*) FROM messaging.replaced_content") == 0


async def test_content_waits_for_pushes_that_are_late(world: World, db: Database) -> None:
    channel, uri = await world.channel(), content()
    await uploaded(db, channel, uri)
    await world.delete(channel, await picture(world, channel, uri))
    later = "UPDATE messaging.content_to_delete SET due_at = due_at - make_interval(mins => $1)"
    await db.execute(later, 9)
    assert await db.call("is_content_due") == {"is_due": False} and await claimed(db) == []
    # What a Matrix client has sent before the deletion is pushed.
    message = await picture(world, channel, uri)
    await db.execute(later, 1)
    assert await db.call("is_content_due") == {"is_due": True}
    assert await claimed(db) == [] and await waiting(db) == {}
    await world.delete(channel, message)
    await due(db)
    assert await claimed(db) == [uri]


async def test_two_deletions_at_once_leave_no_content_behind(world: World, db: Database) -> None:
    uri = content()
    channels = [await world.channel() for _ in range(4)]
    await uploaded(db, channels[0], uri)
    messages = [await picture(world, channel, uri) for channel in channels]
    sessions = await db.sessions(4)
    await asyncio.gather(
        *(
            session.call("record_redaction", **redaction(channel, message.event_id))
            for session, channel, message in zip(sessions, channels, messages, strict=True)
        )
    )
    await due(db)
    found = await asyncio.gather(*(claimed(session) for session in sessions))
    assert [uri for some in found for uri in some] == [uri], "and one deletes it"


async def test_what_is_sent_again_meanwhile_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    uri = content()
    await uploaded(db, channel, uri)
    await world.delete(channel, await picture(world, channel, uri))
    await picture(world, channel, uri)
    await due(db)
    assert await claimed(db) == [] and await waiting(db) == {}


async def test_a_failed_deletion_waits_longer_each_time(world: World, db: Database) -> None:
    channel = await world.channel()
    uri = content()
    await uploaded(db, channel, uri)
    await world.delete(channel, await picture(world, channel, uri))
    waits = "SELECT round(extract(epoch FROM due_at - now()))::integer FROM messaging.content_to_delete"
    waited = []
    for _ in range(10):
        await due(db)
        assert await claimed(db) == [uri]
        waited.append(await db.value(waits))
    assert [round(seconds / 30) for seconds in waited] == [1, 2, 4, 8, 16, 32, 64, 128, 128, 128]
