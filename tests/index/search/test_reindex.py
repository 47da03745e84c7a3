"""count_messages_to_reindex, list_messages_to_reindex and record_reindexed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database
from harness.search import VERSION, awaiting, entry, words
from harness.world import NOWHERE, OWNER, Channel, World, edit, pushed, redaction

NEWER = VERSION + 1


async def recorded(db: Database, channel: Channel, **changes: Any) -> dict[str, Any]:
    """A message as a component of before records it; its row."""
    message = pushed(channel, **changes)
    return (await db.call("record_message", **message))["message"]


async def due(
    db: Database, channel: Channel, before: int | None = None, limit: int = 10, **more: Any
) -> dict[str, Any]:
    arguments = {"channel_id": channel.id, "before": before, "analysis": VERSION, "limit": limit, **more}
    return await db.call("list_messages_to_reindex", **arguments)


async def counted(db: Database, analysis: int = VERSION, limit: int = 10) -> int:
    return (await db.call("count_messages_to_reindex", analysis=analysis, limit=limit))["count"]


async def done(db: Database, channel: Channel, *messages: dict[str, Any], analysis: int = VERSION) -> int:
    """Records each message of a list with its id as the word that it is found by."""
    analysed = [
        {
            "id": message["id"],
            "edit_event_id": message.get("edit_event_id"),
            "search": entry(message["id"], analysis=analysis),
        }
        for message in messages
    ]
    return (await db.call("record_reindexed", channel_id=channel.id, messages=json.dumps(analysed)))["indexed"]


def ids(page: dict[str, Any]) -> list[str]:
    return [message["id"] for message in page["messages"]]


async def test_what_has_no_row_is_listed_newest_first_until_it_has_one(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    first, second, third = [await recorded(db, channel) for _ in range(3)]
    await recorded(db, other)
    assert await counted(db) == 4
    page = await due(db, channel, limit=2)
    assert ids(page) == [third["id"], second["id"]] and page["next"] == second["seq"] and page["looked_at"] == 2
    place = {"room_id": channel.room_id, "edit_event_id": None}
    shown = {"event_id": third["matrix_event_id"], "content_preview": third["content_preview"]}
    assert page["messages"][0] == {"id": third["id"], **place, **shown}
    page = await due(db, channel, before=page["next"], limit=2)
    assert ids(page) == [first["id"]] and page["next"] is None
    assert await done(db, channel, first, third) == 2
    assert await words(db, first["matrix_event_id"]) == {first["id"]}
    # Cut off here and begun again, it goes on with what is left.
    assert ids(await due(db, channel)) == [second["id"]] and await counted(db) == 2
    await done(db, channel, second)
    assert await due(db, channel) == {"next": None, "looked_at": 3, "messages": []} and await counted(db) == 1


async def test_rows_of_an_earlier_analysis_are_due_and_those_of_a_later_one_are_not(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await recorded(db, channel, search=entry("words"))
    assert (ids(await due(db, channel)), await counted(db)) == ([], 0)
    assert (ids(await due(db, channel, analysis=NEWER)), await counted(db, NEWER)) == ([message["id"]], 1)
    assert await words(db, message["matrix_event_id"]) == {"words"}, "until then it is found by what there was"
    await done(db, channel, message, analysis=NEWER)
    assert (ids(await due(db, channel, analysis=NEWER)), await counted(db, NEWER)) == ([], 0)
    assert ids(await due(db, channel)) == []


async def test_a_row_that_got_lost_is_due_whatever_was_noted(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await recorded(db, channel, search=entry("words"))
    await db.execute("DELETE FROM messaging.message_search")
    assert ids(await due(db, channel)) == [message["id"]]
    await done(db, channel, message)
    assert ids(await due(db, channel)) == []


async def test_what_is_deleted_or_encrypted_is_not_due(world: World, db: Database) -> None:
    channel, sealed = await world.channel(), await world.channel(is_encrypted=True)
    message = await recorded(db, channel)
    await recorded(db, channel, matrix_type="m.room.encrypted", content_preview="")
    await recorded(db, sealed, matrix_type="m.room.encrypted", content_preview="")
    unseen = await recorded(db, sealed)
    await db.call("record_redaction", **redaction(channel, message["matrix_event_id"]))
    for there in (channel, sealed):
        assert ids(await due(db, there)) == []
    assert await counted(db) == 0
    # Whoever lists it all the same, from before it was deleted, or because a version of before has marked it.
    await db.execute("UPDATE public.messages SET awaits_reindex = true")
    assert await done(db, channel, message) == 0
    assert ids(await due(db, sealed)) == [unseen["id"]]
    assert await done(db, sealed, unseen) == 1
    assert (ids(await due(db, sealed)), await counted(db)) == ([], 0)
    assert await db.value("SELECT count(*) FROM messaging.message_search") == 0


async def test_what_was_said_before_a_channel_was_encrypted_is_due(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await recorded(db, channel)
    await db.call("record_encryption", room_id=channel.room_id, sender_id=OWNER)
    assert ids(await due(db, channel)) == [message["id"]]
    await done(db, channel, message)
    assert await words(db, message["matrix_event_id"]) == {message["id"]}


async def test_what_was_edited_while_it_was_read_is_left_to_the_edit(world: World, db: Database) -> None:
    channel = await world.channel()
    known, unknown = await recorded(db, channel), await recorded(db, channel)
    listed = {message["id"]: message for message in (await due(db, channel))["messages"]}
    new = edit(channel, known["matrix_event_id"], content_preview="new", search=entry("new"))
    await db.call("record_edit", **new)
    await db.call("record_edit", **edit(channel, unknown["matrix_event_id"], content_preview="new"))
    assert await done(db, channel, *listed.values()) == 0
    assert await words(db, known["matrix_event_id"]) == {"new"}
    # A component of before has edited that one: it is listed with its edit.
    [again] = (await due(db, channel))["messages"]
    assert again["id"] == unknown["id"] and again["edit_event_id"].startswith("$edit")
    assert await done(db, channel, again) == 1


async def test_it_waits_for_an_edit_that_is_being_recorded(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await recorded(db, channel)
    editing, reindexing = await db.sessions(2)
    new = edit(channel, message["matrix_event_id"], content_preview="new", search=entry("new"))
    async with editing.transaction():
        await editing.call("record_edit", **new)
        old = json.dumps([{"id": message["id"], "edit_event_id": None, "search": entry("old")}])
        turn = asyncio.create_task(reindexing.call("record_reindexed", channel_id=channel.id, messages=old))
        await db.waiting(reindexing)
    assert (await turn)["indexed"] == 0
    assert await words(db, message["matrix_event_id"]) == {"new"} and await awaiting(db) == []


async def test_nothing_is_told_of_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await recorded(db, channel)
    before = await db.events(channel.id)
    await done(db, channel, message)
    assert await db.events(channel.id) == before


async def test_another_channels_message_is_not_touched(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    message = await recorded(db, channel)
    assert await done(db, other, message) == 0
    assert await awaiting(db) == [message["matrix_event_id"]]
    for function, arguments in [
        ("list_messages_to_reindex", {"before": None, "analysis": 1, "limit": 1}),
        ("record_reindexed", {"messages": "[]"}),
    ]:
        assert await db.refusal(function, channel_id=NOWHERE, **arguments) == "channel_not_found"


async def test_a_look_at_a_long_channel_ends_somewhere(world: World, db: Database) -> None:
    channel = await world.channel()
    oldest = await recorded(db, channel)
    await db.execute(
        """INSERT INTO public.messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
               sender_matrix_id, content_preview)
           SELECT gen_random_uuid(), $1, 1000 + n, '$many-' || n, 'm.room.encrypted', 'user:x', 'human', '@x:x', ''
           FROM generate_series(1, 5000) n""",
        channel.id,
    )
    page = await due(db, channel)
    assert page == {"next": 1001, "looked_at": 5000, "messages": []}
    assert ids(await due(db, channel, before=1001)) == [oldest["id"]]
    assert await counted(db) == 1


async def test_counting_ends_at_its_limit(world: World, db: Database) -> None:
    channel = await world.channel()
    for _ in range(3):
        await recorded(db, channel)
        await recorded(db, channel, search=entry("words"))
    assert (await counted(db, limit=2), await counted(db, NEWER, limit=4), await counted(db, NEWER)) == (2, 4, 6)
