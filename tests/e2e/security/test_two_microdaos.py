"""Members of two microDAOs try each other's ids on every route: nothing exists for them, and nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, INTERNAL_CHANNELS, UNKNOWN_ID, Caller, World, links, path_to, reaction_path
from support.problems import problem, same_problem
from support.sockets import Address, handshake_refused
from support.tokens import token
from support.unchanged import Unchanged

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Every route below a channel, and the methods that it has, with a body that is fine.
ROUTES: dict[str, dict[str, Any]] = {
    "": {"GET": None, "PATCH": {"name": "Taken over"}, "DELETE": None},
    "/messages": {"GET": None, "POST": {"text": "Hello over there"}},
    "/messages/{message}": {"GET": None, "PATCH": {"text": "changed"}, "DELETE": None},
    "/messages/{message}/replies": {"GET": None},
    "/messages/{message}/reactions": {"GET": None},
    "/messages/{message}/reactions/x": {"PUT": None, "DELETE": None},
    "/members": {"GET": None, "POST": {"member_id": "user:mallory"}},
    "/members/{member}": {"PATCH": {"role": "guest"}, "DELETE": None, "PUT": None},
    "/members/me": {"PUT": None, "PATCH": {"role": "guest"}, "DELETE": None},
}


@dataclass
class Home:
    """A microDAO with one channel, in which its owner has sent a message and reacted to it."""

    microdao: str
    owner: Caller
    agent: str
    channel: dict[str, Any]
    message: dict[str, Any]

    @property
    def ids(self) -> dict[str, str]:
        return {"message": self.message["id"], "member": self.owner.id}


async def make_home(world: World, visibility: str) -> Home:
    microdao = world.other_microdao("home")
    owner, agent = world.member_of("owner", microdao), world.agent("sofia").id
    channel = await owner.create(**world.fields(microdao_id=microdao, visibility=visibility))
    await owner.invite(channel["id"], agent)
    message = await owner.send(channel["id"], "Between us")
    assert (await owner.put(reaction_path(message, "x"))).status_code == 204
    return Home(microdao, owner, agent, channel, message)


async def on_every_route(caller: Caller, channel: str, ids: dict[str, str]) -> dict[str, httpx.Response]:
    """The responses to every method of every route."""
    responses = {}
    for route, bodies in ROUTES.items():
        for method in METHODS:
            options = {"json": bodies.get(method) or {}} if method in ("POST", "PATCH") else {}
            path = path_to(channel) + route.format(**ids)
            responses[f"{method} {route}"] = await caller.request(method, path, **options)
    return responses


def same_as_unknown(responses: dict[str, httpx.Response], unknown: dict[str, httpx.Response]) -> None:
    """Checks that every response is a refusal, word for word the same as for an id that does not exist."""
    for name, response in responses.items():
        method, route = name.split(" ", 1)
        # Nobody joins in the name of others: that is refused before the channel is looked up.
        for_others = name == "PUT /members/{member}"
        problem(response, 403 if for_others else 404 if method in ROUTES[route] else 405)
        same_problem(response, unknown[name])


async def test_the_routes_are_all_that_there_are(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    below = f"{CHANNELS}/{{channel_id}}"
    documented = {path.removeprefix(below): set(methods) for path, methods in paths.items() if path.startswith(below)}
    names = {"{message}": "{message_id}", "{member}": "{member_id}", "/x": "/{emoji}"}
    tried = {}
    for route, methods in ROUTES.items():
        for ours, name in names.items():
            route = route.replace(ours, name)
        tried[route] = {method.lower() for method in methods}
    tried.pop("/members/me")
    assert tried == documented


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_a_hidden_channel_looks_like_an_unknown_one_on_every_route(
    world: World, unchanged: Unchanged, visibility: str
) -> None:
    homes = [await make_home(world, visibility) for _ in range(2)]
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            there = await on_every_route(mine.owner, theirs.channel["id"], theirs.ids)
            nowhere = await on_every_route(mine.owner, UNKNOWN_ID, {"message": UNKNOWN_ID, "member": "user:nobody"})
            same_as_unknown(there, nowhere)
            # Naming a message that exists there makes no difference.
            message, channels = theirs.message["id"], (theirs.channel["id"], UNKNOWN_ID)
            pages = [await mine.owner.get(f"{path_to(channel)}/messages", before=message) for channel in channels]
            replies = [await mine.owner.try_send(channel, "x", reply_to=message) for channel in channels]
            for there, unknown in (pages, replies):
                problem(there, 404, "not_found")
                same_problem(there, unknown)


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_a_message_of_a_hidden_channel_cannot_be_reached_through_ones_own_channel(
    world: World, unchanged: Unchanged, visibility: str
) -> None:
    homes = [await make_home(world, visibility) for _ in range(2)]
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            for route, bodies in ROUTES.items():
                if "{" not in route:
                    continue
                for method, body in bodies.items():
                    options = {"json": body} if body else {}
                    there, unknown = [
                        await mine.owner.request(method, path_to(mine.channel["id"]) + route.format(**ids), **options)
                        for ids in (theirs.ids, {"message": UNKNOWN_ID, "member": "user:nobody"})
                    ]
                    problem(there, 403 if method == "PUT" and "{member}" in route else 404)
                    same_problem(there, unknown)
            path = f"{path_to(mine.channel['id'])}/messages"
            for query in ("before", "after"):
                there, unknown = [await mine.owner.get(path, **{query: i}) for i in (theirs.message["id"], UNKNOWN_ID)]
                problem(there, 422)
                same_problem(there, unknown)
            there, unknown = [
                await mine.owner.try_send(mine.channel["id"], "x", reply_to=i)
                for i in (theirs.message["id"], UNKNOWN_ID)
            ]
            problem(there, 422, "invalid", "/reply_to")
            same_problem(there, unknown)


async def test_hidden_channels_are_in_no_list_and_none_can_be_created_there(world: World, unchanged: Unchanged) -> None:
    homes = [await make_home(world, "microdao") for _ in range(2)]
    for mine, theirs in (homes, homes[::-1]):
        async with unchanged(theirs.channel):
            assert (await mine.owner.get(CHANNELS, microdao_id=theirs.microdao)).json() == []
            path: str | None = f"{CHANNELS}?limit=200"
            while path:
                page = await mine.owner.get(path)
                assert theirs.channel["id"] not in [channel["id"] for channel in page.json()]
                path = links(page).get("next")
            # The response does not show whether the slug is taken there.
            for slug in (theirs.channel["slug"], "free"):
                body = world.fields(microdao_id=theirs.microdao, slug=slug)
                problem(await mine.owner.post(CHANNELS, body), 403, "not_in_microdao")
            direct = {"microdao_id": theirs.microdao, "is_direct": True, "members": [theirs.owner.id]}
            problem(await mine.owner.post(CHANNELS, direct), 403, "not_in_microdao")


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_an_agent_of_another_microdao_finds_nothing(world: World, unchanged: Unchanged, visibility: str) -> None:
    homes = [await make_home(world, visibility) for _ in range(2)]
    runtime = world.agent("runtime")
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            by_token = world.bearer(mine.agent, token(mine.agent, world.secret(), [mine.microdao]))
            there = await on_every_route(by_token, theirs.channel["id"], theirs.ids)
            unknown = await on_every_route(by_token, UNKNOWN_ID, {"message": UNKNOWN_ID, "member": "user:nobody"})
            same_as_unknown(there, unknown)
            # A runtime with the internal secret is told that the agent has to be added; the agent still reads nothing.
            for channel, status in ((theirs.channel["id"], 403), (UNKNOWN_ID, 404)):
                path = f"{INTERNAL_CHANNELS}/{channel}/messages"
                problem(await runtime.get(path, agent_id=mine.agent), 404, "not_found")
                body = {"channel_id": channel, "text": "Hello over there"}
                problem(await runtime.post(f"/internal/agents/{mine.agent}/post-to-channel", body), status)


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_the_stream_of_a_hidden_channel_looks_like_an_unknown_one(
    world: World, ws_address: Address, visibility: str
) -> None:
    homes = [await make_home(world, visibility) for _ in range(2)]
    for mine, theirs in (homes, homes[::-1]):
        headers = mine.owner.headers
        hidden = await handshake_refused(ws_address(theirs.channel["id"]), 404, headers=headers)
        unknown = await handshake_refused(ws_address(UNKNOWN_ID), 404, headers=headers)
        assert theirs.channel["slug"].encode() not in hidden.content
        bodies = [response.json() for response in (hidden, unknown)]
        for body in bodies:
            body.pop("request_id", None)
        assert bodies[0] == bodies[1]
