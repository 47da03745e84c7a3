"""prepare_reaction_removal; record_redaction takes the reaction away."""

from harness.database import Database
from harness.world import NOWHERE, OWNER, World, reaction, redaction


async def test_a_person_takes_back_their_own_reaction(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    mine, hers = (
        reaction(channel, message.event_id, "user:sam", "❤️"),
        reaction(channel, message.event_id, "user:bea", "❤️"),
    )
    for arguments in (mine, hers):
        await db.call("record_reaction", **arguments)
    by = {**channel.by("user:sam"), "message_id": message.id, "emoji": "❤"}
    found = {"room_id": channel.room_id, "event_id": mine["event_id"]}
    assert await db.call("prepare_reaction_removal", **by) == found
    await db.call("record_redaction", **redaction(channel, mine["event_id"], "user:sam"))
    assert await db.call("prepare_reaction_removal", **by) == {**found, "event_id": None}
    [left] = (await db.call("list_reactions", **channel.by(OWNER), message_id=message.id))["reactions"]
    assert left["reactors"] == ["user:bea"]
    await db.call("record_redaction", **redaction(channel, mine["event_id"], "user:sam"))
    assert (await db.subjects(channel.id)).count("reaction.removed") == 1


async def test_refusals_of_a_removal(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    message, secret = await world.message(channel), await world.message(private)
    await db.call("record_reaction", **reaction(channel, message.event_id))
    thumb = {"emoji": "👍"}
    removal = "prepare_reaction_removal"
    assert await db.refusal(removal, **private.by("user:sam"), message_id=secret.id, **thumb) == "channel_not_found"
    assert await db.refusal(removal, **channel.by(OWNER), message_id=NOWHERE, **thumb) == "message_not_found"
    await world.archive(channel)
    assert await db.refusal(removal, **channel.by(OWNER), message_id=message.id, **thumb) == "channel_archived"
    # There is nothing to do, so there is nothing to refuse.
    nothing = await db.call(removal, **channel.by("user:sam"), message_id=message.id, **thumb)
    assert nothing["event_id"] is None
