"""What deleting reaches: every edit, the log, what waits, and every fingerprint."""

from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, Message, World, at, edit, pushed, redaction, sent

SECRET = "rosebud"


async def edited(world: World, db: Database, count: int) -> tuple[Channel, Message, list[dict[str, Any]]]:
    """A message with so many edits, each with a text of its own."""
    channel = await world.old_channel()
    message = await world.message(channel, content_preview="first", sent_at=at(-3600))
    edits = [
        edit(channel, message.event_id, content_preview=f"{SECRET} {i}.", edited_at=at(i - 3000)) for i in range(count)
    ]
    for arguments in edits:
        await db.call("record_edit", **arguments)
    return channel, message, edits


async def test_every_edit_of_a_deleted_message_is_to_be_redacted(world: World, db: Database) -> None:
    channel, message, edits = await edited(world, db, 45)
    ids = {arguments["event_id"] for arguments in edits}
    left = await db.call("record_redaction", **redaction(channel, message.event_id), edit_event_ids=["$unseen"])
    assert len(left["edits"]) == 20
    redacted: set[str] = set()
    # Each redaction, whoever made it and however often it is told, names the next ones.
    while left:
        redacted.add(left["edits"][-1])
        left = await db.call("record_redaction", **redaction(channel, left["edits"][-1], "@bot:localhost", by_bot=True))
    assert redacted == ids | {"$unseen"}
    assert await db.call("record_redaction", **redaction(channel, message.event_id)) is None
    assert SECRET not in str(await db.contents())
    assert (await db.subjects(channel.id))[-1] == "message.deleted"


async def test_an_edit_that_comes_after_the_deletion_is_told_so(world: World, db: Database) -> None:
    channel, message, _ = await edited(world, db, 0)
    await world.delete(channel, message)
    late = edit(channel, message.event_id, content_preview=SECRET)
    assert (await db.call("record_edit", **late))["deleted_at"]
    assert (await db.call("record_redaction", **redaction(channel, message.event_id))) == {"edits": [late["event_id"]]}
    # Nobody else's edit is a version of it.
    await db.call("record_edit", **edit(channel, message.event_id, "user:sam"))
    assert await db.call("record_redaction", **redaction(channel, late["event_id"])) is None
    assert SECRET not in str(await db.contents())


async def test_an_edit_of_a_message_that_never_gets_indexed_does_not_wait(world: World, db: Database) -> None:
    channel = await world.channel()
    early, late = (edit(channel, "$never", content_preview=SECRET) for _ in range(2))
    await db.outcome("record_edit", **early)
    assert await db.call("record_redaction", **redaction(channel, "$never")) == {"edits": [early["event_id"]]}
    assert (await db.call("record_edit", **late))["deleted_at"]
    assert SECRET not in str(await db.contents())


async def test_edits_that_are_set_aside_go_with_the_message_and_replies_do_not(world: World, db: Database) -> None:
    channel, message, _ = await edited(world, db, 0)
    relations = {
        "$edit": f'{{"rel_type":"m.replace","event_id":"{message.event_id}"}}',
        "$reply": f'{{"m.in_reply_to":{{"event_id":"{message.event_id}"}},"body":"\\"m.replace\\""}}',
        "$other": '{"rel_type":"m.replace","event_id":"$else"}',
    }
    for event_id, relation in relations.items():
        await db.call(
            "note_failed_event",
            event_id=event_id,
            room_id=channel.room_id,
            event_type="m.room.message",
            event=f'{{"content":{{"body":"{SECRET}","m.relates_to":{relation}}}}}',
            reason="none",
            fault="event",
            others=[],
        )
    assert await db.call("record_redaction", **redaction(channel, message.event_id)) == {"edits": ["$edit"]}
    rows = await db.rows("SELECT event_id FROM messaging.set_aside_events ORDER BY 1")
    assert [row[0] for row in rows] == ["$other", "$reply"]


