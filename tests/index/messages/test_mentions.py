"""Who is meant by a message: in its row, in its events, and as rows of their own."""

from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World, at, edit, matrix_id, pushed, redaction, sent

SEND = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}


async def rows(db: Database, channel: Channel) -> list[tuple[str, int]]:
    """Who is meant, and by which number."""
    sql = "SELECT member_id, seq FROM messaging.message_mentions WHERE channel_id = $1 ORDER BY member_id"
    return [tuple(row) for row in await db.rows(sql, channel.id)]


async def shown(db: Database, channel: Channel, message: dict[str, Any]) -> list[str]:
    document = await db.call("get_message", **channel.by(OWNER), message_id=message["id"])
    return document["message"]["mentions"]


async def test_a_message_its_row_and_its_event_name_who_is_meant(world: World, db: Database) -> None:
    channel = await world.channel()
    named = ["user:bob", "agent:sofia", "@x:far", "room"]
    message = (await db.call("record_message", **pushed(channel, mentions=[*named, "user:bob", "room"])))["message"]
    assert message["mentions"] == named
    assert await rows(db, channel) == sorted((who, message["seq"]) for who in named)
    [event] = await db.events(channel.id, "messaging.message.created")
    assert event["mentions"] == event["message"]["mentions"] == named
    # The other path finds it so, and says nothing anew.
    again = await db.call("record_message", **sent(channel, event_id=message["matrix_event_id"], mentions=named))
    assert again == {"message": message, "inserted": False}
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]


async def test_a_message_of_an_older_component_means_nobody(world: World, db: Database) -> None:
    channel = await world.channel()
    message = (await db.call("record_message", **pushed(channel)))["message"]
    assert message["mentions"] == [] and await rows(db, channel) == []


async def test_a_push_without_mentions_that_was_faster_gets_those_of_the_api(world: World, db: Database) -> None:
    """A gateway that knows only the platform's fields carries none."""
    channel = await world.channel()
    faster = pushed(channel)
    await db.call("record_message", **faster)
    told = sent(channel, event_id=faster["event_id"], message_id=faster["message_id"], mentions=["user:bob"])
    for _ in range(2):
        assert (await db.call("record_message", **told))["message"]["mentions"] == ["user:bob"]
    assert (await db.subjects(channel.id))[1:] == ["message.created", "message.updated"]
    assert [who for who, _ in await rows(db, channel)] == ["user:bob"]


async def test_a_flood_of_mentions_is_cut_off(world: World, db: Database) -> None:
    channel = await world.channel()
    flood = [f"@{n}:far" for n in range(5_000)]
    message = (await db.call("record_message", **pushed(channel, mentions=flood)))["message"]
    assert message["mentions"] == flood[:50]
    assert len(await rows(db, channel)) == 50


async def test_an_edit_replaces_who_is_meant_and_its_redaction_brings_them_back(world: World, db: Database) -> None:
    channel = await world.old_channel()
    first = pushed(channel, mentions=["user:bob", "user:kim"], sent_at=at(-60))
    message = (await db.call("record_message", **first))["message"]
    new = edit(channel, first["event_id"], mentions=["user:kim", "user:lea"], edited_at=at(-30))
    document = await db.call("record_edit", **new)
    assert document["mentions"] == ["user:kim", "user:lea"]
    assert await rows(db, channel) == [("user:kim", message["seq"]), ("user:lea", message["seq"])]
    [event] = await db.events(channel.id, "messaging.message.updated")
    assert event["mentions"] == ["user:kim", "user:lea"]
    # An older component knows no mentions: they stay.
    older = await db.call("record_edit", **edit(channel, first["event_id"], edited_at=at(-20)))
    assert older["mentions"] == ["user:kim", "user:lea"]
    # One that is older than what is shown changes nobody.
    await db.call("record_edit", **edit(channel, first["event_id"], mentions=["user:sam"], edited_at=at(-40)))
    assert await shown(db, channel, message) == ["user:kim", "user:lea"]
    none = edit(channel, first["event_id"], mentions=[], edited_at=at(-10))
    assert (await db.call("record_edit", **none))["mentions"] == [] and await rows(db, channel) == []
    await db.call(
        "record_edit_redaction",
        room_id=channel.room_id,
        event_id=first["event_id"],
        redacted_event_id=none["event_id"],
        content_preview="first",
        edit_event_id=None,
        edited_at=None,
        mentions=["user:bob", "user:kim"],
    )
    assert await shown(db, channel, message) == ["user:bob", "user:kim"]
    assert [who for who, _ in await rows(db, channel)] == ["user:bob", "user:kim"]


