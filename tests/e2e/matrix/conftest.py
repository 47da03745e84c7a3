"""A stack in which pushes get lost, started by the first test that needs it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from support.api import World
from support.lost_pushes import LostPushes, lost_pushes
from support.stack import Stack


@pytest.fixture(scope="session")
async def cut(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[LostPushes]:
    async with lost_pushes(stack, web) as parts:
        yield parts


@pytest.fixture
def corner(cut: LostPushes) -> World:
    return cut.world()
