"""Edits that are nested deeply: what is indexed can be read afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import World
from support.matrix_client import matrix_client
from support.rooms import Rooms
from support.witness import Witness


@pytest.mark.parametrize("levels", [50, 110, 120])
async def test_an_edit_that_is_nested_deeply_can_be_read(
    world: World, rooms: Rooms, witness: Witness, levels: int
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "flat")
    client = await matrix_client(rooms, alice)
    deep: Any = "deep"
    for _ in range(levels):
        deep = [deep]
    new = {"msgtype": "m.text", "body": "nested", "city.example.deep": deep}
    relation = {"rel_type": "m.replace", "event_id": message["matrix_event_id"]}
    content = {"msgtype": "m.text", "body": "* nested", "m.new_content": new, "m.relates_to": relation}
    async with witness.watch(channel, alice) as observed:
        await client.send(channel["matrix_room_id"], "m.room.message", content)
    assert observed.kinds == ["message.updated"]
    shown = await alice.content(message)
    assert (shown["text"], shown["content_preview"]) == ("nested", "nested")
