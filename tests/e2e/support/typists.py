"""Who types, as a socket is told it."""

from __future__ import annotations

from typing import Any

from support.api import Caller
from support.person import NewPerson, Person, joined_member
from support.sockets import Listener
from support.waiting import PATIENCE, eventually


async def typists(
    socket: Listener, channel: dict[str, Any], *member_ids: str, deadline: float = PATIENCE
) -> dict[str, Any]:
    """The channel's last typing frame, once it names exactly these members."""

    async def shown() -> dict[str, Any]:
        frames = [frame for frame in socket.ephemeral if frame["channel_id"] == channel["id"]]
        return frames[-1] if frames and set(frames[-1]["member_ids"]) == set(member_ids) else {}

    who = member_ids or "nobody"
    return await eventually(lambda: f"{who} types, on {socket.described(socket.ephemeral)}", shown, deadline=deadline)


async def member_in_matrix(reader: Caller, channel: dict[str, Any], person: NewPerson) -> Person:
    """A person in Matrix who has joined the channel, invited where that is needed, and whom the index knows."""
    bob = await person("bob")
    if channel["visibility"] != "public":
        await reader.invite(channel["id"], bob.id)
    await bob.join(channel["matrix_room_id"])
    await joined_member(reader, channel, bob)
    return bob
