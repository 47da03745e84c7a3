"""Waiting for a condition instead of sleeping: with a deadline, and with a message when it passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# Long enough for a machine that is busy with other things; a healthy system needs a small part of it.
PATIENCE = 20.0


async def eventually(
    what: str | Callable[[], str],
    check: Callable[[], Awaitable[T]],
    *,
    deadline: float = PATIENCE,
    interval: float = 0.02,
    retry: tuple[type[Exception], ...] = (),
) -> T:
    """The first truthy result of `check`; an assertion that fails, or an error in `retry`, means: not yet. A `what` that is
    to show what there was at the end is a function."""
    end = time.monotonic() + deadline
    while True:
        try:
            last = await asyncio.wait_for(check(), max(0.1, end - time.monotonic()))
            if last:
                return last
        except (AssertionError, TimeoutError, *retry) as error:
            last = error
        if time.monotonic() > end:
            what = what if isinstance(what, str) else what()
            raise AssertionError(f"{what}: not within {deadline} s; last seen: {last!r}")
        await asyncio.sleep(interval)
        # A failing condition is often expensive to look at.
        interval = min(interval * 1.5, 0.5)
