"""A public room is replaced by a closed one that its owner has made: who may read follows at once, and nothing is held up."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import World, path_to
from support.matrix_client import bot_client, matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness


@pytest.mark.parametrize("hidden_by", ["join rule", "history visibility"])
async def test_a_channel_that_moves_into_a_closed_room_is_closed_and_holds_up_no_other(
    world: World, rooms: Rooms, witness: Witness, hidden_by: str
) -> None:
    owner, stranger = world.user("owner"), world.member_of("stranger", world.other_microdao("other"))
    channel, other = await world.channel(owner), await world.channel(owner)
    old, client, bot = channel["matrix_room_id"], await matrix_client(rooms, owner), bot_client(rooms)
    bot_id = f"@daarion:{world.stack.server_name}"
    # Its creator has every power in a room of version 12, and no level.
    history = {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    made = await client.call(
        "POST",
        "createRoom",
        {
            "preset": "private_chat" if hidden_by == "join rule" else "public_chat",
            "room_version": "12",
            "creation_content": {"predecessor": {"room_id": old, "event_id": "$x"}},
            "initial_state": [history] if hidden_by == "history visibility" else [],
            "invite": [bot_id],
            "power_level_content_override": {"users": {bot_id: 100}},
        },
    )
    replacement = made["room_id"]
    await bot.set_state(old, "m.room.tombstone", {"body": "moved", "replacement_room": replacement})

    async def now() -> dict[str, Any]:
        return (await owner.get(path_to(channel["id"]))).json()

    async def moved() -> bool:
        return (await now())["matrix_room_id"] == replacement

    await eventually("the channel moves", moved)
    assert (await now())["visibility"] == "private"
    problem(await stranger.get(path_to(channel["id"], "messages")), 404)

    # What the homeserver will not do for one room is no reason for it to wait with all others.
    levels = await rooms.state(replacement, "m.room.power_levels") or {}
    await client.set_state(replacement, "m.room.power_levels", levels | {"state_default": 51})
    said = await (await matrix_client(rooms, owner)).say(other["matrix_room_id"], "meanwhile")

    async def indexed() -> bool:
        return said in [m["matrix_event_id"] for m in await owner.history(other["id"])]

    await eventually("another channel goes on", indexed)
    await witness.settle()
