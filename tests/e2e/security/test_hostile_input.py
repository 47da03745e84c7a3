"""Whatever a client sends, nothing is reached that its caller may not reach, and text stays text."""

from __future__ import annotations

import httpx
import pytest

from support.api import CHANNELS, UNKNOWN_ID, World, row, rows
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
        ):
            response = await alice.get(alice.stack.api_url + path)
            if response.status_code != 200:
                problem(response, 404)
            else:
                assert rows(response) == [message], path
        for path in (
            # A string that starts with two slashes would name a host, so the client is given the whole address.
            f"//api/messaging/channels/{one}/messages",
            f"/api//messaging/channels/{one}/messages",
            f"{CHANNELS}//{one}/messages",
            f"{CHANNELS}/{one}//messages",
            f"{CHANNELS}/{one}/messages//",
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
        assert row((await alice.get(f"{CHANNELS}/{open_one['id']}")).json()) == open_one
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
    assert rows(await alice.get(f"{CHANNELS}/{channel['id']}/messages", sender="x", limit=5)) == [message]


async def test_links_lead_to_the_same_host_however_the_path_was_written(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    for text in ("one", "two"):
        await alice.send(channel["id"], text)
    base = httpx.URL(alice.stack.api_url)
    for path in (f"{CHANNELS}/{channel['id']}/messages", f"{CHANNELS}/{channel['id'].upper()}/messages/"):
        response = await alice.get(f"{alice.stack.api_url}{path}?limit=1")
        assert response.status_code == 200, response.text
        link = response.headers["link"].split(">")[0].removeprefix("<")
        assert base.join(link).host == base.host and link.startswith(f"{CHANNELS}/{channel['id']}/messages?"), link
    response = await alice.get(f"{alice.stack.api_url}/{CHANNELS}/{channel['id']}/messages?limit=1")
    problem(response, 404, "not_found")
    assert "link" not in response.headers


async def test_no_parameter_is_dropped_and_none_has_two_values(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    path = f"{CHANNELS}/{channel['id']}/messages"
    others = "&".join(f"x{n}=1" for n in range(63))
    problem(await alice.get(f"{path}?{others}&limit=0"), 422, "invalid")
    assert (await alice.get(f"{path}?{others}&limit=1")).status_code == 200
    problem(await alice.get(f"{path}?{others}&x=1&limit=0"), 400, "too_many_parameters")
    for query in ("limit=1&limit=0", "limit=1&limit=1", "before=1&x=1&before=2"):
        problem(await alice.get(f"{path}?{query}"), 422, "invalid")
    assert (await alice.get(f"{path}?x=1&x=2&limit=1")).status_code == 200, "unknown ones are ignored"


UNSEEN = [" ", "\t", "\u00a0\u3000", "\u200b", "\u2060\ufeff", "\u3164", "a\nb", "a\rb", "a\u2028b", "\u001b[31mred", "a\u0007", "a\u202eb",
          "a\u2066b", "a\u200fb", "a\u200bb", "a\u00adb", "a\u0000"]  # fmt: skip


async def test_a_name_is_something_one_can_see(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        for text in UNSEEN:
            for field in ("name", "topic"):
                problem(await alice.post(CHANNELS, world.fields(**{field: text})), 422, "invalid", f"/{field}")
                problem(await alice.patch(f"{CHANNELS}/{channel['id']}", {field: text}), 422, "invalid", f"/{field}")
        for text in (" ", "\u200b", "a\u001b", "a\u202eb"):
            problem(await alice.post(CHANNELS, world.fields(description=text)), 422, "invalid", "/description")
            response = await alice.patch(f"{CHANNELS}/{channel['id']}", {"description": text})
            problem(response, 422, "invalid", "/description")
        for slug in ("-", "--", "---"):
            problem(await alice.post(CHANNELS, world.fields(slug=slug)), 422, "invalid", "/slug")
            body = world.fields() | {"microdao_id": f"microdao:{slug}"}
            problem(await alice.post(CHANNELS, body), 422, "invalid", "/microdao_id")
        for url in ("javascript:alert(1)//", "https://x/y", "mxc://a", "mxc://a/\u0431"):
            problem(
                await alice.patch(f"{CHANNELS}/{channel['id']}", {"avatar_url": url}), 422, "invalid", "/avatar_url"
            )


async def test_names_of_every_script_and_descriptions_of_many_lines_are_kept(world: World) -> None:
    alice = world.user("alice")
    for name in (
        "Загальний",
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧 family",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
        "–",
    ):
        channel = await world.channel(alice, name=name, topic=name, description="one\r\n\ttwo\n")
        assert (channel["name"], channel["topic"], channel["description"]) == (name, name, "one\r\n\ttwo\n")
