"""prepare_edit, record_edit and find_message_of_edit."""

import asyncio
from typing import Any

from harness.database import Database
from harness.edits import shown
from harness.world import NOWHERE, OWNER, World, edit, pushed


async def test_the_sender_edits(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_preview="first")
    prepared = await db.call("prepare_edit", **channel.by(OWNER), message_id=message.id)
    there = {"room_id": channel.room_id, "event_id": message.event_id, "content_type": "text", "mentions": []}
    assert prepared == {**there, "asked_at": None}
    document = await db.call("record_edit", **edit(channel, message.event_id, content_preview="second"))
    assert (document["content_preview"], document["seq"]) == ("second", message.seq)
    [event] = await db.events(channel.id, "messaging.message.updated")
    assert event["message"] == document and event["seq"] == 3


async def test_refusals_of_an_edit(world: World, db: Database) -> None:
    channel, private, encrypted = (
        await world.channel(),
        await world.channel(visibility="private"),
        await world.channel(is_encrypted=True),
    )
    for who, columns in {"user:mia": {}, "user:wim": {"can_write": False}, "user:lea": {"state": "left"}}.items():
        await world.member(channel, who, **columns)
    mine, secret, sealed = await world.message(channel), await world.message(private), await world.message(encrypted)
    deleted = await world.message(channel)
    await world.delete(channel, deleted)
    by = {who: (await world.message(channel, who)).id for who in ("user:wim", "user:lea")}
    cases = [
        ("channel_not_found", private.by("user:sam"), secret.id),
        ("message_not_found", channel.by(OWNER), secret.id),
        ("message_not_found", channel.by(OWNER), NOWHERE),
        ("not_the_sender", channel.by("user:mia"), mine.id),
        ("message_deleted", channel.by(OWNER), deleted.id),
        ("not_a_member", channel.by("user:lea"), by["user:lea"]),
        ("cannot_write", channel.by("user:wim"), by["user:wim"]),
        ("channel_encrypted", encrypted.by(OWNER), sealed.id),
    ]
    for expected, caller, message_id in cases:
        assert await db.refusal("prepare_edit", **caller, message_id=message_id) == expected
    # Ciphertext replaces only ciphertext, in a channel that takes it.
    for expected, caller, message_id in [
        ("channel_not_encrypted", channel.by(OWNER), mine.id),
        ("message_not_encrypted", encrypted.by(OWNER), sealed.id),
    ]:
        assert await db.refusal("prepare_edit", **caller, message_id=message_id, is_encrypted=True) == expected
    await world.archive(channel)
    assert await db.refusal("prepare_edit", **channel.by(OWNER), message_id=mine.id) == "channel_archived"


async def test_a_retry_of_an_edit_is_told_what_came_of_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message, other = await world.message(channel), await world.message(channel)
    asked: dict[str, Any] = {**channel.by(OWNER), "message_id": message.id, "client_key": "k", "fingerprint": "one"}
    prepared = await db.call("prepare_edit", **asked)
    # Cut off before it was recorded: the retry has the time of the first try, so it undoes no edit made in between.
    assert await db.call("prepare_edit", **asked) == prepared and prepared["asked_at"]
    assert await db.refusal("prepare_edit", **asked | {"fingerprint": "two"}) == "idempotency_key_reused"
    between = edit(channel, message.event_id, content_preview="between")
    await db.call("record_edit", **between)
    late = edit(channel, message.event_id, content_preview="late", edited_at=prepared["asked_at"], client_key="k")
    document = await db.call("record_edit", **late)
    assert document["content_preview"] == "between"
    # Recorded: nothing is to be done any more.
    again = await db.call("prepare_edit", **asked)
    assert again["message"] == document
    assert await db.refusal("prepare_edit", **asked | {"fingerprint": "two"}) == "idempotency_key_reused"
    assert "message" not in await db.call("prepare_edit", **asked | {"message_id": other.id, "fingerprint": "two"})


