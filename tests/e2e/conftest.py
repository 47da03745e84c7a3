"""What every test is given. Each test makes its own channels and people, so tests can share one deployment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

# Before the first import of them: their assertions say what they have compared, as those of tests do.
pytest.register_assert_rewrite("support")

from support import journal as journals
from support import received
from support.api import Caller, World, api_client, unique
from support.asyncapi import AsyncContract
from support.faulty_homeserver import FaultyHomeserver
from support.homeserver import Homeserver
from support.index import Index
from support.journal import Journal
from support.person import NewPerson, Person, register
from support.rooms import Rooms
from support.second_app import second_app
from support.services import Services
from support.sockets import Address, Listen, Listener, ListenToMany, listener
from support.stack import Stack
from support.unchanged import Unchanged, unchanged_check
from support.witness import Witness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Faults come late: whatever they leave behind cannot fail another test. Then comes what looks back."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is not None for name in ("last", "faults")])


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack.load()


@pytest.fixture(scope="session")
async def web() -> AsyncIterator[httpx.AsyncClient]:
    """For everything that is not the API. No proxy of the environment: the stack is where its file says."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """For the API."""
    async with api_client(stack.api_url) as client:
        yield client


@pytest.fixture(scope="session")
async def development(http: httpx.AsyncClient) -> bool:
    """Whether callers may name themselves."""
    response = await http.get("/api/messaging/channels", params={"limit": 1}, headers={"X-User-Id": "user:e2e"})
    assert response.status_code in (200, 401), response.text
    return response.status_code == 200


@pytest.fixture(scope="session")
async def asyncapi(http: httpx.AsyncClient) -> AsyncContract:
    """The document about frames and events."""
    response = await http.get("/asyncapi.json")
    assert response.status_code == 200, response.text
    return AsyncContract(response.json())


@pytest.fixture(autouse=True)
def frames_and_events_are_documented(asyncapi: AsyncContract) -> Iterator[None]:
    """Fails a test that has received a frame or an event in which the AsyncAPI document is wrong."""
    yield
    violations = [line for name, payload in received.take() for line in asyncapi.violations(name, payload)]
    assert not violations, f"{len(violations)} violations of the document, among them: {violations[:10]}"


@pytest.fixture
def world(http: httpx.AsyncClient, stack: Stack, development: bool) -> World:
    return World(http, stack, development)


@pytest.fixture(scope="session")
def rooms(stack: Stack, web: httpx.AsyncClient) -> Rooms:
    return Rooms(stack, web)


@pytest.fixture(scope="session")
async def index(stack: Stack) -> AsyncIterator[Index]:
    opened = Index(stack)
    yield opened
    await opened.close()


@pytest.fixture
def unchanged(index: Index, rooms: Rooms) -> Unchanged:
    return unchanged_check(index, rooms)


@pytest.fixture
async def journal(stack: Stack) -> AsyncIterator[Journal]:
    client = await journals.connect(stack)
    yield await Journal(client).open()
    await client.close()


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


@pytest.fixture
async def person(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[NewPerson]:
    """Makes people in Matrix."""
    made: list[Person] = []

    async def make(name: str) -> Person:
        made.append(await register(stack, web, name))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def homeserver(http: httpx.AsyncClient, stack: Stack) -> Homeserver:
    """Pushes as the homeserver does."""
    stack.need("matrix_hs_token", "server_name")
    return Homeserver(http, stack, "", {"Authorization": f"Bearer {stack.matrix_hs_token}"})


@pytest.fixture(scope="module")
async def faulty(stack: Stack) -> AsyncIterator[FaultyHomeserver]:
    """A homeserver that fails on demand, for a second app."""
    homeserver = FaultyHomeserver(stack)
    await homeserver.start()
    yield homeserver
    await homeserver.stop()


@pytest.fixture(scope="module")
async def app(
    stack: Stack, faulty: FaultyHomeserver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """An app whose homeserver is the faulty one."""
    folder = tmp_path_factory.mktemp("second-app")
    async with second_app(stack, folder, matrix_homeserver_url=faulty.url) as url, api_client(url) as client:
        yield client


@pytest.fixture
def ws_address(stack: Stack) -> Address:
    """Where a channel's stream is; parameters go into the query."""
    stack.need("ws_url")

    def address(channel: str, **query: Any) -> str:
        return f"{stack.ws_url}/ws/messaging/{channel}" + (f"?{urlencode(query)}" if query else "")

    return address


@pytest.fixture
def listen(ws_address: Address) -> Listen:
    """Opens a channel's WebSocket as a caller, with their token or, in development mode, by their name."""

    def open_socket(channel: str, caller: Caller, **query: Any) -> AbstractAsyncContextManager[Listener]:
        if "Authorization" in caller.headers:
            return listener(ws_address(channel, **query), headers=caller.headers)
        return listener(ws_address(channel, user_id=caller.id, **query))

    return open_socket


@pytest.fixture
def listen_to_many(stack: Stack) -> ListenToMany:
    """Opens a WebSocket for many channels as a caller."""
    stack.need("ws_url")

    def open_socket(caller: Caller) -> AbstractAsyncContextManager[Listener]:
        if "Authorization" in caller.headers:
            return listener(f"{stack.ws_url}/ws/messaging", headers=caller.headers)
        return listener(f"{stack.ws_url}/ws/messaging?user_id={caller.id}")

    return open_socket


@pytest.fixture(scope="session")
def services(stack: Stack, web: httpx.AsyncClient) -> Services:
    return Services(stack, web)


@pytest.fixture
def key() -> str:
    """An Idempotency-Key."""
    return unique("key")
