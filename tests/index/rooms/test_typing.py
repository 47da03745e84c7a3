"""announce_typing: who types, told to the relay and never stored."""

import asyncio
import json

from harness.database import Database
from harness.world import World


async def test_who_types_is_told_and_not_stored(world: World, db: Database) -> None:
    channel = await world.channel()
    before = await db.contents()
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await db.session()
    await listener.connection.add_listener("ephemeral", lambda *notice: heard.put_nowait(notice[-1]))
    for members in (["user:sam", "user:mia"], []):
        assert await db.call("announce_typing", room_id=channel.room_id, member_ids=members) is None
        frame = json.loads(await asyncio.wait_for(heard.get(), 10))
        assert frame == {"type": "typing", "channel_id": channel.id, "member_ids": members}
    assert await db.contents() == before


async def test_at_most_fifty_are_named_and_a_frame_that_is_too_large_is_dropped(world: World, db: Database) -> None:
    channel = await world.channel()
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await db.session()
    await listener.connection.add_listener("ephemeral", lambda *notice: heard.put_nowait(notice[-1]))
    # More than NOTIFY takes: 50 Matrix ids of 255 bytes each.
    await db.call("announce_typing", room_id=channel.room_id, member_ids=[f"@{i:0254}" for i in range(60)])
    await db.call("announce_typing", room_id=channel.room_id, member_ids=[f"user:u{i}" for i in range(60)])
    frame = json.loads(await asyncio.wait_for(heard.get(), 10))
    assert frame["member_ids"] == [f"user:u{i}" for i in range(50)]
    assert heard.empty()


async def test_nobody_types_in_no_channel_or_an_archived_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.archive(channel)
    for room in (channel.room_id, "!unknown:localhost"):
        assert await db.refusal("announce_typing", room_id=room, member_ids=["user:sam"]) == "channel_not_found"
