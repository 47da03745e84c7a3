"""What an agent runtime is told about a channel: its agents, its fields and its messages."""

from __future__ import annotations

import pytest

from support.api import INTERNAL_CHANNELS, UNKNOWN_ID, World, member_path, path_to, rows
from support.problems import problem


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_the_context_follows_every_change(world: World, visibility: str) -> None:
    owner, alice, runtime = world.user("owner"), world.user("alice"), world.agent("runtime")
    agents = sorted((world.agent(name) for name in ("b", "a", "c")), key=lambda agent: agent.id)
    channel = await world.channel(owner, visibility=visibility)

    async def lists() -> tuple[list[str], list[str]]:
        # The runtime asks for any agent, and needs no membership of its own.
        context = await runtime.context(channel["id"])
        assert await agents[0].context(channel["id"]) == context
        return context["allowed_agents"], context["disabled_agents"]

    assert await lists() == ([], [])
    ids = [agent.id for agent in agents]
    await owner.invite(channel["id"], alice.id)
    for entity in ids:
        await owner.invite(channel["id"], entity)
    assert await lists() == (ids, [])
    for can_write, allowed, disabled in ((False, ids[1:], ids[:1]), (True, ids, [])):
        response = await owner.patch(member_path(channel["id"], ids[0]), {"can_write": can_write})
        assert response.status_code == 200, response.text
        assert await lists() == (allowed, disabled)
    muted = world.agent("muted").id
    await owner.invite(channel["id"], muted, can_write=False)
    await owner.remove(channel["id"], ids[2])
    assert await lists() == (ids[:2], [muted])
    change = {"visibility": "microdao", "topic": "Talk", "name": "New"}
    response = await owner.patch(path_to(channel["id"]), change)
    assert response.status_code == 200, response.text
    context = await runtime.context(channel["id"])
    expected = {"channel_id": channel["id"], "slug": channel["slug"], "microdao_id": world.microdao} | change
    assert context | expected == context


async def test_messages_for_an_agent_are_paged_as_for_everybody(world: World) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], sofia.id)
    sent = [await owner.send(channel["id"], f"message {n}") for n in range(4)]
    path = f"{INTERNAL_CHANNELS}/{channel['id']}/messages"
    # A request that names no agent comes from a service of the platform, which may read everything.
    for params in ({}, {"agent_id": sofia.id}):
        page = await sofia.get(path, limit=2, before=sent[3]["id"], **params)
        assert rows(page) == [sent[2], sent[1]], page.text
        older = await sofia.get(page.links["next"]["url"])
        assert rows(older) == [sent[0]]
        newer = await sofia.get(page.links["prev"]["url"])
        assert rows(newer) == [sent[3]]
    stranger = world.agent("stranger")
    problem(await stranger.get(path, agent_id=stranger.id), 404, "not_found")
    problem(await sofia.get(path, agent_id=owner.id), 404)


async def test_the_context_needs_the_internal_secret(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    for part in ("context", "messages"):
        problem(await owner.get(f"{INTERNAL_CHANNELS}/{channel['id']}/{part}"), 401, "unauthenticated")
        sofia = world.agent("sofia")
        problem(await sofia.get(f"{INTERNAL_CHANNELS}/{UNKNOWN_ID}/{part}"), 404, "not_found")
        problem(await sofia.post(f"{INTERNAL_CHANNELS}/{channel['id']}/{part}", {}), 405, "method_not_allowed")
