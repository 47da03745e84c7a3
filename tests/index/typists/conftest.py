"""A channel with two members, and what is heard of those who type in it."""

from __future__ import annotations

import pytest

from harness.database import Database
from harness.typing import MIA, SAM, Heard
from harness.world import Channel, World


@pytest.fixture
async def heard(db: Database) -> Heard:
    heard = Heard()
    listener = await db.session()
    await listener.connection.add_listener("ephemeral", lambda *notice: heard.frames.put_nowait(notice[-1]))
    return heard


@pytest.fixture
async def channel(world: World) -> Channel:
    channel = await world.channel()
    for member in (SAM, MIA):
        await world.member(channel, member)
    return channel
