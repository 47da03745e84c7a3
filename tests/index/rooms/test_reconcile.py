"""begin_reconcile and what follows: how far a room's history is compared, and which channel is next."""

from __future__ import annotations

from typing import Any

import pytest

from harness.database import Database
from harness.world import NOWHERE, Channel, World, at, membership, pushed

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


async def test_an_invitation_of_an_agent_that_was_cut_off_holds_however_late_its_join_comes(
    db: Database, world: World
) -> None:
    channel, agent = await world.channel(), "agent:sofia"
    details = {"role": "agent", "can_write": True}
    await db.call(
        "prepare_invite",
        **channel.by(channel.owner),
        member_id=agent,
        details=details,
        client_key=None,
        fingerprint=None,
    )
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '2 hours'")
    joined = await db.call("record_membership", **membership(channel, agent, "join"))
    assert not joined["must_remove"]
    row = await world.row(channel, agent)
    assert row and row["joined_at"] and row["invited_by"] == channel.owner
    assert [act[:2] for act in await db.audit(channel.id)][-2:] == [
        ("member.invited", channel.owner),
        ("member.joined", agent),
    ]


@pytest.mark.parametrize("hours", [0, 2])
async def test_an_invitation_from_before_a_removal_lets_nobody_in(db: Database, world: World, hours: int) -> None:
    channel, agent = await world.channel(), "agent:sofia"
    await db.call(
        "prepare_invite",
        **channel.by(channel.owner),
        member_id=agent,
        details={"role": "agent"},
        client_key=None,
        fingerprint=None,
    )
    await db.execute(
        "UPDATE messaging.intents SET created_at = now() - $1 * interval '1 hour' - interval '1 second'", hours
    )
    await world.member(channel, agent, state="left")
    assert (await db.call("record_membership", **membership(channel, agent, "join")))["must_remove"]


async def test_a_message_that_comes_late_is_never_dated_before_the_one_in_front_of_it(
    db: Database, world: World
) -> None:
    channel = await world.old_channel()
    newer = await db.call("record_message", **pushed(channel))
    older = await db.call("record_message", **pushed(channel, sent_at=at(-HOUR)))
    assert older["message"]["seq"] == newer["message"]["seq"] + 1
    assert older["message"]["created_at"] == newer["message"]["created_at"]


async def test_all_members_are_compared_anew_and_every_few_hours(db: Database, world: World) -> None:
    channel = await world.channel()
    await compared(db, channel)
    assert (await begin(db, channel))["with_members"]
    await db.call("end_reconcile", channel_id=channel.id, room_id=channel.room_id, last_seq=1, with_members=True)
    assert not (await begin(db, channel))["with_members"]
    assert (await begin(db, channel, since=at(-HOUR)))["with_members"]
    await db.execute("UPDATE messaging.reconciliations SET members_at = now() - interval '7 hours'")
    assert (await begin(db, channel))["with_members"]
