"""Following a thread: who is told of its replies, and how many they have not read."""

from __future__ import annotations

import random

import pytest

from harness.database import Database
from harness.world import NOWHERE, OWNER, Channel, Message, World, pushed, redaction

ANN, BEN = "user:ann", "user:ben"


async def follow(db: Database, channel: Channel, message: Message, who: str, is_following: bool = True) -> None:
    call = {**channel.by(who), "message_id": message.id, "is_following": is_following}
    assert await db.call("set_following", **call) is None


async def mentioned(db: Database, channel: Channel, root: Message, who: str) -> None:
    """As the statement does that records a message with mentions."""
    newest = await db.value("SELECT last_seq FROM messaging.threads WHERE root_id = $1", root.id)
    await db.execute(
        "SELECT messaging.follow_thread($1, $2, $3, false, $4)", root.id, channel.id, who, (newest or 1) - 1
    )


async def seen(db: Database, channel: Channel, root: Message, who: str) -> tuple[bool, int]:
    """Whether somebody follows the thread, and what they have not read of it."""
    thread = (await db.call("get_message", **channel.by(who), message_id=root.id))["message"]["thread"]
    listed = await db.call("list_threads", **channel.by(who), limit=50, followed=True)
    assert [item["thread"] for item in listed["items"]] == ([thread] if thread["is_following"] else [])
    return thread["is_following"], thread["unread_count"]


async def test_one_follows_by_writing_the_root_or_a_reply(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    assert [await seen(db, channel, root, who) for who in (OWNER, ANN, BEN)] == [(True, 1), (True, 0), (False, 0)]
    await world.message(channel, BEN, thread_event_id=root.event_id)
    assert [await seen(db, channel, root, who) for who in (OWNER, ANN, BEN)] == [(True, 2), (True, 1), (True, 0)]
    # A plain reply is no writing in the thread.
    await world.message(channel, "user:cyd", reply_to_event_id=root.event_id)
    assert await seen(db, channel, root, "user:cyd") == (False, 0)


async def test_one_follows_by_choice_before_anybody_has_written(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await follow(db, channel, root, BEN)
    first = await world.message(channel, ANN, thread_event_id=root.event_id)
    assert await seen(db, channel, root, BEN) == (True, 1)
    # A message of the thread means the thread; what was there when one begins is read.
    await follow(db, channel, first, "user:cyd")
    assert await seen(db, channel, root, "user:cyd") == (True, 0)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    assert await seen(db, channel, root, "user:cyd") == (True, 1)


async def test_a_mention_makes_one_follow_and_is_unread(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    for _ in range(3):
        await world.message(channel, ANN, thread_event_id=root.event_id)
    await mentioned(db, channel, root, BEN)
    assert await seen(db, channel, root, BEN) == (True, 1)
    # A second one changes nothing.
    await world.message(channel, ANN, thread_event_id=root.event_id)
    await mentioned(db, channel, root, BEN)
    assert await seen(db, channel, root, BEN) == (True, 2)


async def test_who_chose_not_to_follow_is_asked_by_no_mention_and_begins_anew_by_writing(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    for who in (OWNER, ANN, BEN):
        await follow(db, channel, root, who, False)
        await mentioned(db, channel, root, who)
        assert await seen(db, channel, root, who) == (False, 0)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    await world.message(channel, BEN, thread_event_id=root.event_id)
    assert [await seen(db, channel, root, who) for who in (OWNER, ANN, BEN)] == [(False, 0), (True, 1), (True, 0)]
    await follow(db, channel, root, OWNER)
    assert await seen(db, channel, root, OWNER) == (True, 0)


async def test_the_root_of_who_chose_not_to_follow_stays_theirs(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await follow(db, channel, root, OWNER, False)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    assert await seen(db, channel, root, OWNER) == (False, 0)


async def test_a_mark_of_a_reader_is_no_choice(world: World, db: Database) -> None:
    """Somebody who only read the thread has a row, too."""
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await world.message(channel, ANN, thread_event_id=root.event_id)
    await db.execute(
        "INSERT INTO messaging.thread_members (root_id, member_id, channel_id, is_following) VALUES ($1, $2, $3, false)",
        root.id,
        BEN,
        channel.id,
    )
    await mentioned(db, channel, root, BEN)
    assert (await seen(db, channel, root, BEN))[0]


async def test_counting_what_is_unread_stops_at_100(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    for _ in range(103):
        await world.message(channel, ANN, thread_event_id=root.event_id)
    assert await seen(db, channel, root, OWNER) == (True, 100)


@pytest.mark.parametrize("seed", range(6))
async def test_unread_replies_are_what_counting_gives(world: World, db: Database, seed: int) -> None:
    """By the rules alone: others' replies after one's own last act, not deleted, while one follows."""
    chance = random.Random(seed)
    channel = await world.channel()
    people = [OWNER, ANN, BEN, "user:cyd"]
    root = await world.message(channel, OWNER)
    replies: list[tuple[str, str]] = []
    follows: dict[str, bool | None] = {OWNER: True}
    # By person: how many replies there were when they last wrote or began to follow.
    read: dict[str, int] = {OWNER: 0}
    gone: set[int] = set()
    for _ in range(60):
        who, act = chance.choice(people), chance.random()
        if act < 0.5 or not replies:
            message = await world.message(channel, who, thread_event_id=root.event_id)
            replies.append((who, message.event_id))
            follows[who], read[who] = True, len(replies)
        elif act < 0.7:
            number = chance.randrange(len(replies))
            gone.add(number)
            await db.call("record_redaction", **redaction(channel, replies[number][1]))
        elif act < 0.8:
            await mentioned(db, channel, root, who)
            if follows.get(who) is None:
                follows[who], read[who] = True, len(replies) - 1
        else:
            was = follows.get(who)
            follows[who] = chance.random() < 0.6
            await follow(db, channel, root, who, bool(follows[who]))
            # Whoever follows already has read no more by that.
            if follows[who] and not was:
                read[who] = len(replies)
        if len(gone) == len(replies):
            continue
        for one in people:
            unread = [n for n in range(read.get(one, 0), len(replies)) if n not in gone and replies[n][0] != one]
            assert await seen(db, channel, root, one) == ((True, len(unread)) if follows.get(one) else (False, 0)), (
                seed,
                one,
            )


async def test_refusals_of_following(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(private, "user:rob", can_read=False)
    hidden = await world.message(private)
    for is_following in (True, False):
        call = {"message_id": hidden.id, "is_following": is_following}
        assert await db.refusal("set_following", **private.by("user:sam"), **call) == "channel_not_found"
        assert await db.refusal("set_following", **private.by("user:rob"), **call) == "cannot_read"
        assert await db.refusal("set_following", **channel.by(OWNER), **call) == "message_not_found"
        call["message_id"] = NOWHERE
        assert await db.refusal("set_following", **private.by(OWNER), **call) == "message_not_found"


async def test_following_is_limited(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    limits = {"class": "edit", "scope": "person", "caller": [1, 60]}
    call = {**channel.by(ANN), "message_id": root.id, "is_following": True, "limits": limits}
    await db.call("set_following", **call)
    assert await db.refusal("set_following", **{**call, "is_following": False}) == "rate_limited"


async def test_an_archived_channels_threads_stay(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, OWNER)
    await db.call("record_message", **pushed(channel, ANN, thread_event_id=root.event_id))
    await world.archive(channel)
    assert await seen(db, channel, root, OWNER) == (True, 1)
    await follow(db, channel, root, OWNER, False)
    assert await seen(db, channel, root, OWNER) == (False, 0)
