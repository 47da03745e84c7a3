"""What a message shows of its file, in every document and event, and what an edit or a deletion makes of it."""

from __future__ import annotations

import itertools
import json
from typing import Any

from harness.database import Database
from harness.files import caption, content, file, of_kind, picture, shown
from harness.world import EVERY, OWNER, World, edit, pushed, redaction, sent


async def test_every_document_and_event_of_a_message_has_its_file(world: World, db: Database) -> None:
    channel = await world.channel()
    uri, small = content(), content()
    said = file(uri, thumbnail_uri=small, voice={"waveform": [0, 1024]})
    root = await world.message(channel)
    message = await world.message(channel, **of_kind("audio", said), reply_to_event_id=root.event_id)
    text = await world.message(channel, **of_kind("text", None))
    assert await shown(db, channel, message) == said
    assert await shown(db, channel, text) is None
    page = await db.call("list_messages", **channel.by(OWNER), limit=9, before=None, after=None, thread_id=None)
    assert [item["file"] for item in page["items"]] == [None, said, None]
    replies = await db.call("list_messages", **channel.by(OWNER), limit=9, before=None, after=None, thread_id=root.id)
    assert [item["file"] for item in replies["items"]] == [said]
    events = await db.events(channel.id, "messaging.message.created")
    assert [event["message"]["file"] for event in events] == [None, said, None]
    last = await picture(world, channel, uri)
    listed = await db.call(
        "list_channels", caller=OWNER, microdaos=EVERY, microdao_id=None, limit=9, before_time=None, before_id=None
    )
    [here] = [item for item in listed["items"] if item["id"] == channel.id]
    assert here["last_message"]["id"] == last.id and here["last_message"]["file"] == file(uri)


async def test_both_writers_end_in_one_file_whoever_is_first(world: World, db: Database) -> None:
    channel = await world.channel()
    for api_first, knows in itertools.product((True, False), repeat=2):
        uri = content()
        said = of_kind("image", file(uri))
        push = pushed(channel, **said)
        api = sent(channel, **{**said, "event_id": push["event_id"], "message_id": push["message_id"]})
        first, second = (api, push) if api_first else (push, api)
        # One of an earlier version says nothing of files.
        first = first if knows else first | {"file": None}
        for call in (first, second, second):
            document = await db.call("record_message", **call)
        assert document["message"]["file"] == file(uri), (api_first, knows)
        assert await db.value("SELECT count(*) FROM messaging.message_files WHERE content_uri = $1", uri) == 1


async def test_an_edit_changes_the_caption_and_keeps_the_file(world: World, db: Database) -> None:
    channel = await world.channel()
    uri = content()
    message = await picture(world, channel, uri)
    # As the API and Element say it, with the file; and by a client that says nothing of it.
    for n, said in enumerate((file(uri), None, file(uri, width=1))):
        document = await db.call(
            "record_edit", **caption(channel, message.event_id, said, origin_ts=10**15 + n, content_preview=f"text {n}")
        )
        assert (document["content_preview"], document["content_type"]) == (f"text {n}", "image")
        assert document["file"] == (file(uri, width=1) if n == 2 else file(uri))
    # Another person's edit changes nothing, whatever it brings.
    other = caption(channel, message.event_id, file(content()), "user:eve", origin_ts=10**15 + 9)
    assert (await db.call("record_edit", **other))["file"] == file(uri, width=1)
    # What is text in the end shows no file.
    words = edit(channel, message.event_id, **of_kind("text", None), origin_ts=10**15 + 10)
    assert (await db.call("record_edit", **words))["file"] is None


async def test_an_edit_that_comes_before_its_message_brings_its_file(world: World, db: Database) -> None:
    channel = await world.channel()
    first, second = content(), content()
    await db.outcome("record_edit", **caption(channel, "$late", file(second, filename="new.png")))
    message = await world.message(channel, event_id="$late", **of_kind("image", file(first)))
    assert await shown(db, channel, message) == file(second, filename="new.png")


