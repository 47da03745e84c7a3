"""find_recorded: what is pushed and here already, so that recording it once more would change nothing."""

from __future__ import annotations

from typing import Any

from harness.database import Database
from harness.files import file
from harness.previews import links
from harness.world import Channel, World, edit, pushed, reaction, redaction, sent

SAM, KEY = "user:sam", "0" * 64
SEND = {"reply_to": None, "client_key": KEY, "fingerprint": "f", "is_encrypted": False}


async def are_recorded(db: Database, *events: dict[str, Any]) -> list[str]:
    ids, keys = [event["event_id"] for event in events], [event.get("client_key") for event in events]
    return (await db.call("find_recorded", event_ids=ids, client_keys=keys))["event_ids"]


def told(channel: Channel, **changes: Any) -> dict[str, Any]:
    """A message of one of our own as the homeserver tells it."""
    return pushed(channel, SAM, pushed_content=None, is_pushed=True, search=links(), **changes)


async def by_api(db: Database, event: dict[str, Any], **changes: Any) -> None:
    """The API records what the homeserver tells of as `event`."""
    await db.call("record_message", **event | {"sent_at": None, "is_pushed": False} | changes)


async def changes_nothing(db: Database, function: str, event: dict[str, Any]) -> None:
    before = await db.contents()
    await db.outcome(function, **event)
    assert await db.contents() == before


async def test_our_own_message_is_recorded_when_the_api_has_done_it(world: World, db: Database) -> None:
    channel = await world.channel()
    plain, keyed = told(channel), told(channel, client_key=KEY, fingerprint="f")
    assert await are_recorded(db, plain, keyed) == []
    assert await are_recorded(db) == []
    await by_api(db, plain)
    assert await are_recorded(db, keyed, plain) == [plain["event_id"]]
    await db.call("prepare_send", **channel.by(SAM), **SEND)
    await by_api(db, keyed)
    assert await are_recorded(db, plain, keyed, told(channel)) == [plain["event_id"], keyed["event_id"]]
    for event in (plain, keyed):
        await changes_nothing(db, "record_message", event)


async def test_a_message_that_has_not_got_its_key_yet_is_recorded_once_more(world: World, db: Database) -> None:
    """A gateway of the platform's own carries no keys when it sends, and another may tell of them."""
    channel = await world.channel()
    event = told(channel, client_key=KEY, fingerprint="f")
    await db.call("prepare_send", **channel.by(SAM), **SEND)
    await by_api(db, event, client_key=None, fingerprint=None)
    assert await are_recorded(db, event) == []
    await db.call("record_message", **event)
    assert await are_recorded(db, event) == [event["event_id"]]
    assert await are_recorded(db, event | {"client_key": "1" * 64}) == []
    await changes_nothing(db, "record_message", event)


async def test_a_message_without_words_or_file_gets_them_from_the_push(world: World, db: Database) -> None:
    channel = await world.channel()
    text, image = told(channel), told(channel, content_type="image", file=file("mxc://localhost/a"))
    await by_api(db, text, search=None)
    await by_api(db, image, file=None)
    assert await are_recorded(db, text, image) == []
    for event in (text, image):
        await db.call("record_message", **event)
        assert await are_recorded(db, event) == [event["event_id"]]
        await changes_nothing(db, "record_message", event)


async def test_what_became_of_a_message_since_makes_no_difference(world: World, db: Database) -> None:
    channel = await world.channel()
    edited, deleted = told(channel), told(channel)
    for event in (edited, deleted):
        await by_api(db, event)
    await db.call("record_edit", **edit(channel, edited["event_id"], SAM, search=links()))
    await db.call("record_redaction", **redaction(channel, deleted["event_id"], SAM))
    for event in await are_recorded(db, edited, deleted):
        await changes_nothing(db, "record_message", edited if event == edited["event_id"] else deleted)
    assert edited["event_id"] in await are_recorded(db, edited)
    # Edits are not asked about, and are none of these.
    other = edit(channel, edited["event_id"], SAM, search=links())
    await db.call("record_edit", **other)
    assert await are_recorded(db, other) == []


async def test_a_reaction_is_recorded_by_its_own_event(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    first, second = (reaction(channel, message.event_id, SAM) for _ in range(2))
    assert await are_recorded(db, first) == []
    await db.call("record_reaction", **first, is_pushed=False)
    assert await are_recorded(db, first, second) == [first["event_id"]]
    await changes_nothing(db, "record_reaction", first)
    await db.call("record_redaction", **redaction(channel, first["event_id"], SAM))
    await changes_nothing(db, "record_reaction", first)
    assert await are_recorded(db, first) == [first["event_id"]], "taken back, and not to come again"


async def test_asking_holds_up_nobody(world: World, db: Database) -> None:
    channel = await world.channel()
    event = told(channel)
    await by_api(db, event)
    holding, asking = await db.sessions(2)
    async with holding.connection.transaction():
        await holding.call("record_message", **sent(channel, SAM))
        document = await asking.call("find_recorded", event_ids=[event["event_id"]], client_keys=[None])
    assert document["event_ids"] == [event["event_id"]]
