"""How much may be done in a time: counted by the statement that decides, and by nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from harness.database import Database, Session
from harness.limits import PLAIN, later, limits, sending
from harness.world import OWNER, World, sent


def about(seconds: int) -> Any:
    """So many seconds, or up to a minute less: time goes on during a test."""
    return pytest.approx(seconds - 30, abs=30)


async def test_a_limit_of_the_channel_alone_is_everybodys(world: World, db: Database) -> None:
    """On a connection that has not met any other limit: what a function's plan knows of is the first that it met."""
    channel = await world.channel()
    for by in (OWNER, "user:ann", "user:ben"):
        await db.call("prepare_send", **sending(channel, by, channel=[3, 6000]))
    outcome = await db.outcome("prepare_send", **sending(channel, "user:eve", channel=[3, 6000]))
    assert (outcome.refusal, outcome.document["policy"]) == ("rate_limited", "send-channel")


async def test_so_many_at_once_and_then_one_by_one(world: World, db: Database) -> None:
    channel = await world.channel()
    async with db.transaction():
        for _ in range(3):
            await db.call("prepare_send", **sending(channel, caller=[3, 6000]))
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[3, 6000]))
        assert outcome.refusal == "rate_limited"
        assert outcome.document == {
            "policy": "send-person",
            "quota": 3,
            "seconds": 6000,
            "remaining": 0,
            "more_in": about(2000),
        }
        await later(db, 1500)
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[3, 6000]))
        assert (outcome.refusal, outcome.document["more_in"]) == ("rate_limited", about(500))
        await later(db, 500)
        await db.call("prepare_send", **sending(channel, caller=[3, 6000]))
        assert (await db.outcome("prepare_send", **sending(channel, caller=[3, 6000]))).refusal == "rate_limited"
        # Others, and other acts, have limits of their own.
        await db.call("prepare_send", **sending(channel, "user:bob", caller=[3, 6000]))
        joining = {**channel.by("user:sam"), "limits": limits("manage", [1, 60])}
        await db.call("prepare_join", **joining)
        # After a pause there is no more than the quota.
        await later(db, 1_000_000)
        for _ in range(3):
            await db.call("prepare_send", **sending(channel, caller=[3, 6000]))
        assert (await db.outcome("prepare_send", **sending(channel, caller=[3, 6000]))).refusal == "rate_limited"


async def test_a_statement_tells_of_the_nearest_limit(world: World, db: Database) -> None:
    channel = await world.channel()
    told = "SELECT nullif(current_setting('messaging.nearest_limit', true), '')::json::text"

    async def nearest(by: str = OWNER, **quotas: list[int]) -> dict[str, Any]:
        await db.outcome("prepare_send", **sending(channel, by, **quotas))
        return json.loads(await db.value(told))

    async with db.transaction():
        person = {"policy": "send-person", "quota": 3, "seconds": 6000}
        for remaining in (2, 1, 0):
            assert await nearest(caller=[3, 6000]) == {**person, "remaining": remaining, "more_in": about(2000)}
        assert await nearest(caller=[3, 6000]) == {**person, "remaining": 0, "more_in": about(2000)}
        await later(db, 2500)
        assert await nearest(caller=[3, 6000]) == {**person, "remaining": 0, "more_in": about(1500)}
        shared = await nearest("user:bob", caller=[100, 1], channel=[2, 60_000])
        assert shared == {
            "policy": "send-channel",
            "quota": 2,
            "seconds": 60_000,
            "remaining": 1,
            "more_in": about(30_000),
        }
    # Behind the call, in the same statement, and nowhere else.
    limited = json.dumps(limits(caller=[9, 60]))
    sql = f"""SELECT current_setting('messaging.nearest_limit', true) FROM messaging.prepare_send(p_caller => 'user:x',
              p_microdaos => NULL, p_channel_id => $1, p_reply_to => NULL, p_client_key => NULL, p_fingerprint => NULL,
              p_is_encrypted => false, p_limits => '{limited}')"""
    assert json.loads(await db.value(sql, channel.id))["remaining"] == 8
    assert await db.value(told) is None


async def test_another_setting_counts_at_once(world: World, db: Database) -> None:
    """Nobody waits an hour for a setting that was an hour, nor after a clock that was set back."""
    channel = await world.channel()
    async with db.transaction():
        await db.call("prepare_send", **sending(channel, caller=[1, 3_600_000]))
        await db.call("prepare_send", **sending(channel, caller=[2, 10_000]))
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[2, 10_000]))
        assert (outcome.refusal, outcome.document["more_in"]) == ("rate_limited", about(5000))


async def test_every_quota_is_as_large_as_it_says(world: World, db: Database) -> None:
    channel = await world.channel()
    for number, (quota, seconds) in enumerate([(1, 1000), (7, 600), (3, 1000), (13, 86400), (100, 300_000)]):
        async with db.transaction():
            asking = sending(channel, f"user:u{number}", caller=[quota, seconds])
            passed = [(await db.outcome("prepare_send", **asking)).refusal is None for _ in range(quota + 1)]
            assert passed == [True] * quota + [False], (quota, seconds)


