"""Messages that have had their time: redacted in Matrix first, then gone here as by any deletion."""

from __future__ import annotations

import asyncio

from harness.database import Database, Session
from harness.life import BOT, aged, claim, end, keeping, living, look_now, note, remove_all
from harness.pins import pin, pinned, told
from harness.previews import change, linked
from harness.world import OWNER, World, at, edit, membership, pushed, reaction, redaction

MIA = "user:mia"


async def test_what_is_older_goes_with_everything_that_belongs_to_it(world: World, db: Database) -> None:
    channel = await keeping(world)
    await db.call("record_membership", **membership(channel, MIA, "join"))
    old = await linked(world, channel, content_preview="secret", pushed_content={"body": "secret"})
    changed = edit(channel, old.event_id, content_preview="secret too")
    await db.call("record_edit", **changed)
    thumb, flag = [reaction(channel, old.event_id, MIA, emoji) for emoji in "👍🏁"]
    for each in (thumb, flag):
        await db.call("record_reaction", **each)
    await pin(db, channel, old)
    new = await world.message(channel)
    await aged(db, old)
    first, *others = await remove_all(db)
    assert first == old.event_id and set(others) == {thumb["event_id"], flag["event_id"], changed["event_id"]}
    assert await living(db, channel) == [new.event_id] and await pinned(db, channel) == []
    assert "secret" not in str(await db.contents())
    for table in ("message_search", "message_previews"):
        assert await db.value(f"SELECT count(*) FROM messaging.{table} WHERE message_id = $1", old.id) == 0
    assert await db.value("SELECT count(*) FROM public.message_reactions") == 0
    [event] = await db.events(channel.id, "messaging.message.deleted")
    assert (event["message_id"], event["actor_id"], event["message"]["content_preview"]) == (old.id, BOT, "")
    document = await db.call("get_channel", **channel.by(MIA))
    assert (document["last_message"]["id"], document["unread_count"]) == (new.id, 1)
    assert await db.value("SELECT count(*) FROM messaging.removals") == 0
    await db.subjects(channel.id)


async def test_state_of_the_room_and_what_is_young_stay(world: World, db: Database) -> None:
    channel = await keeping(world, 7)
    young = await world.message(channel)
    await aged(db, young, days=6.9)
    before = await db.audit(channel.id)
    assert await remove_all(db) == [] and await db.audit(channel.id) == before
    assert await living(db, channel) == [young.event_id]


async def test_files_are_released_as_by_any_deletion(world: World, db: Database) -> None:
    channel = await keeping(world)
    file = {"content_uri": "mxc://localhost/abc", "thumbnail_uri": None, "filename": "a.txt"}
    old = await world.message(channel, content_type="file", file=file)
    await aged(db, old)
    await remove_all(db)
    assert await db.value("SELECT count(*) FROM messaging.message_files") == 0
    assert await db.value("SELECT content_uri FROM messaging.content_to_delete") == "mxc://localhost/abc"


async def test_an_archived_and_an_encrypted_channel_are_no_exceptions(world: World, db: Database) -> None:
    archived, encrypted = await keeping(world), await keeping(world, is_encrypted=True)
    old = await world.message(archived)
    secret = await world.message(encrypted, matrix_type="m.room.encrypted", content_preview="")
    await aged(db, old, secret)
    await world.archive(archived)
    assert sorted(await remove_all(db)) == sorted([old.event_id, secret.event_id])


async def test_a_thread_outlives_its_root(world: World, db: Database) -> None:
    channel = await keeping(world)
    root = await world.message(channel)
    replies = [await world.message(channel, MIA, thread_event_id=root.event_id) for _ in range(2)]
    await aged(db, root, replies[0])
    await remove_all(db)
    assert await living(db, channel) == [replies[1].event_id]
    assert await db.value("SELECT reply_count FROM messaging.threads WHERE root_id = $1", root.id) == 1
    another = await world.message(channel, MIA, thread_event_id=root.event_id)
    assert await db.value("SELECT thread_id FROM public.messages WHERE id = $1", another.id)


async def test_the_pages_of_a_large_channel_are_read_once(world: World, db: Database) -> None:
    channel = await keeping(world)
    messages = [await world.message(channel) for _ in range(7)]
    await aged(db, *messages[:5])
    assert await note(db, limit=2)
    assert await claim(db) == [message.event_id for message in messages[:2]], "the oldest first, a few at a time"
    for message in messages[:2]:
        await end(db, message.event_id)
    await note(db, limit=2)
    assert await claim(db) == [message.event_id for message in messages[2:4]], "without an hour's wait"


