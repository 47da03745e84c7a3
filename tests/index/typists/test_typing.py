"""Who types here: told to the relay with the whole list each time, and over by itself."""

from __future__ import annotations

import asyncio
import time

from harness.database import Database
from harness.typing import MIA, SAM, Heard, in_room, later, says
from harness.world import OWNER, Channel, World, pushed, sent


async def test_who_types_is_told_with_all_who_do(channel: Channel, db: Database, heard: Heard) -> None:
    told = {"room_id": channel.room_id, "must_tell": True}
    assert await db.call("set_typing", **says(channel, SAM)) == told
    assert await heard.next() == [SAM]
    await db.call("set_typing", **says(channel, MIA))
    assert await heard.next() == [SAM, MIA]
    assert await db.call("set_typing", **says(channel, SAM, False)) == told
    assert await heard.next() == [MIA]
    # Again it changes nothing.
    assert await db.call("set_typing", **says(channel, SAM, False)) == told | {"must_tell": False}
    await db.call("set_typing", **says(channel, MIA, False))
    assert await heard.next() == []
    assert heard.nothing()
    assert await db.events(channel.id) == (await db.events(channel.id))[:1], "it has no number"


async def test_it_is_over_after_ten_seconds_and_told_once(channel: Channel, db: Database, heard: Heard) -> None:
    for who in (SAM, MIA):
        await db.call("set_typing", **says(channel, who))
        await heard.next()
    assert await db.call("end_typing", limit=10) == {"ended": 0}
    await later(db, 6)
    await db.call("set_typing", **says(channel, MIA))
    await later(db, 5)
    # Two relays look at the same moment.
    sessions = await db.sessions(2)
    ended = await asyncio.gather(*(session.call("end_typing", limit=10) for session in sessions))
    assert sorted(one["ended"] for one in ended) == [0, 1]
    assert await heard.next() == [MIA]
    await later(db, 10)
    assert await db.call("end_typing", limit=10) == {"ended": 1}
    assert await heard.next() == []
    assert heard.nothing()


async def test_what_is_over_is_forgotten_after_a_minute(channel: Channel, db: Database) -> None:
    await db.call("set_typing", **says(channel, SAM))
    await db.call("announce_typing", **in_room(channel, MIA))
    await later(db, 80)
    await db.call("end_typing", limit=10)
    assert await db.value("SELECT count(*) FROM messaging.typing") == 2, "what the homeserver told is young"
    await later(db, 60)
    await db.call("end_typing", limit=10)
    assert await db.value("SELECT count(*) FROM messaging.typing") == 0


async def test_a_round_has_a_bound(world: World, db: Database) -> None:
    for _ in range(5):
        channel = await world.channel()
        await db.call("set_typing", **says(channel, OWNER))
    await later(db, 11)
    assert [(await db.call("end_typing", limit=2))["ended"] for _ in range(4)] == [2, 2, 1, 0]


async def test_once_a_second_and_the_homeserver_every_ten(channel: Channel, db: Database, heard: Heard) -> None:
    async def must_tell(is_typing: bool = True) -> bool:
        return (await db.call("set_typing", **says(channel, SAM, is_typing)))["must_tell"]

    told, begun, passed = [], time.monotonic(), 0.0
    for n in range(1, 41):
        told.append(await must_tell())
        # Two thirds of a second since the last time, whatever the calls themselves take.
        pause = n * 2 / 3 - (time.monotonic() - begun) - passed
        await later(db, pause)
        passed += pause
    assert [n for n, must in enumerate(told) if must] == [0, 16, 32]
    # Who goes on is shown again when the homeserver is told, as a frame may have been lost.
    assert [await heard.next() for _ in range(3)] == [[SAM]] * 3
    assert heard.nothing()
    # The homeserver has them for 20 seconds, and somebody says so every second at least: there is no hole.
    assert await must_tell(False)
    assert await heard.next() == []
    # Who goes on typing is told to it again, as the end was.
    assert await must_tell()
    assert await heard.next() == [SAM]
    await later(db, 9)
    assert not await must_tell()
    await later(db, 1)
    assert await must_tell()


async def test_who_stops_and_goes_on_is_told_to_the_homeserver_again(channel: Channel, db: Database) -> None:
    async def must_tell(typing: bool = True) -> bool:
        return (await db.call("set_typing", **says(channel, SAM, typing)))["must_tell"]

    assert await must_tell()
    await later(db, 3)
    assert not await must_tell(), "it has been told"
    await later(db, 1.1)
    assert await must_tell(False) and await must_tell()
    # Not as often as somebody may stop and go on.
    await later(db, 1.1)
    assert await must_tell(False) and not await must_tell()


