"""Where the client runs, and what stands between it and the relay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import quote

import pytest
from selenium import webdriver

from support.api import Caller, World
from support.browser import start_browser
from support.messenger import Messenger
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
def place(request: pytest.FixtureRequest) -> str:
    """Where the client runs."""
    return request.param


# Starts a program of the client's for a caller.
Start = Callable[[str, Caller, dict[str, object]], Awaitable[Follower]]


@pytest.fixture
async def start(
    request: pytest.FixtureRequest, place: str, world: World, site: Site, proxy: RelayProxy
) -> AsyncIterator[Start]:
    started: list[Follower] = []

    async def begin(program: str, caller: Caller, wanted: dict[str, object]) -> Follower:
        tokens = f"{site.url}/tokens?user={quote(caller.id)}&microdao={quote(world.microdao)}"
        setup = wanted | {"relay": proxy.url, "api": site.url, "tokens": tokens}
        if place == "node":
            follower: Follower = await Program.start(program, setup)
        else:
            setup["program"] = program
            follower = await Browser.open(request.getfixturevalue("driver"), site.url, json.dumps(setup))
        started.append(follower)
        return follower

    yield begin
    site.passes, site.fate = True, None
    for follower in started:
        await follower.close()


@pytest.fixture
def follow(start: Start) -> Follow:
    async def begin(reader: Caller, kind: str, *channels: str) -> Follower:
        return await start("follow.js", reader, {"kind": kind, "channels": list(channels)})

    return begin


@pytest.fixture
def messenger(start: Start) -> Callable[..., Awaitable[Messenger]]:
    """Opens channels in a messenger, as a caller."""

    async def begin(caller: Caller, *channels: str) -> Messenger:
        return Messenger(await start("messaging.js", caller, {"channels": list(channels)}))

    return begin
