"""Where the client runs, and what stands between it and the relay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import quote

import pytest
from selenium import webdriver

from support.api import Caller, World
from support.browser import start_browser
from support.reference_client import Browser, Follower, Program, Site
from support.relay_proxy import RelayProxy
from support.stack import Stack

# Starts to follow channels, as a caller, with a socket for each or with one for all.
Follow = Callable[..., Awaitable[Follower]]


@pytest.fixture(scope="package")
async def site(stack: Stack) -> AsyncIterator[Site]:
    stack.need("jwt_secret")
    opened = Site(stack)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def proxy(stack: Stack) -> AsyncIterator[RelayProxy]:
    stack.need("ws_url")
    assert stack.ws_url
    opened = RelayProxy(stack.ws_url)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture(scope="package")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    started = start_browser(tmp_path_factory.mktemp("chromium"))
    yield started
    started.quit()


@pytest.fixture(params=["node", "browser"])
async def follow(request: pytest.FixtureRequest, world: World, site: Site, proxy: RelayProxy) -> AsyncIterator[Follow]:
    followers: list[Follower] = []

    async def start(reader: Caller, kind: str, *channels: str) -> Follower:
        tokens = f"{site.url}/tokens?user={quote(reader.id)}&microdao={quote(world.microdao)}"
        setup = {"relay": proxy.url, "api": site.url, "tokens": tokens, "kind": kind, "channels": list(channels)}
        if request.param == "node":
            follower: Follower = await Program.start("follow.js", setup)
        else:
            follower = await Browser.open(request.getfixturevalue("driver"), site.url, json.dumps(setup))
        followers.append(follower)
        return follower

    yield start
    for follower in followers:
        await follower.close()
