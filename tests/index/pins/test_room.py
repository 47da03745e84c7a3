"""record_pinned_events: the room's list, in whatever order it is told and whatever is in it."""

from __future__ import annotations

import itertools
import random

from harness.database import Database
from harness.pins import BOT, pin, pinned, pinning, recording, told
from harness.world import OWNER, Channel, World, at, pushed, redaction


async def listed(db: Database, channel: Channel) -> list[str]:
    sql = "SELECT event_id FROM messaging.pins WHERE channel_id = $1 ORDER BY place"
    return [row[0] for row in await db.rows(sql, channel.id)]


async def test_the_order_is_the_rooms_and_what_is_unknown_keeps_its_place(world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await world.message(channel), await world.message(channel)
    first = [two.event_id, "$unknown", one.event_id]
    await db.call("record_pinned_events", **told(channel, *first))
    assert (await listed(db, channel), await pinned(db, channel)) == (first, [two.id, one.id])
    await db.call("record_pinned_events", **told(channel, one.event_id, "$unknown", two.event_id, "$more"))
    assert await pinned(db, channel) == [one.id, two.id]
    # Another order and events that are no messages here are nothing to tell.
    assert [e["message_id"] for e in (await db.events(channel.id))[3:]] == [two.id, one.id]
    await db.call("record_pinned_events", **told(channel, "$more"))
    assert (await listed(db, channel), await pinned(db, channel)) == (["$more"], [])
    assert (await db.subjects(channel.id))[5:] == ["message.unpinned"] * 2
    assert {actor for kind, actor, _ in await db.audit(channel.id) if kind.startswith("message.")} == {"user:mia"}


async def test_the_newest_list_counts_in_whatever_order_they_come(world: World, db: Database) -> None:
    for order in itertools.permutations(range(3)):
        channel = await world.channel()
        messages = [await world.message(channel) for _ in range(3)]
        for n in order:
            push = told(channel, messages[n].event_id, changed_at=at(n - 60), event_id=f"$list-{n}")
            await db.call("record_pinned_events", **push)
        assert await pinned(db, channel) == [messages[2].id], order


async def test_a_repeated_push_is_told_once_and_an_unsure_one_is_asked_about(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    push = told(channel, message.event_id, event_id="$list", order="unsure")
    version = (await db.call("record_pinned_events", **push))["ask_version"]
    assert version is not None and await pinned(db, channel) == []
    settled = {**push, "order": "now", "version": version}
    assert await db.call("record_pinned_events", **settled) == {"ask_version": None}
    assert await db.call("record_pinned_events", **push) == {"ask_version": None}
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.pinned"]
    parts = (await db.call("list_followed_state", room_id=channel.room_id))["parts"]
    assert {"event_type": "m.room.pinned_events", "state_key": "", "event_id": "$list"} in parts
    # The room has none any more.
    absent = told(channel, event_id=None, order="unsure")
    version = (await db.call("record_pinned_events", **absent))["ask_version"]
    await db.call("record_pinned_events", **{**absent, "order": "now", "version": version})
    assert await pinned(db, channel) == []


async def test_ten_thousand_ids_are_a_list_of_bounded_length(world: World, db: Database) -> None:
    channel = await world.channel()
    messages = [await world.message(channel) for _ in range(120)]
    ids = [f"${n}" for n in range(9_880)] + [message.event_id for message in messages]
    await db.call("record_pinned_events", **told(channel, *ids))
    assert await listed(db, channel) == ids[-1000:]
    # The last hundred of them are pinned, and that is all that is told.
    assert await pinned(db, channel) == [message.id for message in messages[20:]]
    assert (await db.subjects(channel.id)).count("message.pinned") == 100
    await db.call("record_pinned_events", **told(channel, *random.sample(ids, len(ids))))
    assert len(await listed(db, channel)) == 1000
    await db.call("record_pinned_events", **told(channel))
    assert (await listed(db, channel), await pinned(db, channel)) == ([], [])


async def test_an_id_that_comes_twice_is_one(world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await world.message(channel), await world.message(channel)
    await db.call("record_pinned_events", **told(channel, one.event_id, two.event_id, one.event_id, "$x", "$x"))
    assert await listed(db, channel) == [one.event_id, two.event_id, "$x"]


async def test_messages_of_other_channels_are_unknown(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel(visibility="private")
    secret = await world.message(other)
    await db.call("record_pinned_events", **told(channel, secret.event_id))
    assert await pinned(db, channel) == []
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_a_message_that_comes_after_its_pin_is_pinned_then(world: World, db: Database) -> None:
    channel = await world.channel()
    early = pushed(channel)
    await db.call("record_pinned_events", **told(channel, early["event_id"]))
    assert await pinned(db, channel) == []
    await db.call("record_message", **early)
    assert await pinned(db, channel) == [early["message_id"]]
    last = (await db.events(channel.id))[-1]
    assert (last["subject"], last["actor_id"]) == ("messaging.message.pinned", "user:mia")


async def test_nothing_is_followed_in_an_archived_channel_or_an_unknown_room(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await pin(db, channel, message)
    await world.archive(channel)
    assert await db.call("record_pinned_events", **told(channel)) == {"ask_version": None}
    assert await pinned(db, channel) == [message.id]
    nowhere = told(channel) | {"room_id": "!unknown:localhost"}
    assert await db.refusal("record_pinned_events", **nowhere) == "channel_not_found"


async def test_encrypted_messages_are_pinned_without_their_text(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_encryption", room_id=channel.room_id, sender_id=OWNER)
    message = await world.message(channel, matrix_type="m.room.encrypted")
    await pin(db, channel, message)
    [shown] = (await db.call("list_pins", **channel.by(OWNER)))["items"]
    assert (shown["id"], shown["is_encrypted"], shown["content_preview"]) == (message.id, True, "")
    await world.member(channel, "agent:ada")
    assert await db.refusal("list_pins", **channel.by("agent:ada")) == "cannot_read"


async def test_pins_stay_over_an_upgrade_of_the_room(world: World, db: Database) -> None:
    channel = await world.channel()
    old, gone = await world.message(channel), await world.message(channel)
    await db.call("record_pinned_events", **told(channel, old.event_id, "$unknown", gone.event_id, event_id="$list"))
    replacement = f"{channel.room_id}-2"
    await db.call("record_tombstone", room_id=channel.room_id, replacement_room_id=replacement, actor_id=OWNER)
    await db.call("follow_upgrade", replacement_room_id=replacement, predecessor_room_id=channel.room_id)
    moved = Channel(channel.id, replacement, OWNER)
    new = await world.message(moved)
    # The new room's list knows nothing of them, and says nothing of them.
    await db.call("record_pinned_events", **told(moved, new.event_id, "$x", event_id="$new"))
    assert await pinned(db, moved) == [old.id, gone.id, new.id]
    await db.call("record_pinned_events", **told(moved, "$x", event_id="$newer"))
    assert await pinned(db, moved) == [old.id, gone.id]
    # Unpinned they are here, and with their deletion; nobody has that to do in a room.
    await pin(db, moved, old, is_pinned=False)
    assert await db.call("record_redaction", **redaction(channel, gone.event_id)) is None
    assert await pinned(db, moved) == []
    # A copy of the list takes them over.
    await db.call("record_pinned_events", **told(moved, old.event_id, event_id="$copy"))
    assert await pinned(db, moved) == [old.id]
    await db.call("record_pinned_events", **told(moved, event_id="$empty"))
    assert await pinned(db, moved) == []


async def test_a_bots_write_without_a_note_is_the_bots(world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await world.message(channel), await world.message(channel)
    await db.call("prepare_pin", **pinning(channel, one))
    push = told(channel, two.event_id, one.event_id, sender_id=BOT, by_bot=True, event_id="$list")
    await db.call("record_pinned_events", **push)
    await db.call("record_pin", **recording(channel, one))
    acts = sorted((actor, target) for kind, actor, target in await db.audit(channel.id) if kind == "message.pinned")
    assert acts == sorted([(BOT, two.id), (OWNER, one.id)])
