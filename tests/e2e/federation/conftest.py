"""The other homeserver, started by the first test that needs it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from support.agreement import Agreement
from support.index import Index
from support.neighbour import Neighbour
from support.rooms import Rooms
from support.stack import Stack
from support.witness import Witness


@pytest.fixture(scope="session")
async def server(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[Neighbour]:
    started = Neighbour(stack, web)
    try:
        await started.start()
        yield started
    finally:
        await started.close()


@pytest.fixture
async def neighbour(server: Neighbour) -> AsyncIterator[Neighbour]:
    """The other homeserver; a link that a test has cut is mended after it."""
    yield server
    server.link.mend()


@pytest.fixture
def agreement(rooms: Rooms, index: Index, witness: Witness, neighbour: Neighbour) -> Agreement:
    return Agreement(rooms, index, witness, neighbour)
