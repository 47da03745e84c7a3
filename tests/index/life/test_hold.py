"""A channel on hold: nothing of it is deleted by retention, whatever has begun, and people still delete what they may."""

from __future__ import annotations

import asyncio

from harness.database import Database
from harness.life import aged, claim, end, keeping, living, note, remove_all
from harness.world import NOWHERE, OWNER, Channel, World, at, edit, pushed

SERVICE = "service:internal"


async def hold(db: Database, channel: Channel, reason: str | None = "a case") -> int:
    """Makes or ends it; how many deletions had begun."""
    document = await db.call("set_hold", channel_id=channel.id, reason=reason, actor_id=SERVICE)
    assert document["is_held"] is (reason is not None)
    return document["under_way"]


async def test_nothing_goes_while_it_holds_and_everything_after_it(world: World, db: Database) -> None:
    held, other = await keeping(world), await keeping(world)
    kept, gone = await world.message(held), await world.message(other)
    await aged(db, kept, gone)
    assert await hold(db, held) == 0
    assert await remove_all(db) == [gone.event_id]
    assert not await note(db, 1), "nor by the platform's maximum"
    # What comes late is indexed.
    late = await world.message(held, sent_at=at(-90_000))
    assert await living(db, held) == [kept.event_id, late.event_id]
    await hold(db, held, None)
    assert await note(db), "nobody waits an hour for it"
    assert await remove_all(db) == [kept.event_id, late.event_id]


async def test_a_hold_in_the_middle_stops_what_has_not_begun(world: World, db: Database) -> None:
    channel = await keeping(world)
    begun, noted, other = [await world.message(channel) for _ in range(3)]
    await aged(db, begun, noted, other)
    await note(db)
    assert await claim(db, 1) == [begun.event_id]
    assert await hold(db, channel) == 1, "it says that one has begun"
    assert await claim(db) == []
    # A room that refuses is not asked again, and nothing is removed for it.
    assert await end(db, begun.event_id, redacted=False) == "held"
    assert await hold(db, channel) == 0
    assert await living(db, channel) == [begun.event_id, noted.event_id, other.event_id]
    assert not await note(db)


async def test_what_matrix_has_redacted_by_then_is_gone(world: World, db: Database) -> None:
    channel = await keeping(world)
    begun = await world.message(channel)
    changed = edit(channel, begun.event_id)
    await db.call("record_edit", **changed)
    await aged(db, begun)
    await note(db)
    await claim(db)
    await hold(db, channel)
    assert await end(db, begun.event_id) == "removed"
    # The rest of it waits for the end of the hold.
    assert not await note(db) and await claim(db) == []
    await hold(db, channel, None)
    assert await note(db) and await claim(db) == [changed["event_id"]]


async def test_a_hold_that_is_made_at_this_moment_is_waited_for(world: World, db: Database) -> None:
    channel = await keeping(world)
    await aged(db, await world.message(channel))
    await note(db)
    holding, claiming = await db.sessions(2)
    async with holding.transaction():
        await holding.call("set_hold", channel_id=channel.id, reason="a case", actor_id=SERVICE)
        assert await claim(claiming) == [], "the channel is left for later"
    assert await claim(claiming) == []
    # And the other way round: the hold sees what was claimed.
    await hold(db, channel, None)
    await note(db)
    async with claiming.transaction():
        assert len(await claim(claiming)) == 1
        making = asyncio.create_task(holding.call("set_hold", channel_id=channel.id, reason="a case", actor_id=SERVICE))
        await db.waiting(holding)
    assert (await making)["under_way"] == 1


async def test_people_delete_what_they_may(world: World, db: Database) -> None:
    channel = await keeping(world)
    message = await world.message(channel)
    await hold(db, channel)
    assert await db.call("prepare_deletion", **channel.by(OWNER), message_id=message.id)
    await world.delete(channel, message)
    assert await living(db, channel) == []


async def test_the_audit_log_has_it_and_no_document_does(world: World, db: Database) -> None:
    channel = await keeping(world)
    events = await db.subjects(channel.id)
    for reason in ("a case", "a case", "another", None, None):
        await hold(db, channel, reason)
    sql = """SELECT actor_id, metadata ->> 'retention_hold', metadata ->> 'reason' FROM public.channel_events
             WHERE metadata ? 'retention_hold' ORDER BY created_at"""
    assert [tuple(row) for row in await db.rows(sql)] == [
        (SERVICE, "true", "a case"),
        (SERVICE, "true", "another"),
        (SERVICE, "false", "another"),
    ]
    await hold(db, channel)
    assert "case" not in str(await db.call("get_channel", **channel.by(OWNER)))
    assert await db.subjects(channel.id) == events
    refusal = await db.refusal("set_hold", channel_id=NOWHERE, reason="x", actor_id=SERVICE)
    assert refusal == "channel_not_found"


async def test_a_message_that_is_pushed_after_the_hold_is_judged_by_its_channel(world: World, db: Database) -> None:
    channel = await keeping(world)
    await hold(db, channel)
    await db.call("record_message", **pushed(channel, sent_at=at(-90_000)))
    await hold(db, channel, None)
    assert await db.call("record_message", **pushed(channel, sent_at=at(-90_000))) == {"inserted": False}