async def test_two_edits_with_one_key_at_the_same_time_are_one(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    sessions = await db.sessions(4)
    asked: dict[str, Any] = {**channel.by(OWNER), "message_id": message.id, "client_key": "k"}
    outcomes = await asyncio.gather(
        *(s.call("prepare_edit", **asked, fingerprint=f"f{n}") for n, s in enumerate(sessions)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1, outcomes


async def test_the_fingerprints_of_edits_go_with_the_message(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    asked = {**channel.by(OWNER), "message_id": message.id, "client_key": "k", "fingerprint": "hash-of-the-text"}
    await db.call("prepare_edit", **asked)
    await world.delete(channel, message)
    assert "hash-of-the-text" not in str(await db.contents())


async def test_an_edit_says_whether_its_preview_leaves_something_out_and_a_deletion_takes_it_back(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    document = await db.call("record_edit", **edit(channel, message.event_id, content_preview="x" * 501))
    assert (len(document["content_preview"]), document["truncated"]) == (500, True)
    await world.delete(channel, message)
    [event] = await db.events(channel.id, "messaging.message.deleted")
    assert event["message"]["truncated"] is False
    [before] = await db.events(channel.id, "messaging.message.updated")
    assert (before["message"]["content_preview"], before["message"]["truncated"]) == ("", False)


async def test_an_edit_is_never_older_than_its_message(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("record_edit", **edit(channel, message.event_id, edited_at="1970-01-01T00:00:00.002Z"))
    document = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    assert document["edited_at"] == document["created_at"]


async def test_an_edit_is_recorded_once(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    arguments = edit(channel, message.event_id)
    sessions = await db.sessions(4)
    await asyncio.gather(*(session.call("record_edit", **arguments) for session in sessions))
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.updated"]


async def test_nobody_edits_for_another_or_a_deleted_message(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_preview="mine")
    await db.call("record_edit", **edit(channel, message.event_id, "user:sam"))
    assert await shown(db, channel, message) == ("mine", False)
    await world.delete(channel, message)
    await db.call("record_edit", **edit(channel, message.event_id))
    assert await shown(db, channel, message) == ("", False)
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.deleted"]


async def test_an_edit_in_an_encrypted_channel_has_no_text(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    message = await world.message(channel)
    await db.call("record_edit", **edit(channel, message.event_id, content_preview="secret"))
    await db.outcome("record_edit", **edit(channel, "$later", content_preview="secret"))
    assert await shown(db, channel, message) == ("", True)
    assert "secret" not in str(await db.contents())


async def test_an_edit_of_a_message_that_is_not_there_waits_for_it(world: World, db: Database) -> None:
    channel = await world.channel()
    assert (await db.outcome("record_edit", **edit(channel, "$later"))).refusal == "message_not_found"
    assert await db.value("SELECT count(*) FROM messaging.pending_relations") == 1
    unknown = edit(channel, "$later") | {"room_id": "!unknown:localhost"}
    assert await db.refusal("record_edit", **unknown) == "message_not_found"


async def test_an_edit_of_a_reply_is_shown_without_the_copy_of_what_it_answers(world: World, db: Database) -> None:
    """Whichever came first. Of another message the same lines are what its sender says."""
    channel = await world.channel()
    target = await world.message(channel)
    kinds = (
        {"reply_to_event_id": target.event_id},
        {"reply_to_event_id": "$never"},
        {"thread_event_id": target.event_id},
    )
    for relations, expected in zip((*kinds, {}), ("Hi", "Hi", "> <@a:x> Hello", "> <@a:x> Hello"), strict=True):
        previews = {"content_preview": "> <@a:x> Hello", "unquoted_preview": "Hi"}
        message = await world.message(channel, **relations)
        document = await db.call("record_edit", **edit(channel, message.event_id, **previews))
        assert document["content_preview"] == expected, relations
        late = pushed(channel, **relations)
        assert await db.outcome("record_edit", **edit(channel, late["event_id"], **previews)) == (
            "message_not_found",
            None,
        )
        await db.call("record_message", **late)
        [*_, told] = await db.events(channel.id, "messaging.message.updated")
        assert (told["message"]["matrix_event_id"], told["content_preview"]) == (late["event_id"], expected)
    secret = await world.channel(is_encrypted=True)
    previews = {"content_preview": "> <@a:x> secret", "unquoted_preview": "secret"}
    await db.outcome("record_edit", **edit(secret, "$late", **previews))
    assert "secret" not in str(await db.contents())
