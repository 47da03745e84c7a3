"""A proxy of each kind for the run, in front of upstreams that remember what arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

pytest.register_assert_rewrite("harness")

from harness.proxy import Proxy, Upstreams, program, start
from harness.upstream import Upstream


@pytest.fixture(scope="session", params=["nginx", "caddy"])
async def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    if program(request.param) is None:
        pytest.skip(f"{request.param} is not installed; tests/deploy/run installs it where there is apt")
    upstreams = Upstreams(Upstream(), Upstream(), Upstream())
    for upstream in upstreams:
        await upstream.start()
    proxy = await start(request.param, tmp_path_factory.mktemp(request.param), upstreams)
    yield proxy
    await proxy.stop()
    for upstream in upstreams:
        await upstream.stop()


@pytest.fixture
def proxy(started: Proxy) -> Proxy:
    for upstream in started.upstreams:
        upstream.take()
    return started
