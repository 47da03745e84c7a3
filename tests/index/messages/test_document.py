"""What a page and GET of a message show besides its row."""

from __future__ import annotations

import asyncio
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, Message, World, reaction, redaction

SAM = "user:sam"


async def shown(db: Database, channel: Channel, message: Message, caller: str | None = OWNER) -> Any:
    """The message as GET and as a page have it."""
    document = await db.call("get_message", **channel.by(caller), message_id=message.id)
    arguments = {"limit": 50, "before": None, "after": None, "thread_id": None, "with_deleted": True}
    page = await db.call("list_messages", **channel.by(caller), **arguments)
    [listed] = [item for item in page["items"] if item["id"] == message.id]
    assert listed == document["message"]
    return listed


async def react(db: Database, channel: Channel, message: Message, *reactions: tuple[str, str]) -> list[str]:
    events = []
    for who, emoji in reactions:
        arguments = reaction(channel, message.event_id, who, emoji)
        await db.call("record_reaction", **arguments)
        events.append(arguments["event_id"])
    return events


async def test_reactions_are_counted_in_the_order_of_their_first_use(world: World, db: Database) -> None:
    channel = await world.channel()
    message, other = await world.message(channel), await world.message(channel)
    assert (await shown(db, channel, message))["reactions"] == []
    events = await react(
        db, channel, message, (SAM, "🎉"), (OWNER, "👍"), ("user:ann", "🎉"), (SAM, "❤️"), (SAM, "❤"), (OWNER, "❤")
    )
    party = {"emoji": "🎉", "count": 2, "reacted": False}
    thumb = {"emoji": "👍", "count": 1, "reacted": True}
    # A person counts once, whichever of its variants they use.
    heart = {"emoji": "❤", "count": 2, "reacted": True}
    assert (await shown(db, channel, message))["reactions"] == [party, thumb, heart]
    as_sam = [one["reacted"] for one in (await shown(db, channel, message, SAM))["reactions"]]
    assert as_sam == [True, False, True]
    for reader in (None, "service:internal", "user:none"):
        assert not any(one["reacted"] for one in (await shown(db, channel, message, reader))["reactions"])
    listed = (await db.call("list_reactions", **channel.by(SAM), message_id=message.id))["reactions"]
    counted = (await shown(db, channel, message, SAM))["reactions"]
    assert counted == [{name: one[name] for name in ("emoji", "count", "reacted")} for one in listed]
    for event in (events[0], events[1]):
        await db.call("record_redaction", **redaction(channel, event))
    assert (await shown(db, channel, message))["reactions"] == [heart | {"count": 2}, party | {"count": 1}][::-1]
    assert (await shown(db, channel, other))["reactions"] == []
    await world.delete(channel, message)
    assert (await shown(db, channel, message))["reactions"] == []


async def test_a_message_shows_fifty_pictures_and_counts_a_thousand(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    sql = """INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id, created_at)
             SELECT $1, 'user:p' || n, 'human', $2, $2 || n, now() + n * interval '1 second'
             FROM generate_series(1, $3::int) n"""
    for number in range(60):
        await db.execute(sql, message.id, f"e{number:02}", 1)
    await db.execute(sql, message.id, "many", 1200)
    await db.execute("VACUUM ANALYZE public.message_reactions")
    # Often enough for the plans that PostgreSQL keeps.
    for _ in range(7):
        async with db.reading("message_reactions") as read:
            document = await db.call("get_message", **channel.by("user:p1"), message_id=message.id)
        assert read.rows < 6000
    reactions = document["message"]["reactions"]
    assert len(reactions) == 50 and all(one["reacted"] for one in reactions)
    # All were first used at the same time.
    await db.execute(
        "UPDATE public.message_reactions SET created_at = created_at - interval '1 day' WHERE emoji = 'many'"
    )
    first = (await shown(db, channel, message, "user:p1"))["reactions"][0]
    assert first == {"emoji": "many", "count": 1000, "reacted": True}


async def test_a_page_without_reactions_reads_none_of_those_that_others_have(world: World, db: Database) -> None:
    loved, quiet = await world.channel(), await world.channel()
    for _ in range(20):
        message = await world.message(loved)
        await db.execute(
            """INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
               SELECT $1::uuid, 'user:p' || n, 'human', 'x', $1::text || n FROM generate_series(1, 300) n""",
            message.id,
        )
    messages = [await world.message(quiet) for _ in range(50)]
    await db.execute("VACUUM ANALYZE public.message_reactions")
    page = {"limit": 50, "before": None, "after": None, "thread_id": None}
    for _ in range(7):
        async with db.reading("message_reactions") as read:
            await db.call("list_messages", **quiet.by(SAM), **page)
            await db.call("get_message", **quiet.by(SAM), message_id=messages[0].id)
        assert read.rows == 0


async def test_events_have_the_row_alone(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await react(db, channel, message, (SAM, "👍"))
    await world.delete(channel, message)
    for event in await db.events(channel.id, "messaging.message.%"):
        assert "reactions" not in event["message"]
    for event in await db.events(channel.id, "messaging.channel.%"):
        assert not event["channel"].keys() & {"member_count", "last_message", "membership"}


async def test_a_page_tells_where_the_content_of_its_messages_is_where_that_is_asked_for(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    messages = [await world.message(channel) for _ in range(5)]
    # Of an upgraded room, and as a version that did not note it has left it.
    await db.execute("UPDATE public.messages SET matrix_room_id = '!old' WHERE id = $1", messages[1].id)
    await db.execute("UPDATE public.messages SET matrix_room_id = NULL WHERE id = $1", messages[2].id)
    await db.execute("UPDATE public.messages SET edit_event_id = '$edit' WHERE id = $1", messages[3].id)
    rooms = [channel.room_id, "!old", *[channel.room_id] * 3]
    edits = [None, None, None, "$edit", None]
    places = [{"room_id": room, "edit_event_id": edit} for room, edit in zip(rooms, edits, strict=True)]

    async def page(**arguments: Any) -> Any:
        asked = {"limit": 3, "before": None, "after": None, "thread_id": None, **arguments}
        return await db.call("list_messages", **channel.by(OWNER), **asked)

    assert "places" not in await page()
    for place, expected in (
        ({}, places[2:]),
        ({"before": {"seq": messages[3].seq}}, places[:3]),
        ({"after": {"seq": messages[0].seq}}, places[1:4]),
        ({"before": {"seq": 0}}, []),
    ):
        assert (await page(with_places=True, **place))["places"] == expected[::-1], place


async def test_who_reacts_while_others_read_is_counted_once(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    sessions = await db.sessions(6)
    arguments = [reaction(channel, message.event_id, f"user:u{n % 3}", "👍") for n in range(6)]
    await asyncio.gather(*(s.call("record_reaction", **a) for s, a in zip(sessions, arguments, strict=True)))
    assert (await shown(db, channel, message))["reactions"] == [{"emoji": "👍", "count": 3, "reacted": False}]
