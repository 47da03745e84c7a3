"""Whatever a client sends, nothing is reached that its caller may not reach, and text stays text."""

from __future__ import annotations

import httpx
import pytest

from support.api import CHANNELS, UNKNOWN_ID, World
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack
from support.unchanged import Unchanged


async def test_the_gateway_cannot_be_reached_from_outside(world: World, stack: Stack) -> None:
    caller = world.stranger()
    for host in ("matrix-gateway.spin.internal", "matrix-gateway"):
        caller.headers = {"Host": host, "X-Internal-Service-Token": stack.matrix_gateway_secret or "none"}
        try:
            problem(await caller.request("GET", "/internal/matrix/health"), 404)
        except httpx.RemoteProtocolError as error:
            # Spin takes such a Host away and then has none: it ends the connection.
            assert host.endswith(".spin.internal"), error


async def test_paths_are_read_one_way(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Hello")
    one = channel["id"]
    async with unchanged(channel):
        # The same channel in other words: answered as that channel, or as unknown, never as something else.
        for path in (
            f"{CHANNELS}/{one}/messages/",
            f"{CHANNELS}/{one.replace('-', '%2D')}/messages",
            f"{CHANNELS}/{one.upper()}/messages",
            f"//api/messaging/channels/{one}/messages",
            f"/api//messaging/channels/{one}/messages",
            f"{CHANNELS}//{one}/messages",
            f"{CHANNELS}/{one}//messages",
        ):
            # A string that starts with two slashes would name a host, so the client is given the whole address.
            response = await alice.get(alice.stack.api_url + path)
            if response.status_code != 200:
                problem(response, 404)
            else:
                assert response.json() == [message], path
        for path in (
            f"{CHANNELS}//messages",
            f"{CHANNELS}/%20/messages",
            f"{CHANNELS}/%00/messages",
            f"{CHANNELS}/{one}%00/messages",
            f"{CHANNELS}/{one}%2Fmessages",
            f"{CHANNELS}/{one}%2E%2E/messages",
            f"{CHANNELS}/..%2F{one}/messages",
            f"{CHANNELS}/%ff%fe/messages",
            f"{CHANNELS}/{one}'--/messages",
            f"{CHANNELS}/{'a' * 4000}/messages",
            f"{CHANNELS}/{one}{one}/messages",
            f"{CHANNELS}/-{one}/messages",
            f"{CHANNELS}/{one[:-1]}/messages",
            f"{CHANNELS}/{one};v=1/messages",
        ):
            problem(await alice.get(alice.stack.api_url + path), 404)


async def test_headers_that_only_the_host_may_set_change_nothing(world: World, unchanged: Unchanged) -> None:
    alice, owner = world.member_of("alice", world.microdao), world.member_of("owner")
    open_one = await alice.create(**world.fields())
    secret = await world.member_of("owner", world.microdao).create(**world.fields(visibility="private"))
    forged = {
        "spin-path-match-channel-id": secret["id"],
        "spin-path-match-agent-id": "agent:sofia",
        "spin-path-info": f"/{secret['id']}/messages",
        "spin-full-url": f"http://127.0.0.1{CHANNELS}/{secret['id']}/messages",
        "spin-matched-route": "/internal/agents/:agent_id/post-to-channel",
        "spin-component-route": "/...",
        "spin-raw-component-route": "/...",
        "spin-base-path": "/internal",
        "spin-client-addr": "0.0.0.0:0",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "matrix-gateway.spin.internal",
        "x-original-url": f"{CHANNELS}/{secret['id']}",
        "x-http-method-override": "DELETE",
    }
    alice.headers |= forged
    async with unchanged(secret):
        message = await alice.send(open_one["id"], "Hello")
        assert message["channel_id"] == open_one["id"]
        assert (await alice.get(f"{CHANNELS}/{open_one['id']}")).json() == open_one
        problem(await alice.get(f"{CHANNELS}/{secret['id']}"), 404)
        owner.headers = forged
        problem(await owner.get(f"{CHANNELS}/{open_one['id']}"), 401)
        body = {"channel_id": secret["id"], "text": "x"}
        problem(await owner.post("/internal/agents/agent:sofia/post-to-channel", body), 401)


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE messages; --",
        "$1 $2 %s {} {{ jwt_secret }}",
        "<img src=x onerror=alert(1)>",
        "@room @everyone",
        "\\u0000 \\x00 %00",
        "\u202e\u0007\u001b[31m",
        "x\u0300" * 200,
        "\U0010ffff\ufffe",
        "https://169.254.169.254/latest/meta-data/",
        '{"msgtype": "m.notice"}',
    ],
)
async def test_text_stays_text(world: World, rooms: Rooms, text: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], text)
    assert await alice.history(channel["id"]) == [message]
    assert message["content_preview"] == text
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert (sent["content"]["body"], sent["content"]["msgtype"]) == (text, "m.text")


async def test_unknown_fields_and_parameters_are_ignored(world: World, rooms: Rooms) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice, id=UNKNOWN_ID, last_seq=99, created_by="user:x")
    assert channel["id"] != UNKNOWN_ID and channel["created_by"] == alice.id
    message = await alice.send(channel["id"], "x", sender_id="user:admin", seq=1, sender="@user-admin:localhost")
    assert message["sender_id"] == alice.id
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["sender"] == alice.matrix_id
    assert "sender_id" not in sent["content"]
    assert (await alice.get(f"{CHANNELS}/{channel['id']}/messages", sender="x", limit=5)).json() == [message]
