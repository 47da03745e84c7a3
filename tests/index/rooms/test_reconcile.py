"""begin_reconcile and what follows: how far a room's history is compared, and which of its events are missing here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from harness.database import Database
from harness.world import NOWHERE, Channel, World, at, edit, matrix_id, membership, number, pushed, reaction, redaction

HOUR, DAY = 3600, 86400


async def begin(db: Database, channel: Channel, **arguments: Any) -> dict[str, Any]:
    return await db.call("begin_reconcile", channel_id=channel.id, **arguments)


async def moved(db: Database, channel: Channel, before: dict[str, Any], direction: str, place: str | None) -> bool:
    document = await db.call(
        "move_reconcile",
        channel_id=channel.id,
        room_id=before["room_id"],
        from_direction=before["direction"],
        from_place=before["place"],
        direction=direction,
        place=place,
    )
    return document["moved"]


async def ended(db: Database, channel: Channel, last_seq: int | None) -> None:
    await db.call("end_reconcile", channel_id=channel.id, room_id=channel.room_id, last_seq=last_seq)


async def compared(db: Database, channel: Channel, place: str = "t1") -> None:
    """A channel whose history was compared to its end."""
    found = await begin(db, channel)
    await moved(db, channel, found, "f", place)
    await ended(db, channel, found["last_seq"])


def seconds_ago(begun: dict[str, Any], field: str) -> float:
    return round((begun["settled_ms"] - begun[field]) / 1000)


async def test_a_run_goes_on_where_the_last_one_has_ended(db: Database, world: World) -> None:
    channel = await world.channel()
    first = await begin(db, channel)
    assert (first["direction"], first["place"], first["room_id"]) == ("b", None, channel.room_id)
    assert seconds_ago(first, "since_ms") == DAY
    assert await moved(db, channel, first, "b", "t9")
    second = await begin(db, channel)
    assert (second["direction"], second["place"], second["since_ms"]) == ("b", "t9", first["since_ms"])
    assert await moved(db, channel, second, "f", "t1")
    assert (await begin(db, channel))["place"] == "t1"


async def test_of_two_runs_at_once_one_goes_on(db: Database, world: World) -> None:
    channel = await world.channel()
    one, other = await begin(db, channel), await begin(db, channel)
    assert await moved(db, channel, one, "b", "t9")
    assert not await moved(db, channel, other, "b", "t9")


async def test_no_wish_leaves_out_what_was_not_compared_yet(db: Database, world: World) -> None:
    channel = await world.channel()
    first = await begin(db, channel)
    # A later beginning than that of the run under way changes nothing.
    again = await begin(db, channel, since=at(-HOUR))
    assert (again["direction"], again["since_ms"]) == ("b", first["since_ms"])
    await moved(db, channel, first, "f", "t5")
    # Behind t5 nothing was compared: what was looked for first is looked for again.
    again = await begin(db, channel, since=at(-HOUR))
    assert (again["direction"], again["place"], again["since_ms"]) == ("b", None, first["since_ms"])
    earlier = await begin(db, channel, since=at(-2 * DAY))
    assert (earlier["direction"], earlier["place"]) == ("b", None)
    assert seconds_ago(earlier, "since_ms") == 2 * DAY


async def test_what_was_compared_is_compared_again_from_where_somebody_wants(db: Database, world: World) -> None:
    channel = await world.channel()
    await compared(db, channel)
    begun = await begin(db, channel, since=at(-HOUR))
    assert (begun["direction"], begun["place"], seconds_ago(begun, "since_ms")) == ("b", None, HOUR)
    await moved(db, channel, begun, "f", "t2")
    await ended(db, channel, begun["last_seq"])
    # Whatever was too new the last time is on the way again.
    assert seconds_ago(await begin(db, channel, since=at(0)), "since_ms") == 11 * 60


async def test_another_room_is_another_history(db: Database, world: World) -> None:
    channel = await world.channel()
    await compared(db, channel)
    await db.execute("UPDATE public.channels SET matrix_room_id = '!new' WHERE id = $1", channel.id)
    await db.execute("INSERT INTO messaging.former_rooms VALUES ($1, $2)", channel.room_id, channel.id)
    begun = await begin(db, channel)
    assert (begun["room_id"], begun["direction"], begun["place"]) == ("!new", "b", None)
    assert begun["is_replacement"]
    # What a run of before still does is nothing to the new one.
    document = await db.call(
        "move_reconcile",
        channel_id=channel.id,
        room_id=channel.room_id,
        from_direction="b",
        from_place=None,
        direction="f",
        place="t7",
    )
    assert document == {"moved": False}


async def test_events_of_the_last_seconds_can_be_left_to_the_homeserver(db: Database, world: World) -> None:
    channel = await world.channel()
    now, later = await begin(db, channel), await begin(db, channel, min_age=30)
    assert 28_000 <= now["settled_ms"] - later["settled_ms"] <= 30_000


async def test_an_unknown_channel_is_refused(db: Database) -> None:
    assert await db.refusal("begin_reconcile", channel_id=NOWHERE) == "channel_not_found"
    empty = {"event_ids": [], "kinds": [], "about": [], "senders": []}
    assert await db.refusal("find_unindexed", room_id="!nowhere", **empty) == "channel_not_found"
    nobody = {"user_ids": [], "memberships": [], "limit": 1}
    assert await db.refusal("find_other_memberships", room_id="!nowhere", **nobody) == "channel_not_found"


async def test_active_channels_come_first_and_the_others_in_turn(db: Database, world: World) -> None:
    idle = [await world.channel() for _ in range(6)]
    for channel in idle:
        await compared(db, channel)
    active = [await world.channel() for _ in range(10)]
    archived = await world.channel()
    await world.archive(archived)

    async def next_ones(limit: int) -> list[str]:
        return (await db.call("list_channels_to_reconcile", limit=limit))["channel_ids"]

    turn = await next_ones(10)
    assert set(turn[:8]) < {channel.id for channel in active}
    # A fifth for those in which nothing seems to happen: their pushes may all be lost.
    assert len(set(turn[8:])) == 2
    assert {channel.id for channel in [*idle, *active]} == set(await next_ones(100))
    for channel in active:
        await compared(db, channel)
    # Whoever waits longest is next.
    assert await next_ones(4) == [channel.id for channel in idle[:4]]
    message = await world.message(idle[5])
    assert message.seq and (await next_ones(4))[0] == idle[5].id


async def test_a_channel_that_fails_holds_up_no_other(db: Database, world: World) -> None:
    failing, other = await world.channel(), await world.channel()
    await begin(db, failing)
    assert (await db.call("list_channels_to_reconcile", limit=1))["channel_ids"] == [other.id]


async def test_what_was_too_new_makes_a_channel_an_active_one(db: Database, world: World) -> None:
    channel, other = await world.channel(), await world.channel()
    await compared(db, channel)
    await ended(db, channel, None)
    await compared(db, other)
    assert (await db.call("list_channels_to_reconcile", limit=5))["channel_ids"][0] == channel.id


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


async def test_an_invitation_of_an_agent_that_was_cut_off_holds_however_late_its_join_comes(
    db: Database, world: World
) -> None:
    channel, agent = await world.channel(), "agent:sofia"
    details = {"role": "agent", "can_write": True}
    await db.call("prepare_invite", **channel.by(channel.owner), member_id=agent, details=details, client_key=None, fingerprint=None)
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 hours'")
    joined = await db.call("record_membership", **membership(channel, agent, "join"))
    assert not joined["must_remove"]
    row = await world.row(channel, agent)
    assert row and row["joined_at"] and row["invited_by"] == channel.owner
    assert [act[:2] for act in await db.audit(channel.id)][-2:] == [("member.invited", channel.owner), ("member.joined", agent)]


@pytest.mark.parametrize("hours", [0, 2])
async def test_an_invitation_from_before_a_removal_lets_nobody_in(db: Database, world: World, hours: int) -> None:
    channel, agent = await world.channel(), "agent:sofia"
    await db.call("prepare_invite", **channel.by(channel.owner), member_id=agent, details={"role": "agent"}, client_key=None, fingerprint=None)
    await db.execute("UPDATE messaging.intents SET created_at = now() - $1 * interval '1 hour' - interval '1 second'", hours)
    await world.member(channel, agent, state="left")
    assert (await db.call("record_membership", **membership(channel, agent, "join")))["must_remove"]


async def test_a_message_that_comes_late_is_never_dated_before_the_one_in_front_of_it(db: Database, world: World) -> None:
    channel = await world.old_channel()
    newer = await db.call("record_message", **pushed(channel))
    older = await db.call("record_message", **pushed(channel, sent_at=at(-HOUR)))
    assert older["message"]["seq"] == newer["message"]["seq"] + 1
    assert older["message"]["created_at"] == newer["message"]["created_at"]


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


async def test_all_members_are_compared_anew_and_every_few_hours(db: Database, world: World) -> None:
    channel = await world.channel()
    await compared(db, channel)
    assert (await begin(db, channel))["with_members"]
    await db.call("end_reconcile", channel_id=channel.id, room_id=channel.room_id, last_seq=1, with_members=True)
    assert not (await begin(db, channel))["with_members"]
    assert (await begin(db, channel, since=at(-HOUR)))["with_members"]
    await db.execute("UPDATE messaging.reconciliations SET members_at = now() - interval '7 hours'")
    assert (await begin(db, channel))["with_members"]
