"""Every operation of the OpenAPI document, called by everybody who must get nothing from it: nothing is read, changed or
revealed, and not even whether there is something.

A new operation without a plan in `plans.py` fails here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from Crypto.PublicKey import RSA

from security.conftest import Hidden, Strict
from security.plans import PLANS, UNKNOWN, Plan, Target
from support.api import CHANNELS, Caller, World, api_client, path_to
from support.contract import Contract
from support.impostor import claims, impostors, spoofed
from support.issuer import SigningKey
from support.problems import problem, same_problem
from support.second_app import second_app
from support.stack import Stack
from support.tokens import sign
from support.unchanged import Unchanged


@pytest.fixture(scope="module")
async def contract(http: httpx.AsyncClient) -> Contract:
    return Contract((await http.get("/openapi.json")).json())


async def call(contract: Contract, name: str, caller: Caller, target: Target) -> httpx.Response:
    """Calls an operation on a target."""
    method, template = contract.operations()[name]
    plan = PLANS[name]
    return await caller.request(method.upper(), target.path(template) + plan.query_for(target), **plan.options(target))


def guarded() -> Iterator[tuple[str, Plan]]:
    """The operations that need an identity."""
    return ((name, plan) for name, plan in PLANS.items() if not plan.open)


def alike(one: httpx.Response, other: httpx.Response) -> None:
    """Checks that two refusals are the same but for the names of their requests."""
    same_problem(one, other)
    # Those of the request, of the moment and of the connection.
    own = {"x-request-id", "date", "connection"}
    headers = [{k: v for k, v in response.headers.items() if k not in own} for response in (one, other)]
    assert headers[0] == headers[1]


def test_every_operation_has_a_plan(contract: Contract) -> None:
    assert contract.operations().keys() == PLANS.keys()
    for name, (method, path) in contract.operations().items():
        security = contract.document["paths"][path][method]["security"]
        assert bool(security) != PLANS[name].open, f"{name} is open in one place and guarded in the other"


async def test_without_a_token_that_counts_every_operation_is_closed(
    strict: Strict, contract: Contract, hidden: Hidden, unchanged: Unchanged
) -> None:
    public_key = RSA.generate(2048).public_key().export_key().decode()
    secret = strict.stack.jwt_secret or ""
    entity, microdao = hidden.owner.id, hidden.target.microdao
    tokens = impostors(entity, microdao, secret, public_key)
    callers = {name: strict.with_token(entity, text) for name, text in tokens.items()}
    callers |= {
        "no token": strict.nobody(),
        "a name": strict.nobody(**{"X-User-Id": entity}),
        "an agent's name": strict.nobody(**{"X-User-Id": hidden.target.agent}),
        "spoofed headers": strict.nobody(**spoofed(hidden.target.channel, entity, path_to(hidden.target.channel))),
        "a wrong internal secret": strict.nobody(**{"X-Internal-Service-Token": "x" * 64}),
        "a token of the homeserver": strict.nobody(Authorization=f"Bearer {strict.stack.matrix_hs_token}"),
    }
    strict.homeserver.hit.clear()
    async with unchanged(hidden.channel):
        for who, caller in callers.items():
            for name, _ in guarded():
                there, nowhere = [await call(contract, name, caller, one) for one in (hidden.target, UNKNOWN)]
                assert there.status_code == 401, f"{name} by {who}: {there.status_code} {there.text}"
                problem(there, 401, "unauthenticated")
                alike(there, nowhere)
                assert not hidden.is_shown_by(there), f"{name} by {who}"
    assert not strict.homeserver.hit, "the homeserver is asked nothing for them"


async def foreigners(strict: Strict, world: World, hidden: Hidden) -> dict[str, Caller]:
    """People and agents whose token counts, but not there."""
    elsewhere = world.other_microdao("elsewhere")
    user, agent = world.user("eve").id, world.agent("eve").id
    callers = {
        "a user of another microDAO": strict.caller(user, elsewhere),
        "a user of none": strict.caller(user),
        "an agent of another microDAO": strict.caller(agent, elsewhere),
        "a user whose token names it in another claim": strict.with_token(
            user,
            sign(
                claims(user, elsewhere, microdao=hidden.target.microdao, roles=["admin", "owner"]),
                strict.stack.jwt_secret or "",
            ),
        ),
        "a user with spoofed headers": strict.caller(user, elsewhere),
    }
    forged = spoofed(hidden.target.channel, hidden.owner.id, path_to(hidden.target.channel))
    callers["a user with spoofed headers"].headers |= forged
    return callers


# An empty list, and nothing that is unread.
NOTHING = ([], {"urls": []}, {"unread_count": 0, "mention_count": 0, "channels": 0})
# What names nothing in a channel, or somebody whom anybody may name.
NAMES_NOTHING = {
    "inviteMember",
    "listMembers",
    "listPins",
    "listReceipts",
    "listThreads",
    "markUnread",
    "muteChannel",
    "setTyping",
    "uploadFile",
}


async def test_for_foreigners_every_operation_answers_as_if_there_were_nothing(
    strict: Strict, contract: Contract, world: World, hidden: Hidden, unchanged: Unchanged
) -> None:
    strict.homeserver.hit.clear()
    async with unchanged(hidden.channel):
        for who, caller in (await foreigners(strict, world, hidden)).items():
            for name, plan in guarded():
                there, nowhere = [await call(contract, name, caller, one) for one in (hidden.target, UNKNOWN)]
                assert there.status_code == plan.foreigner, f"{name} by {who}: {there.status_code} {there.text}"
                if there.is_success:
                    assert there.json() == nowhere.json() and there.json() in NOTHING, f"{name} by {who}"
                else:
                    alike(there, nowhere)
                assert not hidden.is_shown_by(there), f"{name} by {who}"
            await of_oneself_and_with_other_methods(contract, caller, hidden, who)
    assert not strict.homeserver.hit, "the homeserver is asked nothing for them"


async def of_oneself_and_with_other_methods(contract: Contract, caller: Caller, hidden: Hidden, who: str) -> None:
    """What the document's operations leave out: `me` in the path, and the methods that a path does not have."""
    mine, none = replace(hidden.target, member="me"), replace(UNKNOWN, member="me")
    for name in ("joinChannel", "changeMember", "removeMember"):
        there, nowhere = [await call(contract, name, caller, one) for one in (mine, none)]
        problem(there, 404, "not_found")
        alike(there, nowhere)
    for path, item in contract.document["paths"].items():
        if "{channel_id}" not in path:
            continue
        for method in {"get", "post", "put", "patch", "delete"} - item.keys():
            there, nowhere = [await caller.request(method, one.path(path)) for one in (hidden.target, UNKNOWN)]
            problem(there, 405, "method_not_allowed")
            alike(there, nowhere)
            assert not hidden.is_shown_by(there), f"{method} {path} by {who}"


