"""The platform's own secret: two of it are valid while it is changed, and it may be bound to some agents."""

from __future__ import annotations

import httpx
import pytest

from support.api import CHANNELS, World
from support.problems import problem
from support.second_app import second_app
from support.stack import Stack

NEW, OLD = "the-new-secret-of-the-platform", "the-old-secret-of-the-platform"


async def test_two_secrets_open_the_internal_routes_for_the_agents_that_are_listed(
    world: World, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner, listed, other = world.user("owner"), world.agent("listed"), world.agent("other")
    channel = await world.channel(owner)
    for agent in (listed, other):
        await owner.invite(channel["id"], agent.id)
    settings = {"internal_secret": f"{NEW} {OLD}", "internal_agents": f"agent:somebody, {listed.id}"}
    async with (
        second_app(stack, tmp_path_factory.mktemp("app"), **settings) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
    ):

        async def post(agent_id: str, secret: str) -> httpx.Response:
            return await client.post(
                f"/internal/agents/{agent_id}/post-to-channel",
                json={"channel_id": channel["id"], "text": "Hello."},
                headers={"X-Internal-Service-Token": secret},
            )

        for secret in (NEW, OLD):
            assert (await post(listed.id, secret)).json()["status"] == "posted"
            problem(await post(other.id, secret), 403, "agent_not_allowed")
        for secret in (f"{NEW} {OLD}", NEW[:-1], "", stack.internal_secret or "x"):
            problem(await post(listed.id, secret), 401, "unauthenticated")

        context = f"/internal/messaging/channels/{channel['id']}"
        headers = {"X-Internal-Service-Token": OLD}
        for agent, status in ((listed, 200), (other, 403)):
            read = await client.get(f"{context}/messages", params={"agent_id": agent.id}, headers=headers)
            assert read.status_code == status, read.text
        # The service itself reads as before.
        assert (await client.get(f"{context}/context", headers=headers)).status_code == 200
        assert (await client.get(f"{CHANNELS}/{channel['id']}", headers=headers)).status_code == 200
