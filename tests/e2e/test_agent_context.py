"""What agents work with: the channel's real lists, and what was said."""

from typing import Any

from support.api import Agent, World
from support.problems import problem

BASE = "/internal/messaging/channels"


async def context(agent: Agent, channel: str) -> dict[str, Any]:
    response = await agent.get(f"{BASE}/{channel}/context")
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_context_lists_the_agents_that_may_speak(world: World) -> None:
    owner = world.user("owner")
    sofia, muted, gone, stranger = (world.agent(name) for name in ("sofia", "muted", "gone", "stranger"))
    channel = await world.channel(owner, visibility="private")
    for agent in (sofia, gone):
        await owner.invite(channel["id"], agent.id)
    await owner.invite(channel["id"], muted.id, can_write=False)
    assert (await owner.delete(f"/api/messaging/channels/{channel['id']}/members/{gone.id}")).status_code == 204
    told = await context(stranger, channel["id"])
    assert (told["microdao_id"], told["visibility"]) == (world.microdao, "private")
    assert told["allowed_agents"] == [sofia.id]
    assert told["disabled_agents"] == [muted.id]
    assert await context(sofia, channel["id"]) == told


async def test_a_channel_without_agents_allows_none(world: World) -> None:
    channel = await world.channel()
    told = await context(world.agent("sofia"), channel["id"])
    assert (told["allowed_agents"], told["disabled_agents"]) == ([], [])


async def test_an_agent_reads_where_it_is_a_member(world: World) -> None:
    owner, sofia, stranger = world.user("owner"), world.agent("sofia"), world.agent("stranger")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], sofia.id)
    sent = [await owner.send(channel["id"], f"message {n}") for n in range(3)]
    path = f"{BASE}/{channel['id']}/messages"
    response = await sofia.get(path, agent_id=sofia.id, limit=2)
    assert (response.status_code, response.json()) == (200, [sent[2], sent[1]])
    problem(await stranger.get(path, agent_id=stranger.id), 404, "not_found")
    problem(await sofia.get(path, agent_id=owner.id), 404)


async def test_the_context_is_only_for_the_inside(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    for part in ("context", "messages"):
        problem(await owner.get(f"{BASE}/{channel['id']}/{part}"), 401, "unauthenticated")
        sofia = world.agent("sofia")
        problem(await sofia.get(f"{BASE}/00000000-0000-4000-8000-000000000000/{part}"), 404, "not_found")
        problem(await sofia.post(f"{BASE}/{channel['id']}/{part}", {}), 405, "method_not_allowed")


async def test_agents_edit_and_delete_their_own(world: World) -> None:
    from support.tokens import token

    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    answer = await sofia.say(channel["id"], "Helo")
    agent = world.bearer(sofia.id, token(sofia.id, world.secret()))
    path = f"/api/messaging/channels/{channel['id']}/messages/{answer['message_id']}"
    response = await agent.patch(path, {"text": "Hello"})
    assert (response.status_code, response.json()["content_preview"]) == (200, "Hello")
    problem(await owner.patch(path, {"text": "x"}), 403, "not_the_sender")
    assert (await agent.delete(path)).status_code == 204