async def test_through_ones_own_channel_nothing_of_another_is_reached(
    strict: Strict, contract: Contract, world: World, hidden: Hidden, unchanged: Unchanged
) -> None:
    """The caller manages the channel in the path; what else the request names is in the hidden one."""
    owner = world.member_of("eve", world.microdao)
    own = await owner.create(**world.fields())
    caller = strict.caller(owner.id, world.microdao)
    below = {
        name: plan
        for name, plan in guarded()
        if "{channel_id}/" in contract.operations()[name][1] and contract.operations()[name][1].startswith(CHANNELS)
    }
    inside = Target(own["id"], hidden.target.message, hidden.target.member, hidden.target.agent, own["microdao_id"])
    nowhere = Target(own["id"], UNKNOWN.message, UNKNOWN.member, UNKNOWN.agent, own["microdao_id"])
    strict.homeserver.hit.clear()
    async with unchanged(hidden.channel), unchanged(own):
        for name in below.keys() - NAMES_NOTHING:
            there, unknown = [await call(contract, name, caller, one) for one in (inside, nowhere)]
            assert there.status_code in (403, 404, 422), f"{name}: {there.status_code} {there.text}"
            alike(there, unknown)
            assert not hidden.is_shown_by(there), name
    assert not strict.homeserver.hit, "the homeserver is asked nothing for it"


async def test_a_hidden_channel_takes_no_longer_than_none(
    strict: Strict, contract: Contract, world: World, hidden: Hidden
) -> None:
    """The homeserver is asked for neither; the rest is one statement on the index for both."""
    caller = strict.caller(world.user("eve").id, world.microdao)
    for name in ("getChannel", "listMessages", "getMessage", "sendMessage", "deleteMessage"):
        took: dict[str, list[float]] = {"there": [], "nowhere": []}
        for _ in range(9):
            for place, target in (("there", hidden.target), ("nowhere", UNKNOWN)):
                began = time.perf_counter()
                await call(contract, name, caller, target)
                took[place].append(time.perf_counter() - began)
        # What is to be seen is another class of time, such as a request to the homeserver; not a busy machine.
        fast, slow = sorted(statistics.median(times) for times in took.values())
        assert slow < 5 * fast + 0.1, f"{name}: {took}"


async def test_a_public_key_signs_nothing_where_it_counts(
    stack: Stack, contract: Contract, hidden: Hidden, unchanged: Unchanged, tmp_path: Any
) -> None:
    """The public key is configured here: a token that is signed with it as a secret is still none."""
    stack.need_service("app")
    key = RSA.generate(2048)
    public = key.public_key().export_key().decode()
    settings = {"auth_mode": "token", "jwt_secret": "", "jwt_public_key": public, "jwt_algorithm": "RS256"}
    entity, microdao = hidden.owner.id, hidden.target.microdao
    good = SigningKey("real")
    good._key = key
    async with second_app(stack, tmp_path, **settings) as url, api_client(url) as client:
        owner = Caller(client, stack, entity, {"Authorization": f"Bearer {good.token(entity, microdao)}"})
        assert (await owner.get(path_to(hidden.target.channel))).status_code == 200
        async with unchanged(hidden.channel):
            for secret in (public, f"{public}\n", public.replace("\n", ""), stack.jwt_secret or ""):
                forged = sign(claims(entity, microdao), secret)
                caller = Caller(client, stack, entity, {"Authorization": f"Bearer {forged}"})
                for name, _ in guarded():
                    problem(await call(contract, name, caller, hidden.target), 401, "unauthenticated")


async def test_what_is_open_says_the_same_to_everybody(strict: Strict, contract: Contract, hidden: Hidden) -> None:
    owner = strict.caller(hidden.owner.id, hidden.target.microdao)
    for name, plan in PLANS.items():
        if plan.open:
            known, unknown = [await call(contract, name, one, hidden.target) for one in (owner, strict.nobody())]
            assert (known.status_code, known.content) == (unknown.status_code, unknown.content), name
            # Its homeserver fails, so it is not ready.
            assert known.status_code == (503 if name == "getReadiness" else 200), name
            assert not hidden.is_shown_by(known), name