async def test_a_flood_reaches_nobody(channel: Channel, db: Database, heard: Heard) -> None:
    for n in range(100):
        await db.call("set_typing", **says(channel, SAM))
        await db.call("set_typing", **says(channel, SAM, False))
        if n == 0:
            # All of it is within the second for which nobody is told, however slow the machine is.
            await later(db, -60)
    assert (await heard.next(), await heard.next()) == ([SAM], [])
    assert heard.nothing()


async def test_of_two_at_once_the_last_frame_names_both(channel: Channel, db: Database, heard: Heard) -> None:
    sessions = await db.sessions(2)
    for _ in range(10):
        await asyncio.gather(
            *(
                session.call("set_typing", **says(channel, who))
                for session, who in zip(sessions, (SAM, MIA), strict=True)
            )
        )
        assert len(await heard.next()) == 1
        assert set(await heard.next()) == {SAM, MIA}
        for who in (SAM, MIA):
            await db.call("set_typing", **says(channel, who, False))
            await heard.next()
        await later(db, 30)


async def test_who_may_write_may_type(world: World, db: Database, heard: Heard) -> None:
    private = await world.channel(visibility="private")
    await world.member(private, "user:wim", can_write=False)
    await world.member(private, "agent:ada")
    await world.member(private, "user:ina", state="invited")
    for expected, by in [
        ("channel_not_found", "user:eve"),
        ("cannot_write", "user:wim"),
    ]:
        assert await db.refusal("set_typing", **says(private, by)) == expected
    await db.call("set_typing", **says(private, "agent:ada"))
    assert await heard.next() == ["agent:ada"]
    public = await world.channel()
    assert await db.refusal("set_typing", **says(public, "agent:ada")) == "not_a_member"
    await world.archive(public)
    assert await db.refusal("set_typing", **says(public, OWNER)) == "channel_archived"
    assert heard.nothing()


async def test_who_would_join_by_writing_does_not_by_typing(world: World, db: Database, heard: Heard) -> None:
    channel = await world.channel()
    before = await db.contents()
    for is_typing in (True, False):
        set_typing = await db.call("set_typing", **says(channel, "user:new", is_typing))
        assert set_typing == {"room_id": channel.room_id, "must_tell": False}
    assert await db.contents() == before
    assert heard.nothing()


async def test_what_was_typed_is_sent(channel: Channel, db: Database, heard: Heard) -> None:
    plain = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}
    for who in (SAM, MIA):
        await db.call("set_typing", **says(channel, who))
        await heard.next()
    assert (await db.call("prepare_send", **channel.by(SAM), **plain))["is_typing"]
    await db.call("record_message", **sent(channel, SAM))
    assert await heard.next() == [MIA]
    assert not (await db.call("prepare_send", **channel.by(SAM), **plain))["is_typing"]
    await db.call("record_message", **sent(channel, SAM))
    await db.call("record_message", **pushed(channel, MIA))
    assert await heard.next() == []
    assert heard.nothing()


async def test_the_homeserver_is_told_what_the_index_has(channel: Channel, db: Database) -> None:
    found = {"channel_id": channel.id, "member_id": SAM}
    assert await db.call("find_typist", **found) == {"room_id": channel.room_id, "is_typing": False}
    await db.call("set_typing", **says(channel, SAM))
    assert await db.call("find_typist", **found) == {"room_id": channel.room_id, "is_typing": True}
    assert await db.refusal("find_typist", channel_id=channel.id, member_id="user:eve") == "member_not_found"
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert await db.refusal("find_typist", channel_id=nowhere, member_id=SAM) == "channel_not_found"


async def test_the_homeserver_is_told_of_five_channels_of_one_person(world: World, db: Database) -> None:
    told = []
    for _ in range(7):
        channel = await world.channel()
        await world.member(channel, SAM)
        told.append((await db.call("set_typing", **says(channel, SAM)))["must_tell"])
    assert told == [True] * 5 + [False] * 2
    await later(db, 11)
    assert (await db.call("set_typing", **says(channel, SAM)))["must_tell"]


async def test_typing_waits_for_no_disk_and_a_message_does(channel: Channel, db: Database) -> None:
    waits = "SELECT current_setting('synchronous_commit')"
    for call, arguments, expected in [
        ("set_typing", says(channel, SAM), "off"),
        ("announce_typing", in_room(channel, MIA), "off"),
        # It ends what they typed.
        ("record_message", sent(channel, SAM), "on"),
    ]:
        async with db.transaction():
            await db.execute("SET LOCAL synchronous_commit = on")
            await db.call(call, **arguments)
            assert await db.value(waits) == expected, call
