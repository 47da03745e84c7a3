"""Names and pictures as rooms tell them: record_membership with a profile, and follow_profiles."""

import asyncio
import itertools
import json
from typing import Any

import pytest

from harness.database import Database
from harness.world import EVERY, OWNER, Channel, World, at, membership

BOB = "@bob:elsewhere"
ANN = "user:ann"


def told(name: str | None, picture: str | None = None) -> dict[str, Any]:
    return {"display_name": name, "avatar_url": picture}


async def tell(db: Database, channel: Channel, who: str, name: str | None, age: float = 0, **changes: Any) -> None:
    """The room says that somebody is in, under this name, since so many seconds."""
    details: dict[str, Any] = {"order": "told", "profile": told(name), "changed_at": at(-age), **changes}
    event = f"$member-{who}-{name}-{age}"
    await db.call("record_membership", **membership(channel, who, "join", event_id=event, **details))


async def name_of(db: Database, who: str) -> str | None:
    document = await db.call("get_profile", caller="service:internal", microdaos=EVERY, member_id=who)
    return document["display_name"]


async def set_own(db: Database, who: str, changes: dict[str, Any]) -> None:
    await db.call("prepare_profile_change", caller=who, changes=changes)
    await db.call("record_profile_change", caller=who, wanted=changes, changes=changes, is_whole=True)


async def test_another_name_is_no_membership_change(world: World, db: Database) -> None:
    channel = await world.channel()
    await tell(db, channel, BOB, "Bob", 20)
    [joined] = await db.events(channel.id, "messaging.member.joined")
    assert joined["member"]["display_name"] == "Bob", "the event of the join has the name"
    before = await db.subjects(channel.id), await db.audit(channel.id)
    await tell(db, channel, BOB, "Robert", 10)
    assert await name_of(db, BOB) == "Robert"
    await tell(db, channel, BOB, None, 5)
    assert await name_of(db, BOB) is None
    assert (await db.subjects(channel.id), await db.audit(channel.id)) == before


async def test_of_several_rooms_the_latest_word_counts_in_whatever_order_they_come(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(2)]
    words = [
        (channels[0], "first", 40),
        (channels[1], "second", 30),
        (channels[1], "third", 20),
        (channels[0], "last", 10),
    ]
    for order in itertools.permutations(range(4)):
        await db.execute("DELETE FROM messaging.profiles")
        await db.execute("DELETE FROM public.channel_members WHERE member_id = $1", BOB)
        for i in order:
            channel, name, age = words[i]
            # Of one room an older event is asked about, and what the room has is told for it.
            await tell(db, channel, BOB, name, age, order="clock")
        assert await name_of(db, BOB) == "last", order


async def test_of_one_room_its_order_counts_and_no_clock(world: World, db: Database) -> None:
    """Another server's clock may go wrong; what the room has is what our homeserver says."""
    channel, other = await world.channel(), await world.channel()
    await tell(db, channel, BOB, "Bob", 0)
    pushed = membership(
        channel, BOB, "join", event_id="$late", order="unsure", profile=told("Robert"), changed_at=at(-3600)
    )
    version = (await db.call("record_membership", **pushed))["ask_version"]
    assert version and await name_of(db, BOB) == "Bob"
    await db.call("record_membership", **pushed | {"order": "now", "version": version})
    assert await name_of(db, BOB) == "Robert"
    # A time to come is now, so that the next word is not older.
    await tell(db, other, BOB, "from the future", -9999)
    await tell(db, channel, BOB, "and now", 0)
    assert await name_of(db, BOB) == "and now"


async def test_the_same_event_again_changes_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    pushed = membership(channel, BOB, "join", event_id="$one", order="told", profile=told("Bob"))
    await db.call("record_membership", **pushed)
    before = await db.contents()
    await db.call("record_membership", **pushed | {"profile": told(None)})
    assert await db.contents() == before


async def test_our_own_users_may_change_theirs_in_matrix_and_our_echo_is_none(world: World, db: Database) -> None:
    channel = await world.channel()
    await tell(db, channel, ANN, "ann", 60)
    assert await name_of(db, ANN) is None, "the homeserver calls her so until she has chosen a name"
    await tell(db, channel, ANN, "Ann", 50)
    assert await name_of(db, ANN) == "Ann"
    await set_own(db, ANN, {"display_name": "Anna", "avatar_url": "mxc://localhost/x"})
    # What the homeserver told the room on the way there: the name, and the picture not yet.
    await tell(db, channel, ANN, "Anna", 1)
    document = await db.call("get_profile", caller=ANN, microdaos=[], member_id=ANN)
    assert (document["display_name"], document["avatar_url"]) == ("Anna", "mxc://localhost/x")
    await tell(db, channel, ANN, "In Element", -1)
    assert await name_of(db, ANN) == "In Element"
    # Who calls themselves by their id has chosen it.
    await set_own(db, ANN, {"display_name": "ann"})
    await tell(db, channel, ANN, "ann", -2)
    assert await name_of(db, ANN) == "ann"


