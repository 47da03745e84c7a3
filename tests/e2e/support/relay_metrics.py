"""What the relay counts."""

from __future__ import annotations

import httpx

from support.stack import Stack


async def metric(web: httpx.AsyncClient, stack: Stack, name: str) -> float:
    """The value of a metric without labels; the name goes without its prefix."""
    text = (await web.get(f"{(stack.ws_url or '').replace('ws', 'http', 1)}/metrics")).text
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"daarion_messaging_{name} ")))
