"""list_followed_state: what has to be compared with the room once something may have been taken back in it."""

from harness.database import Database
from harness.world import Channel, World, at, matrix_id, membership


async def followed(db: Database, channel: Channel) -> list[tuple[str, str, str]]:
    parts = (await db.call("list_followed_state", room_id=channel.room_id))["parts"]
    return [(part["event_type"], part["state_key"], part["event_id"]) for part in parts]


async def test_every_part_that_was_followed_is_listed_with_its_event(world: World, db: Database) -> None:
    channel = await world.channel()
    assert await followed(db, channel) == []
    topic = {"room_id": channel.room_id, "event_type": "m.room.topic", "field": "topic", "by_bot": False}
    await db.call("record_room_state", **topic, event_id="$1", value="Talk", sender_id="user:mia", changed_at=at())
    await db.call("record_membership", **membership(channel, "user:sam", "join", event_id="$2"))
    await db.call("record_membership", **membership(channel, "user:sam", "leave", event_id="$3", changed_at=at(1)))
    assert await followed(db, channel) == [
        ("m.room.topic", "", "$1"),
        ("m.room.member", matrix_id("user:sam"), "$3"),
    ]


async def test_of_many_members_those_who_changed_last_are_listed(world: World, db: Database) -> None:
    channel = await world.channel()
    for n in range(30):
        join = membership(channel, f"user:m{n:02}", "join", event_id=f"${n}", changed_at=at(n - 60))
        await db.call("record_membership", **join)
    assert [event for _, _, event in await followed(db, channel)] == [f"${n}" for n in range(29, 4, -1)]


async def test_only_what_changed_lately_is_listed_when_asked_so(world: World, db: Database) -> None:
    channel = await world.channel()
    for n, age in enumerate((3600, 60, 5)):
        join = membership(channel, f"user:m{n}", "join", event_id=f"${n}", changed_at=at(-age))
        await db.call("record_membership", **join)
    listed = await db.call("list_followed_state", room_id=channel.room_id, seconds=10)
    assert [part["event_id"] for part in listed["parts"]] == ["$2"]


async def test_a_room_that_is_no_channels_is_refused(db: Database) -> None:
    assert await db.refusal("list_followed_state", room_id="!nowhere:localhost") == "channel_not_found"