async def test_channels_are_looked_at_in_turn(world: World, db: Database) -> None:
    first, second = await keeping(world), await keeping(world)
    for channel in (first, second):
        await aged(db, *[await world.message(channel) for _ in range(3)])
    await note(db, limit=4)
    noted = dict(await db.rows("SELECT channel_id::text, count(*) FROM messaging.removals GROUP BY 1"))
    assert sorted(noted.values()) == [1, 3]
    assert not await note(db, limit=4) or len(await claim(db)) == 4
    async with db.reading("messages") as read:
        await note(db, limit=4)
    assert read.rows == 0, "there is no room for more"


async def test_two_at_once_double_nothing(world: World, db: Database) -> None:
    channel = await keeping(world)
    messages = [await world.message(channel) for _ in range(30)]
    await aged(db, *messages)
    sessions = await db.sessions(4)
    await asyncio.gather(*(note(session) for session in sessions))
    claimed = await asyncio.gather(*(claim(session, 10) for session in sessions))
    events = [event for some in claimed for event in some]
    assert len(events) == len(set(events))

    async def end_all(session: Session) -> None:
        for event in events:
            await end(session, event)

    await asyncio.gather(*map(end_all, sessions))
    deleted = await db.events(channel.id, "messaging.message.deleted")
    assert len(deleted) == len(events) and not {event["message_id"] for event in deleted} - {m.id for m in messages}


async def test_a_claim_that_was_lost_comes_again(world: World, db: Database) -> None:
    channel = await keeping(world)
    old = await world.message(channel)
    await aged(db, old)
    await note(db)
    assert await claim(db) == [old.event_id] and await claim(db) == []
    await db.execute("UPDATE messaging.removals SET due_at = now()")
    assert await claim(db) == [old.event_id]
    # The homeserver is away: at once, and without a count.
    await db.call("return_removals", event_ids=[old.event_id])
    assert await claim(db) == [old.event_id]
    assert await db.value("SELECT tries FROM messaging.removals") == 0


async def test_what_a_room_refuses_is_tried_again_later_and_goes_here_in_the_end(world: World, db: Database) -> None:
    channel, other = await keeping(world), await keeping(world)
    old, another = await world.message(channel), await world.message(other)
    await aged(db, old)
    await note(db)
    waits = []
    for _ in range(4):
        assert await claim(db) == [old.event_id]
        assert await end(db, old.event_id, redacted=False) == "waits"
        waits.append(
            await db.value("SELECT round(extract(epoch FROM due_at - now()) / 60)::int FROM messaging.removals")
        )
        assert await claim(db) == []
        await db.execute("UPDATE messaging.removals SET due_at = now()")
    assert waits == [1, 2, 4, 8]
    # Meanwhile others go on.
    await aged(db, another)
    await look_now(db)
    await note(db, limit=1)
    assert another.event_id in await claim(db)
    assert await end(db, old.event_id, redacted=False) == "refused"
    assert await living(db, channel) == []
    # The room has it still, and that does not bring it back.
    page = {"event_ids": [old.event_id], "kinds": ["message"], "about": [None], "senders": [OWNER]}
    assert (await db.call("find_unindexed", room_id=channel.room_id, **page))["unindexed"] == []


async def test_a_late_message_is_not_indexed_and_goes_in_matrix(world: World, db: Database) -> None:
    channel = await keeping(world)
    late = pushed(channel, MIA, sent_at=at(-90_000), content_preview="late")
    page = {"event_ids": [late["event_id"]], "kinds": ["message"], "about": [None], "senders": [MIA]}
    for _ in range(2):
        assert await db.call("record_message", **late) == {"inserted": False}
    assert (await db.call("find_unindexed", room_id=channel.room_id, **page))["unindexed"] == []
    assert await remove_all(db) == [late["event_id"]]
    assert (await db.call("find_unindexed", room_id=channel.room_id, **page))["unindexed"] == []
    assert await db.call("record_message", **late) == {"inserted": False}, "a copy that is later still"
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]
    assert "late" not in str(await db.contents()).replace("late_", "")


async def test_what_waits_for_a_message_has_its_time_too(world: World, db: Database) -> None:
    channel = await keeping(world)
    await db.outcome("record_edit", **edit(channel, "$never", content_preview="secret"))
    await db.execute("UPDATE messaging.pending_relations SET created_at = now() - interval '2 days'")
    sql = """INSERT INTO messaging.set_aside_events
                 (event_id, room_id, event_type, event, reason, set_aside_at, first_failed_at)
             VALUES ($1, $2, $3, $4, 'odd', now(), now() - interval '2 days')"""
    await db.execute("INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES ('!former', $1)", channel.id)
    said = [("$odd", channel.room_id, "m.room.message"), ("$poll", "!former", "org.matrix.msc3381.poll.start")]
    for one in said:
        await db.execute(sql, *one, '{"body": "secret"}')
    # Whoever was taken out, and what was taken back, is still to be followed, however long it waits.
    followed = [("$kick", channel.room_id, "m.room.member"), ("$redaction", channel.room_id, "m.room.redaction")]
    for one in followed:
        await db.execute(sql, *one, "{}")
    assert sorted(await remove_all(db)) == ["$odd", "$poll"], "state is not touched"
    assert "secret" not in str(await db.contents())
    left = await db.rows("SELECT event_id FROM messaging.set_aside_events ORDER BY event_id")
    assert [row[0] for row in left] == [one[0] for one in followed]


