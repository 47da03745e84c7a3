"""prepare_pin and record_pin: who pins, one after the other, and what the room has told meanwhile."""

from __future__ import annotations

import asyncio

from harness.database import Database
from harness.pins import BOT, pin, pinned, pinning, recording, told
from harness.world import NOWHERE, OWNER, World, redaction


async def test_a_pin_comes_behind_the_others_and_is_told_once(world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await world.message(channel), await world.message(channel)
    prepared = await db.call("prepare_pin", **pinning(channel, two))
    assert prepared == {"room_id": channel.room_id, "event_id": two.event_id, "is_done": False}
    await db.call("record_pin", **recording(channel, two))
    await pin(db, channel, one)
    assert await pinned(db, channel) == [two.id, one.id]
    # Again it changes nothing.
    assert (await db.call("prepare_pin", **pinning(channel, one)))["is_done"]
    await pin(db, channel, two, is_pinned=False)
    assert (await db.call("prepare_pin", **pinning(channel, two, is_pinned=False)))["is_done"]
    assert await pinned(db, channel) == [one.id]
    events = (await db.events(channel.id))[3:]
    assert [(e["subject"], e["message_id"], e["actor_id"]) for e in events] == [
        ("messaging.message.pinned", two.id, OWNER),
        ("messaging.message.pinned", one.id, OWNER),
        ("messaging.message.unpinned", two.id, OWNER),
    ]
    assert (await db.audit(channel.id))[1:] == [
        ("message.pinned", OWNER, two.id),
        ("message.pinned", OWNER, one.id),
        ("message.unpinned", OWNER, two.id),
    ]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_refusals_of_a_pin(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(channel, "user:mia")
    await world.member(channel, "user:adam", role="admin")
    message, secret, deleted = await world.message(channel), await world.message(private), await world.message(channel)
    await world.delete(channel, deleted)
    for is_pinned in (True, False):
        for expected, by, of, which in [
            ("channel_not_found", "user:sam", private, secret),
            ("cannot_manage", "user:mia", channel, message),
            ("cannot_manage", "user:sam", channel, message),
            ("message_not_found", "user:adam", channel, secret),
            ("message_not_found", "user:adam", channel, NOWHERE),
        ]:
            assert await db.refusal("prepare_pin", **pinning(of, which, by, is_pinned)) == expected
    assert await db.refusal("prepare_pin", **pinning(channel, deleted)) == "message_deleted"
    assert (await db.call("prepare_pin", **pinning(channel, deleted, is_pinned=False)))["is_done"]
    await db.call("prepare_pin", **pinning(channel, message, "user:adam"))
    await world.archive(channel)
    assert await db.refusal("prepare_pin", **pinning(channel, message)) == "channel_archived"
    assert await db.refusal("record_pin", **recording(channel, message, "user:adam")) == "channel_archived"


async def test_who_may_not_read_is_shown_no_pins(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(private, "user:rita", can_read=False)
    message = await world.message(channel)
    await pin(db, channel, message)
    assert [m["id"] for m in (await db.call("list_pins", **channel.by("user:sam")))["items"]] == [message.id]
    assert await db.refusal("list_pins", **private.by("user:sam")) == "channel_not_found"
    assert await db.refusal("list_pins", **private.by("user:rita")) == "cannot_read"


async def test_one_changes_the_list_at_a_time(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    one, two = await world.message(channel), await world.message(channel)
    sessions = await db.sessions(2)
    calls = [pinning(channel, one), pinning(channel, two, "user:adam")]
    outcomes = await asyncio.gather(*(s.outcome("prepare_pin", **c) for s, c in zip(sessions, calls, strict=True)))
    assert sorted(str(outcome.refusal) for outcome in outcomes) == ["None", "pins_being_changed"]
    first = 0 if outcomes[0].refusal is None else 1
    message, by = [(one, OWNER), (two, "user:adam")][first]
    # Its own retry goes on; others wait until it has recorded.
    await db.call("prepare_pin", **pinning(channel, message, by))
    other = calls[1 - first]
    assert await db.refusal("prepare_pin", **other) == "pins_being_changed"
    await db.call("record_pin", **recording(channel, message, by))
    await db.call("prepare_pin", **other)
    # One that was cut off holds up nobody for long.
    await db.execute("UPDATE messaging.intents SET created_at = created_at - interval '16 seconds'")
    third = await world.message(channel)
    await db.call("prepare_pin", **pinning(channel, third))


async def test_a_refusal_of_the_room_frees_the_list(world: World, db: Database) -> None:
    channel = await world.channel()
    one, two = await world.message(channel), await world.message(channel)
    await db.call("prepare_pin", **pinning(channel, one))
    dropped = {"channel_id": channel.id, "caller": OWNER, "act": "pin", "target_id": one.event_id}
    await db.outcome("drop_intent", **dropped)
    await pin(db, channel, two)
    assert await pinned(db, channel) == [two.id]


async def test_a_channel_has_a_hundred_pins_with_those_that_nobody_knows(world: World, db: Database) -> None:
    channel = await world.channel()
    message, other = await world.message(channel), await world.message(channel)
    await db.call("record_pinned_events", **told(channel, *(f"$unknown-{n}" for n in range(99)), message.event_id))
    assert await db.refusal("prepare_pin", **pinning(channel, other)) == "too_many_pins"
    assert (await db.call("prepare_pin", **pinning(channel, message)))["is_done"]
    await pin(db, channel, message, is_pinned=False)
    await pin(db, channel, other)
    assert await pinned(db, channel) == [other.id]


async def test_the_homeservers_word_may_come_first_and_is_the_same_act(world: World, db: Database) -> None:
    for by_bot, sender in ((True, BOT), (False, OWNER)):
        channel = await world.channel()
        message = await world.message(channel)
        await db.call("prepare_pin", **pinning(channel, message))
        push = told(channel, message.event_id, sender_id=sender, by_bot=by_bot, event_id="$list")
        await db.call("record_pinned_events", **push)
        await db.call("record_pin", **recording(channel, message))
        assert await pinned(db, channel) == [message.id]
        assert (await db.audit(channel.id))[1:] == [("message.pinned", OWNER, message.id)]
        assert await db.subjects(channel.id) == ["channel.created", "message.created", "message.pinned"]


async def test_what_others_wrote_meanwhile_is_not_undone_by_a_late_record(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("prepare_pin", **pinning(channel, message))
    # Somebody has written another list behind ours, and it is told first.
    await db.call("record_pinned_events", **told(channel, "$other", event_id="$theirs"))
    await db.call("record_pin", **recording(channel, message, state_event_id="$ours"))
    assert await pinned(db, channel) == []
    # The note does not hold up anybody, and still says whose act it was.
    await db.call("prepare_pin", **pinning(channel, await world.message(channel)))
    push = told(channel, "$other", message.event_id, sender_id=BOT, by_bot=True, event_id="$ours")
    await db.call("record_pinned_events", **push)
    assert await pinned(db, channel) == [message.id]
    assert (await db.audit(channel.id))[1:] == [("message.pinned", OWNER, message.id)]


async def test_what_the_homeserver_was_asked_before_a_pin_does_not_take_it_away(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("record_pinned_events", **told(channel, "$x", event_id="$old"))
    version = (await db.call("record_pinned_events", **told(channel, event_id="$other", order="unsure")))["ask_version"]
    await pin(db, channel, message)
    late = told(channel, "$x", event_id="$other", order="now", version=version)
    again = (await db.call("record_pinned_events", **late))["ask_version"]
    assert again not in (None, version)
    assert await pinned(db, channel) == [message.id]


async def test_a_deleted_message_is_unpinned_and_the_rooms_list_is_left_to_be_done(world: World, db: Database) -> None:
    channel = await world.channel()
    gone, stays = await world.message(channel), await world.message(channel)
    await db.call("record_pinned_events", **told(channel, gone.event_id, "$unknown", stays.event_id))
    left = await db.call("record_redaction", **redaction(channel, gone.event_id))
    assert left == {"edits": [], "unpin_room_id": channel.room_id}
    assert await pinned(db, channel) == [stays.id]
    events = (await db.events(channel.id))[-2:]
    assert [(e["subject"], e["message_id"], e["actor_id"]) for e in events] == [
        ("messaging.message.deleted", gone.id, OWNER),
        ("messaging.message.unpinned", gone.id, OWNER),
    ]
    # Until the room's list is without it, whoever hears of the redaction again has it to do.
    assert await db.call("record_redaction", **redaction(channel, gone.event_id)) == left
    await db.call("record_pinned_events", **told(channel, "$unknown", stays.event_id, sender_id=BOT, by_bot=True))
    assert await db.call("record_redaction", **redaction(channel, gone.event_id)) is None
    assert (await db.audit(channel.id))[-1] == ("message.unpinned", OWNER, gone.id)
    assert (await db.subjects(channel.id))[-1] == "message.unpinned"


async def test_the_other_messages_have_nothing_to_do_with_it(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await pin(db, channel, message)
    other = await world.message(channel)
    assert await db.call("record_redaction", **redaction(channel, other.event_id)) is None
    assert (await db.subjects(channel.id))[-1] == "message.deleted"


async def test_who_may_not_read_pins_and_deletes_nothing_that_others_wrote(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:rita", role="admin", can_read=False)
    message, own = await world.message(channel), await world.message(channel, "user:rita")
    for is_pinned in (True, False):
        refused = await db.refusal("prepare_pin", **pinning(channel, message, "user:rita", is_pinned))
        assert refused == "cannot_read"
    theirs, mine = ({**channel.by("user:rita"), "message_id": one.id} for one in (message, own))
    assert await db.refusal("prepare_deletion", **theirs) == "cannot_read"
    # Their own they know.
    assert (await db.call("prepare_deletion", **mine))["event_id"] == own.event_id
    await db.execute("UPDATE public.channel_members SET can_read = true WHERE member_id = 'user:rita'")
    assert not (await db.call("prepare_pin", **pinning(channel, message, "user:rita")))["is_done"]
    assert not (await db.call("prepare_deletion", **theirs))["is_deleted"]
