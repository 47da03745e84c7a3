"""Stacks that a module has for itself, to stop and to kill."""

from collections.abc import AsyncIterator

import pytest

from support.own_stack import OwnStack
from support.stack import Stack


@pytest.fixture(scope="module")
async def own(stack: Stack) -> AsyncIterator[OwnStack]:
    """Runs when a test begins and when it ends."""
    started = OwnStack(stack)
    try:
        await started.start()
        yield started
    finally:
        await started.close()
