"""The row that a message is found by is kept by the statements that write the message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.database import Database
from harness.search import awaiting, entry, marks, words
from harness.world import DAO, OWNER, Channel, World, edit, pushed, redaction, sent

ROW = """
SELECT s.channel_id = m.channel_id AND s.created_at = m.created_at AND s.analysis = 1
FROM messaging.message_search s JOIN public.messages m ON m.id = s.message_id
"""


async def recorded(db: Database, channel: Channel, text: str, **changes: Any) -> str:
    """A message that was pushed; its event."""
    message = pushed(channel, content_preview=text, search=entry(text), **changes)
    await db.call("record_message", **message)
    return message["event_id"]


async def test_the_row_is_there_with_the_message_whoever_records_it(world: World, db: Database) -> None:
    channel = await world.old_channel()
    both = sent(channel, search=entry("так само"))
    await db.call("record_message", **both)
    await db.call("record_message", **pushed(channel, event_id=both["event_id"], search=entry("так само")))
    assert await words(db, both["event_id"]) == {"так", "само"}
    await recorded(db, channel, "second", sent_at="2020-01-31T23:30:00-01:00")
    assert [row[0] for row in await db.rows(ROW)] == [True, True]
    assert await awaiting(db) == []


async def test_an_edit_takes_the_rows_place_and_an_older_one_does_not(world: World, db: Database) -> None:
    channel = await world.channel()
    event = await recorded(db, channel, "first words")
    new = edit(channel, event, content_preview="second", search=entry("second", has_link=True))
    await db.call("record_edit", **new)
    assert await words(db, event) == {"second"}
    assert await marks(db, event) == {f":from {OWNER}", ":has link"}
    await db.call("record_edit", **new)
    await db.call("record_edit", **edit(channel, event, edited_at="2020-01-01T00:00:00Z", search=entry("older")))
    await db.call("record_edit", **edit(channel, event, "user:sam", search=entry("somebody")))
    await db.call("record_edit", **edit(channel, event, content_preview=None, search=None))
    assert await words(db, event) == {"second"}
    assert await awaiting(db) == []


async def test_an_edit_of_a_reply_is_found_without_the_copy_of_what_it_answers(world: World, db: Database) -> None:
    channel = await world.channel()
    first = await recorded(db, channel, "question")
    for target, found in [
        (await recorded(db, channel, "answer", reply_to_event_id=first), {"better"}),
        (await recorded(db, channel, "quoting"), {"question", "better"}),
    ]:
        texts = {"content_preview": "> question\n\nbetter", "unquoted_preview": "better"}
        both = {"search": entry("question better"), "unquoted_search": entry("better")}
        await db.call("record_edit", **edit(channel, target, **texts, **both))
        assert await words(db, target) == found


async def test_an_edit_that_came_before_its_message_is_found(world: World, db: Database) -> None:
    channel = await world.channel()
    message = pushed(channel, search=entry("first"))
    both = {"unquoted_preview": "second", "search": entry("quoted second"), "unquoted_search": entry("second")}
    early = edit(channel, message["event_id"], content_preview="> quoted\n\nsecond", **both)
    assert (await db.outcome("record_edit", **early)).refusal == "message_not_found"
    await db.call("record_message", **message)
    assert await words(db, message["event_id"]) == {"quoted", "second"}
    reply = pushed(channel, search=entry("first"), reply_to_event_id=message["event_id"])
    assert (
        await db.outcome("record_edit", **early | {"target_event_id": reply["event_id"], "event_id": "$e2"})
    ).refusal
    await db.call("record_message", **reply)
    assert await words(db, reply["event_id"]) == {"second"}
    # From a component that knew nothing of search.
    message = pushed(channel, search=entry("first"))
    await db.outcome("record_edit", **edit(channel, message["event_id"], content_preview="second"))
    await db.call("record_message", **message)
    assert await words(db, message["event_id"]) is None
    assert await awaiting(db) == [message["event_id"]]


async def test_a_redacted_edit_is_not_found_and_what_was_before_it_is(world: World, db: Database) -> None:
    channel = await world.channel()
    event = await recorded(db, channel, "first")
    new = edit(channel, event, content_preview="second", search=entry("second"))
    await db.call("record_edit", **new)
    undone = {
        "room_id": channel.room_id,
        "event_id": event,
        "redacted_event_id": new["event_id"],
        "content_preview": "first",
        "edit_event_id": None,
        "edited_at": None,
    }
    await db.call("record_edit_redaction", **undone, search=entry("first"))
    assert await words(db, event) == {"first"}
    # Matrix did not say what was before: then nothing is found, until somebody has read it.
    await db.call("record_edit", **new | {"event_id": "$another"})
    await db.call("record_edit_redaction", **undone | {"redacted_event_id": "$another", "content_preview": ""})
    assert await words(db, event) is None
    assert await awaiting(db) == [event]


async def test_nothing_of_a_deleted_message_is_left(world: World, db: Database) -> None:
    channel = await world.channel()
    event = await recorded(db, channel, "пароль")
    await db.call("record_edit", **edit(channel, event, content_preview="пароль2", search=entry("пароль2")))
    await db.call("record_redaction", **redaction(channel, event))
    assert "пароль" not in str(await db.contents())
    assert await words(db, event) is None and await awaiting(db) == []
    # Late and repeated pushes bring nothing back.
    await db.call("record_edit", **edit(channel, event, content_preview="пароль3", search=entry("пароль3")))
    late = pushed(channel, event_id=event, content_preview="пароль", search=entry("пароль"))
    await db.call("record_message", **late)
    assert "пароль" not in str(await db.contents())


async def test_a_redaction_that_came_first_takes_what_waits(world: World, db: Database) -> None:
    channel = await world.channel()
    message = pushed(channel, content_preview="пароль", search=entry("пароль"))
    early = edit(channel, message["event_id"], content_preview="пароль2", search=entry("пароль2"))
    assert (await db.outcome("record_edit", **early)).refusal == "message_not_found"
    await db.call("record_redaction", **redaction(channel, message["event_id"]))
    await db.call("record_message", **message)
    assert "пароль" not in str(await db.contents())


async def test_what_is_encrypted_has_no_row(world: World, db: Database) -> None:
    sealed, plain = await world.channel(is_encrypted=True), await world.channel()
    cipher = {"matrix_type": "m.room.encrypted", "content_preview": ""}
    for channel, changes in [(sealed, cipher), (sealed, {"content_preview": "open"}), (plain, cipher)]:
        message = pushed(channel, **changes, search=entry("secret"))
        await db.call("record_message", **message)
        changed = {"content_preview": "", "matrix_type": message["matrix_type"], "search": entry("secret")}
        await db.call("record_edit", **edit(channel, message["event_id"], **changed))
        assert await words(db, message["event_id"]) is None
    early = edit(sealed, "$later", content_preview="", search=entry("secret"), unquoted_search=entry("secret"))
    await db.outcome("record_edit", **early)
    assert await awaiting(db) == [] and "secret" not in str(await db.contents())


async def test_what_was_said_before_a_channel_was_encrypted_is_found_until_it_is_edited(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    kept, changed = await recorded(db, channel, "kept"), await recorded(db, channel, "changed")
    await db.call("record_encryption", room_id=channel.room_id, sender_id=OWNER)
    await db.call("record_edit", **edit(channel, changed, content_preview="open", search=entry("open")))
    assert (await words(db, kept), await words(db, changed)) == ({"kept"}, None)
    assert await awaiting(db) == []


async def test_components_that_know_nothing_of_search_leave_it_to_reindex(world: World, db: Database) -> None:
    channel, sealed = await world.channel(), await world.channel(is_encrypted=True)
    old = pushed(channel)
    await db.call("record_message", **old)
    await db.call("record_message", **pushed(sealed))
    event = await recorded(db, channel, "first")
    await db.call("record_edit", **edit(channel, event, content_preview="second"))
    assert await words(db, event) is None, "what it says no more is not found"
    assert await awaiting(db) == [old["event_id"], event]
    # The other one of the two that record a message knows of it.
    await db.call("record_message", **old | {"search": entry("text")})
    assert await words(db, old["event_id"]) == {"text"} and await awaiting(db) == [event]
    # But not what it says by now.
    await db.call("record_message", **pushed(channel, event_id=event, search=entry("first")))
    assert await words(db, event) is None


async def test_a_lexeme_that_postgresql_cannot_read_records_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    broken = {"analysis": 1, "has_link": False, "lexemes": "'open:1"}
    before = await db.contents()
    with pytest.raises(Exception, match="syntax error in tsvector"):
        await db.call("record_message", **pushed(channel, search=broken))
    assert await db.contents() == before


async def test_many_at_once_have_their_rows(world: World, db: Database) -> None:
    channel = await world.channel()
    sessions = await db.sessions(4)
    messages = [sent(channel, search=entry(f"word{n} common")) for n in range(40)]
    twice = [message for message in messages for _ in range(2)]
    turns = [session.call("record_message", **m) for session, m in zip(sessions * 20, twice, strict=True)]
    await asyncio.gather(*(one_after_the_other(turns[n::4]) for n in range(4)))
    assert await db.value("SELECT count(*) FROM messaging.message_search WHERE lexemes @@ 'common'::tsquery") == 40


async def one_after_the_other(calls: list[Any]) -> None:
    for call in calls:
        await call


async def test_rows_go_with_their_channel(world: World, db: Database) -> None:
    channel = await world.channel(microdao_id=DAO)
    await recorded(db, channel, "words")
    await db.execute("DELETE FROM public.channels WHERE id = $1", channel.id)
    assert await db.value("SELECT count(*) FROM messaging.message_search") == 0


async def test_marks_follow_what_an_edit_changes(world: World, db: Database) -> None:
    channel = await world.channel()
    event = await recorded(db, channel, "first", mentions=["user:mia"], content_type="image")
    assert await marks(db, event) == {f":from {OWNER}", ":has image", ":mentions user:mia"}
    new = {"content_preview": "second", "search": entry("second"), "mentions": ["user:sam"], "content_type": "text"}
    await db.call("record_edit", **edit(channel, event, **new))
    assert await marks(db, event) == {f":from {OWNER}", ":mentions user:sam"}


async def test_mentions_that_the_push_did_not_carry_are_marked_when_the_api_tells_them(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    message = sent(channel, search=entry("words"), mentions=["user:mia"])
    await db.call("record_message", **pushed(channel, event_id=message["event_id"], search=entry("words")))
    await db.call("record_message", **message)
    assert await marks(db, message["event_id"]) == {f":from {OWNER}", ":mentions user:mia"}
    assert await words(db, message["event_id"]) == {"words"}
