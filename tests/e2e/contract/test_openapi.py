"""The OpenAPI document, and whether real responses are what it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.api import CHANNELS, INTERNAL_CHANNELS, UNKNOWN_ID, Caller, World, profile_path, unique
from support.contract import Contract
from support.media import media_path
from support.person import NewPerson
from support.problems import problem
from support.search import AGENT_SEARCH, SEARCH
from support.site import png
from support.stack import Stack
from support.writes import with_preview

THUMB = quote("👍🏽", safe="")


@pytest.fixture(scope="module")
async def contract(http: httpx.AsyncClient) -> Contract:
    response = await http.get("/openapi.json")
    assert response.status_code == 200
    return Contract(response.json())


async def test_the_document_is_served_once_and_then_confirmed(http: httpx.AsyncClient) -> None:
    plain = await http.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"] == "application/json"
    assert "content-encoding" not in plain.headers
    packed = await http.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 5
    assert packed.headers["etag"] != plain.headers["etag"]
    for first in (plain, packed):
        known = {"If-None-Match": first.headers["etag"], "Accept-Encoding": first.request.headers["accept-encoding"]}
        again = await http.get("/openapi.json", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    old = await http.get("/openapi.json", headers={"If-None-Match": '"old"', "Accept-Encoding": "identity"})
    assert (old.status_code, old.content) == (200, plain.content)
    head = await http.head("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == plain.headers["content-length"]


async def test_the_page_and_its_files_are_safe_to_open(http: httpx.AsyncClient) -> None:
    for path in ("/docs", "/docs/", "/docs/init.js", "/docs/swagger-ui-bundle.js", "/docs/LICENSE"):
        response = await http.get(path)
        assert response.status_code == 200, path
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'self';") and "unsafe" not in policy and "http" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-cache" and response.headers["etag"]
    problem(await http.get("/docs/of/nothing"), 404, "not_found")
    problem(await http.post("/docs"), 405, "method_not_allowed")


async def test_every_path_has_the_methods_of_the_document_and_no_other(
    http: httpx.AsyncClient, contract: Contract
) -> None:
    for path, item in contract.document["paths"].items():
        for name, value in {"agent_id": "agent:nobody", "emoji": THUMB, "member_id": "me"}.items():
            path = path.replace(f"{{{name}}}", value)
        for name in ("channel_id", "message_id", "preview_id"):
            path = path.replace(f"{{{name}}}", UNKNOWN_ID)
        refused = await http.request("TRACE", path)
        problem(refused, 405, "method_not_allowed")
        assert {method.strip().lower() for method in refused.headers["allow"].split(",")} == item.keys(), path


Ask = Callable[..., Awaitable[Any]]


def judged(contract: Contract, caller: Caller) -> Ask:
    """Sends a request as somebody; the contract judges the response."""

    async def ask(status: int, method: str, path: str, body: Any = None, **options: Any) -> Any:
        content = {} if body is None else {"json": body}
        response = contract.check(await caller.request(method, path, **content, **options))
        assert response.status_code == status, response.text
        return response.json() if response.content and "json" in response.headers["content-type"] else None

    return ask


async def test_every_operation_responds_as_documented(world: World, contract: Contract, stack: Stack, key: str) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    ask, bobs, agents = judged(contract, alice), judged(contract, bob), judged(contract, sofia)
    await use_messages(ask, bobs, world, key)
    await use_receipts(ask, bobs, world)
    await use_files(ask, world, key)
    await use_search(ask, agents, world, sofia.id)
    await use_members(ask, agents, world, sofia.id)
    await use_special_channels(ask, bobs, world, bob.id)
    await use_operations_routes(judged(contract, world.stranger()), contract, stack)
    succeeded = {name for name, status in contract.seen if status < 300}
    assert contract.operations().keys() - succeeded == set()


async def use_messages(ask: Ask, bobs: Ask, world: World, key: str) -> None:
    """Messages and reactions."""
    channel = await ask(201, "POST", CHANNELS, world.fields(description="x", avatar_url="mxc://a/b"), key=key)
    await ask(200, "GET", CHANNELS, params={"microdao_id": world.microdao, "limit": 1})
    path = f"{CHANNELS}/{channel['id']}"
    await ask(200, "GET", path)
    await ask(200, "PATCH", path, {"topic": "All", "description": None, "avatar_url": None, "name": "Renamed"})
    html = {"text": "Hello 👋", "msgtype": "m.text", "formatted_body": "<b>Hello</b>"}
    first = await ask(201, "POST", f"{path}/messages", html, key=key)
    await ask(201, "POST", f"{path}/messages", html, key=key)
    reply = {"text": "Hi", "reply_to": first["id"], "msgtype": "m.notice"}
    await bobs(201, "POST", f"{path}/messages", reply)
    await ask(200, "GET", f"{path}/messages", params={"limit": 1, "before": 1_000})
    message = f"{path}/messages/{first['id']}"
    await ask(200, "GET", message)
    await ask(200, "PATCH", message, {"text": "Hello again"})
    await ask(200, "GET", f"{message}/replies")
    in_thread = {"text": "In its thread", "thread_id": first["id"]}
    last = await bobs(201, "POST", f"{path}/messages", in_thread | {"reply_to": first["id"]})
    following = f"{path}/threads/{first['id']}/following"
    await ask(204, "PUT", following)
    [root] = await ask(200, "GET", f"{path}/threads", params={"followed": "true", "limit": 1})
    assert root["thread"]["last_reply"] == last and (await ask(200, "GET", message))["thread"] == root["thread"]
    await ask(204, "DELETE", following)
    await ask(204, "PUT", f"{message}/reactions/{THUMB}")
    await bobs(204, "PUT", f"{message}/reactions/{THUMB}")
    assert [r["count"] for r in await ask(200, "GET", f"{message}/reactions")] == [2]
    await bobs(204, "DELETE", f"{message}/reactions/{THUMB}")
    await ask(204, "DELETE", await with_preview(world.stack, first))
    await ask(204, "PUT", f"{path}/pins/{first['id']}")
    assert [pinned["id"] for pinned in await ask(200, "GET", f"{path}/pins")] == [first["id"]]
    await ask(204, "DELETE", f"{path}/pins/{first['id']}")
    await ask(204, "PUT", f"{path}/typing", {"typing": True})
    await ask(204, "DELETE", message)
    assert (await ask(200, "GET", message))["content"] is None
    await ask(200, "GET", f"{path}/messages")
    await ask(204, "DELETE", path)
    assert (await ask(200, "GET", path))["archived_at"]


async def use_files(ask: Ask, world: World, key: str) -> None:
    """A picture, from its upload to its download."""
    channel = await ask(201, "POST", CHANNELS, world.fields())
    path, kind = f"{CHANNELS}/{channel['id']}", {"Content-Type": "image/png"}
    picture = {"headers": kind, "content": png(2, 1), "params": {"filename": "two.png"}}
    uploaded = await ask(201, "POST", f"{path}/files", key=key, **picture)
    assert await ask(201, "POST", f"{path}/files", key=key, **picture) == uploaded
    file = {"content_uri": uploaded["content_uri"], "filename": "two.png", "width": 2, "height": 1}
    sent = await ask(201, "POST", f"{path}/messages", {"msgtype": "m.image", "file": file, "text": "Two points"})
    assert sent["file"]["content_type"] == "image/png"
    media = media_path(uploaded["content_uri"])
    await ask(200, "GET", media)
    await ask(206, "GET", media, headers={"Range": "bytes=1-3"})
    await ask(416, "GET", media, headers={"Range": "bytes=9999999-"})
    await ask(304, "GET", media, headers={"If-None-Match": "*"})
    await ask(200, "GET", f"{media}/thumbnail", params={"width": 32, "height": 32})
    await ask(200, "GET", f"{media}/url")
    signed = await ask(200, "POST", "/api/messaging/media/urls", {"content_uris": [uploaded["content_uri"]]})
    assert [one["content_uri"] for one in signed["urls"]] == [uploaded["content_uri"]]
    await ask(404, "GET", media_path("mxc://localhost/unknown"))


async def use_search(ask: Ask, agents: Ask, world: World, agent: str) -> None:
    """Search, with all that a page may have."""
    channel = await ask(201, "POST", CHANNELS, world.fields())
    for number in range(3):
        await ask(201, "POST", f"{CHANNELS}/{channel['id']}/messages", {"text": f"Сторінка {number}"})
    # What is no operator is a word, and here one that must not be there.
    query = {"q": "сторінки -has:wings", "channel_id": channel["id"], "limit": 2}
    found = await ask(200, "GET", SEARCH, params=query)
    assert len(found["hits"]) == 2 and found["next"] and found["hints"] and found["hits"][0]["highlights"]
    rest = await ask(200, "GET", SEARCH, params={"q": "сторінки", "channel_id": channel["id"], "cursor": found["next"]})
    assert len(rest["hits"]) == 1
    await ask(404, "GET", SEARCH, params=query | {"channel_id": UNKNOWN_ID})
    await ask(422, "GET", SEARCH, params={"q": "x", "limit": 1_000})
    await agents(200, "GET", AGENT_SEARCH, params=query | {"agent_id": agent})


async def use_receipts(ask: Ask, bobs: Ask, world: World) -> None:
    """How far somebody has read, and what is unread."""
    channel = await ask(201, "POST", CHANNELS, world.fields())
    path = f"{CHANNELS}/{channel['id']}"
    await bobs(200, "PUT", f"{path}/members/me")
    message = await ask(201, "POST", f"{path}/messages", {"text": "Hello"})
    assert (await bobs(200, "GET", path))["unread_count"] == 1
    assert (await bobs(200, "GET", "/api/messaging/unread"))["unread_count"] == 1
    await bobs(200, "PUT", f"{path}/read", {"message_id": message["id"], "private": True})
    await bobs(200, "PUT", f"{path}/read", {"seq": message["seq"]})
    await bobs(200, "PUT", f"{path}/unread")
    await bobs(200, "PUT", f"{path}/muted", {"muted": True})
    assert (await ask(200, "GET", f"{path}/receipts", params={"seq": message["seq"]}))["read_count"] == 2


async def use_members(ask: Ask, agents: Ask, world: World, sofia: str) -> None:
    """Members and agents."""
    channel = await ask(201, "POST", CHANNELS, world.fields(visibility="microdao"))
    path = f"{CHANNELS}/{channel['id']}"
    await ask(201, "POST", f"{path}/members", {"member_id": sofia, "can_create_tasks": False})
    await ask(200, "GET", f"{path}/members", params={"limit": 1})
    posted = await agents(
        200, "POST", f"/internal/agents/{sofia}/post-to-channel", {"channel_id": channel["id"], "text": "Good morning"}
    )
    await ask(200, "GET", f"{path}/messages/{posted['message_id']}")
    internal = f"{INTERNAL_CHANNELS}/{channel['id']}"
    assert (await agents(200, "GET", f"{internal}/context"))["allowed_agents"] == [sofia]
    await agents(200, "GET", f"{internal}/messages", params={"agent_id": sofia})
    await agents(200, "POST", f"{internal}/reconcile", params={"min_age": 1, "since": "2026-01-01T00:00:00Z"})
    await agents(200, "POST", f"{internal}/reindex", params={"before": 1_000_000})
    assert (await agents(200, "PUT", f"{internal}/hold", {"reason": "a case"}))["is_held"]
    assert not (await agents(200, "DELETE", f"{internal}/hold"))["is_held"]
    exported = f"/internal/messaging/export/channels/{channel['id']}"
    for part in ("channel", "members", "messages", "pins", "files", "audit"):
        await agents(200, "GET", exported, params={"part": part})
    await agents(204, "PUT", f"{internal}/typing", {"member_id": sofia})
    named = await agents(200, "PUT", f"/internal/agents/{sofia}/profile", {"display_name": "Sofia", "avatar_url": None})
    assert await ask(200, "GET", profile_path(sofia)) == named
    await ask(200, "PUT", profile_path(), {"display_name": "Alice"}, key="name")
    await ask(200, "PATCH", f"{path}/members/{sofia}", {"can_write": False})
    await ask(204, "DELETE", f"{path}/members/{sofia}")


async def use_special_channels(ask: Ask, bobs: Ask, world: World, bob: str) -> None:
    """Joining, direct and encrypted channels."""
    channel = await ask(201, "POST", CHANNELS, world.fields(is_encrypted=True))
    path = f"{CHANNELS}/{channel['id']}"
    await bobs(200, "PUT", f"{path}/members/me")
    secret = {"encrypted": {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "x"}}
    message = await bobs(201, "POST", f"{path}/messages", secret)
    assert (await ask(200, "GET", f"{path}/messages/{message['id']}"))["text"] is None
    pair = {"is_direct": True, "members": [bob], "microdao_id": world.microdao}
    direct = await ask(201, "POST", CHANNELS, pair)
    assert (await ask(200, "POST", CHANNELS, pair))["id"] == direct["id"]


async def use_operations_routes(ask: Ask, contract: Contract, stack: Stack) -> None:
    """What operators, browsers and gateways request."""
    for path in ("/health", "/health/ready", "/openapi.json", "/asyncapi.json", "/docs"):
        await ask(200, "GET", path)
    stack.need("matrix_gateway_secret")
    headers = {"X-Internal-Service-Token": stack.matrix_gateway_secret or ""}
    await ask(200, "POST", "/webhooks/matrix-events", {"events": []}, headers=headers)
    stack.need("internal_secret")
    headers = {"X-Internal-Service-Token": stack.internal_secret or ""}
    await ask(200, "GET", "/internal/messaging/set-aside-events", headers=headers)
    await ask(200, "POST", "/internal/messaging/set-aside-events/replay", headers=headers)
    await ask(200, "POST", "/internal/messaging/receipts", headers=headers)
    await ask(200, "POST", "/internal/messaging/content/delete", headers=headers)
    await ask(200, "POST", "/internal/messaging/removals", headers=headers)
    await ask(404, "PUT", f"{INTERNAL_CHANNELS}/{UNKNOWN_ID}/hold", {"reason": "a case"}, headers=headers)
    await ask(404, "DELETE", f"{INTERNAL_CHANNELS}/{UNKNOWN_ID}/hold", headers=headers)
    erasure = await ask(202, "POST", f"/internal/messaging/persons/{unique('user:nobody')}/erase", headers=headers)
    await ask(200, "GET", f"/internal/messaging/erasures/{erasure['id']}", headers=headers)
    await ask(404, "GET", f"/internal/messaging/erasures/{UNKNOWN_ID}", headers=headers)
    for part in ("profile", "messages", "uploads"):
        path = f"/internal/messaging/export/persons/user:nobody?part={part}"
        await ask(200, "GET", path, headers=headers)
    await ask(422, "GET", "/internal/messaging/export/persons/user:nobody?part=nothing", headers=headers)
    await ask(404, "GET", f"/internal/messaging/export/channels/{UNKNOWN_ID}", headers=headers)
    picture = headers | {"Content-Type": "image/png"}
    await ask(200, "POST", "/internal/messaging/preview-images", headers=picture, content=png(2, 1))
    for kind, content in (("image/gif", png(2, 1)), ("image/png", b"<svg/>"), ("image/svg+xml", b"<svg/>")):
        wrong = headers | {"Content-Type": kind}
        await ask(415, "POST", "/internal/messaging/preview-images", headers=wrong, content=content)
    await ask(200, "DELETE", "/internal/messaging/microdaos/microdao:nowhere/members/user:nobody", headers=headers)


async def test_a_member_who_is_only_in_matrix_is_as_documented(
    world: World, contract: Contract, person: NewPerson
) -> None:
    ask, carol = judged(contract, world.user("alice")), await person("carol")
    channel = await ask(201, "POST", CHANNELS, world.fields(visibility="private"))
    path = f"{CHANNELS}/{channel['id']}/members"
    invited = await ask(201, "POST", path, {"member_id": carol.id, "role": "guest"})
    assert (invited["member_id"], invited["joined_at"]) == (carol.id, None)
    assert carol.id in {member["member_id"] for member in await ask(200, "GET", path)}


async def test_refusals_are_documented_problems(world: World, contract: Contract) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    ask, bobs, stranger = judged(contract, alice), judged(contract, bob), judged(contract, world.stranger())
    fields = world.fields(visibility="private")
    channel = await ask(201, "POST", CHANNELS, fields)
    path = f"{CHANNELS}/{channel['id']}"
    message = await ask(201, "POST", f"{path}/messages", {"text": "x"})
    assert (await stranger(401, "GET", CHANNELS))["code"] == "unauthenticated"
    assert (await stranger(401, "GET", f"{INTERNAL_CHANNELS}/{UNKNOWN_ID}/context"))["code"] == "unauthenticated"
    for method, place in (("GET", path), ("DELETE", path), ("GET", f"{path}/messages"), ("GET", f"{path}/members")):
        assert (await bobs(404, method, place))["code"] == "not_found"
    await ask(409, "POST", CHANNELS, fields)
    await ask(422, "POST", CHANNELS, {"slug": "Not a slug"})
    await ask(422, "GET", CHANNELS, params={"limit": 0})
    await ask(400, "GET", CHANNELS, params={f"x{n}": 1 for n in range(65)})
    await ask(422, "POST", f"{path}/messages", {"text": ""})
    await ask(422, "POST", f"{path}/messages", {"text": "x", "reply_to": UNKNOWN_ID})
    await ask(409, "POST", f"{path}/messages", {"encrypted": {"algorithm": "a", "ciphertext": "c"}})
    await ask(400, "POST", f"{path}/messages", {"text": "x"}, key="not a key")
    await ask(400, "POST", f"{path}/messages", content=b"{", headers={"Content-Type": "application/json"})
    await ask(415, "POST", f"{path}/messages", content=b"x", headers={"Content-Type": "text/plain"})
    await ask(404, "GET", f"{path}/messages/{UNKNOWN_ID}")
    await ask(409, "DELETE", f"{path}/members/me")
    await ask(201, "POST", f"{path}/members", {"member_id": bob.id})
    await bobs(403, "PATCH", f"{path}/messages/{message['id']}", {"text": "y"})
    await bobs(403, "DELETE", f"{path}/messages/{message['id']}")
    await bobs(403, "PATCH", path, {"name": "y"})
    await bobs(403, "PATCH", f"{path}/members/me", {"role": "owner"})
    await bobs(403, "PUT", f"{path}/members/{alice.id}")
    await ask(204, "DELETE", path)
    await ask(409, "POST", f"{path}/messages", {"text": "too late"})
