"""Replies that come before the message that they reply to."""

import itertools
import random

from harness.database import Database
from harness.world import Channel, World, pushed


async def answered(db: Database, channel: Channel) -> dict[str, str | None]:
    """By text: the text of the message that it replies to."""
    rows = await db.rows(
        "SELECT m.content_preview AS text, r.content_preview AS target FROM public.messages m "
        "LEFT JOIN public.messages r ON r.id = m.reply_to WHERE m.channel_id = $1",
        channel.id,
    )
    return {row["text"]: row["target"] for row in rows}


async def test_every_order_of_arrival_ends_in_the_same_replies(world: World, db: Database) -> None:
    parents = {"root": None, "a": "root", "b": "root", "under a": "a", "alone": None}
    names = list(parents)
    every = list(itertools.permutations(names))
    for order in random.Random(7).sample(every, 60):
        channel = await world.channel()
        messages = {name: pushed(channel, content_preview=name) for name in names}
        for name in order:
            parent = parents[name]
            target = messages[parent]["event_id"] if parent else None
            # Twice, as the homeserver does.
            for _ in range(2):
                await db.call("record_message", **messages[name] | {"reply_to_event_id": target})
        assert await answered(db, channel) == parents, order
        await db.subjects(channel.id)
        assert await db.value("SELECT count(*) FROM public.messages WHERE awaited_event_id IS NOT NULL") == 0


async def test_readers_are_told_of_what_a_reply_replies_to(world: World, db: Database) -> None:
    channel = await world.channel()
    root = pushed(channel)
    reply = (await db.call("record_message", **pushed(channel, reply_to_event_id=root["event_id"])))["message"]
    assert (reply["reply_to"], reply["thread_id"]) == (None, None)
    document = (await db.call("record_message", **root))["message"]
    [event] = await db.events(channel.id, "messaging.message.updated")
    assert (event["message_id"], event["message"]["reply_to"]) == (reply["id"], document["id"])
    page = await db.call(
        "list_messages",
        **channel.by(root["sender_id"]),
        limit=10,
        before=None,
        after=None,
        thread_id=document["id"],
    )
    assert [item["id"] for item in page["items"]] == [reply["id"]]


async def test_a_flood_of_early_replies_is_cut_off(world: World, db: Database) -> None:
    channel = await world.channel()
    root = pushed(channel)
    for _ in range(105):
        await db.call("record_message", **pushed(channel, reply_to_event_id=root["event_id"]))
    await db.call("record_message", **root)
    assert len(await db.events(channel.id, "messaging.message.updated")) == 100


async def test_another_channels_message_is_not_replied_to(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    root = pushed(other)
    await db.call("record_message", **pushed(channel, content_preview="reply", reply_to_event_id=root["event_id"]))
    await db.call("record_message", **root)
    assert await answered(db, channel) == {"reply": None}
