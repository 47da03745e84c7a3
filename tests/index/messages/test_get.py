"""get_message."""

from harness.database import Database
from harness.world import NOWHERE, OWNER, World


async def test_a_message_and_where_its_text_is(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, content_preview="Hello", client_key="k", fingerprint="f")
    document = await db.call("get_message", **channel.by(OWNER), message_id=message.id)
    assert (document["room_id"], document["event_id"], document["is_deleted"]) == (
        channel.room_id,
        message.event_id,
        False,
    )
    assert (document["message"]["content_preview"], document["message"]["client_key"]) == ("Hello", "k")
    await world.delete(channel, message)
    document = await db.call("get_message", **channel.by(OWNER), message_id=message.id)
    assert (document["is_deleted"], document["message"]["content_preview"]) == (True, "")


async def test_refusals_of_one_message(world: World, db: Database) -> None:
    channel, other, private = await world.channel(), await world.channel(), await world.channel(visibility="private")
    await world.member(private, "user:rob", can_read=False)
    elsewhere, secret = await world.message(other), await world.message(private)
    assert await db.refusal("get_message", **private.by("user:sam"), message_id=secret.id) == "channel_not_found"
    assert await db.refusal("get_message", **private.by("user:rob"), message_id=secret.id) == "cannot_read"
    assert await db.refusal("get_message", **channel.by(OWNER), message_id=elsewhere.id) == "message_not_found"
    assert await db.refusal("get_message", **channel.by(OWNER), message_id=NOWHERE) == "message_not_found"
