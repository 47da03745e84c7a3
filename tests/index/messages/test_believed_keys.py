"""A key in a pushed event counts only when the API has given it out: with it a message could be hidden from the index."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import Channel, World, pushed, sent

SAM, KEY = "user:sam", "0" * 64
SEND = {"reply_to": None, "client_key": KEY, "fingerprint": "f", "is_encrypted": False}


def event(channel: Channel, **changes: Any) -> dict[str, Any]:
    """An event of one of our users with a key in it."""
    keyed = {"client_key": KEY, "fingerprint": "f", "is_pushed": True, "pushed_content": None}
    return pushed(channel, SAM, **keyed | changes)


async def keys(db: Database, channel: Channel) -> list[str | None]:
    rows = await db.rows("SELECT client_key FROM public.messages WHERE channel_id = $1 ORDER BY seq", channel.id)
    return [row[0] for row in rows]


async def test_a_key_that_nobody_gave_out_hides_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    for _ in range(3):
        assert (await db.call("record_message", **event(channel)))["inserted"] is True
    assert await keys(db, channel) == [None] * 3


async def test_a_key_that_was_given_out_is_the_retrys(world: World, db: Database) -> None:
    """The API was cut off between the homeserver and the index."""
    channel = await world.channel()
    await db.call("prepare_send", **channel.by(SAM), **SEND)
    first = await db.call("record_message", **event(channel))
    again = await db.call("prepare_send", **channel.by(SAM), **SEND)
    assert again["message"]["id"] == first["message"]["id"]
    # From now on the message has it: another event with it is another message.
    assert (await db.call("record_message", **event(channel)))["inserted"] is True
    assert await keys(db, channel) == [KEY, None]


@pytest.mark.parametrize("of", ["sender", "channel", "fingerprint"])
async def test_a_key_is_of_one_sender_one_channel_and_one_request(world: World, db: Database, of: str) -> None:
    channel, other = await world.channel(), await world.channel()
    await db.call("prepare_send", **channel.by("user:eve" if of == "sender" else SAM), **SEND)
    changes = {"fingerprint": "g"} if of == "fingerprint" else {}
    place = other if of == "channel" else channel
    await db.call("record_message", **event(place, **changes))
    assert await keys(db, place) == [None]


async def test_the_push_of_what_the_api_has_recorded_is_found_by_its_event(world: World, db: Database) -> None:
    for push_first in (True, False):
        channel = await world.channel()
        await db.call("prepare_send", **channel.by(SAM), **SEND)
        told = event(channel)
        names = ("event_id", "message_id", "client_key", "fingerprint")
        api = sent(channel, SAM, **{name: told[name] for name in names})
        outcomes = [await db.call("record_message", **one) for one in ([told, api] if push_first else [api, told])]
        assert [outcome["inserted"] for outcome in outcomes] == [True, False]
        assert await keys(db, channel) == [KEY]
