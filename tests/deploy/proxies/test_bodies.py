"""Bodies: how large they may be, and that a file is not collected on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from harness.client import post_in_parts
from harness.proxy import Proxy
from harness.upstream import settled

CHANNEL = "/api/messaging/channels/0b0e7f0c-1f0a-4c57-9d5e-0d1f6f0a2b3c"
MIB = 1 << 20


async def of(size: int) -> AsyncIterator[bytes]:
    for begin in range(0, size, 65536):
        yield bytes(min(65536, size - begin))


async def test_the_app_itself_refuses_a_json_body_that_is_a_little_too_long(proxy: Proxy) -> None:
    size = 300 * 1024
    assert await post_in_parts(proxy, f"{CHANNEL}/messages", of(size), size) == 200
    assert [arrived.size for arrived in proxy.upstreams.app.take()] == [size]


@pytest.mark.parametrize(("path", "size"), [("messages", 2 * MIB), ("files", 101 * MIB), ("files/x", 2 * MIB)])
async def test_what_is_far_too_long_is_refused_by_the_proxy_before_it_is_sent(
    proxy: Proxy, path: str, size: int
) -> None:
    assert await post_in_parts(proxy, f"{CHANNEL}/{path}", of(0), size) == 413
    assert proxy.upstreams.app.take() == []


async def test_a_file_arrives_while_it_is_sent(proxy: Proxy) -> None:
    half = 4 * MIB
    halves_that_had_arrived = []

    async def parts() -> AsyncIterator[bytes]:
        async for part in of(half):
            yield part
        # The second half is only sent when the first one is there.
        await settled(proxy.upstreams.app, half)
        halves_that_had_arrived.append(half)
        async for part in of(half):
            yield part

    assert await post_in_parts(proxy, f"{CHANNEL}/files?filename=a.bin", parts(), 2 * half) == 200
    assert halves_that_had_arrived == [half]
    assert [arrived.size for arrived in proxy.upstreams.app.take()] == [2 * half]
