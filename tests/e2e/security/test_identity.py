"""Who is calling: signed tokens, names in development, and nothing else."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from support.api import CHANNELS, UNKNOWN_ID, World, following_path, path_to
from support.problems import problem
from support.tokens import sign, token
from support.unchanged import Unchanged


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_without_an_identity_every_request_is_unauthenticated(world: World, unchanged: Unchanged) -> None:
    channel = await world.channel()
    nobody = world.stranger()
    path = f"{CHANNELS}/{channel['id']}"
    async with unchanged(channel):
        for method, address in [
            ("GET", CHANNELS),
            ("POST", CHANNELS),
            ("GET", path),
            ("GET", f"{path}/messages"),
            ("POST", f"{path}/messages"),
            ("GET", f"{path}/members"),
            ("GET", f"{path}/threads"),
            ("PUT", f"{path}/threads/{UNKNOWN_ID}/following"),
            ("DELETE", f"{path}/threads/{UNKNOWN_ID}/following"),
            ("POST", f"{path}/members"),
            ("POST", "/internal/agents/agent:sofia/post-to-channel"),
        ]:
            options = {"json": {}} if method == "POST" else {}
            response = await nobody.request(method, address, **options)
            problem(response, 401, "unauthenticated")
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_the_platforms_own_access_token_names_its_caller(world: World) -> None:
    entity = world.member_of("alice").id
    now = time.time()
    claims = {"iss": "daarion-auth", "type": "access", "sub": entity.removeprefix("user:"), "roles": ["user"]}
    text = sign(claims | {"iat": now, "nbf": now - 0.5, "exp": now + 60.25, "jti": "1"}, world.secret())
    alice = world.bearer(entity, text)
    # No memberships in it: public channels of the microDAO, and no others.
    assert (await alice.get(CHANNELS)).status_code == 200
    problem(await alice.post(CHANNELS, world.fields()), 403, "not_in_microdao")
    text = sign(claims | {"exp": now + 60, "microdaos": [world.microdao]}, world.secret())
    channel = await world.bearer(entity, text).create(**world.fields(visibility="private"))
    assert channel["created_by"] == entity


async def test_a_valid_token_names_its_caller(world: World) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="private"))
    assert channel["created_by"] == alice.id
    lower = world.bearer(alice.id, alice.headers["Authorization"].split()[1])
    lower.headers = {"Authorization": "bearer " + alice.headers["Authorization"].split()[1]}
    assert (await lower.get(f"{CHANNELS}/{channel['id']}")).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": -1},
        {"sub": None},
        {"sub": ""},
        {"sub": "user:Alice"},
        {"sub": "user:" + "a" * 65},
        {"sub": "@bob:localhost"},
        {"sub": "microdao:daarion"},
        {"sub": ["user:alice"]},
        {"sub": "user:alice\0"},
        {"type": "refresh"},
        {"type": "Access"},
        {"nbf": int(time.time()) + 86_400},
        {"microdaos": "microdao:daarion"},
        {"microdaos": ["Daarion"]},
        {"microdaos": [{"id": "microdao:daarion"}]},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_a_token_with_wrong_claims_is_refused(world: World, claims: dict[str, Any]) -> None:
    wanted = {"sub": "user:alice", "exp": int(time.time()) + 600, "microdaos": [world.microdao]} | claims
    caller = world.bearer("user:alice", sign({k: v for k, v in wanted.items() if v is not None}, world.secret()))
    problem(await caller.get(CHANNELS), 401, "unauthenticated")


async def test_a_forged_token_is_refused(world: World) -> None:
    good = token("user:alice", world.secret(), [world.microdao])
    header, body, signature = good.split(".")
    claims = {"sub": "user:admin", "exp": int(time.time()) + 600}
    forged = {
        "another key": token("user:alice", "x" * 64),
        "no signature": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "none, signed": sign(claims, world.secret(), {"alg": "none"}),
        "another algorithm": sign(claims, world.secret(), {"alg": "HS512"}),
        "an unknown algorithm": sign(claims, world.secret(), {"alg": "X"}),
        "another body": f"{header}.{encoded(claims)}.{signature}",
        "a signature cut short": good[:-4],
        "the key in the header": sign(
            claims, "k" * 32, {"alg": "HS256", "jwk": {"kty": "oct", "k": encoded("k" * 32)}}
        ),
        "no dots": "token",
        "only dots": "..",
        "not base64": "a.b.c",
        "huge": "a" * 5000,
    }
    for name, text in forged.items():
        response = await world.bearer("user:alice", text).get(CHANNELS)
        assert response.status_code == 401, name
        problem(response, 401, "unauthenticated")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic YTpi", "token"])
async def test_anything_but_a_bearer_token_is_refused(world: World, authorization: str) -> None:
    # A name beside it does not help: a caller who sends a token wants it to count.
    caller = world.stranger()
    caller.headers = {"Authorization": authorization, "X-User-Id": "user:alice"}
    problem(await caller.get(CHANNELS), 401, "unauthenticated")


async def test_a_token_counts_more_than_a_name(world: World) -> None:
    alice = world.member_of("alice", world.microdao)
    alice.headers |= {"X-User-Id": "user:admin"}
    channel = await alice.create(**world.fields())
    assert channel["created_by"] == alice.id


@pytest.mark.parametrize(
    "name",
    ["", "alice", "user:", "user:Alice", "user:a b", "User:alice", "user:alice:x", "@bob:localhost", "microdao:x"]
    + ["user:" + "a" * 65, "user:алиса", "user:alice,user:admin", "user:../x"],
)
async def test_a_malformed_name_is_refused(world: World, name: str) -> None:
    caller = world.stranger()
    caller.headers = {"X-User-Id": name.encode()}
    problem(await caller.get(CHANNELS), 401, "unauthenticated")


async def test_a_name_may_have_every_allowed_character(world: World) -> None:
    if not world.development:
        pytest.skip("names count only in development mode")
    entity = f"user:{world.microdao.removeprefix('microdao:')}-_." + "a" * 20
    caller = world.stranger()
    caller.headers, caller.id = {"X-User-Id": entity}, entity
    channel = await caller.create(**world.fields())
    message = await caller.send(channel["id"], "x")
    assert (message["sender_id"], (await caller.members(channel["id"]))[entity]["matrix_user_id"]) == (
        entity,
        caller.matrix_id,
    )


async def test_internal_routes_need_the_internal_secret(world: World) -> None:
    owner, agent = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], agent.id)
    secret = agent.headers["X-Internal-Service-Token"]
    wrong: list[dict[str, str]] = [
        {},
        {"X-Internal-Service-Token": ""},
        {"X-Internal-Service-Token": secret[:-1]},
        {"X-Internal-Service-Token": secret + "x"},
        {"X-Internal-Service-Token": secret.upper() + "x"},
        {"X-User-Id": owner.id},
        {"Authorization": f"Bearer {token(agent.id, world.secret(), [world.microdao])}"},
    ]
    for headers in wrong:
        agent.headers = headers
        problem(await agent.try_say(channel["id"], "x"), 401, "unauthenticated")
    assert await owner.history(channel["id"]) == []


async def test_the_internal_secret_reads_channels_and_opens_no_other_public_route(
    world: World, unchanged: Unchanged
) -> None:
    """The agent runtime reads the platform's own route, behind a header and with no name."""
    owner, service = world.user("owner"), world.stranger()
    channel = await world.channel(owner, visibility="private")
    message = await owner.send(channel["id"], "Hello")
    secret = service.headers = world.agent("sofia").headers
    path = path_to(channel["id"])
    of_message = path_to(channel["id"], message["id"])
    assert (await service.get(path)).json()["id"] == channel["id"]
    assert await service.page(channel["id"]) == [message]
    assert (await service.content(message))["text"] == "Hello"
    assert list(await service.members(channel["id"])) == [owner.id]
    assert await service.reactions(message) == {}
    assert await service.replies(message) == await service.threads(channel["id"]) == []
    async with unchanged(channel):
        problem(await service.get(CHANNELS), 401, "unauthenticated")
        for method, address in [
            ("POST", CHANNELS),
            ("PATCH", path),
            ("DELETE", path),
            ("POST", f"{path}/messages"),
            ("PATCH", of_message),
            ("DELETE", of_message),
            ("PUT", f"{of_message}/reactions/x"),
            ("DELETE", f"{of_message}/reactions/x"),
            ("PUT", following_path(message)),
            ("DELETE", following_path(message)),
            ("POST", f"{path}/members"),
            ("PUT", f"{path}/members/me"),
            ("PATCH", f"{path}/members/{owner.id}"),
            ("DELETE", f"{path}/members/{owner.id}"),
        ]:
            response = await service.request(method, address, json={"text": "x", "name": "x"})
            assert response.status_code == 401, (method, address, response.text)
        for wrong in ("", secret["X-Internal-Service-Token"][:-1], "é"):
            service.headers = {"X-Internal-Service-Token": wrong.encode()}
            problem(await service.get(path), 401, "unauthenticated")
    # Whoever names somebody is that one, and not the service.
    service.headers = secret | world.member_of("stranger", world.microdao).headers
    problem(await service.get(path), 404, "not_found")
    service.headers = secret | {"Authorization": "Bearer nonsense"}
    problem(await service.get(path), 401, "unauthenticated")


async def test_a_token_that_is_not_ascii_is_a_wrong_one(world: World) -> None:
    """In development mode too, where a name would count without it."""
    caller = world.stranger()
    caller.headers = {"Authorization": "Bearer é".encode(), "X-User-Id": "user:alice"}
    problem(await caller.get(CHANNELS), 401, "unauthenticated")
