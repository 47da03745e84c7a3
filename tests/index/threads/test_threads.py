"""Threads: which thread a message is in, whatever came first, and what a root shows of it."""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import Any

import pytest

from harness.database import Database, Session
from harness.world import OWNER, Channel, World, pushed, redaction

PEOPLE = [OWNER, "user:ann", "user:ben", "agent:sofia", "@eve:elsewhere", "user:cyd", "user:dan"]

# What each root has to show, from the messages alone.
BRUTE_FORCE = """
SELECT m.thread_id AS root, count(*) FILTER (WHERE living) AS replies, max(m.seq) AS last_seq,
    (array_agg(m.id ORDER BY m.seq DESC) FILTER (WHERE living))[1] AS last_reply,
    (SELECT coalesce(array_agg(p.sender_id ORDER BY p.seq), '{}') FROM (
        SELECT sender_id, min(seq) AS seq FROM (
            SELECT n.sender_id, n.seq FROM public.messages n
            WHERE n.thread_id = m.thread_id AND n.deleted_at IS NULL ORDER BY n.seq LIMIT 100) early
        GROUP BY sender_id ORDER BY 2 LIMIT 5) p) AS participants
FROM (SELECT *, deleted_at IS NULL AS living FROM public.messages) m WHERE m.channel_id = $1 AND m.thread_id IS NOT NULL
GROUP BY m.thread_id ORDER BY m.thread_id
"""
KEPT = """
SELECT root_id AS root, reply_count AS replies, last_seq, last_reply_id AS last_reply, participants
FROM messaging.threads WHERE channel_id = $1 ORDER BY root_id
"""


async def agrees(db: Session, channel: Channel, case: Any = None) -> int:
    """What is kept of the channel's threads is what counting gives. Returns how many there are."""
    kept = [tuple(row) for row in await db.rows(KEPT, channel.id)]
    assert kept == [tuple(row) for row in await db.rows(BRUTE_FORCE, channel.id)], case
    nested = """SELECT count(*) FROM public.messages m JOIN public.messages r ON r.id = m.thread_id
                WHERE m.channel_id = $1 AND r.thread_id IS NOT NULL"""
    assert await db.value(nested, channel.id) == 0, case
    return len(kept)


async def shown(db: Session, channel: Channel, message: str, who: str = OWNER) -> dict[str, Any] | None:
    """The thread that a message shows to somebody."""
    found = await db.call("get_message", **channel.by(who), message_id=message)
    return found["message"].get("thread")


async def thread_of(db: Session, channel: Channel) -> dict[str, str | None]:
    """By text: the text of the root of its thread."""
    sql = """SELECT m.content_preview AS text, r.content_preview AS root FROM public.messages m
             LEFT JOIN public.messages r ON r.id = m.thread_id WHERE m.channel_id = $1"""
    return {row["text"]: row["root"] for row in await db.rows(sql, channel.id)}


