"""What the homeserver pushes is hostile and repetitive: stored once, never refused as a whole."""

import json
import time
from typing import Any

import httpx
import pytest

from support.api import Caller, World, unique
from support.index import Index
from support.journal import Journal
from support.stack import Stack
from support.unchanged import Unchanged

BASE = "/_matrix/app/v1"


class Homeserver(Caller):
    """Speaks to the service as the homeserver does."""

    async def push(self, *events: Any, txn: str | None = None) -> httpx.Response:
        body = json.dumps({"events": events}).encode()
        return await self.push_raw(body, txn)

    async def push_raw(self, body: bytes, txn: str | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        path = f"{BASE}/transactions/{txn or unique('txn')}"
        return await self.request("PUT", path, content=body, headers=headers)


@pytest.fixture
def homeserver(http: httpx.AsyncClient, stack: Stack) -> Homeserver:
    stack.need("matrix_hs_token", "server_name")
    return Homeserver(http, stack, "", {"Authorization": f"Bearer {stack.matrix_hs_token}"})


def accepted(response: httpx.Response) -> None:
    assert (response.status_code, response.json()) == (200, {}), response.text


def event(channel: dict[str, Any], body: Any = "pushed", **fields: Any) -> dict[str, Any]:
    """A message by somebody in Matrix; its id is one that no homeserver has given."""
    return {
        "type": "m.room.message",
        "event_id": f"${unique('e2e')}",
        "room_id": channel["matrix_room_id"],
        "sender": "@mallory:elsewhere.example",
        "origin_server_ts": int(time.time() * 1000),
        "content": {"msgtype": "m.text", "body": body},
    } | fields


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
        response = await homeserver.push(event(channel))
        assert response.status_code == status
        assert response.json()["errcode"] in ("M_MISSING_TOKEN", "M_FORBIDDEN", "M_UNAUTHORIZED")
        assert (await homeserver.request("GET", f"{BASE}/users/@user-x:localhost")).status_code == status


async def test_the_token_of_the_other_direction_opens_nothing(
    world: World, homeserver: Homeserver, stack: Stack, unchanged: Unchanged
) -> None:
    channel = await world.channel()
    async with unchanged(channel):
        for secret in (stack.matrix_as_token, stack.internal_secret, stack.matrix_gateway_secret):
            homeserver.headers = {"Authorization": f"Bearer {secret}"}
            assert (await homeserver.push(event(channel))).status_code == 403
        # A query parameter is not looked at: it would stand in every proxy's log.
        homeserver.headers = {}
        path = f"{BASE}/transactions/1?access_token={stack.matrix_hs_token}"
        assert (await homeserver.request("PUT", path, json={"events": [event(channel)]})).status_code == 401


async def test_an_event_counts_once_however_often_it_comes(
    world: World, homeserver: Homeserver, journal: Journal, index: Index
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    one, other = event(channel, "one"), event(channel, "other")
    txn = unique("txn")
    accepted(await homeserver.push(one, txn=txn))
    accepted(await homeserver.push(one, txn=txn))
    accepted(await homeserver.push(one, other, one, txn=unique("txn")))
    # The homeserver's numbers start again: the same transaction id with other events is no repetition.
    accepted(await homeserver.push(event(channel, "third"), txn=txn))
    history = await owner.history(channel["id"])
    assert [m["content_preview"] for m in history] == ["one", "other", "third"]
    assert await index.value("SELECT count(*) FROM messages WHERE channel_id = $1::text::uuid", channel["id"]) == 3
    for message in history:
        assert len(await journal.created(channel["id"], message)) == 1


async def test_an_event_that_comes_late_takes_its_own_place(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    first = await owner.send(channel["id"], "first")
    accepted(await homeserver.push(event(channel, "from yesterday", origin_server_ts=int(time.time() - 86_400) * 1000)))
    accepted(await homeserver.push(event(channel, "from tomorrow", origin_server_ts=int(time.time() + 86_400) * 1000)))
    last = await owner.send(channel["id"], "last")
    history = await owner.history(channel["id"])
    assert [m["content_preview"] for m in history] == ["first", "from yesterday", "from tomorrow", "last"]
    assert (history[0], history[-1]) == (first, last)
    times = [m["created_at"] for m in history]
    assert times == sorted(times), "pages by time and by number agree"


def hostile(channel: dict[str, Any]) -> dict[str, Any]:
    """What no index can make a message of; each one alone must not harm its neighbours."""
    good = event(channel)
    without = {name: {k: v for k, v in good.items() if k != name} for name in good}
    return {
        "null": None,
        "number": 7,
        "text": "m.room.message",
        "list": [good],
        "empty": {},
        **{f"without {name}": value for name, value in without.items() if name != "origin_server_ts"},
        "event_id is a number": good | {"event_id": 1},
        "event_id is empty": good | {"event_id": ""},
        "event_id is too long": good | {"event_id": "$" + "x" * 300},
        "event_id with NUL": good | {"event_id": "$a\0b"},
        "sender is null": good | {"sender": None},
        "sender is no id": good | {"sender": "mallory"},
        "sender with NUL": good | {"sender": "@a\0b:x"},
        "sender is too long": good | {"sender": "@" + "x" * 300 + ":y"},
        "room is unknown": good | {"room_id": "!unknown:localhost"},
        "room is a list": good | {"room_id": [channel["matrix_room_id"]]},
        "room with NUL": good | {"room_id": channel["matrix_room_id"] + "\0"},
        "unknown type": good | {"type": "org.example.thing"},
        "type is a number": good | {"type": 5},
        "a state event of that type": good | {"state_key": ""},
        "content is null": good | {"content": None},
        "content is a list": good | {"content": [1]},
        "content is a text": good | {"content": "hello"},
        "redacted": good | {"content": {}, "unsigned": {"redacted_because": {}}},
        "body is a number": good | {"content": {"msgtype": "m.text", "body": 5}},
        "body is missing": good | {"content": {"msgtype": "m.text"}},
        "msgtype is a list": good | {"content": {"msgtype": ["m.text"], "body": "x"}},
        "an edit of nothing": good
        | {
            "content": {"msgtype": "m.text", "body": "* x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}}
        },
        "a member without a body": good | {"type": "m.room.member", "state_key": "@x:y", "content": {}},
        "a membership that is none": good
        | {"type": "m.room.member", "state_key": "@x:y", "content": {"membership": "moderator"}},
        "a member that is no id": good
        | {"type": "m.room.member", "state_key": "\0", "content": {"membership": "join"}},
        "power levels of nonsense": good | {"type": "m.room.power_levels", "state_key": "", "content": {"users": [1]}},
        "a name of nonsense": good | {"type": "m.room.name", "state_key": "", "content": {"name": {"a": 1}}},
        "a reaction to nothing": good
        | {"type": "m.reaction", "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$x", "key": 1}}},
        "a redaction of nothing": good | {"type": "m.room.redaction", "redacts": "$nothing", "content": {}},
        "a tombstone to nowhere": good
        | {"type": "m.room.tombstone", "state_key": "", "content": {"replacement_room": 1}},
    }


async def test_hostile_events_change_nothing_and_fail_nothing(
    world: World, homeserver: Homeserver, unchanged: Unchanged
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for name, one in hostile(channel).items():
            response = await homeserver.push(one)
            assert (response.status_code, response.text) == (200, "{}"), name
    # All together, with a good one at the end, which is stored.
    good = event(channel, "the good one")
    accepted(await homeserver.push(*hostile(channel).values(), good))
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == ["the good one"]


async def test_odd_messages_are_stored_as_well_as_they_can_be(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    odd = {
        "a\0b": event(channel, "a\0b"),
        "no time": {k: v for k, v in event(channel, "no time").items() if k != "origin_server_ts"},
        "time is a text": event(channel, "time is a text", origin_server_ts="now"),
        "time is negative": event(channel, "time is negative", origin_server_ts=-(2**62)),
        "time is far away": event(channel, "time is far away", origin_server_ts=2**63 - 1),
        "time is a fraction": event(channel, "time is a fraction", origin_server_ts=1e300),
        "relation of nonsense": event(channel, content={"msgtype": "m.text", "body": "relation of nonsense",
                                                        "m.relates_to": [{"m.in_reply_to": 1}]}),
        "reply to NUL": event(channel, content={"msgtype": "m.text", "body": "reply to NUL",
                                                "m.relates_to": {"m.in_reply_to": {"event_id": "$\0"}}}),
        "key of nonsense": event(channel, content={"msgtype": "m.text", "body": "key of nonsense",
                                                   "city.daarion.key": {"a": 1}, "city.daarion.request": "\0"}),
        "NUL elsewhere": event(channel, content={"msgtype": "m.text", "body": "NUL elsewhere", "a\0": {"b": ["\0"]}}),
        "our server, not our name": event(channel, "our server, not our name", sender="@user-UPPER:localhost"),
        "deep": event(channel, "deep", unsigned=json.loads("[" * 100 + "]" * 100)),
    }  # fmt: skip
    for name, one in odd.items():
        response = await homeserver.push(one)
        assert (response.status_code, response.text) == (200, "{}"), name
    previews = [m["content_preview"] for m in await owner.history(channel["id"])]
    assert previews == ["a\ufffdb", *list(odd)[1:]]


async def test_lone_surrogates_and_deep_nesting_fail_no_transaction(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    surrogate = json.dumps(event(channel, "SURROGATE")).replace("SURROGATE", "\\ud800")
    deep = json.dumps(event(channel, "DEEP")).replace('"DEEP"', "[" * 50_000 + "]" * 50_000)
    number = json.dumps(event(channel, "NUMBER")).replace('"NUMBER"', "1" * 400)
    good = [json.dumps(event(channel, f"good {n}")) for n in range(4)]
    body = ",".join([good[0], surrogate, good[1], deep, good[2], number, good[3]])
    accepted(await homeserver.push_raw(f'{{"events": [{body}]}}'.encode()))
    previews = [m["content_preview"] for m in await owner.history(channel["id"])]
    # A text with a lone surrogate may be left out or mended; its neighbours are there.
    assert [preview for preview in previews if preview.startswith("good")] == [f"good {n}" for n in range(4)]
    assert len(previews) <= 5


async def test_a_hundred_events_of_the_largest_size_are_one_transaction(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    events = [event(channel, f"{n:03} " + "ї" * 30_000) for n in range(100)]
    accepted(await homeserver.push(*events))
    history = await owner.history(channel["id"])
    assert [m["content_preview"][:3] for m in history] == [f"{n:03}" for n in range(100)]


async def test_rooms_that_are_no_channels_are_ignored(world: World, homeserver: Homeserver, index: Index) -> None:
    room = f"!{unique('nowhere')}:localhost"
    accepted(await homeserver.push(event({"matrix_room_id": room})))
    join = {"type": "m.room.member", "state_key": "@mallory:elsewhere.example", "content": {"membership": "join"}}
    accepted(await homeserver.push(event({"matrix_room_id": room}, **join)))
    assert await index.value("SELECT count(*) FROM channels WHERE matrix_room_id = $1", room) == 0


async def test_an_empty_transaction_is_fine(homeserver: Homeserver) -> None:
    accepted(await homeserver.push())
    accepted(await homeserver.push_raw(b"{}"))
    accepted(await homeserver.push_raw(b'{"events": [], "ephemeral": [{"type": "m.typing"}], "org.example": 1}'))


async def test_the_homeserver_learns_who_is_ours(homeserver: Homeserver, stack: Stack) -> None:
    for localpart, status in [("user-alice", 200), ("agent-sofia", 200), ("bob", 404), ("user-", 404), ("user-Ä", 404)]:
        response = await homeserver.get(f"{BASE}/users/%40{localpart}%3A{stack.server_name}")
        assert response.status_code == status, localpart
    assert (await homeserver.get(f"{BASE}/users/%40user-alice%3Aelsewhere.example")).status_code == 404
    assert (await homeserver.get(f"{BASE}/rooms/%23nothing-here%3A{stack.server_name}")).status_code == 404


async def test_ping_is_answered_and_the_unknown_named_as_such(homeserver: Homeserver) -> None:
    accepted(await homeserver.request("POST", f"{BASE}/ping", json={"transaction_id": "1"}))
    response = await homeserver.get(f"{BASE}/nothing")
    assert (response.status_code, response.json()["errcode"]) == (404, "M_UNRECOGNIZED")