async def test_what_has_time_again_is_not_deleted(world: World, db: Database) -> None:
    own, platforms = await keeping(world), await keeping(world, None)
    kept, spared = await world.message(own), await world.message(platforms)
    await aged(db, kept, spared)
    await note(db, 1)
    # Whoever had begun was killed, and then both settings became more.
    assert sorted(await claim(db)) == sorted([kept.event_id, spared.event_id])
    await db.execute("UPDATE messaging.removals SET due_at = now() - interval '1 second'")
    await change(db, own, retention_days=365)
    await note(db, 365)
    assert await claim(db) == []
    assert not await db.rows("SELECT FROM messaging.removals"), "nor does it stay noted"
    # A look that was under way then works with the channel as it was.
    await db.execute(
        """DO $$ DECLARE ch public.channels; BEGIN
               SELECT * INTO ch FROM public.channels WHERE retention_days = 365;
               ch.retention_days := 1;
               PERFORM messaging.note_expired(ch, 10);
           END $$"""
    )
    assert await db.rows("SELECT FROM messaging.removals") and await claim(db) == []
    await note(db, None)
    assert await living(db, own) == [kept.event_id] and await living(db, platforms) == [spared.event_id]


async def test_the_push_of_the_redaction_may_be_faster(world: World, db: Database) -> None:
    channel = await keeping(world)
    old = await world.message(channel)
    changed = edit(channel, old.event_id)
    await aged(db, old)
    await note(db)
    await claim(db)
    await db.call("record_redaction", **redaction(channel, old.event_id, BOT, by_bot=True))
    await end(db, old.event_id, edits=[changed["event_id"]])
    assert await claim(db) == [changed["event_id"]], "an edit that only Matrix knew"
    await end(db, changed["event_id"])
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated", "message.created", "message.deleted"]


async def test_an_edit_and_a_reaction_meanwhile_go_too(world: World, db: Database) -> None:
    channel = await keeping(world)
    old = await world.message(channel)
    await aged(db, old)
    await note(db)
    await claim(db)
    changed, thumb = edit(channel, old.event_id), reaction(channel, old.event_id)
    await db.call("record_edit", **changed)
    await db.call("record_reaction", **thumb)
    await end(db, old.event_id)
    assert sorted(await claim(db)) == sorted([changed["event_id"], thumb["event_id"]])
    for event_id in (changed["event_id"], thumb["event_id"]):
        await end(db, event_id)
    # Copies of them that come late bring nothing back.
    await db.call("record_reaction", **thumb)
    assert await db.value("SELECT count(*) FROM public.message_reactions") == 0
    later = reaction(channel, old.event_id, MIA)
    assert (await db.call("record_reaction", **later))["left_out"] == "message_deleted"


async def test_a_message_that_is_pinned_meanwhile_is_unpinned(world: World, db: Database) -> None:
    channel = await keeping(world)
    old = await world.message(channel)
    await aged(db, old)
    await note(db)
    await claim(db)
    await db.call("record_pinned_events", **told(channel, old.event_id))
    ended = await db.call("end_removal", event_id=old.event_id, actor_id=BOT, is_redacted=True)
    assert ended["unpin_room_id"] == channel.room_id and await pinned(db, channel) == []


async def test_a_message_with_very_many_reactions_goes_in_parts(world: World, db: Database) -> None:
    channel = await keeping(world)
    old = await world.message(channel)
    sql = """INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
             SELECT $1, '@p' || n || ':far', 'human', '👍', '$r' || n FROM generate_series(1, 1201) n"""
    await db.execute(sql, old.id)
    await aged(db, old)
    await note(db)
    left = []
    for _ in range(3):
        await db.execute("UPDATE messaging.removals SET due_at = 'infinity' WHERE kind = 'relation'")
        assert await claim(db) == [old.event_id]
        await end(db, old.event_id)
        left.append(await db.value("SELECT count(*) FROM public.message_reactions"))
    assert left == [701, 201, 0]
    assert await db.value("SELECT count(*) FROM messaging.removals WHERE kind = 'relation'") == 1201
    assert len(await db.events(channel.id, "messaging.message.deleted")) == 1


async def test_longer_days_meanwhile_do_not_stop_what_has_begun(world: World, db: Database) -> None:
    channel = await keeping(world)
    begun, other = await world.message(channel), await world.message(channel)
    await aged(db, begun, other)
    await note(db)
    assert await claim(db, 1) == [begun.event_id]
    await change(db, channel, retention_days=30)
    await end(db, begun.event_id)
    assert await claim(db) == [] and await living(db, channel) == [other.event_id]
