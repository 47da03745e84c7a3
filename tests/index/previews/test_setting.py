"""Whether a channel's links show what they are: whoever manages it says so, of a private one only its owner."""

from __future__ import annotations

from harness.database import Database
from harness.previews import change, linked, waiting
from harness.world import OWNER, World

ADAM = "user:adam"


async def test_whoever_manages_a_channel_changes_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, ADAM, role="admin")
    for value in (False, True, None):
        assert (await change(db, channel, ADAM, link_previews=value))["link_previews"] is value
    await world.member(channel, "user:mia")
    refused = await db.refusal("prepare_channel_change", **channel.by("user:mia"), changes={"link_previews": False})
    assert refused == "cannot_manage"
    assert await db.subjects(channel.id) == ["channel.created", *["channel.updated"] * 3]


async def test_of_a_private_channel_only_its_owner_allows_it(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, ADAM, role="admin")
    asked = {**channel.by(ADAM), "changes": {"link_previews": True}}
    assert await db.refusal("prepare_channel_change", **asked) == "cannot_allow_previews"
    # Whoever gets past it all the same, because the channel has become private meanwhile, allows nothing.
    await db.call("record_channel_change", channel_id=channel.id, caller=ADAM, changes={"link_previews": True})
    await linked(world, channel)
    assert await waiting(db) == []
    assert (await change(db, channel, link_previews=True))["link_previews"] is True
    await linked(world, channel)
    assert len(await waiting(db)) == 1
    # Other changes leave it, and an admin may end it.
    assert (await change(db, channel, ADAM, name="New"))["link_previews"] is True
    assert (await change(db, channel, ADAM, link_previews=False))["link_previews"] is False


async def test_what_was_allowed_in_the_open_does_not_hold_in_private(world: World, db: Database) -> None:
    for changes, caller, expected in [
        ({"visibility": "private"}, ADAM, None),
        ({"visibility": "private"}, OWNER, None),
        ({"visibility": "private", "link_previews": True}, OWNER, True),
    ]:
        channel = await world.channel()
        await world.member(channel, ADAM, role="admin")
        await change(db, channel, ADAM, link_previews=True)
        document = await change(db, channel, caller, **changes)
        if "link_previews" in changes:
            # It was so already, which says nothing of the private one.
            document = await change(db, channel, caller, link_previews=True)
        assert document["link_previews"] is expected, (changes, caller)
        asked = {**channel.by(ADAM), "changes": {"link_previews": True}}
        if expected is None:
            assert await db.refusal("prepare_channel_change", **asked) == "cannot_allow_previews"
    # By the room's own join rule likewise.
    channel = await world.channel()
    await change(db, channel, link_previews=True)
    await db.execute(
        'SELECT messaging.change_channel(ch, $2, \'{"visibility": "private"}\') FROM public.channels ch WHERE id = $1',
        channel.id,
        OWNER,
    )
    assert (await db.call("get_channel", **channel.by(OWNER)))["link_previews"] is None
    channel = await world.channel()
    await change(db, channel, link_previews=False)
    assert (await change(db, channel, visibility="private"))["link_previews"] is False
