"""Whoever does too much is told when to go on, by every instance alike, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, World, api_client, member_path, path_to, reaction_path, unique
from support.problems import problem
from support.second_app import second_app
from support.stack import Stack
from support.waiting import eventually

TIGHT = {
    "rate_limit_send": "person=3/1h, agent=2/1h, channel=5/1h",
    "rate_limit_edit": "2/1h",
    "rate_limit_read": "2/1h",
    "rate_limit_create": "person=1/1h",
    "rate_limit_manage": "person=2/1h",
}


@pytest.fixture(scope="module")
async def apps(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two more apps on the same index, as on two hosts, with tight limits."""
    async with AsyncExitStack() as opened:
        clients = []
        for name in ("one", "two"):
            url = await opened.enter_async_context(second_app(stack, tmp_path_factory.mktemp(name), **TIGHT))
            clients.append(await opened.enter_async_context(api_client(url)))
        yield clients


def limited(response: httpx.Response, policy: str, quota: int) -> int:
    """Checks that this is a limit that says which one it is and when it ends; returns the wait in seconds."""
    body = problem(response, 429, "rate_limited")
    wait = int(response.headers["retry-after"])
    assert 1 <= wait <= 3600 and f"Retry in {wait} seconds" in body["detail"]
    assert response.headers["ratelimit-policy"] == f'"{policy}";q={quota};w=3600'
    assert response.headers["ratelimit"] == f'"{policy}";r=0;t={wait}'
    return wait


async def test_a_person_has_one_quota_on_all_hosts(world: World, apps: list[httpx.AsyncClient]) -> None:
    alice, channel = world.user("alice"), await world.channel()
    for n in range(3):
        response = await alice.through(apps[n % 2]).try_send(channel["id"], f"{n}")
        assert response.status_code == 201, response.text
        assert response.headers["ratelimit-policy"] == '"send-person";q=3;w=3600'
        name, remaining, more_in = response.headers["ratelimit"].split(";")
        assert (name, remaining) == ('"send-person"', f"r={2 - n}") and 1 <= int(more_in.removeprefix("t=")) <= 1200
    for app in apps:
        response = await alice.through(app).try_send(channel["id"], "too much")
        assert 1100 <= limited(response, "send-person", 3) <= 1200
    # Others go on, and so does she with what is not a message.
    await world.user("bob").through(apps[0]).send(channel["id"], "mine")
    assert len(await alice.through(apps[0]).page(channel["id"])) == 4


async def test_a_limited_request_is_the_same_request_later(world: World, apps: list[httpx.AsyncClient]) -> None:
    alice, channel, key = world.user("alice"), await world.channel(), unique("key")
    tight = alice.through(apps[0])
    sent = [await tight.send(channel["id"], f"{n}", key=f"{key}-{n}") for n in range(3)]
    limited(await tight.try_send(channel["id"], "late", key=key), "send-person", 3)
    # The stack's own app has other limits; the key is the same.
    late = await alice.send(channel["id"], "late", key=key)
    assert await tight.send(channel["id"], "late", key=key) == late
    # What is told again costs nothing.
    again = await tight.try_send(channel["id"], "0", key=f"{key}-0")
    assert again.json() == sent[0] and "ratelimit" not in again.headers
    assert [message["content_preview"] for message in await alice.history(channel["id"])] == ["0", "1", "2", "late"]


async def test_a_channel_and_an_agent_have_quotas(world: World, apps: list[httpx.AsyncClient]) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel, other = await world.channel(owner), await world.channel(owner)
    for each in (channel, other):
        await owner.invite(each["id"], sofia.id)
    agent = type(sofia)(apps[1], sofia.stack, sofia.id, sofia.headers)
    for n in range(2):
        await agent.say(channel["id"], f"{n}")
    limited(await agent.try_say(other["id"], "a loop"), "send-agent", 2)
    for n in range(3):
        await world.user(f"user{n}").through(apps[n % 2]).send(channel["id"], "hello")
    limited(await world.user("late").through(apps[0]).try_send(channel["id"], "hello"), "send-channel", 5)
    await world.user("late").through(apps[0]).send(other["id"], "hello")


