"""Who types: what is said, what is heard, and time that passes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database
from harness.world import Channel, World

SAM, MIA = "user:sam", "user:mia"


class Heard:
    """The frames of one channel."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[str] = asyncio.Queue()

    async def next(self) -> list[str]:
        frame = json.loads(await asyncio.wait_for(self.frames.get(), 10))
        assert frame.keys() == {"type", "channel_id", "member_ids"} and frame["type"] == "typing"
        return frame["member_ids"]

    def nothing(self) -> bool:
        return self.frames.empty()


def says(channel: Channel, by: str, is_typing: bool = True, microdaos: list[str] | None = None) -> dict[str, Any]:
    return {**channel.by(by, microdaos), "is_typing": is_typing}


def in_room(channel: Channel, *members: str) -> dict[str, Any]:
    return {"room_id": channel.room_id, "member_ids": list(members)}


async def later(db: Database, seconds: float) -> None:
    """So many seconds pass."""
    times = ("until", "room_until", "said_at", "told_at", "echoes_until", "began_at")
    changes = ", ".join(f"{time} = {time} - make_interval(secs => $1)" for time in times)
    await db.execute(f"UPDATE messaging.typing SET {changes}", seconds)


async def people(world: World, channel: Channel, ids: list[str]) -> None:
    for member_id in ids:
        await world.member(channel, member_id)
