"""Done in Matrix, but not recorded: the homeserver's push completes it, in the name of who did it, and a retry adds nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web

from conftest import has_a_length
from support.api import CHANNELS, Caller, World, at
from support.homeserver import FaultyHomeserver
from support.index import Index
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.sockets import Listen
from support.stack import Stack
from support.wire import Wire
from support.witness import Witness


@pytest.fixture(scope="module")
async def faulty(stack: Stack) -> AsyncIterator[FaultyHomeserver]:
    homeserver = FaultyHomeserver(stack)
    await homeserver.start()
    yield homeserver
    await homeserver.stop()


@pytest.fixture(scope="module")
async def wire(stack: Stack) -> AsyncIterator[Wire]:
    stack.need("database_url")
    wire = Wire(stack.database_url or "")
    await wire.start()
    yield wire
    await wire.stop()


@pytest.fixture(scope="module")
async def app(
    stack: Stack, faulty: FaultyHomeserver, wire: Wire, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """An app that can lose its homeserver and its database; the pushes go to the other one, which loses nothing."""
    variables = {
        "matrix_homeserver_url": faulty.url,
        "database_url": wire.url,
        "database_allowed_host": f"postgres://127.0.0.1:{wire.port}",
    }
    async with second_app(stack, tmp_path_factory.mktemp("second-app"), **variables) as url:
        hooks: dict[str, list[Any]] = {"response": [has_a_length]}
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, event_hooks=hooks) as client:
            yield client


@pytest.fixture
def crash(faulty: FaultyHomeserver, wire: Wire) -> Callable[[str, str], None]:
    """Lets the app lose its database as soon as the homeserver has done something."""
    faulty.heal()
    wire.mend()

    def arm(method: str, part: str) -> None:
        async def fault(request: web.Request, body: bytes) -> web.Response:
            response = await faulty.forward(request, body)
            # Somebody new is refused at first, and registered.
            if response.status == 200:
                wire.cut()
            return response

        faulty.fail(method, part, fault)

    return arm


Act = Callable[[Caller, dict[str, Any], dict[str, Any], str], Awaitable[httpx.Response]]

# What is done, at which of the homeserver's calls the database is lost, and what is told when all is over.
# The caller is the owner, the message is hers, and `who` is a member.
ACTS: dict[str, tuple[Act, str, str, list[str]]] = {
    "edit": (
        lambda caller, channel, message, who: caller.request(
            "PATCH", at(channel["id"], message["id"]), json={"text": "new"}, key=message["id"]
        ),
        "PUT",
        "/send/m.room.message/",
        ["message.updated"],
    ),
    "delete": (
        lambda caller, channel, message, who: caller.delete(at(channel["id"], message["id"])),
        "PUT",
        "/redact/",
        ["message.deleted"],
    ),
    "react": (
        lambda caller, channel, message, who: caller.put(f"{at(channel['id'], message['id'])}/reactions/x"),
        "PUT",
        "/send/m.reaction/",
        ["reaction.added"],
    ),
    "kick": (
        lambda caller, channel, message, who: caller.delete(f"{at(channel['id'])}/members/{who}"),
        "POST",
        "/kick",
        ["member.kicked"],
    ),
    "promote": (
        lambda caller, channel, message, who: caller.patch(f"{at(channel['id'])}/members/{who}", {"role": "admin"}),
        "PUT",
        "/state/m.room.power_levels",
        ["member.role_changed"],
    ),
    "change": (
        lambda caller, channel, message, who: caller.patch(at(channel["id"]), {"name": "New"}),
        "PUT",
        "/state/m.room.name",
        ["channel.updated"],
    ),
    "archive": (
        lambda caller, channel, message, who: caller.delete(at(channel["id"])),
        "PUT",
        "/state/m.room.power_levels",
        ["channel.archived"],
    ),
}


@pytest.mark.parametrize("name", list(ACTS))
async def test_what_was_done_but_not_recorded_is_recorded_once_in_the_right_name(
    world: World,
    app: httpx.AsyncClient,
    wire: Wire,
    crash: Callable[[str, str], None],
    faulty: FaultyHomeserver,
    rooms: Rooms,
    index: Index,
    journal: Journal,
    listen: Listen,
    name: str,
) -> None:
    act, method, part, kinds = ACTS[name]
    witness = Witness(world, rooms, index, journal, listen)
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], alice.id)
    message = await owner.send(channel["id"], "old")
    far = Caller(app, owner.stack, owner.id, owner.headers)
    async with witness.watch(channel, world.user("witness")) as told:
        crash(method, part)
        failed = await act(far, channel, message, alice.id)
        problem(failed, 503)
        assert faulty.hit
        faulty.heal()
        wire.mend()
        await witness.quiet()
        again = await act(far, channel, message, alice.id)
        # Somebody who is gone already cannot be removed once more.
        assert again.is_success or (name == "kick" and again.status_code == 404), again.text
    assert told.kinds == kinds
    assert [e.payload.get("actor_id", owner.id) for e in told.events] == [owner.id]
    assert all(who == owner.id for _, who, _ in told.audit)
    shown = (await owner.get(at(channel["id"]))).json()
    if name == "change":
        assert shown["name"] == "New"
    if name == "promote":
        assert (await owner.members(channel["id"]))[alice.id]["role"] == "admin"


@pytest.mark.parametrize("is_direct", [False, True], ids=["channel", "direct"])
@pytest.mark.parametrize("with_key", [True, False], ids=["with-key", "without-key"])
async def test_a_room_without_a_row_becomes_the_channel_of_the_retry(
    world: World,
    app: httpx.AsyncClient,
    wire: Wire,
    crash: Callable[[str, str], None],
    faulty: FaultyHomeserver,
    rooms: Rooms,
    index: Index,
    journal: Journal,
    key: str,
    with_key: bool,
    is_direct: bool,
) -> None:
    owner, other = world.user("owner"), world.user("other")
    far = Caller(app, owner.stack, owner.id, owner.headers)
    body = world.fields(visibility="private")
    if is_direct:
        body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
    the_key = key if with_key else None
    # The owner is in the room by then, and only the row is missing.
    crash("POST", "/join")
    problem(await far.post(CHANNELS, body, the_key), 503)
    assert faulty.hit
    faulty.heal()
    wire.mend()
    assert await index.value("SELECT count(*) FROM channels WHERE microdao_id = $1", world.microdao) == 0
    made = await far.post(CHANNELS, body, the_key)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert await index.value("SELECT count(*) FROM channels WHERE microdao_id = $1", world.microdao) == 1
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"]
    # It is the room of the first try, not a second one.
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
    levels = await rooms.state(channel["matrix_room_id"], "m.room.power_levels") or {}
    assert levels["users"][owner.matrix_id] == 100
    if is_direct:
        assert (await other.send(channel["id"], "second"))["sender_id"] == other.id
