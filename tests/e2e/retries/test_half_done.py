"""Acts that are done in Matrix but not recorded: the homeserver's push completes them, and a retry adds nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web

from support.api import CHANNELS, Caller, World, api_client, member_path, path_to, reaction_path
from support.database_proxy import DatabaseProxy
from support.faulty_homeserver import FaultyHomeserver
from support.index import Index
from support.journal import Journal
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.stack import Stack
from support.witness import Witness


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[DatabaseProxy]:
    stack.need("database_url")
    proxy = DatabaseProxy(stack.database_url or "")
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture(scope="module")
async def app(
    stack: Stack, faulty: FaultyHomeserver, database: DatabaseProxy, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """An app that can lose its homeserver and its database; the pushes go to the stack's own, which loses nothing."""
    variables = {
        "matrix_homeserver_url": faulty.url,
        "database_url": database.url,
        "database_allowed_host": f"postgres://127.0.0.1:{database.port}",
    }
    async with second_app(stack, tmp_path_factory.mktemp("second-app"), **variables) as url, api_client(url) as client:
        yield client


class Crash:
    """Takes the app's database away at one of the homeserver's calls, and gives it back."""

    def __init__(self, faulty: FaultyHomeserver, database: DatabaseProxy):
        self.faulty = faulty
        self.database = database

    def after(self, method: str, part: str) -> None:
        """Cuts the database once the homeserver has done what such a request asks: this method, this part of a path."""

        async def fault(request: web.Request, body: bytes) -> web.Response:
            response = await self.faulty.forward(request, body)
            # A new user is refused at first, and then registered.
            if response.status == 200:
                self.database.cut()
            return response

        self.faulty.fail(method, part, fault)

    def recover(self) -> None:
        """Ends the crash, which must have happened."""
        assert self.faulty.hit, "the fault was met"
        self.repair()

    def repair(self) -> None:
        """Ends the crash, whether it has happened or not."""
        self.faulty.heal()
        self.database.restore()


@pytest.fixture
def crash(faulty: FaultyHomeserver, database: DatabaseProxy) -> Crash:
    made = Crash(faulty, database)
    made.repair()
    return made


Act = Callable[[Caller, dict[str, Any], dict[str, Any], str], Awaitable[httpx.Response]]


# The act, at which of the homeserver's calls the database is lost, and the events in the end.
# The caller is the owner and the sender of the message, and `who` is a member.
ACTS: dict[str, tuple[Act, str, str, list[str]]] = {
    "edit": (
        lambda caller, channel, message, who: caller.request(
            "PATCH", path_to(channel["id"], message["id"]), json={"text": "new"}, key=message["id"]
        ),
        "PUT",
        "/send/m.room.message/",
        ["message.updated"],
    ),
    "delete": (
        lambda caller, channel, message, who: caller.delete(path_to(channel["id"], message["id"])),
        "PUT",
        "/redact/",
        ["message.deleted"],
    ),
    "react": (
        lambda caller, channel, message, who: caller.put(reaction_path(message, "x")),
        "PUT",
        "/send/m.reaction/",
        ["reaction.added"],
    ),
    "kick": (
        lambda caller, channel, message, who: caller.delete(member_path(channel["id"], who)),
        "POST",
        "/kick",
        ["member.kicked"],
    ),
    "promote": (
        lambda caller, channel, message, who: caller.patch(member_path(channel["id"], who), {"role": "admin"}),
        "PUT",
        "/state/m.room.power_levels",
        ["member.role_changed"],
    ),
    "change": (
        lambda caller, channel, message, who: caller.patch(path_to(channel["id"]), {"name": "New"}),
        "PUT",
        "/state/m.room.name",
        ["channel.updated"],
    ),
    "archive": (
        lambda caller, channel, message, who: caller.delete(path_to(channel["id"])),
        "PUT",
        "/state/m.room.power_levels",
        ["channel.archived"],
    ),
}


@pytest.mark.parametrize("name", list(ACTS))
async def test_an_act_that_was_not_recorded_is_recorded_once_in_the_name_of_its_actor(
    world: World, app: httpx.AsyncClient, crash: Crash, witness: Witness, name: str
) -> None:
    act, method, part, kinds = ACTS[name]
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    message = await owner.send(channel["id"], "old")
    async with witness.watch(channel, world.user("reader")) as observed:
        crash.after(method, part)
        problem(await act(owner.through(app), channel, message, alice.id), 503)
        crash.recover()
        await witness.settle()
        again = await act(owner.through(app), channel, message, alice.id)
        # Somebody who is gone already cannot be removed once more.
        assert again.is_success or (name == "kick" and again.status_code == 404), again.text
    assert observed.kinds == kinds
    assert [e.payload.get("actor_id", owner.id) for e in observed.events] == [owner.id]
    assert all(actor == owner.id for _, actor, _ in observed.audit)
    shown = (await owner.get(path_to(channel["id"]))).json()
    if name == "change":
        assert shown["name"] == "New"
    if name == "promote":
        assert (await owner.members(channel["id"]))[alice.id]["role"] == "admin"


@pytest.mark.parametrize("kind", ["public", "microdao", "private", "direct"])
@pytest.mark.parametrize("with_key", [True, False], ids=["with-key", "without-key"])
async def test_a_room_without_a_row_becomes_the_channel_of_the_retry(
    world: World,
    app: httpx.AsyncClient,
    crash: Crash,
    rooms: Rooms,
    index: Index,
    journal: Journal,
    key: str,
    with_key: bool,
    kind: str,
) -> None:
    owner, other = world.user("owner"), world.user("other")
    behind = owner.through(app)
    is_direct = kind == "direct"
    body = world.fields(visibility=kind)
    if is_direct:
        body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
    the_key = key if with_key else None
    # The owner is in the room by then, and only the row is missing.
    crash.after("POST", "/join")
    problem(await behind.post(CHANNELS, body, the_key), 503)
    crash.recover()
    assert await index.count_channels(world.microdao) == 0
    made = await behind.post(CHANNELS, body, the_key)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert await index.count_channels(world.microdao) == 1
    has_alias = kind in ("public", "microdao")
    assert await rooms.resolve(world.alias(channel)) == (channel["matrix_room_id"] if has_alias else None)
    # It is the room of the first try, not a second one.
    assert await (await matrix_client(rooms, owner)).rooms() == [channel["matrix_room_id"]]
    created = (await rooms.events(channel["matrix_room_id"]))[0]
    assert created["content"]["city.daarion.channel"] == channel["id"]
    again = await owner.post(CHANNELS, body, the_key)
    if with_key or is_direct:
        assert again.json()["id"] == channel["id"]
    else:
        problem(again, 409, "slug_taken")
    message = await owner.send(channel["id"], "first")
    events = await journal.until(channel["id"], message["seq"])
    assert [e.kind for e in events].count("channel.created") == 1
    assert await rooms.power_level(channel["matrix_room_id"], owner.matrix_id) == 100
    if is_direct:
        assert (await other.send(channel["id"], "second"))["sender_id"] == other.id