async def test_the_redaction_of_an_earlier_edit_takes_its_text_out_of_the_log(world: World, db: Database) -> None:
    channel, _, edits = await edited(world, db, 3)
    before = await db.events(channel.id)
    assert await db.call("record_redaction", **redaction(channel, edits[1]["event_id"])) is None
    assert f"{SECRET} 1." not in str(await db.contents())
    # The others stay readable, and the message shows what it showed.
    after = await db.events(channel.id)
    assert [e["seq"] for e in after] == [e["seq"] for e in before]
    assert [e.get("preview") for e in after] == [None, "first", f"{SECRET} 0.", "", f"{SECRET} 2."]
    # Neither a copy that comes late nor the newest one's redaction brings it back.
    await db.call("record_edit", **edits[1] | {"edited_at": at(0)})
    assert f"{SECRET} 1." not in str(await db.contents())


async def test_an_edit_that_was_shown_twice_goes_from_both_places(world: World, db: Database) -> None:
    channel, message, edits = await edited(world, db, 2)
    await db.call(
        "record_edit_redaction",
        room_id=channel.room_id,
        event_id=message.event_id,
        redacted_event_id=edits[1]["event_id"],
        content_preview=edits[0]["content_preview"],
        edit_event_id=edits[0]["event_id"],
        edited_at=edits[0]["edited_at"],
    )
    newer = edit(channel, message.event_id, content_preview="newer")
    await db.call("record_edit", **newer)
    await db.call("record_redaction", **redaction(channel, edits[0]["event_id"]))
    assert SECRET not in str(await db.contents())


async def test_the_fingerprint_of_an_edit_goes_with_it(world: World, db: Database) -> None:
    channel, message, _ = await edited(world, db, 0)
    asked = {**channel.by(OWNER), "message_id": message.id, "client_key": "k", "fingerprint": "of-the-text"}
    await db.call("prepare_edit", **asked)
    first = edit(channel, message.event_id, client_key="k", edited_at=at(-60))
    await db.call("record_edit", **first)
    await db.call("record_edit", **edit(channel, message.event_id))
    await db.call("record_redaction", **redaction(channel, first["event_id"]))
    assert "of-the-text" not in str(await db.contents())
    # A retry is told what came of it all the same, and edits nothing.
    assert (await db.call("prepare_edit", **asked))["message"]["id"] == message.id


async def test_the_fingerprint_of_a_message_goes_with_it_and_its_key_stays(world: World, db: Database) -> None:
    channel = await world.channel()
    key = {"client_key": "k", "fingerprint": "of-the-text"}
    arguments = sent(channel, **key)
    message = (await db.call("record_message", **arguments))["message"]
    await db.call("record_redaction", **redaction(channel, message["matrix_event_id"]))
    assert "of-the-text" not in str(await db.contents())
    send = {**channel.by(OWNER), "reply_to": None, "is_encrypted": False, **key}
    assert (await db.call("prepare_send", **send))["message"]["deleted_at"]
    again = {**arguments, "event_id": "$again", "message_id": message["id"]}
    assert (await db.call("record_message", **again))["message"]["id"] == message["id"]


async def test_a_key_works_across_the_two_kinds_of_fingerprint(world: World, db: Database) -> None:
    """A request that an old component began is retried by a new one: the two fingerprints cannot be compared."""
    channel = await world.channel()
    message = (await db.call("record_message", **sent(channel, client_key="k", fingerprint="0a")))["message"]
    send = {**channel.by(OWNER), "reply_to": None, "is_encrypted": False, "client_key": "k"}
    assert (await db.call("prepare_send", **send, fingerprint="2:0a"))["message"]["id"] == message["id"]
    await db.call("record_message", **pushed(channel, client_key="new", fingerprint="2:0a"))
    refused = await db.refusal("prepare_send", **send | {"client_key": "new"}, fingerprint="2:0b")
    assert refused == "idempotency_key_reused"


async def test_a_retry_of_an_edit_is_told_of_the_deletion_that_came_after_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    asked = {**channel.by(OWNER), "message_id": message.id, "client_key": "k", "fingerprint": "one"}
    lost = asked | {"client_key": "lost"}
    for request in (lost, asked):
        await db.call("prepare_edit", **request)
    await db.call("record_edit", **edit(channel, message.event_id, client_key="k"))
    await world.delete(channel, message)
    again = await db.call("prepare_edit", **asked)
    assert again["message"]["deleted_at"] and again["message"]["content_preview"] == ""
    # Of this one nothing has come.
    assert await db.refusal("prepare_edit", **lost) == "message_deleted"
