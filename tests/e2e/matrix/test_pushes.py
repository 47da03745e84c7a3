"""What the homeserver pushes: each event once, however often, late or in whatever company it comes."""

from __future__ import annotations

import time

import pytest

from support.api import World, unique
from support.homeserver import APPSERVICE, Homeserver, accepted, pushed_message
from support.index import Index
from support.journal import Journal
from support.stack import Stack
from support.unchanged import Unchanged


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Basic YTpi"}, 401),
        ({"X-Internal-Service-Token": "wrong"}, 401),
    ],
    ids=["none", "wrong", "empty", "basic", "elsewhere"],
)
async def test_only_the_homeserver_may_push(
    world: World, homeserver: Homeserver, unchanged: Unchanged, headers: dict[str, str], status: int
) -> None:
    channel = await world.channel()
    homeserver.headers = headers
    async with unchanged(channel):
        response = await homeserver.push(pushed_message(channel))
        assert response.status_code == status
        assert response.json()["errcode"] in ("M_MISSING_TOKEN", "M_FORBIDDEN", "M_UNAUTHORIZED")
        assert (await homeserver.request("GET", f"{APPSERVICE}/users/@user-x:localhost")).status_code == status


async def test_the_token_of_the_other_direction_opens_nothing(
    world: World, homeserver: Homeserver, stack: Stack, unchanged: Unchanged
) -> None:
    channel = await world.channel()
    async with unchanged(channel):
        for secret in (stack.matrix_as_token, stack.internal_secret, stack.matrix_gateway_secret):
            homeserver.headers = {"Authorization": f"Bearer {secret}"}
            assert (await homeserver.push(pushed_message(channel))).status_code == 403
        # A query parameter is not looked at: it would stand in every proxy's log.
        homeserver.headers = {}
        path = f"{APPSERVICE}/transactions/1?access_token={stack.matrix_hs_token}"
        assert (await homeserver.request("PUT", path, json={"events": [pushed_message(channel)]})).status_code == 401


async def test_an_event_counts_once_however_often_it_comes(
    world: World, homeserver: Homeserver, journal: Journal, index: Index
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    one, other = pushed_message(channel, "one"), pushed_message(channel, "other")
    txn = unique("txn")
    accepted(await homeserver.push(one, txn=txn))
    accepted(await homeserver.push(one, txn=txn))
    accepted(await homeserver.push(one, other, one, txn=unique("txn")))
    # The homeserver's numbers start again: the same transaction id with other events is no repetition.
    accepted(await homeserver.push(pushed_message(channel, "third"), txn=txn))
    history = await owner.history(channel["id"])
    assert [m["content_preview"] for m in history] == ["one", "other", "third"]
    assert await index.count_messages(channel["id"]) == 3
    for message in history:
        assert len(await journal.created(channel["id"], message)) == 1


async def test_a_late_event_is_placed_by_its_arrival(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    first = await owner.send(channel["id"], "first")
    accepted(
        await homeserver.push(
            pushed_message(channel, "from yesterday", origin_server_ts=int(time.time() - 86_400) * 1000)
        )
    )
    accepted(
        await homeserver.push(
            pushed_message(channel, "from tomorrow", origin_server_ts=int(time.time() + 86_400) * 1000)
        )
    )
    last = await owner.send(channel["id"], "last")
    history = await owner.history(channel["id"])
    assert [m["content_preview"] for m in history] == ["first", "from yesterday", "from tomorrow", "last"]
    assert (history[0], history[-1]) == (first, last)
    times = [m["created_at"] for m in history]
    assert times == sorted(times), "pages by time and by number agree"


async def test_a_hundred_events_of_the_largest_size_are_one_transaction(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    events = [pushed_message(channel, f"{n:03} " + "ї" * 30_000) for n in range(100)]
    accepted(await homeserver.push(*events))
    history = await owner.history(channel["id"])
    assert [m["content_preview"][:3] for m in history] == [f"{n:03}" for n in range(100)]


async def test_rooms_that_are_no_channels_are_ignored(world: World, homeserver: Homeserver, index: Index) -> None:
    room = f"!{unique('nowhere')}:localhost"
    accepted(await homeserver.push(pushed_message({"matrix_room_id": room})))
    join = {"type": "m.room.member", "state_key": "@mallory:elsewhere.example", "content": {"membership": "join"}}
    accepted(await homeserver.push(pushed_message({"matrix_room_id": room}, **join)))
    assert await index.value("SELECT count(*) FROM public.channels WHERE matrix_room_id = $1", room) == 0


async def test_an_empty_transaction_is_accepted(homeserver: Homeserver) -> None:
    accepted(await homeserver.push())
    accepted(await homeserver.push_raw(b"{}"))
    accepted(await homeserver.push_raw(b'{"events": [], "ephemeral": [{"type": "m.typing"}], "org.example": 1}'))


async def test_the_homeserver_learns_which_users_and_rooms_exist(homeserver: Homeserver, stack: Stack) -> None:
    for localpart, status in [("user-alice", 200), ("agent-sofia", 200), ("bob", 404), ("user-", 404), ("user-Ä", 404)]:
        response = await homeserver.get(f"{APPSERVICE}/users/%40{localpart}%3A{stack.server_name}")
        assert response.status_code == status, localpart
    assert (await homeserver.get(f"{APPSERVICE}/users/%40user-alice%3Aelsewhere.example")).status_code == 404
    assert (await homeserver.get(f"{APPSERVICE}/rooms/%23nothing-here%3A{stack.server_name}")).status_code == 404


async def test_ping_succeeds_and_an_unknown_path_is_unrecognized(homeserver: Homeserver) -> None:
    accepted(await homeserver.request("POST", f"{APPSERVICE}/ping", json={"transaction_id": "1"}))
    response = await homeserver.get(f"{APPSERVICE}/nothing")
    assert (response.status_code, response.json()["errcode"]) == (404, "M_UNRECOGNIZED")
