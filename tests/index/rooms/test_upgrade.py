"""record_tombstone, find_upgrade and follow_upgrade: a channel follows its room's replacement."""

import asyncio

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, edit, pushed, reaction, redaction

NEW = "!replacement:localhost"


async def upgrade(db: Database, channel: Channel, replacement: str = NEW) -> Channel:
    """The channel after its room was replaced."""
    tombstone = {"room_id": channel.room_id, "replacement_room_id": replacement, "actor_id": OWNER}
    await db.call("record_tombstone", **tombstone)
    await db.call("follow_upgrade", replacement_room_id=replacement, predecessor_room_id=channel.room_id)
    return Channel(channel.id, replacement, channel.owner)


async def is_pending(db: Database, replacement: str) -> bool:
    return (await db.call("find_upgrade", replacement_room_id=replacement))["is_pending"]


async def test_a_channel_follows_its_rooms_replacement_once(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=NEW, actor_id=OWNER)
    found = await db.call("find_upgrade", replacement_room_id=NEW)
    assert found == {"is_pending": True, "predecessor_room_id": channel.room_id, "banned": []}
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == channel.room_id
    sessions = await db.sessions(3)
    named = {"replacement_room_id": NEW, "predecessor_room_id": channel.room_id}
    await asyncio.gather(*(session.call("follow_upgrade", **named) for session in sessions))
    assert not await is_pending(db, NEW)
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
    assert not await is_pending(db, "!first:localhost")
    assert await is_pending(db, NEW)


async def test_a_channels_room_is_nobodys_replacement(world: World, db: Database) -> None:
    channel, victim = await world.channel(), await world.channel()
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=victim.room_id, actor_id=OWNER)
    assert not await is_pending(db, victim.room_id)


async def test_a_former_room_of_a_channel_is_nobodys_replacement_and_no_new_channels_room(
    world: World, db: Database
) -> None:
    channel, victim = await world.channel(), await world.channel(visibility="private")
    message = await world.message(victim)
    await upgrade(db, victim)
    await upgrade(db, channel, victim.room_id)
    assert not await is_pending(db, victim.room_id)
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == channel.room_id
    # What was said there is the victim's as before.
    await db.call("record_redaction", **redaction(victim, message.event_id))
    assert await db.value("SELECT deleted_at IS NOT NULL FROM public.messages WHERE id = $1", message.id)
    # A pending upgrade to a room that has become another channel's in the meantime leads nowhere either.
    pending = {"room_id": channel.room_id, "replacement_room_id": "!late:localhost", "actor_id": OWNER}
    await db.call("record_tombstone", **pending)
    await upgrade(db, Channel(victim.id, NEW, OWNER), "!late:localhost")
    follow = {"replacement_room_id": "!late:localhost", "predecessor_room_id": channel.room_id}
    await db.call("follow_upgrade", **follow)
    rooms = [row[0] for row in await db.rows("SELECT matrix_room_id FROM public.channels ORDER BY 1")]
    assert len(set(rooms)) == 2


async def test_a_replacement_has_to_name_the_room_that_it_replaces(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=NEW, actor_id=OWNER)
    for named in (None, "!another:localhost", NEW):
        await db.call("follow_upgrade", replacement_room_id=NEW, predecessor_room_id=named)
    await db.call("follow_upgrade", replacement_room_id=NEW)
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == channel.room_id
    await db.call("follow_upgrade", replacement_room_id=NEW, predecessor_room_id=channel.room_id)
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == NEW


@pytest.mark.parametrize(("visibility", "closes"), [("public", True), ("microdao", False), ("private", False)])
async def test_a_public_channel_is_private_from_the_moment_on_that_it_moves_into_a_closed_room(
    world: World, db: Database, visibility: str, closes: bool
) -> None:
    channel = await world.channel(visibility=visibility)
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=NEW, actor_id=OWNER)
    named = {"replacement_room_id": NEW, "predecessor_room_id": channel.room_id}
    assert (await db.call("follow_upgrade", **named, is_closed=True))["has_closed"] is closes
    row = await db.call("get_channel", **channel.by(OWNER))
    assert (row["matrix_room_id"], row["visibility"]) == (NEW, "private" if closes else visibility)


async def test_a_tombstone_and_a_channel_that_follows_do_not_lock_each_other(world: World, db: Database) -> None:
    channel = await world.channel()
    tombstone = {"room_id": channel.room_id, "actor_id": OWNER}
    await db.call("record_tombstone", **tombstone, replacement_room_id=NEW)
    first, second = await db.sessions(2)
    async with first.transaction():
        await first.execute("SELECT FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", channel.id)
        following = asyncio.create_task(
            second.call("follow_upgrade", replacement_room_id=NEW, predecessor_room_id=channel.room_id)
        )
        await db.waiting(second)
        # The second one holds nothing that this needs.
        await first.call("record_tombstone", **tombstone, replacement_room_id="!other:localhost")
    await following
    assert (await db.call("get_channel", **channel.by(OWNER)))["matrix_room_id"] == channel.room_id
    assert await is_pending(db, "!other:localhost")


async def test_a_replacement_that_nobody_named_is_followed_by_nobody(db: Database) -> None:
    assert await db.call("follow_upgrade", replacement_room_id=NEW) is None
    tombstone = {"room_id": "!unknown:localhost", "replacement_room_id": NEW, "actor_id": OWNER}
    assert await db.refusal("record_tombstone", **tombstone) == "channel_not_found"


async def test_who_is_banned_is_named_before_the_channel_moves(world: World, db: Database) -> None:
    channel = await world.channel()
    ban = {"channel_id": channel.id, "caller": OWNER, "ban": True, "member_type": "human"}
    await db.call("record_removal", **ban, member_id="user:sam", matrix_user_id="@user-sam:localhost")
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=NEW, actor_id=OWNER)
    for _ in range(2):
        found = await db.call("find_upgrade", replacement_room_id=NEW)
        assert (found["is_pending"], found["banned"]) == (True, ["@user-sam:localhost"])
