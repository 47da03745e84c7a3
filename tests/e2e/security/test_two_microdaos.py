"""Two microDAOs: what of the other one is in no list, cannot be created there, and is nothing to its agents. Each
operation by itself: test_every_operation.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from support.api import CHANNELS, INTERNAL_CHANNELS, UNKNOWN_ID, Caller, World, links, reaction_path
from support.problems import problem
from support.unchanged import Unchanged


@dataclass
class Home:
    """A microDAO with one channel, in which its owner has sent a message and reacted to it."""

    microdao: str
    owner: Caller
    agent: str
    channel: dict[str, Any]
    message: dict[str, Any]


async def make_home(world: World, visibility: str) -> Home:
    microdao = world.other_microdao("home")
    owner, agent = world.member_of("owner", microdao), world.agent("sofia").id
    channel = await owner.create(**world.fields(microdao_id=microdao, visibility=visibility))
    await owner.invite(channel["id"], agent)
    message = await owner.send(channel["id"], "Between us")
    assert (await owner.put(reaction_path(message, "x"))).status_code == 204
    return Home(microdao, owner, agent, channel, message)


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
            # A runtime with the internal secret is told that the agent has to be added; the agent still reads nothing.
            for channel, status in ((theirs.channel["id"], 403), (UNKNOWN_ID, 404)):
                path = f"{INTERNAL_CHANNELS}/{channel}/messages"
                problem(await runtime.get(path, agent_id=mine.agent), 404, "not_found")
                body = {"channel_id": channel, "text": "Hello over there"}
                problem(await runtime.post(f"/internal/agents/{mine.agent}/post-to-channel", body), status)
