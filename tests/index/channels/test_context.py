"""get_agent_context."""

from harness.database import Database
from harness.world import NOWHERE, World


async def test_agents_that_may_write_are_allowed(world: World, db: Database) -> None:
    channel = await world.channel(slug="lab")
    await world.member(channel, "agent:ada")
    await world.member(channel, "agent:mute", can_write=False)
    await world.member(channel, "agent:ivo", state="invited")
    await world.member(channel, "agent:lea", state="left")
    await world.member(channel, "user:mia")
    context = await db.call("get_agent_context", channel_id=channel.id)
    assert (context["slug"], context["allowed_agents"], context["disabled_agents"]) == (
        "lab",
        ["agent:ada"],
        ["agent:mute"],
    )
    await world.archive(channel)
    context = await db.call("get_agent_context", channel_id=channel.id)
    assert (context["allowed_agents"], context["disabled_agents"]) == ([], ["agent:ada", "agent:mute"])


async def test_no_channel_has_no_context(db: Database) -> None:
    assert await db.refusal("get_agent_context", channel_id=NOWHERE) == "channel_not_found"