async def test_every_kind_of_write_has_a_quota(world: World, apps: list[httpx.AsyncClient]) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "hello")
    tight = alice.through(apps[0])

    async def uses_up(policy: str, quota: int, act: Callable[[int], Any]) -> None:
        for n in range(quota):
            assert (await act(n)).is_success
        limited(await act(quota), policy, quota)

    await uses_up("edit-person", 2, lambda n: tight.put(reaction_path(message, "🎉🚀👍"[n])))
    limited(await tight.patch(path_to(channel["id"], message["id"]), {"text": "x"}), "edit-person", 2)
    limited(await tight.delete(path_to(channel["id"], message["id"])), "edit-person", 2)
    await uses_up(
        "read-person", 2, lambda n: tight.request("PUT", f"{path_to(channel['id'])}/muted", json={"muted": n != 1})
    )
    limited(await tight.put(f"{path_to(channel['id'])}/unread"), "read-person", 2)
    # Somebody who has created none: one that was made by the stack's own limits would count.
    maker = world.user("maker").through(apps[0])
    await uses_up("create-person", 1, lambda n: maker.post(CHANNELS, world.fields()))
    await uses_up("manage-person", 2, lambda n: tight.patch(path_to(channel["id"]), {"name": f"Name {n}"}))
    limited(await tight.try_invite(channel["id"], "agent:sofia"), "manage-person", 2)
    limited(await tight.delete(path_to(channel["id"])), "manage-person", 2)
    elsewhere = await world.channel()
    limited(await tight.put(member_path(elsewhere["id"])), "manage-person", 2)
    # A change with a key is free again after it was limited.
    key = {"Idempotency-Key": unique("key")}
    for caller, status in ((tight, 429), (alice, 200), (tight, 200)):
        changed = await caller.request("PATCH", path_to(channel["id"]), json={"name": "At last"}, headers=key)
        assert changed.status_code == status, changed.text
    assert (await alice.get(path_to(channel["id"]))).json()["name"] == "At last"


async def test_many_at_once_get_exactly_the_quota(world: World, apps: list[httpx.AsyncClient]) -> None:
    channel = await world.channel()
    people = [world.user(f"user{n}").through(apps[n % 2]) for n in range(12)]
    responses = await asyncio.gather(*(person.try_send(channel["id"], "hello") for person in people))
    assert sorted(response.status_code for response in responses) == [201] * 5 + [429] * 7
    assert len(await people[0].page(channel["id"])) == 5


async def test_who_may_not_know_of_a_channel_uses_none_of_it(world: World, apps: list[httpx.AsyncClient]) -> None:
    owner = world.user("owner")
    private = await world.channel(owner, visibility="private")
    stranger = world.user("stranger").through(apps[0])
    for _ in range(8):
        problem(await stranger.try_send(private["id"], "guess"), 404, "not_found")
    await owner.through(apps[0]).send(private["id"], "still mine")


async def test_hits_are_counted(world: World, apps: list[httpx.AsyncClient], stack: Stack) -> None:
    stack.need("ws_url")

    async def hits() -> int:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            text = (await client.get(f"{(stack.ws_url or '').replace('ws://', 'http://')}/metrics")).text
        found = re.search(
            r'^daarion_messaging_rate_limit_hits_total\{class="send",scope="person"\} (\d+)', text, re.MULTILINE
        )
        return int(found[1]) if found else 0

    alice, channel = world.user("alice").through(apps[0]), await world.channel()
    before = await hits()
    for n in range(5):
        await alice.try_send(channel["id"], f"{n}")

    async def more() -> bool:
        return await hits() >= before + 2

    await eventually("the relay tells of the hits", more)


async def test_a_setting_that_says_nothing_lets_nothing_through(
    world: World, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    async with second_app(stack, folder, rate_limit_send="many") as url, api_client(url) as client:
        channel = await world.channel()
        response = await world.user("alice").through(client).try_send(channel["id"], "hello")
        problem(response, 503, "unavailable")
        assert response.headers["retry-after"]
