"""Pins: what is shown, what the room has, and how they are changed."""

from __future__ import annotations

from typing import Any

from support.api import Caller, path_to, pin_path, rows
from support.rooms import Rooms


async def pins(reader: Caller, channel: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(await reader.get(f"{path_to(channel['id'])}/pins"))


async def in_room(rooms: Rooms, channel: dict[str, Any]) -> list[str]:
    return ((await rooms.state(channel["matrix_room_id"], "m.room.pinned_events")) or {}).get("pinned", [])


async def done(caller: Caller, method: str, message: dict[str, Any]) -> None:
    response = await caller.request(method, pin_path(message))
    assert response.status_code == 204, response.text
