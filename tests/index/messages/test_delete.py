"""prepare_deletion and record_redaction."""

import asyncio

from harness.database import Database
from harness.world import NOWHERE, OWNER, World, edit, pushed, redaction


async def test_a_deleted_message_keeps_its_place_and_loses_its_text(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_preview="secret", pushed_content={"body": "secret"})
    prepared = await db.call("prepare_deletion", **channel.by(OWNER), message_id=message.id)
    assert prepared == {"room_id": channel.room_id, "event_id": message.event_id, "is_deleted": False}
    assert await db.call("record_redaction", **redaction(channel, message.event_id)) is None
    assert "secret" not in str(await db.contents())
    [event] = await db.events(channel.id, "messaging.message.deleted")
    assert (event["message_id"], event["actor_id"], event["message"]["seq"]) == (message.id, OWNER, message.seq)
    prepared = await db.call("prepare_deletion", **channel.by(OWNER), message_id=message.id)
    assert prepared["is_deleted"] is True


async def test_the_log_is_purged_in_the_order_in_which_the_publisher_locks_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    rows = await db.rows(
        "SELECT id FROM public.outbox WHERE channel_id = $1 AND seq = $2 ORDER BY id", channel.id, message.seq
    )
    first, second = (row["id"] for row in rows)
    publisher, deleting = await db.sessions(2)
    lock = "SELECT FROM public.outbox WHERE id = $1 FOR NO KEY UPDATE NOWAIT"
    async with publisher.transaction():
        await publisher.execute(lock, first)
        deletion = asyncio.create_task(deleting.call("record_redaction", **redaction(channel, message.event_id)))
        await db.waiting(deleting)
        # Whoever waits for the first one has not locked the second.
        await publisher.execute(lock, second)
    await deletion


async def test_the_redaction_of_an_edit_locks_the_log_in_the_publishers_order(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    shown_edit = edit(channel, message.event_id)
    await db.call("record_edit", **shown_edit)
    rows = await db.rows(
        "SELECT id FROM public.outbox WHERE channel_id = $1 AND seq >= $2 ORDER BY id", channel.id, message.seq
    )
    publisher, redacting = await db.sessions(2)
    lock = "SELECT FROM public.outbox WHERE id = $1 FOR NO KEY UPDATE NOWAIT"
    redacted = {"room_id": channel.room_id, "event_id": message.event_id, "redacted_event_id": shown_edit["event_id"]}
    restored = {"content_preview": "first", "edit_event_id": None, "edited_at": None}
    async with publisher.transaction():
        await publisher.execute(lock, rows[0]["id"])
        purge = asyncio.create_task(redacting.call("record_edit_redaction", **redacted, **restored))
        await db.waiting(redacting)
        # Whoever waits for the first one has not locked the last, which shows the edit.
        await publisher.execute(lock, rows[-1]["id"])
    await purge


async def test_a_message_is_deleted_once(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    sessions = await db.sessions(4)
    arguments = redaction(channel, message.event_id)
    await asyncio.gather(*(session.call("record_redaction", **arguments) for session in sessions))
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.deleted"]


async def test_managers_delete_others_messages_and_members_their_own(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    await world.member(channel, "user:mia")
    await world.member(channel, "user:wim", can_write=False)
    message, hers = await world.message(channel, "user:wim"), await world.message(channel, "user:mia")
    for who, message_id in (
        ("user:adam", message.id),
        (OWNER, message.id),
        ("user:wim", message.id),
        ("user:mia", hers.id),
    ):
        assert await db.call("prepare_deletion", **channel.by(who), message_id=message_id), who
    assert await db.refusal("prepare_deletion", **channel.by("user:mia"), message_id=message.id) == "cannot_delete"


async def test_refusals_of_a_deletion(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(channel, "user:lea", state="left")
    message, secret = await world.message(channel), await world.message(private)
    cases = [
        ("channel_not_found", private.by("user:sam"), secret.id),
        ("message_not_found", channel.by(OWNER), secret.id),
        ("message_not_found", channel.by(OWNER), NOWHERE),
        ("cannot_delete", channel.by("user:sam"), message.id),
        ("cannot_delete", channel.by("user:lea"), message.id),
    ]
    for expected, caller, message_id in cases:
        assert await db.refusal("prepare_deletion", **caller, message_id=message_id) == expected
    hers = await world.message(channel, "user:mia")
    await world.archive(channel)
    assert await db.refusal("prepare_deletion", **channel.by(OWNER), message_id=hers.id) == "channel_archived"


async def test_senders_delete_their_own_when_they_are_gone_and_when_the_channel_is(world: World, db: Database) -> None:
    for visibility in ("public", "private"):
        for left_by in ("user:lea", OWNER):
            channel = await world.channel(visibility=visibility)
            await world.member(channel, "user:lea", state="left", left_by=left_by)
            message, another = await world.message(channel, "user:lea"), await world.message(channel)
            for _ in range(2):
                assert await db.call("prepare_deletion", **channel.by("user:lea", []), message_id=message.id)
                await world.archive(channel)
            refused = await db.refusal("prepare_deletion", **channel.by("user:lea", []), message_id=another.id)
            assert refused == ("cannot_delete" if visibility == "public" else "channel_not_found")
    unknown = redaction(channel, message.event_id) | {"room_id": "!unknown:localhost"}
    assert await db.refusal("record_redaction", **unknown) == "channel_not_found"


async def test_the_bot_deletes_for_who_asked_it_to(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    message, other = await world.message(channel, "user:sam"), await world.message(channel, "user:sam")
    await db.call("prepare_deletion", **channel.by("user:adam"), message_id=message.id)
    await db.call("record_redaction", **redaction(channel, message.event_id, "@bot:localhost", by_bot=True))
    # The intent is of one message, and of the person who had it.
    await db.call("prepare_deletion", **channel.by("user:adam"), message_id=other.id)
    await db.call("record_redaction", **redaction(channel, other.event_id, "user:sam"))
    events = await db.events(channel.id, "messaging.message.deleted")
    assert [event["actor_id"] for event in events] == ["user:adam", "user:sam"]


async def test_a_message_that_was_redacted_before_it_came_is_not_indexed(world: World, db: Database) -> None:
    channel = await world.channel()
    arguments = pushed(channel)
    await db.call("record_redaction", **redaction(channel, arguments["event_id"]))
    assert await db.call("record_message", **arguments) == {"inserted": False}
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_deleting_a_message_does_not_read_its_reactions(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.execute(
        """INSERT INTO public.outbox (channel_id, microdao_id, seq, subject, payload)
           SELECT $1, 'microdao:daarion', 1000 + n, 'messaging.reaction.added', jsonb_build_object('message_id', $2::text)
           FROM generate_series(1, 20000) n""",
        channel.id,
        message.id,
    )
    await db.execute("VACUUM ANALYZE public.outbox")
    for _ in range(7):
        async with db.reading("outbox") as read:
            await world.delete(channel, message)
        assert read.rows < 200
        await db.execute("UPDATE public.messages SET deleted_at = NULL")
