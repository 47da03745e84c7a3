"""The database refuses or fails: no event is lost, none holds up another channel, and what is at fault itself is set aside."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from support.api import Caller, World, unique
from support.homeserver import Homeserver, accepted, pushed_message
from support.index import Index
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.relay_metrics import metric
from support.rooms import Rooms
from support.services import Services
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults

SET_ASIDE = "/internal/messaging/set-aside-events"
# Of the index's own connections: autovacuum is at work in the database too, and only a superuser may end it.
DISCONNECT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid AND NOT r.rolsuper
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""

Poison = Callable[[dict[str, Any], str], Awaitable[None]]


@pytest.fixture
def operator(http: httpx.AsyncClient, stack: Stack) -> Caller:
    """Whoever runs the service, with its secret."""
    stack.need("internal_secret")
    return Caller(http, stack, "", {"X-Internal-Service-Token": stack.internal_secret or ""})


@pytest.fixture
async def poison(index: Index) -> AsyncIterator[Poison]:
    """Lets every message of a channel fail that is called so, with this SQLSTATE; with none, no longer."""
    name = unique("poison").replace("-", "_")
    drop = f"DROP FUNCTION IF EXISTS public.{name} CASCADE"

    async def use(channel: dict[str, Any], sqlstate: str) -> None:
        await index.rows(drop)
        if not sqlstate:
            return
        body = f"""BEGIN
            IF NEW.channel_id = '{channel["id"]}' AND NEW.content_preview = 'poison' THEN
                RAISE EXCEPTION 'poisoned' USING ERRCODE = '{sqlstate}';
            END IF;
            RETURN NEW; END"""
        await index.rows(f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        await index.rows(
            f"CREATE TRIGGER {name} BEFORE INSERT ON public.messages FOR EACH ROW EXECUTE FUNCTION public.{name}()"
        )

    yield use
    await index.rows(drop)
    await index.rows("DELETE FROM messaging.set_aside_events")


async def texts(reader: Caller, channel: dict[str, Any]) -> list[str]:
    return [message["content_preview"] for message in await reader.history(channel["id"])]


async def set_aside(operator: Caller) -> dict[str, dict[str, Any]]:
    response = await operator.get(SET_ASIDE)
    assert response.status_code == 200, response.text
    return {event["event_id"]: event for event in response.json()}


def must_come_again(response: httpx.Response) -> None:
    """Checks that the homeserver is told to send a transaction again."""
    assert (response.status_code, response.json()["errcode"]) == (503, "M_UNKNOWN"), response.text
    assert int(response.headers["retry-after"]) >= 1


@asynccontextmanager
async def read_only(index: Index) -> AsyncIterator[None]:
    """The database takes no writes, as a standby."""
    name = await index.value("SELECT quote_ident(current_database())")
    await index.rows(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        await index.rows(DISCONNECT)
        yield
    finally:
        await index.close()
        index.connection = None
        await index.rows("SET default_transaction_read_only = off")
        await index.rows(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await index.rows(DISCONNECT)
        await index.close()
        index.connection = None


async def test_what_is_said_while_the_database_is_read_only_is_indexed_afterwards(
    world: World, index: Index, person: NewPerson, services: Services
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    bob = await person("bob")
    await bob.join(world.alias(channel))
    await bob.say(channel["matrix_room_id"], "before")
    await eventually("the room is followed", lambda: _has(owner, channel, "before"))
    async with read_only(index):
        await bob.say(channel["matrix_room_id"], "during")
        response = await owner.try_send(channel["id"], "mine")
        problem(response, 503, "unavailable")
        assert int(response.headers["retry-after"]) >= 1
    await services.all_well()
    await eventually("nothing is lost", lambda: _has(owner, channel, "during"), deadline=90)
    assert await index.value("SELECT count(*) FROM messaging.set_aside_events WHERE set_aside_at IS NOT NULL") == 0


async def _has(reader: Caller, channel: dict[str, Any], text: str) -> bool:
    return text in await texts(reader, channel)


async def test_a_function_that_is_not_there_yet_loses_nothing(
    world: World, index: Index, homeserver: Homeserver, operator: Caller
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    event = pushed_message(channel, "early")
    await index.rows("ALTER FUNCTION messaging.record_message RENAME TO record_message_away")
    try:
        for _ in range(4):
            must_come_again(await homeserver.push(event))
        problem(await owner.try_send(channel["id"], "mine"), 503, "unavailable")
    finally:
        await index.rows("ALTER FUNCTION messaging.record_message_away RENAME TO record_message")
    assert await set_aside(operator) == {}
    accepted(await homeserver.push(event))
    assert "early" in await texts(owner, channel)
    await index.rows("DELETE FROM messaging.set_aside_events")


async def test_an_event_at_fault_itself_is_set_aside_and_replayed(
    world: World, homeserver: Homeserver, operator: Caller, poison: Poison, stack: Stack, web: httpx.AsyncClient
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    await poison(channel, "22023")
    bad, good = pushed_message(channel, "poison"), pushed_message(channel, "good")
    accepted(await homeserver.push(bad, good))
    assert await texts(owner, channel) == ["good"]
    [(event_id, shown)] = (await set_aside(operator)).items()
    assert (event_id, shown["attempts"], shown["room_id"]) == (bad["event_id"], 1, channel["matrix_room_id"])
    assert "22023" in shown["reason"] and "poison" not in str(shown.get("content"))

    async def counted() -> bool:
        return await metric(web, stack, "set_aside_events") == 1

    await eventually("the relay counts it", counted)
    again = await operator.request("POST", f"{SET_ASIDE}/replay")
    assert (again.status_code, again.json()) == (200, {"indexed": 0, "failed": 1})
    await poison(channel, "")
    again = await operator.request("POST", f"{SET_ASIDE}/replay")
    assert (again.status_code, again.json()) == (200, {"indexed": 1, "failed": 0})
    assert await set_aside(operator) == {}
    assert sorted(await texts(owner, channel)) == ["good", "poison"]


async def test_only_who_holds_the_secret_sees_what_is_set_aside(world: World) -> None:
    mallory = world.user("mallory")
    problem(await mallory.get(SET_ASIDE), 401)
    problem(await mallory.request("POST", f"{SET_ASIDE}/replay"), 401)


@pytest.mark.parametrize("sqlstate", ["57014", "XX000", "P0001"], ids=["too-slow", "internal", "unknown"])
async def test_an_event_that_fails_again_and_again_holds_up_no_other_channel(
    world: World, homeserver: Homeserver, operator: Caller, poison: Poison, sqlstate: str
) -> None:
    owner = world.user("owner")
    channel, other = await world.channel(owner), await world.channel(owner)
    await poison(channel, sqlstate)
    bad, behind = pushed_message(channel, "poison"), pushed_message(channel, "behind")
    transaction = [bad, behind, pushed_message(other, "elsewhere")]
    for _ in range(2):
        must_come_again(await homeserver.push(*transaction))
        # Another room does not wait; the same one does, so that it stays in order.
        assert (await texts(owner, other), await texts(owner, channel)) == (["elsewhere"], [])
    accepted(await homeserver.push(*transaction))
    assert await texts(owner, channel) == ["behind"]
    assert list(await set_aside(operator)) == [bad["event_id"]]


async def test_a_default_level_for_thousands_delays_no_other_channel(
    world: World, index: Index, rooms: Rooms, person: NewPerson
) -> None:
    owner = world.user("owner")
    large, other = await world.channel(owner), await world.channel(owner)
    bob = await person("bob")
    await bob.join(world.alias(other))
    await index.rows(
        """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at)
           SELECT $1::text::uuid, 'user:many' || n, 'human', '@user-many' || n || ':localhost', 'member', now()
           FROM generate_series(1, 15000) n""",
        large["id"],
    )
    client = await matrix_client(rooms, owner)
    room = f"rooms/{large['matrix_room_id']}/state/m.room.power_levels/"
    levels = await client.call("GET", room)
    began = time.monotonic()
    await client.set_state(large["matrix_room_id"], "m.room.power_levels", levels | {"users_default": 50})
    await bob.say(other["matrix_room_id"], "elsewhere")
    await eventually("the other channel goes on", lambda: _has(owner, other, "elsewhere"), deadline=30)
    assert time.monotonic() - began < 30
    admins = "SELECT count(*) FROM public.channel_members WHERE channel_id = $1::text::uuid AND role = 'admin'"

    async def all_are() -> bool:
        return await index.value(admins, large["id"]) == 15_000

    # The homeserver may push rooms in another order.
    await eventually("all are admins", all_are)
    subjects = [row["subject"] for row in await index.outbox(large["id"])]
    assert subjects.count("messaging.member.role_changed") == 0


async def test_one_odd_level_hides_no_other(world: World, homeserver: Homeserver, index: Index) -> None:
    owner, adam = world.user("owner"), world.user("adam")
    channel = await world.channel(owner)
    await adam.send(channel["id"], "joins")
    levels = {owner.matrix_id: 100, adam.matrix_id: "50", "@ghost:localhost": -5_000_000_000, "@odd:localhost": []}
    event = pushed_message(channel, content={"users": levels, "users_default": 2**60})
    # As the bot's, because what takes power away is compared with the room when anybody else has sent it.
    bot = f"@daarion:{owner.stack.server_name}"
    accepted(await homeserver.push(event | {"type": "m.room.power_levels", "state_key": "", "sender": bot}))
    role = "SELECT role FROM public.channel_members WHERE channel_id = $1::text::uuid AND member_id = $2"
    assert await index.value(role, channel["id"], adam.id) == "admin"


async def test_too_many_clients_is_a_503_that_says_when_to_retry_and_loses_nothing(
    world: World, index: Index, homeserver: Homeserver, services: Services
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    event = pushed_message(channel, "late")
    name = await index.value("SELECT quote_ident(current_database())")
    await index.rows(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    try:
        await index.rows(DISCONNECT)
        response = await owner.try_send(channel["id"], "crowded")
        problem(response, 503, "unavailable")
        assert int(response.headers["retry-after"]) >= 1
        must_come_again(await homeserver.push(event))
        # A failure with a path of thousands of bytes: what the log makes of it is in test_logs.py.
        long = await homeserver.push(event, txn="A" * 6000)
        must_come_again(long)
    finally:
        await index.rows(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    await services.all_well()
    accepted(await homeserver.push(event))
    assert "late" in await texts(owner, channel)
