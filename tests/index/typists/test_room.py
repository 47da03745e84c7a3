"""Who types as the homeserver tells it: one list with those who type here."""

from __future__ import annotations

from harness.database import Database
from harness.typing import MIA, SAM, Heard, in_room, later, people, says
from harness.world import Channel, World


async def test_both_sides_are_one_list(world: World, channel: Channel, db: Database, heard: Heard) -> None:
    bob = "@bob:elsewhere"
    await world.member(channel, bob)
    await db.call("set_typing", **says(channel, SAM))
    assert await heard.next() == [SAM]
    # The homeserver repeats what it was told.
    await db.call("announce_typing", **in_room(channel, SAM))
    assert heard.nothing()
    await db.call("announce_typing", **in_room(channel, SAM, bob))
    assert await heard.next() == [SAM, bob]
    await db.call("set_typing", **says(channel, SAM, False))
    assert await heard.next() == [bob]
    # What it has on its way does not bring them back.
    await db.call("announce_typing", **in_room(channel, SAM, bob))
    assert heard.nothing()
    await db.call("announce_typing", **in_room(channel))
    assert await heard.next() == []


async def test_who_says_nothing_more_is_not_kept_by_the_homeservers_echo(
    channel: Channel, db: Database, heard: Heard
) -> None:
    await db.call("set_typing", **says(channel, SAM))
    assert await heard.next() == [SAM]
    await later(db, 11)
    await db.call("end_typing", limit=10)
    assert await heard.next() == []
    # It has them until its own time is over, and looks every 5 seconds.
    await later(db, 13)
    await db.call("announce_typing", **in_room(channel, SAM, MIA))
    assert await heard.next() == [MIA]


async def test_our_own_people_may_type_in_matrix(channel: Channel, db: Database, heard: Heard) -> None:
    await db.call("announce_typing", **in_room(channel, SAM, MIA))
    assert await heard.next() == [SAM, MIA]
    await db.call("announce_typing", **in_room(channel, MIA))
    assert await heard.next() == [MIA]
    # The homeserver never says again who goes on, and may have told the end in vain.
    await later(db, 59)
    assert await db.call("end_typing", limit=10) == {"ended": 0}
    await later(db, 2)
    assert await db.call("end_typing", limit=10) == {"ended": 1}
    assert await heard.next() == []


async def test_who_is_no_member_types_nowhere(world: World, channel: Channel, db: Database, heard: Heard) -> None:
    await world.member(channel, "user:wim", can_write=False)
    await world.member(channel, "user:lea", state="left")
    await db.call("announce_typing", **in_room(channel, "@eve:elsewhere.org", "user:wim", "user:lea", SAM))
    assert await heard.next() == [SAM]
    # Nor who is removed meanwhile.
    await db.call("set_typing", **says(channel, MIA))
    assert await heard.next() == [SAM, MIA]
    await db.execute("UPDATE public.channel_members SET left_at = now() WHERE member_id = $1", SAM)
    await db.call("announce_typing", **in_room(channel, SAM))
    assert (await db.value("SELECT messaging.typists($1)", channel.id)) == [MIA]


async def test_at_most_fifty_are_named_and_as_many_as_fit(
    world: World, channel: Channel, db: Database, heard: Heard
) -> None:
    await people(world, channel, [f"user:u{n}" for n in range(60)])
    await db.call("announce_typing", **in_room(channel, *(f"user:u{n}" for n in range(60))))
    assert await heard.next() == [f"user:u{n}" for n in range(50)]
    # More than a notification takes: 50 ids of 255 bytes, half of which have to be escaped.
    odd = [f"@{n:03}" + '"' * 125 + "x" * 126 for n in range(60)]
    await people(world, channel, odd)
    await db.call("announce_typing", **in_room(channel, *odd))
    named = await heard.next()
    assert 10 < len(named) < 50 and named == odd[: len(named)]


async def test_an_id_that_comes_twice_is_one(channel: Channel, db: Database, heard: Heard) -> None:
    await db.call("announce_typing", **in_room(channel, MIA, SAM, MIA))
    assert await heard.next() == [MIA, SAM]


async def test_nobody_types_in_no_channel_or_an_archived_one(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.archive(channel)
    for room in (channel.room_id, "!unknown:localhost"):
        assert await db.refusal("announce_typing", room_id=room, member_ids=[SAM]) == "channel_not_found"
