"""A list of pinned events that was never pushed is found when the channel is compared with its room."""

from __future__ import annotations

import pytest

from support.api import World
from support.lost_pushes import LostPushes
from support.pins import pins

pytestmark = pytest.mark.faults


async def test_a_list_that_was_never_pushed_is_followed(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    message = await alice.send(channel["id"], "pinned")
    room, element = channel["matrix_room_id"], await cut.client(alice)
    await cut.compared(channel, await element.say(room, "so far"))
    with cut.losing():
        await element.set_state(room, "m.room.pinned_events", {"pinned": ["$unknown", message["matrix_event_id"]]})
        await cut.lost(await element.say(room, "the last one"))
    assert await pins(alice, channel) == []
    repaired, _ = await cut.everything(channel)
    assert (repaired["state"], repaired["messages"]) == (1, 1)
    assert [one["id"] for one in await pins(alice, channel)] == [message["id"]]
    assert ("message.pinned", alice.id, message["id"]) in (await cut.index.audit(channel["id"])).values()
    await cut.is_whole(channel)
