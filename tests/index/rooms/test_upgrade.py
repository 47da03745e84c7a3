"""record_tombstone, find_upgrade and follow_upgrade: a channel follows its room's replacement."""

import asyncio

from harness.database import Database
from harness.world import OWNER, Channel, World, edit, pushed, reaction, redaction

NEW = "!replacement:localhost"


async def upgrade(db: Database, channel: Channel, replacement: str = NEW) -> Channel:
    """The channel after its room was replaced."""
    tombstone = {"room_id": channel.room_id, "replacement_room_id": replacement, "actor_id": OWNER}
    await db.call("record_tombstone", **tombstone)
    await db.call("follow_upgrade", replacement_room_id=replacement)
    return Channel(channel.id, replacement, channel.owner)


async def test_a_channel_follows_its_rooms_replacement_once(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=NEW, actor_id=OWNER)
    assert await db.call("find_upgrade", replacement_room_id=NEW) == {"is_pending": True}
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == channel.room_id
    sessions = await db.sessions(3)
    await asyncio.gather(*(session.call("follow_upgrade", replacement_room_id=NEW) for session in sessions))
    assert await db.call("find_upgrade", replacement_room_id=NEW) == {"is_pending": False}
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == NEW
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]
    assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)]


async def test_what_was_said_in_the_old_room_can_still_be_edited_and_deleted(world: World, db: Database) -> None:
    channel = await world.channel()
    old = await world.message(channel)
    followed = await upgrade(db, channel)
    new = await world.message(followed)
    by = followed.by(OWNER)
    assert (await db.call("prepare_edit", **by, message_id=old.id))["room_id"] == channel.room_id
    assert (await db.call("prepare_edit", **by, message_id=new.id))["room_id"] == NEW
    assert (await db.call("record_edit", **edit(channel, old.event_id)))["id"] == old.id
    await db.call("record_reaction", **reaction(channel, old.event_id))
    await db.call("record_message", **pushed(channel))
    await db.call("record_redaction", **redaction(channel, old.event_id))
    assert await db.subjects(channel.id) == [
        "channel.created",
        "message.created",
        "channel.updated",
        "message.created",
        "message.updated",
        "reaction.added",
        "message.created",
        "message.deleted",
    ]


async def test_the_old_rooms_state_is_over(world: World, db: Database) -> None:
    channel = await world.channel(name="Name")
    await upgrade(db, channel)
    state = {"event_type": "m.room.name", "field": "name", "value": "Late", "sender_id": OWNER, "by_bot": False}
    arguments = {"room_id": channel.room_id, **state, "changed_at": "2026-01-01T00:00:00Z"}
    assert await db.refusal("record_room_state", **arguments) == "channel_not_found"


async def test_the_last_replacement_that_is_named_counts(world: World, db: Database) -> None:
    channel = await world.channel()
    for replacement in ("!first:localhost", NEW):
        await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=replacement, actor_id=OWNER)
    assert await db.call("find_upgrade", replacement_room_id="!first:localhost") == {"is_pending": False}
    assert await db.call("find_upgrade", replacement_room_id=NEW) == {"is_pending": True}


async def test_a_channels_room_is_nobodys_replacement(world: World, db: Database) -> None:
    channel, victim = await world.channel(), await world.channel()
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=victim.room_id, actor_id=OWNER)
    assert await db.call("find_upgrade", replacement_room_id=victim.room_id) == {"is_pending": False}


async def test_a_replacement_that_nobody_named_is_followed_by_nobody(db: Database) -> None:
    assert await db.call("follow_upgrade", replacement_room_id=NEW) is None
    tombstone = {"room_id": "!unknown:localhost", "replacement_room_id": NEW, "actor_id": OWNER}
    assert await db.refusal("record_tombstone", **tombstone) == "channel_not_found"
