"""prepare_archive and record_archive."""

import asyncio

from harness.database import Database
from harness.world import OWNER, World


async def test_a_channel_is_archived_once(world: World, db: Database) -> None:
    channel = await world.channel()
    prepared = await db.call("prepare_archive", **channel.by(OWNER))
    assert prepared == {"room_id": channel.room_id, "is_archived": False}
    sessions = await db.sessions(4)
    arguments = {"channel_id": channel.id, "caller": OWNER}
    assert await asyncio.gather(*(s.call("record_archive", **arguments) for s in sessions)) == [None] * 4
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived"]
    assert (await db.audit(channel.id))[1:] == [("channel.archived", OWNER, None)]
    prepared = await db.call("prepare_archive", **channel.by(OWNER))
    assert prepared == {"room_id": channel.room_id, "is_archived": True}


async def test_refusals_of_an_archive(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(channel, "user:mia")
    assert await db.refusal("prepare_archive", **channel.by("user:mia")) == "cannot_manage"
    assert await db.refusal("prepare_archive", **private.by("user:mia")) == "channel_not_found"
