"""An app and a relay as in production, and a channel that must stay hidden and as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from security.plans import Target
from support.api import Caller, World, api_client, reaction_path, unique
from support.faulty_homeserver import FaultyHomeserver, breaks_off
from support.impostor import AUDIENCE, ISSUER, claims
from support.second_app import second_app
from support.second_relay import second_relay
from support.stack import Stack
from support.tokens import sign

METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass
class Strict:
    """Signed tokens for one audience and nothing else; its homeserver notes whatever it is asked, and fails."""

    http: httpx.AsyncClient
    ws_url: str
    stack: Stack
    homeserver: FaultyHomeserver

    def caller(self, entity: str, *microdaos: str) -> Caller:
        """Somebody with a good token."""
        return self.with_token(entity, sign(claims(entity, *microdaos), self.stack.jwt_secret or ""))

    def with_token(self, entity: str, text: str) -> Caller:
        return Caller(self.http, self.stack, entity, {"Authorization": f"Bearer {text}"})

    def nobody(self, **headers: str) -> Caller:
        return Caller(self.http, self.stack, "", headers)


@pytest.fixture(scope="module")
async def strict(
    stack: Stack, faulty: FaultyHomeserver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Strict]:
    stack.need("jwt_secret", "internal_secret")
    settings = {"auth_mode": "token", "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER}
    app, relay = tmp_path_factory.mktemp("strict-app"), tmp_path_factory.mktemp("strict-relay")
    async with (
        second_app(stack, app, matrix_homeserver_url=faulty.url, **settings) as url,
        second_relay(stack, relay, **settings) as ws_url,
        api_client(url) as client,
    ):
        for method in METHODS:
            faulty.fail(method, "", breaks_off)
        yield Strict(client, ws_url, stack, faulty)


@dataclass
class Hidden:
    """A channel of another microDAO with everything in it, and the words that would betray it."""

    channel: dict[str, Any]
    target: Target
    owner: Caller
    words: set[str]

    def is_shown_by(self, response: httpx.Response, sent: str = "") -> set[str]:
        """The words that stand in a response, and that the caller did not send."""
        shown = response.text + str(response.headers)
        return {word for word in self.words if word in shown and word not in sent}


@pytest.fixture(params=["private", "microdao"])
async def hidden(request: pytest.FixtureRequest, world: World) -> Hidden:
    microdao = world.other_microdao("hidden")
    owner, agent = world.member_of("owner", microdao), world.agent("sofia")
    words = {name: unique(name) for name in ("name", "topic", "slug", "text", "answer")}
    fields = {name: words[name] for name in ("name", "topic", "slug")}
    channel = await owner.create(**world.fields(microdao_id=microdao, visibility=request.param, **fields))
    await owner.invite(channel["id"], agent.id)
    message = await owner.send(channel["id"], words["text"])
    answer = await owner.send(channel["id"], words["answer"], reply_to=message["id"])
    assert (await owner.put(reaction_path(message, "x"))).status_code == 204
    target = Target(channel["id"], message["id"], owner.id, agent.id, microdao)
    ids = {channel["matrix_room_id"], message["matrix_event_id"], answer["id"], *vars(target).values()}
    return Hidden(channel, target, owner, {*words.values(), *ids})
