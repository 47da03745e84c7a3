"""The platform's own gateway may deliver events instead of a homeserver's push."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest

from support.api import Caller, World
from support.homeserver import pushed_message
from support.problems import problem
from support.stack import Stack
from support.unchanged import Unchanged

PATH = "/webhooks/matrix-events"


@pytest.fixture
def gateway(http: httpx.AsyncClient, stack: Stack) -> Caller:
    stack.need("matrix_gateway_secret")
    return Caller(http, stack, "", {"X-Internal-Service-Token": stack.matrix_gateway_secret or ""})


async def test_an_event_counts_once_alone_or_among_others(world: World, gateway: Caller) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    one, two = pushed_message(channel, "one"), pushed_message(channel, "two")
    for body in (one, {"events": [one, two]}, {"events": [None, two]}, one):
        response = await gateway.post(PATH, body)
        assert response.status_code == 200, response.text
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == ["one", "two"]


async def test_the_platforms_deliveries_are_taken(world: World, gateway: Caller, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    event = pushed_message(channel, "delivered")
    room_id = event.pop("room_id")
    delivery = {"subscription_id": str(uuid.uuid4()), "room_id": room_id, "event": event}
    for body in (delivery, delivery | {"event": event | {"room_id": room_id}}):
        response = await gateway.post(PATH, body)
        assert response.status_code == 200, response.text
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == ["delivered"]
    async with unchanged(channel):
        elsewhere = delivery | {"event": event | {"room_id": "!other:elsewhere.example"}}
        for odd in (elsewhere, delivery | {"event": "x"}, delivery | {"room_id": 1}):
            assert problem(await gateway.post(PATH, odd), 422)["errors"]


async def test_only_the_gateway_delivers(world: World, gateway: Caller, stack: Stack, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for headers in ({}, {"X-Internal-Service-Token": "wrong"}, owner.headers):
            gateway.headers = dict(headers)
            problem(await gateway.post(PATH, pushed_message(channel, "x")), 401, "unauthenticated")
        gateway.headers = {"X-Internal-Service-Token": stack.internal_secret or ""}
        problem(await gateway.post(PATH, pushed_message(channel, "x")), 401, "unauthenticated")
    gateway.headers = {"X-Internal-Service-Token": stack.matrix_gateway_secret or ""}
    problem(await gateway.get(PATH), 405, "method_not_allowed")


async def test_a_body_that_says_that_it_is_no_json_is_refused(
    world: World, gateway: Caller, unchanged: Unchanged
) -> None:
    channel = await world.channel(world.user("owner"))
    body = json.dumps(pushed_message(channel, "x")).encode()
    async with unchanged(channel):
        response = await gateway.request("POST", PATH, content=body, headers={"Content-Type": "text/plain"})
        problem(response, 415, "unsupported_media_type")
