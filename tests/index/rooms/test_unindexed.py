"""find_unindexed and find_other_memberships: what a room has and the index has not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness.database import Database
from harness.world import Channel, World, at, edit, matrix_id, membership, number, reaction, redaction

Entry = tuple[str, str, str | None, str]


async def unindexed(db: Database, channel: Channel, *entries: Entry) -> dict[str, Any]:
    ids, kinds, about, senders = ([entry[i] for entry in entries] for i in range(4))
    return await db.call(
        "find_unindexed", room_id=channel.room_id, event_ids=ids, kinds=kinds, about=about, senders=senders
    )


async def are_missing(db: Database, channel: Channel, *entries: Entry) -> list[str]:
    return (await unindexed(db, channel, *entries))["unindexed"]


async def test_messages_edits_and_reactions_are_known_by_their_events(db: Database, world: World) -> None:
    channel, who = await world.channel(), "user:olga"
    message = await world.message(channel)
    one, thumb = edit(channel, message.event_id), reaction(channel, message.event_id)
    entries: list[Entry] = [
        ("$new", "message", None, who),
        (message.event_id, "message", None, who),
        (one["event_id"], "edit", message.event_id, who),
        (thumb["event_id"], "reaction", message.event_id, who),
    ]
    missing = await are_missing(db, channel, *entries)
    assert missing == ["$new", one["event_id"], thumb["event_id"]], "in the page's order"
    await db.call("record_edit", **one)
    await db.call("record_reaction", **thumb)
    assert await are_missing(db, channel, *entries) == ["$new"]
    # Somebody else's edit means nothing, and an edit that waits for its message is here.
    assert not await are_missing(db, channel, ("$theirs", "edit", message.event_id, "@mallory:far"))
    early = edit(channel, "$later")
    await db.outcome("record_edit", **early)
    assert not await are_missing(db, channel, (early["event_id"], "edit", "$later", who))


async def test_a_redaction_is_known_by_what_it_has_taken_away(db: Database, world: World) -> None:
    channel, who = await world.channel(), "user:olga"
    message, other = await world.message(channel), await world.message(channel)
    one, thumb = edit(channel, other.event_id), reaction(channel, other.event_id)
    await db.call("record_edit", **one)
    await db.call("record_reaction", **thumb)
    targets = [message.event_id, one["event_id"], thumb["event_id"], "$never-seen"]
    entries: list[Entry] = [(f"$redaction-{n}", "redaction", target, who) for n, target in enumerate(targets)]
    assert len(await are_missing(db, channel, *entries)) == 4
    for target in targets:
        await db.call("record_redaction", **redaction(channel, target))
    assert not await are_missing(db, channel, *entries)
    # What was redacted before it was indexed is not looked for.
    assert not await are_missing(db, channel, ("$never-seen", "message", None, who))


async def test_an_edit_of_a_deleted_message_that_is_still_in_matrix_is_missing(db: Database, world: World) -> None:
    channel, who = await world.channel(), "user:olga"
    message = await world.message(channel)
    one = edit(channel, message.event_id)
    await db.call("record_edit", **one)
    await world.delete(channel, message)
    entry = (one["event_id"], "edit", message.event_id, who)
    assert await are_missing(db, channel, entry) == [one["event_id"]]
    await db.call("record_redaction", **redaction(channel, one["event_id"]))
    assert not await are_missing(db, channel, entry)


async def test_of_a_state_only_what_came_after_the_one_that_was_followed_is_missing(db: Database, world: World) -> None:
    channel, bob = await world.channel(), "user:bob"
    joined, left = (membership(channel, bob, kind, event_id=f"${kind}-{number()}") for kind in ("join", "leave"))
    entries: list[Entry] = [(e["event_id"], "member", matrix_id(bob), bob) for e in (joined, left)]
    assert len(await are_missing(db, channel, *entries)) == 2
    await db.call("record_membership", **joined)
    assert await are_missing(db, channel, *entries) == [left["event_id"]]
    await db.call("record_membership", **left | {"changed_at": at(1)})
    assert not await are_missing(db, channel, *entries)
    name = {"event_type": "m.room.name", "field": "name", "value": "New", "sender_id": bob, "by_bot": False}
    names: list[Entry] = [("$name-1", "state", "m.room.name", bob), ("$name-2", "state", "m.room.name", bob)]
    await db.call("record_room_state", room_id=channel.room_id, changed_at=at(), event_id="$name-1", **name)
    assert await are_missing(db, channel, *names) == ["$name-2"]
    assert await are_missing(db, channel, *names[:1]) == []


async def test_what_is_set_aside_is_not_tried_again(db: Database, world: World) -> None:
    channel = await world.channel()
    failure = {
        "event_id": "$bad",
        "room_id": channel.room_id,
        "event_type": "m.room.message",
        "event": "{}",
        "reason": "x",
        "fault": "event",
        "others": [],
    }
    await db.call("note_failed_event", **failure)
    found = await unindexed(db, channel, ("$bad", "message", None, "user:olga"))
    assert (found["unindexed"], found["set_aside"]) == ([], ["$bad"])


async def others(db: Database, channel: Channel, **room: str) -> set[str]:
    """Whose membership is another one, when these are in the room beside the owner."""
    room = {channel.owner: "join"} | {f"user:{name}": membership for name, membership in room.items()}
    found = await db.call(
        "find_other_memberships",
        room_id=channel.room_id,
        user_ids=[matrix_id(who) for who in room],
        memberships=list(room.values()),
        limit=10,
    )
    return set(found["user_ids"])


async def test_a_member_is_who_the_room_says(db: Database, world: World) -> None:
    channel = await world.channel()
    for who, state in (("user:ida", "joined"), ("user:ivo", "invited"), ("user:lea", "left")):
        await world.member(channel, who, state=state, matrix_changed_at=datetime.now(UTC))
    # A row that the room has never told of, as a platform's own may be.
    await world.member(channel, "user:row")
    assert not await others(db, channel, ida="join", ivo="invite")
    assert await others(db, channel, ida="join") == {matrix_id("user:ivo")}
    assert await others(db, channel, ivo="join") == {matrix_id("user:ida"), matrix_id("user:ivo")}
    assert await others(db, channel, ida="join", ivo="invite", lea="join", new="invite") == {
        matrix_id("user:lea"),
        matrix_id("user:new"),
    }
    assert await others(db, channel, ida="ban", ivo="invite") == {matrix_id("user:ida")}


async def test_a_ban_that_the_room_was_never_told_of_is_no_difference(db: Database, world: World) -> None:
    channel = await world.channel()
    await db.call("record_membership", **membership(channel, "user:bea", "ban", channel.owner))
    assert not await others(db, channel, bea="ban")
    assert await others(db, channel) == {matrix_id("user:bea")}
    await db.execute("UPDATE public.channel_members SET banned_in_room = false")
    assert not await others(db, channel) and not await others(db, channel, bea="ban")
    assert await others(db, channel, bea="join") == {matrix_id("user:bea")}
