"""Whatever a client sends, it gets a clear answer, and the service goes on."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, World
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack
from support.unchanged import Unchanged

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("", "GET, POST"),
        ("/{id}/messages", "GET, POST"),
        ("/{id}/members", "GET, POST"),
    ],
)
async def test_a_method_that_a_resource_lacks_is_refused_with_those_it_has(
    world: World, unchanged: Unchanged, path: str, allowed: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    address = CHANNELS + path.format(id=channel["id"])
    async with unchanged(channel):
        for method in ("PUT", "PATCH", "DELETE", "PROPFIND", "QUERY"):
            response = await alice.request(method, address, json={"text": "x"})
            problem(response, 405, "method_not_allowed")
            listed = {name.strip() for name in response.headers["allow"].split(",")}
            assert listed >= {name.strip() for name in allowed.split(",")} and method not in listed, method


async def test_head_is_get_without_the_body(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "Hello")
    for path in (f"{CHANNELS}/{channel['id']}", f"{CHANNELS}/{channel['id']}/messages"):
        got, head = await alice.get(path), await alice.request("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/messaging",
        "/api/messaging/nothing",
        "/api/messaging/channels/00000000-0000-4000-8000-000000000000/nothing",
        "/api/messaging/channels/x/messages/y/z/w",
        "/internal",
        "/internal/agents/agent:sofia/post-to-channel/more",
        "/internal/matrix/send",
        "/internal/matrix/health",
        "/.well-known/nothing",
        "/index.php",
    ],
)
async def test_an_unknown_route_is_not_found(world: World, path: str) -> None:
    for method in ("GET", "POST"):
        response = await world.agent("sofia").request(method, path)
        problem(response, 404)


async def test_the_gateway_cannot_be_reached_from_outside(world: World, stack: Stack) -> None:
    caller = world.stranger()
    for host in ("matrix-gateway.spin.internal", "matrix-gateway"):
        caller.headers = {"Host": host, "X-Internal-Service-Token": stack.matrix_gateway_secret or "none"}
        try:
            problem(await caller.request("GET", "/internal/matrix/health"), 404)
        except httpx.RemoteProtocolError as error:
            # Spin takes such a Host away and then has none: it ends the connection.
            assert host.endswith(".spin.internal"), error


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"text": "x"', 400, "invalid_json"),
        (b'{"text": "x"} {}', 400, "invalid_json"),
        (b'{"text": "x",}', 400, "invalid_json"),
        (b"text=x", 400, "invalid_json"),
        (b'{"text": "\\ud800"}', 400, "invalid_json"),
        (b'{"text": "\\udc00\\ud800"}', 400, "invalid_json"),
        (b'{"text": "\xff\xfe"}', 400, "invalid_json"),
        (b'{"text": "\xed\xa0\x80"}', 400, "invalid_json"),
        ('\ufeff{"text": "x"}'.encode(), 400, "invalid_json"),
        ('{"text": "x"}'.encode("utf-16"), 400, "invalid_json"),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "invalid"),
        (b'{"text": "a\nb"}', 400, "invalid_json"),
        (b"null", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'"text"', 422, "invalid"),
        (b"7", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"text": "\\u0000"}', 422, "invalid"),
        (b'{"text": 1e400}', 400, None),
        (b'{"text": {"text": "x"}}', 422, "invalid"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
async def test_a_body_that_does_not_fit_is_refused(
    world: World, unchanged: Unchanged, body: bytes, status: int, code: str | None
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        response = await alice.request("POST", f"{CHANNELS}/{channel['id']}/messages", content=body, headers=JSON)
        problem(response, status, code)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "json", "*/*"],
)
async def test_a_body_of_another_type_is_refused(world: World, unchanged: Unchanged, kind: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    async with unchanged(channel):
        response = await alice.request("POST", path, content=b'{"text": "x"}', headers={"Content-Type": kind})
        problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
async def test_json_by_any_of_its_names_is_taken(world: World, kind: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    response = await alice.request("POST", path, content=b'{"text": "x"}', headers={"Content-Type": kind})
    assert response.status_code == 201, response.text


async def test_a_body_over_the_limit_is_refused_however_it_is_sent(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    large = json.dumps({"text": "x", "padding": "p" * 300_000}).encode()

    async def in_pieces() -> Any:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    async with unchanged(channel):
        problem(await alice.request("POST", path, content=large, headers=JSON), 413, "too_large")
        # Without a Content-Length the size shows only while reading.
        problem(await alice.request("POST", path, content=in_pieces(), headers=JSON), 413, "too_large")


async def test_a_body_of_many_megabytes_does_not_hurt(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    try:
        response = await alice.request(
            "POST", f"{CHANNELS}/{channel['id']}/messages", content=b" " * 20_000_000, headers=JSON
        )
        problem(response, 413, "too_large")
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        # The answer came before the body was sent, and the connection ended with it.
        pass
    assert (await alice.send(channel["id"], "still here"))["content_preview"] == "still here"


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


async def test_a_request_id_is_kept_when_it_is_harmless(world: World) -> None:
    alice = world.user("alice")
    alice.headers |= {"X-Request-Id": "front-end_7.a"}
    assert (await alice.get(CHANNELS)).headers["x-request-id"] == "front-end_7.a"
    assert problem(await alice.get(f"{CHANNELS}/x"), 404)["request_id"] == "front-end_7.a"
    for bad in ("", "a b", "x" * 65, "<script>", 'a"b', "a\tb"):
        alice.headers |= {"X-Request-Id": bad}
        answered = problem(await alice.get(f"{CHANNELS}/x"), 404)["request_id"]
        assert answered != bad and len(answered) <= 64


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
    [said] = await rooms.messages(channel["matrix_room_id"])
    assert (said["content"]["body"], said["content"]["msgtype"]) == (text, "m.text")


async def test_unknown_fields_and_parameters_are_ignored(world: World, rooms: Rooms) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice, id="00000000-0000-4000-8000-000000000000", last_seq=99, created_by="user:x")
    assert channel["id"] != "00000000-0000-4000-8000-000000000000" and channel["created_by"] == alice.id
    message = await alice.send(channel["id"], "x", sender_id="user:admin", seq=1, sender="@user-admin:localhost")
    assert message["sender_id"] == alice.id
    [said] = await rooms.messages(channel["matrix_room_id"])
    assert said["sender"] == alice.matrix_id
    assert "sender_id" not in said["content"]
    assert (await alice.get(f"{CHANNELS}/{channel['id']}/messages", sender="x", limit=5)).json() == [message]


async def test_half_a_request_does_not_hold_up_others(world: World, stack: Stack) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = httpx.URL(stack.api_url)
    assert url.port
    head = f"POST {CHANNELS}/{channel['id']}/messages HTTP/1.1\r\nHost: {url.host}\r\nX-User-Id: {alice.id}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    opened = [await asyncio.open_connection(url.host, url.port) for _ in range(30)]
    try:
        for _, writer in opened:
            writer.write(head.encode())
            await writer.drain()
        sent = await asyncio.wait_for(alice.send(channel["id"], "meanwhile"), 10)
    finally:
        for _, writer in opened:
            writer.close()
    assert await alice.history(channel["id"]) == [sent]
