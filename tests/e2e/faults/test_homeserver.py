"""The homeserver fails in every way that a network knows: each time one clear problem, and the retry ends in one result."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, Caller, World, path_to
from support.faulty_homeserver import FaultyHomeserver, breaks_off, responds
from support.index import Index
from support.journal import Journal
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack

SEND = "/send/m.room.message/"
CREATE = "/createRoom"


@pytest.fixture
def faulty_world(app: httpx.AsyncClient, stack: Stack, development: bool, faulty: FaultyHomeserver) -> World:
    """The world through the app with the faulty homeserver."""
    faulty.heal()
    return World(app, stack, development)


def failed_safely(response: httpx.Response, faulty: FaultyHomeserver) -> None:
    """Checks that a response says that a retry is safe, and tells no internals."""
    assert faulty.hit, "the fault was met"
    code = {502: "homeserver_failed", 504: "homeserver_timeout"}.get(response.status_code)
    assert code, response.text
    body = problem(response, response.status_code, code)
    assert "retry" in body["detail"].lower()
    assert faulty.url not in response.text and "127.0.0.1" not in response.text


async def is_one_message(
    alice: Caller, channel: dict[str, Any], message: dict[str, Any], key: str, rooms: Rooms, journal: Journal
) -> None:
    """Checks that the message with this key exists once, in the index, in the room and on NATS."""
    assert await alice.send(channel["id"], message["content_preview"], key) == message
    last = await alice.send(channel["id"], "that was all")
    assert [m["id"] for m in await alice.history(channel["id"])] == [message["id"], last["id"]]
    sent = await rooms.messages(channel["matrix_room_id"])
    assert [e["event_id"] for e in sent] == [message["matrix_event_id"], last["matrix_event_id"]]
    assert len(await journal.created(channel["id"], last)) == 1
    assert len(await journal.created(channel["id"], message)) == 1


async def test_a_response_lost_after_the_homeserver_took_the_event_is_one_message(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, journal: Journal, key: str
) -> None:
    alice = faulty_world.user("alice")
    channel = await faulty_world.channel(alice)
    faulty.fail("PUT", SEND, faulty.loses_the_response)
    failed_safely(await alice.try_send(channel["id"], "once", key), faulty)
    faulty.heal()
    message = await alice.send(channel["id"], "once", key)
    await is_one_message(alice, channel, message, key, rooms, journal)


async def test_responses_lost_again_and_again_are_one_message(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, journal: Journal, key: str
) -> None:
    alice = faulty_world.user("alice")
    channel = await faulty_world.channel(alice)
    faulty.fail("PUT", SEND, faulty.loses_the_response)
    responses = await asyncio.gather(*(alice.try_send(channel["id"], "once", key) for _ in range(5)))
    # The homeserver's push may have been faster than the last of them.
    assert {response.status_code for response in responses} <= {201, 502}
    faulty.heal()
    message = await alice.send(channel["id"], "once", key)
    await is_one_message(alice, channel, message, key, rooms, journal)


@pytest.mark.parametrize(
    "fault",
    [
        breaks_off,
        responds(500, '{"errcode": "M_UNKNOWN", "error": "Internal server error at 127.0.0.1"}'),
        responds(502, "<html>bad gateway</html>", "text/html"),
        responds(200, "<html>a captive portal</html>", "text/html"),
        responds(200, "{}"),
        responds(200, '{"event_id": 5}'),
        responds(401, '{"errcode": "M_UNKNOWN_TOKEN", "error": "as_token is wrong"}'),
    ],
    ids=["breaks-off", "500", "502-html", "200-html", "200-empty", "200-nonsense", "401"],
)
async def test_a_refused_send_changes_nothing_and_the_retry_is_one_message(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, journal: Journal, key: str, fault: Any
) -> None:
    alice = faulty_world.user("alice")
    channel = await faulty_world.channel(alice)
    faulty.fail("PUT", SEND, fault)
    failed_safely(await alice.try_send(channel["id"], "once", key), faulty)
    assert await alice.history(channel["id"]) == []
    faulty.heal()
    message = await alice.send(channel["id"], "once", key)
    await is_one_message(alice, channel, message, key, rooms, journal)


@pytest.mark.parametrize(
    ("fault", "status", "code", "pause"),
    [
        (responds(400, '{"errcode": "M_UNKNOWN"}'), 422, "rejected_by_homeserver", None),
        (responds(400, '{"errcode": "M_BAD_JSON"}'), 422, "rejected_by_homeserver", None),
        (responds(404, '{"errcode": "M_NOT_FOUND"}'), 404, "not_in_matrix", None),
        (responds(403, '{"errcode": "M_USER_DEACTIVATED"}'), 403, "refused_by_homeserver", None),
        (responds(403, '{"errcode": "M_CONSENT_NOT_GIVEN"}'), 403, "refused_by_homeserver", None),
        (responds(413, '{"errcode": "M_TOO_LARGE"}'), 413, "too_large", None),
        (responds(429, '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 100000}'), 503, "homeserver_busy", "100"),
        (responds(403, '{"errcode": "M_RESOURCE_LIMIT_EXCEEDED"}'), 503, "homeserver_busy", "60"),
        (responds(401, '{"errcode": "M_UNKNOWN_TOKEN"}'), 502, "homeserver_failed", None),
        (responds(400, '{"errcode": "M_EXCLUSIVE"}'), 502, "homeserver_failed", None),
    ],
    ids=["unknown", "json", "gone", "deactivated", "consent", "large", "limit", "full", "token", "exclusive"],
)
async def test_what_the_homeserver_refuses_is_refused_and_invites_no_retry_for_ever(
    faulty_world: World,
    faulty: FaultyHomeserver,
    rooms: Rooms,
    journal: Journal,
    key: str,
    fault: Any,
    status: int,
    code: str,
    pause: str | None,
) -> None:
    alice = faulty_world.user("alice")
    channel = await faulty_world.channel(alice)
    faulty.fail("PUT", SEND, fault)
    response = await alice.try_send(channel["id"], "once", key)
    assert faulty.hit
    detail = problem(response, status, code)["detail"]
    assert ("Retry with the same Idempotency-Key" in detail) == (status >= 500)
    assert response.headers.get("retry-after") == pause
    faulty.heal()
    message = await alice.send(channel["id"], "once", key)
    await is_one_message(alice, channel, message, key, rooms, journal)


async def test_a_message_that_matrix_has_no_more_can_be_deleted(faulty_world: World, faulty: FaultyHomeserver) -> None:
    alice = faulty_world.user("alice")
    channel = await faulty_world.channel(alice)
    message = await alice.send(channel["id"], "once")
    faulty.fail("PUT", "/redact/", responds(404, '{"errcode": "M_NOT_FOUND"}'))
    assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    assert faulty.hit
    assert await alice.page(channel["id"]) == []


async def test_a_homeserver_that_hangs_is_a_timeout_within_the_deadline(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, journal: Journal, key: str
) -> None:
    alice, bob = faulty_world.user("alice"), faulty_world.user("bob")
    channel = await faulty_world.channel(alice)
    faulty.fail("PUT", SEND, faulty.hangs)
    began = time.monotonic()
    waiting = asyncio.create_task(alice.try_send(channel["id"], "once", key))
    # Meanwhile the same instances serve others.
    while not waiting.done():
        assert (await asyncio.wait_for(bob.get(f"{CHANNELS}/{channel['id']}"), 5)).status_code == 200
        await asyncio.wait([waiting], timeout=1)
    response = await waiting
    assert problem(response, 504)["code"] == "homeserver_timeout"
    assert time.monotonic() - began < 13, "ten seconds, and some for a busy machine"
    faulty.heal()
    message = await alice.send(channel["id"], "once", key)
    await is_one_message(alice, channel, message, key, rooms, journal)


@pytest.mark.parametrize("with_key", [True, False], ids=["with-key", "without-key"])
@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_a_channel_whose_room_was_made_but_not_recorded_is_finished_by_the_retry(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, index: Index, key: str, with_key: bool, visibility: str
) -> None:
    admin = faulty_world.user("admin")
    body = faulty_world.fields(visibility=visibility)
    the_key = key if with_key else None
    faulty.fail("POST", CREATE, faulty.loses_the_response)
    failed_safely(await admin.post(CHANNELS, body, the_key), faulty)
    assert await index.count_channels(faulty_world.microdao) == 0
    faulty.heal()
    channel = await admin.create(**body, key=the_key)
    has_alias = visibility != "private"
    assert await rooms.resolve(faulty_world.alias(channel)) == (channel["matrix_room_id"] if has_alias else None)
    assert await (await matrix_client(rooms, admin)).rooms() == [channel["matrix_room_id"]]
    assert await index.count_channels(faulty_world.microdao) == 1
    # The room is whole: its owner is in it and has the power, and messages arrive.
    assert await rooms.power_level(channel["matrix_room_id"], admin.matrix_id) == 100
    message = await admin.send(channel["id"], "first")
    assert await admin.history(channel["id"]) == [message]


async def test_a_create_that_fails_half_way_is_finished_by_the_retry(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, key: str
) -> None:
    admin = faulty_world.user("admin")
    body = faulty_world.fields(visibility="private")
    faulty.fail("POST", "/join", responds(500, "{}"))
    failed_safely(await admin.post(CHANNELS, body, key), faulty)
    faulty.heal()
    channel = await admin.create(**body, key=key)
    assert admin.matrix_id in await rooms.joined(channel["matrix_room_id"])
    assert await rooms.power_level(channel["matrix_room_id"], admin.matrix_id) == 100
    assert (await admin.send(channel["id"], "first"))["sender_id"] == admin.id


async def test_an_invitation_that_fails_half_way_is_finished_by_the_retry(
    faulty_world: World, faulty: FaultyHomeserver, rooms: Rooms, journal: Journal, key: str
) -> None:
    owner, guest = faulty_world.user("owner"), faulty_world.user("guest")
    channel = await faulty_world.channel(owner, visibility="private")
    faulty.fail("POST", "/join", faulty.loses_the_response)
    failed_safely(await owner.try_invite(channel["id"], guest.id, key, role="guest"), faulty)
    faulty.heal()
    response = await owner.try_invite(channel["id"], guest.id, key, role="guest")
    # 200 when the homeserver's push of the first try has come before the retry.
    assert response.status_code in (200, 201), response.text
    assert (response.json()["role"], response.json()["invited_by"]) == ("guest", owner.id)
    assert guest.matrix_id in await rooms.joined(channel["matrix_room_id"])
    message = await guest.send(channel["id"], "Thank you")
    events = await journal.until(channel["id"], message["seq"])
    about = [e.subject.split(".")[-1] for e in events if e.payload.get("member_id") == guest.id]
    assert about == ["invited", "joined"]
