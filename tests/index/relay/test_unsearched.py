"""A relay says how many messages search does not find as it should."""

from __future__ import annotations

from harness.database import Database
from harness.search import entry
from harness.world import World, pushed
from relay.conftest import NewRelay
from support.waiting import eventually


async def test_a_relay_says_at_its_start_how_many_messages_are_to_be_indexed(
    db: Database, world: World, new_relay: NewRelay
) -> None:
    channel = await world.channel()
    for search in (None, entry("words"), entry("words", analysis=0)):
        message = pushed(channel) | ({"search": search} if search else {})
        await db.call("record_message", **message)
    relay = new_relay()
    await relay.start()
    await relay.publishes()

    async def counted() -> bool:
        return (await relay.metrics())["messages_to_reindex"] == 2

    await eventually("the metric has them", counted)

    async def told() -> bool:
        return "search does not find 2 messages as it should: run ws-relay reindex" in relay.output()

    await eventually("its log says so", told)