async def test_only_a_join_with_a_profile_says_something(world: World, db: Database) -> None:
    channel = await world.channel()
    await tell(db, channel, BOB, "Bob", 60)
    for kind, sender in (("leave", BOB), ("invite", OWNER), ("ban", OWNER), ("join", BOB)):
        profile = {} if kind == "join" else {"profile": told("Mallory")}
        await db.call("record_membership", **membership(channel, BOB, kind, sender, event_id=f"${kind}", **profile))
        assert await db.value("SELECT display_name FROM messaging.profiles") == "Bob", kind


async def test_the_channels_that_somebody_is_in_are_told_and_no_others(world: World, db: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await db.session()
    await listener.connection.add_listener("ephemeral", lambda *notice: heard.put_nowait(notice[-1]))
    here, there, left, invited, archived = [await world.channel() for _ in range(5)]
    for channel in (here, there, archived):
        await world.member(channel, ANN)
    await world.member(left, ANN, state="left")
    await world.member(invited, ANN, state="invited")
    await world.archive(archived)
    before = {c.id: await db.subjects(c.id) for c in (here, there, left, invited, archived)}
    await set_own(db, ANN, {"display_name": "Ann"})
    frames = [json.loads(await asyncio.wait_for(heard.get(), 10)) for _ in range(2)]
    assert {frame["channel_id"] for frame in frames} == {here.id, there.id}
    for frame in frames:
        rest = {key: value for key, value in frame.items() if key != "channel_id"}
        assert rest == {"type": "profile.updated", "member_id": ANN, "display_name": "Ann", "avatar_url": None}
    # The same again, and our own echo, are no news.
    await set_own(db, ANN, {"display_name": "Ann"})
    await tell(db, here, ANN, "Ann")
    await tell(db, there, ANN, "Anna", -1)
    frames = [json.loads(await asyncio.wait_for(heard.get(), 10)) for _ in range(2)]
    assert {frame["display_name"] for frame in frames} == {"Anna"} and heard.empty()
    assert before == {c.id: await db.subjects(c.id) for c in (here, there, left, invited, archived)}, (
        "it takes no number"
    )


async def test_a_change_is_told_where_something_was_said_last(world: World, db: Database) -> None:
    heard: list[str] = []
    listener = await db.session()
    await listener.connection.add_listener(
        "ephemeral", lambda *notice: heard.append(json.loads(notice[-1])["channel_id"])
    )
    channels = [await world.channel() for _ in range(103)]
    for channel in channels:
        await world.member(channel, ANN)
    for channel in channels[:50]:
        await world.message(channel)
    await set_own(db, ANN, {"display_name": "Ann"})
    await listener.value("SELECT 1")
    assert len(heard) == 100 and {c.id for c in channels[:50]} <= set(heard)


def listed(who: str, name: str | None, age: float) -> dict[str, Any]:
    return {"member_id": who, "changed_at": at(-age), **told(name)}


async def test_a_list_of_members_makes_up_for_what_was_never_pushed(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    await tell(db, channel, BOB, "Bob", 100)
    for who in (ANN, "user:new", "@rob:elsewhere"):
        await world.member(channel, who)
    await world.member(channel, "user:ivo", state="invited")
    await set_own(db, ANN, {"display_name": "Ann"})
    # As rooms from before this version have them, and those whose pushes were lost.
    members = [
        listed(BOB, "Robert", 50),
        listed(ANN, "older than what she has set", 10),
        listed("user:new", "new", 10),
        listed("@rob:elsewhere", "Rob", 9999),
        listed("user:ivo", "not in", 10),
        listed("user:stranger", "not there", 10),
    ]
    arguments: dict[str, Any] = {"room_id": channel.room_id, "members": members}
    before = await db.subjects(channel.id)
    # A list is no JSON object, so it goes as text.
    await db.call("follow_profiles", **arguments | {"members": json.dumps(members)})
    rows = await db.rows("SELECT member_id, display_name FROM messaging.profiles")
    assert {row["member_id"]: row["display_name"] for row in rows} == {
        BOB: "Robert",
        ANN: "Ann",
        "user:new": None,
        "@rob:elsewhere": "Rob",
    }
    # A list from before the last push.
    await tell(db, channel, BOB, "Bobby", 5)
    contents = await db.contents()
    for _ in range(2):
        await db.call("follow_profiles", room_id=channel.room_id, members=json.dumps(members))
    assert await db.contents() == contents and await db.subjects(channel.id) == before
    assert await db.refusal("follow_profiles", room_id="!unknown:localhost", members="[]") == "channel_not_found"
    assert await db.outcome("follow_profiles", room_id=other.room_id, members="[]") == (None, None)


@pytest.mark.parametrize("who", [BOB, ANN])
async def test_rooms_that_tell_of_one_person_at_once_wait_for_each_other(world: World, db: Database, who: str) -> None:
    channels = [await world.channel() for _ in range(6)]
    sessions = await db.sessions(6)
    pushes = [
        membership(
            channel,
            who,
            "join",
            event_id=f"$at-once-{n}",
            order="told",
            profile=told(f"name {n}"),
            changed_at=at(n - 60),
        )
        for n, channel in enumerate(channels)
    ]
    await asyncio.gather(
        *(session.call("record_membership", **push) for session, push in zip(sessions, pushes, strict=True))
    )
    assert await name_of(db, who) == "name 5"