async def test_a_message_replies_to_one_and_is_in_the_thread_of_another(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    first = await world.message(channel, thread_event_id=root.event_id)
    both = pushed(channel, thread_event_id=root.event_id, reply_to_event_id=first.event_id)
    document = (await db.call("record_message", **both))["message"]
    assert (document["reply_to"], document["thread_id"]) == (first.id, root.id)
    [created] = [
        e for e in await db.events(channel.id, "messaging.message.created") if e["message_id"] == document["id"]
    ]
    assert created["message"] == document
    plain = (await db.call("record_message", **pushed(channel, reply_to_event_id=root.event_id)))["message"]
    assert (plain["reply_to"], plain["thread_id"]) == (root.id, None)
    assert (await shown(db, channel, root.id))["reply_count"] == 2
    assert await shown(db, channel, first.id) is None


async def test_every_order_of_arrival_ends_in_the_same_threads(world: World, db: Database) -> None:
    """Also where a root is in a thread itself, as another server's events may say."""
    thread = {"root": None, "a": "root", "b": "root", "in a": "a", "in that": "in a", "alone": None}
    reply = {"b": "a", "in a": "alone", "alone": "in that"}
    orders = list(itertools.permutations(thread))
    for order in random.Random(7).sample(orders, 80):
        channel = await world.channel()
        messages = {name: pushed(channel, content_preview=name) for name in thread}
        for name in order:
            relations = {
                f"{relation}_event_id": messages[target]["event_id"] if target else None
                for relation, target in (("thread", thread[name]), ("reply_to", reply.get(name)))
            }
            # Twice, as the homeserver does.
            for _ in range(2):
                await db.call("record_message", **messages[name] | relations)
        expected = {name: "root" if target else None for name, target in thread.items()}
        assert await thread_of(db, channel) == expected, order
        answered = await db.rows(
            """SELECT m.content_preview, r.content_preview FROM public.messages m JOIN public.messages r
               ON r.id = m.reply_to WHERE m.channel_id = $1""",
            channel.id,
        )
        assert {row[0]: row[1] for row in answered} == reply, order
        assert await agrees(db, channel, order) == 1
        await db.subjects(channel.id)
        waiting = "SELECT count(*) FROM public.messages WHERE num_nulls(awaited_event_id, awaited_thread_event_id) < 2"
        assert await db.value(waiting) == 0


async def test_readers_are_told_of_the_thread_that_a_message_gets_late(world: World, db: Database) -> None:
    channel = await world.channel()
    root = pushed(channel)
    relations = {"thread_event_id": root["event_id"], "reply_to_event_id": root["event_id"]}
    reply = (await db.call("record_message", **pushed(channel, "user:ann", **relations)))["message"]
    assert (reply["thread_id"], reply["reply_to"]) == (None, None)
    document = (await db.call("record_message", **root))["message"]
    # Once, whatever it waited for.
    [event] = await db.events(channel.id, "messaging.message.updated")
    told = event["message"]
    assert (told["id"], told["thread_id"], told["reply_to"]) == (reply["id"], document["id"], document["id"])
    thread = await shown(db, channel, document["id"])
    assert thread is not None and thread["last_reply"] == told
    assert (thread["is_following"], thread["unread_count"]) == (True, 1)


async def test_no_message_is_in_its_own_thread(world: World, db: Database) -> None:
    channel = await world.channel()
    one = pushed(channel, content_preview="one")
    itself = {"thread_event_id": one["event_id"], "reply_to_event_id": one["event_id"]}
    await db.call("record_message", **one | itself)
    # Two and three that say of each other that they are the root.
    two, three = pushed(channel, content_preview="two"), pushed(channel, content_preview="three")
    await db.call("record_message", **two | {"thread_event_id": three["event_id"]})
    await db.call("record_message", **three | {"thread_event_id": two["event_id"]})
    assert await thread_of(db, channel) == {"one": None, "two": "three", "three": None}
    await agrees(db, channel)
    assert await db.value("SELECT count(*) FROM public.messages WHERE reply_to = id") == 0


async def test_another_channels_message_is_no_root(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    root = pushed(other)
    await db.call("record_message", **pushed(channel, content_preview="reply", thread_event_id=root["event_id"]))
    await db.call("record_message", **root)
    assert await thread_of(db, channel) == {"reply": None}


async def test_a_flood_of_early_replies_is_cut_off(world: World, db: Database) -> None:
    channel = await world.channel()
    root = pushed(channel)
    for _ in range(103):
        await world.message(channel, thread_event_id=root["event_id"])
    document = (await db.call("record_message", **root))["message"]
    assert len(await db.events(channel.id, "messaging.message.updated")) == 100
    assert (await shown(db, channel, document["id"]))["reply_count"] == 100
    await agrees(db, channel)


async def test_an_older_components_reply_is_a_plain_one(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    arguments = pushed(channel, reply_to_event_id=root.event_id)
    assert "thread_event_id" not in arguments
    message = (await db.call("record_message", **arguments))["message"]
    assert (message["reply_to"], message["thread_id"]) == (root.id, None)


async def test_what_is_shown_of_a_thread(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel, "user:ann")
    assert await shown(db, channel, root.id) is None
    replies = [await world.message(channel, who, thread_event_id=root.event_id) for who in [*PEOPLE, OWNER]]
    thread = await shown(db, channel, root.id, "user:ann")
    assert thread is not None
    types = {who: "agent" if who.startswith("agent:") else "human" for who in PEOPLE}
    assert [(p["member_id"], p["member_type"]) for p in thread["participants"]] == [
        (who, types[who]) for who in PEOPLE[:5]
    ]
    assert (thread["reply_count"], thread["last_reply"]["id"]) == (8, replies[-1].id)
    plain = {"limit": 9, "before": None, "after": None, "thread_id": None}
    page = await db.call("list_messages", **channel.by("user:ann"), **plain)
    [on_page] = [item for item in page["items"] if item["id"] == root.id]
    listed = await db.call("list_threads", **channel.by("user:ann"), limit=5)
    assert on_page["thread"] == thread and listed["items"] == [on_page]
    assert all("thread" not in item for item in page["items"] if item["id"] != root.id)
    # Whoever reads without a name follows nothing.
    by_nobody = await db.call("get_message", caller=None, microdaos=None, channel_id=channel.id, message_id=root.id)
    assert by_nobody["message"]["thread"] == thread | {"is_following": False, "unread_count": 0}


async def test_a_deletion_is_taken_out_of_the_thread(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    replies = [await world.message(channel, who, thread_event_id=root.event_id) for who in PEOPLE[1:4]]
    await world.delete(channel, replies[2])
    thread = await shown(db, channel, root.id)
    assert (thread["reply_count"], thread["last_reply"]["id"]) == (2, replies[1].id)
    assert [p["member_id"] for p in thread["participants"]] == PEOPLE[1:3]
    # A deleted root keeps its thread.
    await world.delete(channel, root)
    listed = await db.call("list_threads", **channel.by(OWNER), limit=5)
    assert [(item["id"], item["thread"]["reply_count"]) for item in listed["items"]] == [(root.id, 2)]
    for reply in replies[:2]:
        # Again and again, as pushes come.
        for _ in range(2):
            await db.call("record_redaction", **redaction(channel, reply.event_id))
    assert await shown(db, channel, root.id) is None
    assert (await db.call("list_threads", **channel.by(OWNER), limit=5))["items"] == []
    await agrees(db, channel)


async def test_an_encrypted_thread_shows_no_text(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    root = await world.message(channel, matrix_type="m.room.encrypted")
    await world.message(
        channel, matrix_type="m.room.encrypted", content_preview="secret", thread_event_id=root.event_id
    )
    thread = await shown(db, channel, root.id)
    assert (thread["reply_count"], thread["last_reply"]["content_preview"]) == (1, "")
    assert await db.refusal("list_threads", **channel.by("agent:sofia"), limit=5) == "cannot_read"


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_kept_is_what_counting_gives(world: World, db: Database, seed: int) -> None:
    """Any history: roots, replies, late roots, threads of threads, deletions, each also told twice."""
    chance = random.Random(seed)
    channel = await world.channel()
    made: list[dict[str, Any]] = []
    arrived: list[dict[str, Any]] = []
    for _ in range(120):
        message = pushed(channel, chance.choice(PEOPLE))
        if made and chance.random() < 0.7:
            # Mostly a few roots, so that threads are large.
            target = chance.choice(made[:4] if chance.random() < 0.7 else made)
            message["thread_event_id"] = target["event_id"]
        if made and chance.random() < 0.3:
            message["reply_to_event_id"] = chance.choice(made)["event_id"]
        made.append(message)
    late = made.copy()
    chance.shuffle(late)
    order = made if seed % 3 == 0 else late if seed % 3 == 1 else made[60:] + made[:60]
    for number, message in enumerate(order):
        await db.call("record_message", **message)
        arrived.append(message)
        if chance.random() < 0.3:
            await db.call("record_message", **chance.choice(arrived))
        if chance.random() < 0.25:
            gone = chance.choice(made if chance.random() < 0.2 else arrived)
            await db.call("record_redaction", **redaction(channel, gone["event_id"]))
        if number % 20 == 19:
            await agrees(db, channel, (seed, number))
    assert await agrees(db, channel, seed) > 0
    await db.subjects(channel.id)
    deleted: set[str] = set()
    for event in await db.events(channel.id, "messaging.message.%"):
        assert event["message_id"] not in deleted, "nothing is told of a message after its deletion"
        if event["subject"].endswith(".deleted"):
            deleted.add(event["message_id"])


async def test_threads_are_counted_right_when_everybody_writes_at_once(world: World, db: Database) -> None:
    channel = await world.channel()
    roots = [pushed(channel) for _ in range(3)]
    sessions = await db.sessions(6)
    gone: list[str] = []

    async def write(session: Session, chance: random.Random) -> None:
        for _ in range(25):
            if gone and chance.random() < 0.3:
                await session.call("record_redaction", **redaction(channel, gone.pop()))
                continue
            reply = pushed(channel, chance.choice(PEOPLE), thread_event_id=chance.choice(roots)["event_id"])
            if chance.random() < 0.2:
                reply = chance.choice(roots)
            await session.call("record_message", **reply)
            if reply not in roots:
                gone.append(reply["event_id"])

    await asyncio.gather(*(write(session, random.Random(n)) for n, session in enumerate(sessions)))
    for root in roots:
        await db.call("record_message", **root)
    assert await agrees(db, channel) == 3
