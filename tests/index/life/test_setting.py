"""For how long a channel's messages are kept: its owner says so, and the platform at most."""

from __future__ import annotations

from harness.database import Database
from harness.life import aged, keeping, living, note, remove_all
from harness.previews import change
from harness.world import OWNER, World, at

ADAM = "user:adam"


async def kept(db: Database, channel, caller: str = OWNER) -> tuple[int | None, int | None]:
    document = await db.call("get_channel", **channel.by(caller))
    return document["retention_days"], document["kept_days"]


async def test_only_an_owner_says_how_long(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, ADAM, role="admin")
    await world.member(channel, "user:mia")
    for caller, refusal in ((ADAM, "cannot_set_retention"), ("user:mia", "cannot_manage")):
        asked = {**channel.by(caller), "changes": {"retention_days": 7}}
        assert await db.refusal("prepare_channel_change", **asked) == refusal
    # Whoever gets past it all the same, because they own it no more, changes nothing.
    await db.call("record_channel_change", channel_id=channel.id, caller=ADAM, changes={"retention_days": 7})
    assert await kept(db, channel) == (None, None)
    assert (await change(db, channel, retention_days=7))["retention_days"] == 7
    assert (await change(db, channel, ADAM, name="New"))["retention_days"] == 7
    assert await kept(db, channel) == (7, 7)
    assert (await change(db, channel, retention_days=None))["retention_days"] is None
    events = await db.events(channel.id, "messaging.channel.updated")
    assert [event["channel"]["retention_days"] for event in events] == [7, 7, None]
    sql = "SELECT metadata -> 'retention_days' FROM public.channel_events WHERE metadata ? 'retention_days' ORDER BY created_at"
    assert [row[0] for row in await db.rows(sql)] == ["7", "null"]


async def test_no_row_keeps_messages_for_longer_than_ten_years_or_for_no_time(world: World, db: Database) -> None:
    channel = await world.channel()
    for days in (0, 3651, -1):
        sql = "UPDATE public.channels SET retention_days = $1 WHERE id = $2"
        try:
            await db.execute(sql, days, channel.id)
        except Exception as error:  # noqa: BLE001
            assert "channels_retention_days" in str(error)
        else:
            raise AssertionError(days)


async def test_the_platforms_maximum_holds_for_every_channel(world: World, db: Database) -> None:
    silent, short, long = [await keeping(world, days) for days in (None, 1, 90)]
    messages = {channel: [await world.message(channel) for _ in range(3)] for channel in (silent, short, long)}
    for sent in messages.values():
        for message, days in zip(sent, (40, 10, 0.5), strict=True):
            await aged(db, message, days=days)
    await remove_all(db)
    left = {channel: len(await living(db, channel)) for channel in messages}
    assert left == {silent: 3, short: 1, long: 3}
    # A setting that changes holds at once.
    await note(db, 30)
    assert [await kept(db, channel) for channel in messages] == [(None, 30), (1, 1), (90, 30)]
    await remove_all(db, 30)
    assert {channel: len(await living(db, channel)) for channel in messages} == {silent: 2, short: 1, long: 2}
    await note(db, None)
    assert await kept(db, silent) == (None, None)


async def test_another_number_of_days_decides_anew(world: World, db: Database) -> None:
    channel = await keeping(world)
    message = await world.message(channel)
    await aged(db, message)
    assert await note(db)
    await change(db, channel, retention_days=7)
    assert not await note(db), "what nobody has begun with is not due any more"
    assert await living(db, channel) == [message.event_id]
    await change(db, channel, retention_days=1)
    assert await note(db), "nobody waits an hour for it"


async def test_a_change_that_was_cut_off_deletes_nothing_later(world: World, db: Database) -> None:
    channel = await keeping(world, 30)

    async def push(name: str) -> None:
        fields = {"event_type": "m.room.name", "field": "name", "value": name, "sender_id": OWNER, "by_bot": True}
        await db.call("record_room_state", room_id=channel.room_id, **fields, changed_at=at())

    # Cut off when the room had its name, and its owner then asks for more.
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New", "retention_days": 1})
    await change(db, channel, retention_days=365)
    await push("New")
    now = await db.call("get_channel", **channel.by(OWNER))
    assert (now["name"], now["retention_days"]) == ("New", 365)
    # One that is not cut off says so itself, whatever the homeserver has told by then.
    both = {"name": "Newer", "retention_days": 7}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=both)
    await push("Newer")
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes=both)
    assert await kept(db, channel) == (7, 7)