async def test_a_channel_has_a_limit_for_everybody_in_it(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    quotas = {"caller": [2, 60], "channel": [3, 60]}
    for who in ("user:a", "user:b", "user:c"):
        await db.call("prepare_send", **sending(channel, who, **quotas))
    outcome = await db.outcome("prepare_send", **sending(channel, "user:d", **quotas))
    assert (outcome.refusal, outcome.document["policy"]) == ("rate_limited", "send-channel")
    # What the channel had no room for has cost its sender nothing.
    for _ in range(2):
        await db.call("prepare_send", **sending(other, "user:d", **quotas))
    assert (await db.outcome("prepare_send", **sending(other, "user:d", **quotas))).document["policy"] == "send-person"
    hits = await db.rows("SELECT class, scope, hits FROM messaging.rate_limit_hits ORDER BY scope")
    assert [tuple(row) for row in hits] == [("send", "channel", 1), ("send", "person", 1)]


async def test_a_limited_request_changes_nothing_and_goes_on_with_its_key_later(world: World, db: Database) -> None:
    channel = await world.channel()
    keyed = {**sending(channel, caller=[1, 3600]), "client_key": "k"}
    await db.call("prepare_send", **sending(channel, caller=[1, 3600]))
    assert await db.refusal("prepare_send", **keyed) == "rate_limited"
    await later(db, 3600)
    assert "room_id" in await db.call("prepare_send", **keyed)
    await db.call("record_message", **sent(channel, client_key="k", fingerprint="one"))
    # What is told again costs nothing.
    for _ in range(3):
        assert "message" in await db.call("prepare_send", **keyed)
    assert await db.refusal("prepare_send", **{**keyed, "client_key": "other"}) == "rate_limited"


async def test_who_is_refused_uses_nothing_up(world: World, db: Database) -> None:
    private, channel = await world.channel(visibility="private"), await world.channel()
    await world.member(channel, "user:wim", can_write=False)
    quotas = {"caller": [1, 60], "channel": [1, 60]}
    for _ in range(2):
        assert await db.refusal("prepare_send", **sending(private, "user:sam", **quotas)) == "channel_not_found"
        assert await db.refusal("prepare_send", **sending(channel, "user:wim", **quotas)) == "cannot_write"
    assert await db.value("SELECT count(*) FROM messaging.rate_limits") == 0
    await db.call("prepare_send", **sending(private, **quotas))


async def test_without_limits_nothing_is_counted(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("prepare_send", **channel.by(OWNER), **PLAIN)
    await db.call("prepare_send", **sending(channel))
    assert await db.value("SELECT count(*) FROM messaging.rate_limits") == 0


async def test_of_many_at_once_exactly_the_quota_passes(world: World, db: Database) -> None:
    channel = await world.channel()
    sessions = await db.sessions(12)
    asking = [sending(channel, f"user:u{n % 3}", caller=[100, 3600], channel=[5, 3600]) for n in range(len(sessions))]
    outcomes = await asyncio.gather(
        *(s.outcome("prepare_send", **ask) for s, ask in zip(sessions, asking, strict=True))
    )
    assert [outcome.refusal for outcome in outcomes].count(None) == 5
    # What those whom the channel refused had taken of their own is given back.
    sql = "SELECT round(sum(extract(epoch FROM theoretical_arrival_at - now()))) FROM messaging.rate_limits WHERE key LIKE 'user:%'"
    assert await db.value(sql) <= 5 * 36


async def test_those_who_write_and_those_who_manage_do_not_wait_for_each_other_for_ever(
    world: World, db: Database
) -> None:
    channels = [await world.channel(), await world.channel()]
    sessions = await db.sessions(8)

    async def act(session: Session, number: int) -> None:
        for round in range(10):
            channel = channels[(number + round) % 2]
            quotas = {"caller": [100000, 60], "channel": [100000, 60]}
            await session.call("prepare_send", **sending(channel, f"user:u{number % 2}", **quotas))
            await session.call("record_message", **sent(channel, f"user:u{number % 2}"))
            change = {"changes": {"name": f"{number} {round}"}, "limits": limits("manage", **quotas)}
            await session.call("prepare_channel_change", **channel.by(OWNER), **change)
            invited = {
                "client_key": None,
                "fingerprint": "f",
                "details": {"role": "member"},
                "member_id": f"user:i{number}",
            }
            await session.call("prepare_invite", **channel.by(OWNER), **invited, limits=limits("manage", **quotas))

    await asyncio.gather(*(act(session, number) for number, session in enumerate(sessions)))


async def test_limits_that_nobody_uses_up_go(world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:a", "user:b", "user:c"):
        await db.call("prepare_send", **sending(channel, who, caller=[1, 60]))
    assert await db.call("delete_old_rows", limit=10) == {"deleted": 0}
    await later(db, 61)
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 2}
    assert await db.call("delete_old_rows", limit=2) == {"deleted": 1}