async def test_an_edit_that_came_first_brings_its_mentions(world: World, db: Database) -> None:
    channel = await world.old_channel()
    first = pushed(channel, mentions=["user:bob"], sent_at=at(-60))
    early = edit(channel, first["event_id"], mentions=["user:lea"], content_type="emote", matrix_type="m.room.message")
    await db.outcome("record_edit", **early)
    message = (await db.call("record_message", **first))["message"]
    assert await shown(db, channel, message) == ["user:lea"]
    assert [who for who, _ in await rows(db, channel)] == ["user:lea"]


async def test_a_deletion_takes_them_out_of_everything(world: World, db: Database) -> None:
    channel = await world.channel()
    first = pushed(channel, mentions=["user:bob"])
    message = (await db.call("record_message", **first))["message"]
    await db.call("record_edit", **edit(channel, first["event_id"], mentions=["user:lea", "user:bob"]))
    await db.call("record_redaction", **redaction(channel, first["event_id"]))
    assert await shown(db, channel, message) == [] and await rows(db, channel) == []
    contents = str(await db.contents())
    assert "user:bob" not in contents and "user:lea" not in contents


async def test_nobody_is_named_in_an_encrypted_channel(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    first = pushed(channel, matrix_type="m.room.encrypted", content_preview="", mentions=["user:bob"])
    assert (await db.call("record_message", **first))["message"]["mentions"] == []
    # Also of what is sent there in the open.
    open_text = pushed(channel, mentions=["user:bob"])
    assert (await db.call("record_message", **open_text))["message"]["mentions"] == []
    await db.outcome("record_edit", **edit(channel, "$later", mentions=["user:bob"]))
    assert "user:bob" not in str(await db.contents())


def levels(channel: Channel, by_member: dict[str, int], **changes: Any) -> dict[str, Any]:
    every = {OWNER: 100, **by_member}
    return {
        "room_id": channel.room_id,
        "levels": {matrix_id(who): level for who, level in every.items()},
        "default": 0,
        "sender_id": OWNER,
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


async def may_mention_room(db: Database, channel: Channel, who: str) -> bool:
    """As the API lets them, and as the index takes it from Matrix: both must say the same."""
    outcome = await db.outcome("prepare_send", **channel.by(who), **SEND, mentions_room=True)
    assert outcome.refusal in (None, "cannot_mention_room")
    event = await db.call("record_message", **pushed(channel, who, mentions=["user:bob", "room"]))
    indexed = event["message"]["mentions"] == ["user:bob", "room"]
    assert indexed == (outcome.refusal is None), (who, outcome)
    return indexed


async def test_everybody_is_mentioned_by_those_whose_level_allows_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ada", role="admin")
    for who in ("user:mia", "agent:sofia"):
        await world.member(channel, who)
    everybody = [OWNER, "user:ada", "user:mia", "agent:sofia", "user:new"]

    async def allowed() -> list[str]:
        return [who for who in everybody if await may_mention_room(db, channel, who)]

    assert await allowed() == [OWNER, "user:ada"], "as long as the room has not said anything: 50"
    said = {"user:ada": 50, "user:mia": 20}
    await db.call("record_power_levels", **levels(channel, said, room_mention_level=20))
    assert await allowed() == [OWNER, "user:ada", "user:mia"]
    # What cannot be read stays as it was.
    await db.call("record_power_levels", **levels(channel, said, room_mention_level=None))
    assert await allowed() == [OWNER, "user:ada", "user:mia"]
    await db.call("record_power_levels", **levels(channel, said, room_mention_level=0))
    assert await allowed() == everybody, "who joins by posting has the default level"
    await db.call("record_power_levels", **levels(channel, said, room_mention_level=101))
    assert await allowed() == [OWNER], "whoever owns the room stands above its levels"
    await db.call("record_power_levels", **levels(channel, said, room_mention_level=50, default=50))
    assert "user:new" in await allowed()


async def test_who_has_left_does_not_keep_the_level(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ada", role="owner", state="left")
    assert not await may_mention_room(db, channel, "user:ada")


async def test_an_edit_mentions_everybody_only_where_a_message_could(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    message = await world.message(channel, "user:mia")
    asked = {**channel.by("user:mia"), "message_id": message.id}
    assert await db.refusal("prepare_edit", **asked, mentions_room=True) == "cannot_mention_room"
    assert (await db.call("prepare_edit", **asked))["mentions"] == []
    document = await db.call(
        "record_edit", **edit(channel, message.event_id, "user:mia", mentions=["room", "user:bob"])
    )
    assert document["mentions"] == ["user:bob"]