async def test_the_redaction_of_an_edit_shows_what_was_there_before(world: World, db: Database) -> None:
    channel = await world.channel()
    first, second = content(), content()
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"content_type": "image", "file": json.dumps(file(first))}, file(first)),
        ({"content_type": "text", "file": None}, None),
        # Matrix has not said what it is: nothing is shown that was taken back.
        ({"content_type": None, "file": None}, None),
    ]
    for restored, expected in cases:
        message = await picture(world, channel, first)
        made = caption(channel, message.event_id, file(second))
        await db.call("record_edit", **made)
        assert await shown(db, channel, message) == file(second)
        redacted = {"room_id": channel.room_id, "event_id": message.event_id, "redacted_event_id": made["event_id"]}
        await db.call(
            "record_edit_redaction", **redacted, **restored, content_preview="A cat", edit_event_id=None, edited_at=None
        )
        assert await shown(db, channel, message) == expected
        told = await db.events(channel.id, "messaging.message.updated")
        assert told[-1]["message"]["file"] == expected
        of_it = [event["message"]["file"] for event in told if event["message_id"] == message.id]
        assert file(second) not in of_it, "the log forgets what was taken back"


async def test_a_deletion_takes_the_file_from_everywhere(world: World, db: Database) -> None:
    channel = await world.channel()
    uri, small = content(), content()
    message = await picture(world, channel, uri, filename="secret.png", thumbnail_uri=small)
    await db.call("record_edit", **caption(channel, message.event_id, file(uri, filename="secret.png")))
    await db.call("record_redaction", **redaction(channel, message.event_id))
    assert await shown(db, channel, message) is None
    everything = await db.contents()
    everything = {table: rows for table, rows in everything.items() if "content_to_delete" not in table}
    assert "secret.png" not in str(everything) and uri not in str(everything)
    # What comes late of it brings nothing back.
    await db.outcome("record_edit", **caption(channel, message.event_id, file(uri), origin_ts=10**15))
    again = pushed(channel, event_id=message.event_id, **of_kind("image", file(uri)))
    assert (await db.call("record_message", **again))["message"]["file"] is None
    assert await shown(db, channel, message) is None
    # So it is with one that is redacted before it comes.
    await db.call("record_redaction", **redaction(channel, "$early"))
    early = pushed(channel, event_id="$early", **of_kind("image", file(uri)))
    assert await db.call("record_message", **early) == {"inserted": False}
    assert await db.value("SELECT count(*) FROM messaging.message_files WHERE content_uri = $1", uri) == 0


async def test_a_file_in_an_encrypted_channel_has_no_name(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    uri = content()
    message = await picture(world, channel, uri, filename="secret.png")
    assert await shown(db, channel, message) == file(uri, filename=None)
    await db.outcome("record_edit", **caption(channel, "$later", file(uri, filename="secret.png")))
    late = await world.message(channel, event_id="$later", **of_kind("image", file(uri)))
    assert await shown(db, channel, late) == file(uri, filename=None)
    assert "secret.png" not in str(await db.contents())
    ciphertext = await world.message(channel, matrix_type="m.room.encrypted", content_preview="")
    assert await shown(db, channel, ciphertext) is None


async def test_what_was_indexed_without_its_file_gets_it_when_it_is_read_again(world: World, db: Database) -> None:
    channel = await world.channel()
    uri = content()
    message = await world.message(channel, **of_kind("image", None))
    assert await shown(db, channel, message) is None
    search = {"analysis": 1, "has_link": False, "lexemes": ""}
    read = [{"id": message.id, "edit_event_id": None, "search": search, "file": file(uri)}]
    await db.call("record_reindexed", channel_id=channel.id, messages=json.dumps(read))
    assert await shown(db, channel, message) == file(uri)
    await db.call("record_reindexed", channel_id=channel.id, messages=json.dumps([read[0] | {"file": None}]))
    assert await shown(db, channel, message) == file(uri)
