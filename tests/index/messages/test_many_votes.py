"""Votes that count for nothing, that flood a poll, or that were never pushed."""

from __future__ import annotations

from harness.database import Database
from harness.polls import BOB, asking, counts, end, people, poll, vote
from harness.world import EVERY, OWNER, World, at, edit, redaction


async def test_no_votes_where_there_is_no_poll_for_them(world: World, db: Database) -> None:
    channel, other, archived = [await world.old_channel() for _ in range(3)]
    text, there, over = await world.message(channel), await poll(world, other), await poll(world, archived)
    await world.archive(archived)
    await db.call("record_poll_vote", **vote(channel, text.event_id, OWNER, "a"))
    await db.call("record_poll_vote", **vote(archived, over.event_id, OWNER, "a"))
    # Of another channel's poll: it waits for one of its own.
    assert (await db.outcome("record_poll_vote", **vote(channel, there.event_id, OWNER, "a"))).refusal is not None
    assert await db.value("SELECT count(*) FROM messaging.poll_votes") == 0
    nowhere = vote(channel, text.event_id, OWNER, "a") | {"room_id": "!unknown:localhost"}
    assert (await db.outcome("record_poll_vote", **nowhere)).refusal == "message_not_found"
    # In an encrypted channel nothing of what is asked is kept.
    await db.call("record_encryption", room_id=channel.room_id, sender_id=OWNER)
    secret = await poll(world, channel)
    assert await db.value("SELECT count(*) FROM messaging.polls WHERE message_id = $1", secret.id) == 0


async def test_of_a_flood_a_few_are_kept_and_those_that_count_are_among_them(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel)
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "b", voted_at=at(-100)))
    await db.call("record_poll_end", **end(channel, message.event_id, ended_at=at(-80)))
    flood = [vote(channel, message.event_id, BOB, "a", voted_at=at(-n)) for n in range(20)]
    for one in flood:
        await db.call("record_poll_vote", **one)
    assert await counts(db, channel, message) == (1, [0, 1, 0])
    assert await db.value("SELECT count(*) FROM messaging.poll_votes") == 5
    # None of them is missing to the comparison with the room, and none comes back.
    found = {"room_id": channel.room_id, "event_ids": [one["event_id"] for one in flood]}
    found |= {"kinds": ["poll_vote"] * 20, "about": [message.event_id] * 20, "senders": [BOB] * 20}
    assert (await db.call("find_unindexed", **found))["unindexed"] == []
    # A vote from the future is one of this moment.
    running = await poll(world, channel)
    for answer, moment in (("a", at(1_000_000)), ("b", at(2_000_000))):
        await db.call("record_poll_vote", **vote(channel, running.event_id, BOB, answer, voted_at=moment))
    assert await counts(db, channel, running) == (1, [0, 1, 0])


async def test_a_vote_that_was_never_pushed_is_found(world: World, db: Database) -> None:
    channel = await world.old_channel()
    message, text = await poll(world, channel), await world.message(channel)
    early = vote(channel, "$later", BOB, "a")
    await db.outcome("record_poll_vote", **early)
    known = vote(channel, message.event_id, BOB, "a")
    await db.call("record_poll_vote", **known)
    about = {"$lost": message.event_id, known["event_id"]: message.event_id, early["event_id"]: "$later"}
    about |= {"$of-text": text.event_id, "$before-its-poll": "$unknown"}
    found = {"room_id": channel.room_id, "event_ids": list(about), "kinds": ["poll_vote"] * len(about)}
    found |= {"about": list(about.values()), "senders": [BOB] * len(about)}
    assert (await db.call("find_unindexed", **found))["unindexed"] == ["$lost", "$before-its-poll"]
    gone = {**found, "event_ids": ["$r"], "kinds": ["redaction"], "about": [known["event_id"]], "senders": [BOB]}
    assert (await db.call("find_unindexed", **gone))["unindexed"] == ["$r"]
    await db.call("record_redaction", **redaction(channel, known["event_id"], BOB))
    assert (await db.call("find_unindexed", **gone))["unindexed"] == []


async def test_who_may_not_read_is_told_nothing(world: World, db: Database) -> None:
    channel = await world.old_channel(visibility="private")
    message = await poll(world, channel)
    there = {"caller": "user:sam", "microdaos": EVERY, "channel_id": channel.id}
    assert await db.refusal("get_message", **there, message_id=message.id) == "channel_not_found"


async def test_thousands_of_voters_are_counted_without_sorting_them(world: World, db: Database) -> None:
    channel = await world.old_channel()
    message = await poll(world, channel)
    await db.execute(
        """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at)
           SELECT $1, 'user:v' || n, 'human', '@user-v' || n || ':localhost', 'member', now() FROM generate_series(1, 5200) n""",
        channel.id,
    )
    await db.execute(
        """INSERT INTO messaging.poll_votes (event_id, message_id, channel_id, voter_id, voted_at, answers)
           SELECT '$many-' || n, $2, $1, 'user:v' || n, now(), ARRAY['a'] FROM generate_series(1, 5200) n""",
        channel.id,
        message.id,
    )
    assert await counts(db, channel, message) == (5000, [5000, 0, 0])


async def test_votes_of_people_who_are_not_in_hide_nobodys(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel)
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "a"))
    # They sort before every user, and are as many as are counted.
    await db.execute(
        """INSERT INTO messaging.poll_votes (event_id, message_id, channel_id, voter_id, voted_at, answers)
           SELECT '$stranger-' || n, $1, $2, '@' || n || ':elsewhere', now(), '{b}' FROM generate_series(1, 5000) n""",
        message.id,
        channel.id,
    )
    assert await counts(db, channel, message) == (1, [1, 0, 0])


async def test_an_edit_shows_nobody_before_the_end_what_was_promised_not_to_be_shown(
    world: World, db: Database
) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel, is_disclosed=False)
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "a"))
    new = {"content_type": "poll", "matrix_type": "m.poll.start", "poll": asking("a", "b", "c")}
    await db.call("record_edit", **edit(channel, message.event_id, **new))
    assert await counts(db, channel, message) == (None, [None] * 3)
    await db.call("record_poll_end", **end(channel, message.event_id))
    assert await counts(db, channel, message) == (1, [1, 0, 0])
