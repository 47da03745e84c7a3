"""Failures that no response shows: something failed inside while the other tests ran."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support.api import CHANNELS, UNKNOWN_ID, World, path_to, unique
from support.media import download, png, send_file, upload
from support.stack import Stack
from support.tokens import token

pytestmark = pytest.mark.last


def component_logs(stack: Stack) -> list[Path]:
    """The files that the components write to, one line of JSON per message."""
    words = stack.services["app"]["command"]
    if "--log-dir" not in words:
        pytest.skip("this app does not write the components' logs to a folder")
    return sorted(Path(words[words.index("--log-dir") + 1]).glob("*_stderr.txt"))


def test_no_request_and_no_pushed_event_failed_on_our_side(stack: Stack) -> None:
    stack.need_service("app")
    logs = component_logs(stack)
    assert logs
    # What PostgreSQL's absence does is an error of its own, 503; 500 is a mistake. The rest are traces of a trap.
    signs = (" 500 internal", "panicked at", "wasm trap", "unreachable")
    lines = [(log.name, line) for log in logs for line in log.read_text(errors="replace").splitlines()]
    failed = [f"{name}: {line[:500]}" for name, line in lines if any(sign in line for sign in signs)]
    assert not failed, "\n".join(failed[:10])


def test_every_line_of_a_log_is_one_message(stack: Stack) -> None:
    stack.need_service("app")
    broken = []
    for log in component_logs(stack):
        for line in log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                assert entry.keys() >= {"time", "level", "request_id", "trace_id", "component", "message"}
            except (ValueError, AssertionError):
                # Requests at the same time must not write into each other's lines.
                broken.append(f"{log.name}: {line[:200]}")
    assert not broken, "\n".join(broken[:10])


def test_no_line_of_a_log_is_long_or_a_backtrace(stack: Stack) -> None:
    """Anybody can cause some of them, and nothing rotates a component's log."""
    stack.need_service("app")
    for log in component_logs(stack):
        for line in log.read_text(errors="replace").splitlines():
            assert len(line) < 1500 and "backtrace" not in line.lower(), f"{log.name}: {line[:300]}"


async def test_no_log_has_a_secret_the_text_of_a_message_or_the_name_of_a_file(
    stack: Stack, world: World, http: httpx.AsyncClient
) -> None:
    stack.need_service("app", "ws-relay")
    alice, text = world.user("alice"), unique("between-us")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], text)
    await alice.patch(path_to(channel["id"], message["id"]), {"text": f"{text} changed"})
    forged = world.bearer(alice.id, token(alice.id, "x" * 64))
    await forged.try_send(channel["id"], text)
    await alice.try_send(channel["id"], text, reply_to=UNKNOWN_ID)
    told = await upload(alice, channel, png(), "image/png", filename=f"{text}.png")
    sent = await send_file(alice, channel, told, "m.image")
    signed = (await download(alice, told["content_uri"], "/url")).json()
    signature = parse_qs(urlsplit(signed["url"]).query)["signature"][0].rpartition("~")[2]
    assert len(signature) >= 32
    wrong = signed["url"].replace("expires=", "expires=1"), signed["url"] + "0"
    for address in (signed["url"], signed["thumbnail_url"], *wrong, signed["url"].replace("/media/", "/nothing/")):
        await http.get(address)
    await alice.delete(path_to(channel["id"], sent["id"]))
    assert (await http.get(signed["url"])).status_code == 404
    kept = [signature, stack.internal_secret, stack.jwt_secret, stack.matrix_as_token, stack.matrix_hs_token]
    kept += [stack.matrix_gateway_secret, urlsplit(stack.database_url or "").password, forged.query["token"], text]
    logs = [*component_logs(stack), *(Path(stack.services[name]["log"]) for name in ("app", "ws-relay"))]
    for log in logs:
        content = log.read_text(errors="replace")
        assert not [place for place, secret in enumerate(kept) if secret and secret in content], log.name


async def test_no_log_has_what_anybody_puts_into_any_field(stack: Stack, world: World, http: httpx.AsyncClient) -> None:
    """Texts, names, queries, keys, headers, bodies that are none, addresses of sockets: of nothing a line."""
    stack.need_service("app", "ws-relay")
    stack.need("ws_url")
    alice, bob, mark = world.user("alice"), world.user("bob"), secrets.token_hex(8)
    agent = world.agent("sofia")
    named = world.fields(name=f"n {mark}", topic=f"t {mark}", description=f"d {mark}", slug=unique("s"))
    channel = (await alice.post(CHANNELS, named, key=f"key-{mark}")).json()
    at = path_to(channel["id"])
    html = {"html": f"<b>{mark}</b>", "text": mark}
    message = (await alice.post(f"{at}/messages", html, key=f"key-{mark}")).json()
    await alice.post(f"{at}/messages", {"text": f"https://{mark}.example/?t={mark}", "reply_to": message["id"]})
    await alice.patch(path_to(channel["id"], message["id"]), {"text": f"{mark} again"})
    await alice.patch(at, {"topic": f"{mark} again", "avatar_url": f"mxc://{mark}"})
    await alice.put(f"{path_to(channel['id'], message['id'])}/reactions/{mark}")
    await alice.request("PUT", "/api/messaging/profiles/me", json={"display_name": mark})
    await alice.post(f"{at}/members", {"member_id": bob.id, "role": mark})
    await alice.get("/api/messaging/search", q=mark)
    await alice.get(f"{at}/messages", before=mark)
    await agent.post(f"/internal/agents/{agent.id}/post-to-channel", {"channel_id": channel["id"], "text": mark})
    for body in (f'{{"text": "{mark}', f'["{mark}"]', f'{{"{mark}": 1}}', f'{{"text": {{"{mark}": 1}}}}'):
        await alice.request("POST", f"{at}/messages", content=body, headers={"Content-Type": "application/json"})
    odd = {"X-Request-Id": f"{mark} x", "traceparent": mark, "User-Agent": mark, "Cookie": mark, "Referer": mark}
    await alice.request("GET", f"{CHANNELS}?token={mark}", headers=odd | {"Idempotency-Key": mark})
    for headers in ({"Authorization": f"Bearer {mark}"}, {"X-Internal-Service-Token": mark}, {"X-User-Id": mark}):
        await http.get(f"{CHANNELS}/{mark}", headers=headers)
        await http.get(f"/internal/messaging/channels/{mark}/context", headers=headers)
        await http.put(f"/_matrix/app/v1/transactions/{mark}", headers=headers, json={"events": [{"type": mark}]})
    relay = (stack.ws_url or "").replace("ws", "http", 1)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for path in (f"/ws/messaging/{channel['id']}?token={mark}", f"/{mark}", f"/ws/messaging/?user_id={mark}"):
            await client.get(f"{relay}{path}", headers=odd)
    with suppress(InvalidStatus, ConnectionClosed):
        async with connect(f"{stack.ws_url}/ws/messaging?token={mark}", proxy=None) as socket:
            await socket.send(json.dumps({"type": "subscribe", "channel_id": mark}))
    logs = [*component_logs(stack), *(Path(stack.services[name]["log"]) for name in ("app", "ws-relay"))]
    found = {log.name: line for log in logs for line in log.read_text(errors="replace").splitlines() if mark in line}
    assert not found


@pytest.mark.parametrize("service", ["app", "ws-relay"])
def test_nothing_panicked(stack: Stack, service: str) -> None:
    stack.need_service(service)
    text = Path(stack.services[service]["log"]).read_text(errors="replace")
    lines = [line for line in text.splitlines() if "panicked at" in line or "wasm trap" in line]
    assert not lines, "\n".join(lines[:10])
