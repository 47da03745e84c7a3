"""Members of two microDAOs try each other's ids on every route: nothing is there, nothing is said, nothing changes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from support.api import CHANNELS, Caller, World, at, links
from support.problems import problem, same_problem
from support.sockets import listener
from support.tokens import token
from support.unchanged import Unchanged

NOBODY = str(uuid.uuid4())
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
    """A microDAO with one channel, in which somebody has said something and somebody has reacted."""

    microdao: str
    owner: Caller
    agent: str
    channel: dict[str, Any]
    message: dict[str, Any]

    @property
    def ids(self) -> dict[str, str]:
        return {"message": self.message["id"], "member": self.owner.id}


async def settle(world: World, visibility: str) -> Home:
    microdao = world.other_microdao("home")
    owner, agent = world.member_of("owner", microdao), world.agent("sofia").id
    channel = await owner.create(**world.fields(microdao_id=microdao, visibility=visibility))
    await owner.invite(channel["id"], agent)
    message = await owner.send(channel["id"], "Between us")
    assert (await owner.put(f"{at(channel['id'], message['id'])}/reactions/x")).status_code == 204
    return Home(microdao, owner, agent, channel, message)


async def on_every_route(caller: Caller, channel: str, ids: dict[str, str]) -> dict[str, httpx.Response]:
    """What the caller is answered to every method of every route."""
    answers = {}
    for route, bodies in ROUTES.items():
        for method in METHODS:
            options = {"json": bodies.get(method) or {}} if method in ("POST", "PATCH") else {}
            path = at(channel) + route.format(**ids)
            answers[f"{method} {route}"] = await caller.request(method, path, **options)
    return answers


def as_if_it_were_not(answers: dict[str, httpx.Response], unknown: dict[str, httpx.Response]) -> None:
    """All are refused, with not one word that differs from what is said of an id that nobody has."""
    for name, answer in answers.items():
        method, route = name.split(" ", 1)
        # Nobody joins others, wherever: that is said without a look at the channel.
        alone = name == "PUT /members/{member}"
        problem(answer, 403 if alone else 404 if method in ROUTES[route] else 405)
        same_problem(answer, unknown[name])


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_anothers_channel_is_not_there_on_any_route(world: World, unchanged: Unchanged, visibility: str) -> None:
    homes = [await settle(world, visibility) for _ in range(2)]
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            there = await on_every_route(mine.owner, theirs.channel["id"], theirs.ids)
            nowhere = await on_every_route(mine.owner, NOBODY, {"message": NOBODY, "member": "user:nobody"})
            as_if_it_were_not(there, nowhere)


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_anothers_message_is_not_there_through_ones_own_channel(
    world: World, unchanged: Unchanged, visibility: str
) -> None:
    homes = [await settle(world, visibility) for _ in range(2)]
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            for route, bodies in ROUTES.items():
                if "{" not in route:
                    continue
                for method, body in bodies.items():
                    options = {"json": body} if body else {}
                    there, nowhere = [
                        await mine.owner.request(method, at(mine.channel["id"]) + route.format(**ids), **options)
                        for ids in (theirs.ids, {"message": NOBODY, "member": "user:nobody"})
                    ]
                    problem(there, 403 if method == "PUT" and "{member}" in route else 404)
                    same_problem(there, nowhere)
            path = f"{at(mine.channel['id'])}/messages"
            for query in ("before", "after"):
                there, nowhere = [await mine.owner.get(path, **{query: i}) for i in (theirs.message["id"], NOBODY)]
                problem(there, 422)
                same_problem(there, nowhere)
            there, nowhere = [
                await mine.owner.try_send(mine.channel["id"], "x", reply_to=i) for i in (theirs.message["id"], NOBODY)
            ]
            problem(there, 422, "invalid", "/reply_to")
            same_problem(there, nowhere)


async def test_anothers_channels_are_in_no_list_and_none_can_be_made_there(world: World, unchanged: Unchanged) -> None:
    homes = [await settle(world, "microdao") for _ in range(2)]
    for mine, theirs in (homes, homes[::-1]):
        async with unchanged(theirs.channel):
            assert (await mine.owner.get(CHANNELS, microdao_id=theirs.microdao)).json() == []
            path: str | None = f"{CHANNELS}?limit=200"
            while path:
                page = await mine.owner.get(path)
                assert theirs.channel["id"] not in [channel["id"] for channel in page.json()]
                path = links(page).get("next")
            # Whether the slug is taken there does not show.
            for slug in (theirs.channel["slug"], "free"):
                body = world.fields(microdao_id=theirs.microdao, slug=slug)
                problem(await mine.owner.post(CHANNELS, body), 403, "not_in_microdao")
            direct = {"microdao_id": theirs.microdao, "is_direct": True, "members": [theirs.owner.id]}
            problem(await mine.owner.post(CHANNELS, direct), 403, "not_in_microdao")


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_anothers_agent_finds_nothing_either(world: World, unchanged: Unchanged, visibility: str) -> None:
    homes = [await settle(world, visibility) for _ in range(2)]
    runtime = world.agent("runtime")
    async with unchanged(homes[0].channel), unchanged(homes[1].channel):
        for mine, theirs in (homes, homes[::-1]):
            by_token = world.bearer(mine.agent, token(mine.agent, world.secret(), [mine.microdao]))
            there = await on_every_route(by_token, theirs.channel["id"], theirs.ids)
            nowhere = await on_every_route(by_token, NOBODY, {"message": NOBODY, "member": "user:nobody"})
            as_if_it_were_not(there, nowhere)
            # Inside, whoever holds the secret is told that the agent has to be added; the agent still reads nothing.
            for channel, status in ((theirs.channel["id"], 403), (NOBODY, 404)):
                path = f"/internal/messaging/channels/{channel}/messages"
                problem(await runtime.get(path, agent_id=mine.agent), 404, "not_found")
                body = {"channel_id": channel, "text": "Hello over there"}
                problem(await runtime.post(f"/internal/agents/{mine.agent}/post-to-channel", body), status)


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_anothers_stream_does_not_open(world: World, ws_address: Any, visibility: str) -> None:
    homes = [await settle(world, visibility) for _ in range(2)]
    for mine, theirs in (homes, homes[::-1]):
        told = []
        for channel in (theirs.channel["id"], NOBODY):
            with pytest.raises(InvalidStatus) as refused:
                async with listener(ws_address(channel), headers=mine.owner.headers):
                    pass
            told.append((refused.value.response.status_code, refused.value.response.body))
        assert told[0][0] == told[1][0] == 404
        bodies = [(body or b"").replace(b" ", b"") for _, body in told]
        assert theirs.channel["slug"].encode() not in bodies[0]
