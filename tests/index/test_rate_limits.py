"""How much may be done in a time: counted by the statement that decides, and by nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.database import Database, Session
from harness.world import DAO, EVERY, OWNER, Channel, World, reaction, sent

PLAIN: dict[str, Any] = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}


def limits(act: str = "send", caller: list[int] | None = None, channel: list[int] | None = None) -> dict[str, Any]:
    quotas = {"caller": caller, "channel": channel}
    return {"class": act, "scope": "person", **{scope: quota for scope, quota in quotas.items() if quota}}


def sending(place: Channel, by: str = OWNER, **quotas: list[int]) -> dict[str, Any]:
    return {**place.by(by), **PLAIN, "limits": limits(**quotas)}


async def later(db: Session, seconds: float) -> None:
    """What the limits are after so many seconds."""
    sql = "UPDATE messaging.rate_limits SET theoretical_arrival_at = theoretical_arrival_at - make_interval(secs => $1)"
    await db.execute(sql, seconds)


async def test_a_limit_of_the_channel_alone_is_everybodys(world: World, db: Database) -> None:
    """On a connection that has not met any other limit: what a function's plan knows of is the first that it met."""
    channel = await world.channel()
    for by in (OWNER, "user:ann", "user:ben"):
        await db.call("prepare_send", **sending(channel, by, channel=[3, 6]))
    outcome = await db.outcome("prepare_send", **sending(channel, "user:eve", channel=[3, 6]))
    assert (outcome.refusal, outcome.document["policy"]) == ("rate_limited", "send-channel")


async def test_so_many_at_once_and_then_one_by_one(world: World, db: Database) -> None:
    channel = await world.channel()
    async with db.transaction():
        for _ in range(3):
            await db.call("prepare_send", **sending(channel, caller=[3, 6]))
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[3, 6]))
        assert outcome.refusal == "rate_limited"
        assert outcome.document == {"policy": "send-person", "quota": 3, "seconds": 6, "remaining": 0, "more_in": 2}
        await later(db, 1.5)
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[3, 6]))
        assert (outcome.refusal, outcome.document["more_in"]) == ("rate_limited", 1)
        await later(db, 0.5)
        await db.call("prepare_send", **sending(channel, caller=[3, 6]))
        assert (await db.outcome("prepare_send", **sending(channel, caller=[3, 6]))).refusal == "rate_limited"
        # Others, and other acts, have limits of their own.
        await db.call("prepare_send", **sending(channel, "user:bob", caller=[3, 6]))
        joining = {**channel.by("user:sam"), "limits": limits("manage", [1, 60])}
        await db.call("prepare_join", **joining)
        # After a pause there is no more than the quota.
        await later(db, 1000)
        for _ in range(3):
            await db.call("prepare_send", **sending(channel, caller=[3, 6]))
        assert (await db.outcome("prepare_send", **sending(channel, caller=[3, 6]))).refusal == "rate_limited"


async def test_a_statement_tells_of_the_nearest_limit(world: World, db: Database) -> None:
    channel = await world.channel()
    told = "SELECT nullif(current_setting('messaging.nearest_limit', true), '')::json::text"

    async def nearest(by: str = OWNER, **quotas: list[int]) -> dict[str, Any]:
        await db.outcome("prepare_send", **sending(channel, by, **quotas))
        return json.loads(await db.value(told))

    async with db.transaction():
        person = {"policy": "send-person", "quota": 3, "seconds": 6}
        for remaining in (2, 1, 0):
            assert await nearest(caller=[3, 6]) == {**person, "remaining": remaining, "more_in": 2}
        assert await nearest(caller=[3, 6]) == {**person, "remaining": 0, "more_in": 2}
        await later(db, 2.5)
        assert await nearest(caller=[3, 6]) == {**person, "remaining": 0, "more_in": 2}
        shared = await nearest("user:bob", caller=[100, 1], channel=[2, 60])
        assert shared == {"policy": "send-channel", "quota": 2, "seconds": 60, "remaining": 1, "more_in": 30}
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
        await db.call("prepare_send", **sending(channel, caller=[1, 3600]))
        await db.call("prepare_send", **sending(channel, caller=[2, 10]))
        outcome = await db.outcome("prepare_send", **sending(channel, caller=[2, 10]))
        assert (outcome.refusal, outcome.document["more_in"]) == ("rate_limited", 5)


async def test_every_quota_is_as_large_as_it_says(world: World, db: Database) -> None:
    channel = await world.channel()
    for number, (quota, seconds) in enumerate([(1, 1), (7, 60), (3, 1), (13, 86400), (100, 3)]):
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


async def test_every_write_is_limited(world: World, db: Database) -> None:
    """Each of these uses up the caller's only act of its class, and a second time is refused."""
    channel = await world.channel()
    await world.member(channel, "user:bob")
    await world.member(channel, "user:ann")
    other, archived = await world.channel(owner="user:bob"), await world.channel()
    await world.archive(archived)
    own, another, theirs = [await world.message(channel, sender) for sender in (OWNER, OWNER, "user:bob")]
    for reactor, emoji in ((OWNER, "🎉"), (OWNER, "🚀")):
        await db.call("record_reaction", **reaction(channel, own.event_id, reactor, emoji))
    by = channel.by(OWNER)
    new = {"caller": OWNER, "microdaos": EVERY, "microdao_id": DAO, "is_direct": False, "client_key": None}
    invited = {"client_key": None, "fingerprint": "f", "details": {"role": "member"}}
    await db.execute("UPDATE messaging.channel_reads SET read_seq = 0, shown_seq = 0 WHERE member_id = $1", OWNER)
    place = {"message_id": None, "root_id": None, "is_private": False}
    cases = {
        "prepare_send": ("send", [{**by, **PLAIN}, {**by, **PLAIN}]),
        "prepare_edit": ("edit", [{**by, "message_id": own.id}, {**by, "message_id": another.id}]),
        "prepare_deletion": ("edit", [{**by, "message_id": own.id}, {**by, "message_id": theirs.id}]),
        "prepare_reaction": ("edit", [{**by, "message_id": own.id, "emoji": emoji} for emoji in "👍👎"]),
        "prepare_reaction_removal": ("edit", [{**by, "message_id": own.id, "emoji": emoji} for emoji in "🎉🚀"]),
        "set_following": (
            "edit",
            [{**by, "message_id": own.id, "is_following": following} for following in (True, False)],
        ),
        "reserve_channel": ("create", [{**new, "slug": slug, "fingerprint": slug} for slug in ("one", "two")]),
        "prepare_channel_change": ("manage", [{**by, "changes": {"name": name}} for name in ("one", "two")]),
        "prepare_archive": ("manage", [by, by]),
        "prepare_profile_change": ("manage", [{"caller": OWNER, "changes": {"display_name": "Olga"}}] * 2),
        "prepare_pin": ("manage", [{**by, "message_id": own.id, "is_pinned": True}] * 2),
        "prepare_reopening": ("manage", [archived.by(OWNER), archived.by(OWNER)]),
        "prepare_invite": ("manage", [{**by, "member_id": f"user:{who}", **invited} for who in ("new", "newer")]),
        "prepare_join": ("manage", [other.by(OWNER), other.by(OWNER)]),
        "prepare_removal": ("manage", [{**by, "member_id": f"user:{who}"} for who in ("bob", "ann")]),
        "mark_read": ("read", [{**by, **place, "seq": seq} for seq in (own.seq, another.seq)]),
        "mark_unread": ("read", [other.by(OWNER), by]),
        "set_muted": ("read", [{**by, "muted": muted} for muted in (True, False)]),
        "prepare_member_change": ("manage", [{**by, "member_id": "user:ann", "details": {"role": "admin"}}] * 2),
    }
    sql = """SELECT array_agg(proname::text) FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace
             AND (proname LIKE 'prepare@_%' ESCAPE '@'
                  OR proname IN ('reserve_channel', 'mark_read', 'mark_unread', 'set_muted', 'set_following'))"""
    assert set(await db.value(sql)) == set(cases)
    for function, (act, (first, second)) in cases.items():
        await db.execute("DELETE FROM messaging.rate_limits")
        await db.call(function, **first, limits=limits(act, [1, 3600]))
        before = await db.contents()
        outcome = await db.outcome(function, **second, limits=limits(act, [1, 3600]))
        assert (outcome.refusal, outcome.document["policy"]) == ("rate_limited", f"{act}-person"), function
        assert await db.contents() == before, function


async def test_what_has_no_effect_costs_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("record_reaction", **reaction(channel, message.event_id))
    by = channel.by(OWNER)
    once = {"limits": limits("edit", [1, 3600])}
    place = {"message_id": None, "seq": message.seq, "root_id": None, "is_private": False}
    await db.call("mark_read", **by, **place)
    await db.call("set_following", **by, message_id=message.id, is_following=True)
    for _ in range(3):
        await db.call("mark_read", **by, **place, limits=limits("read", [1, 3600]))
        await db.call("set_muted", **by, muted=False, limits=limits("read", [1, 3600]))
        await db.call("set_following", **by, message_id=message.id, is_following=True, **once)
        await db.call("prepare_reaction", **by, message_id=message.id, emoji="👍", **once)
        await db.call("prepare_reaction_removal", **by, message_id=message.id, emoji="👎", **once)
        await db.call("prepare_join", **by, limits=limits("manage", [1, 3600]))
        await db.call("prepare_channel_change", **by, changes={}, limits=limits("manage", [1, 3600]))
    assert await db.value("SELECT count(*) FROM messaging.rate_limits") == 0


async def test_a_create_that_goes_on_costs_once_and_one_that_waits_nothing(db: Database) -> None:
    new = {
        "microdaos": EVERY,
        "microdao_id": DAO,
        "slug": "s",
        "is_direct": False,
        "client_key": None,
        "fingerprint": "f",
    }
    once = {"limits": limits("create", [1, 3600])}
    first = await db.call("reserve_channel", caller=OWNER, **new, **once)
    assert await db.call("reserve_channel", caller=OWNER, **new, **once) == first
    for _ in range(3):
        assert await db.refusal("reserve_channel", caller="user:bob", **new, **once) == "being_created"
    await db.call("reserve_channel", caller="user:bob", **{**new, "slug": "t"}, **once)


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


async def test_too_many_invitations_say_when_the_next_one_may_follow(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.execute(
        """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, invited_by, invited_at, joined_at)
           SELECT $1, 'user:n' || n, 'human', '@n' || n, 'member', $2, now() - make_interval(hours => 20, mins => n), NULL
           FROM generate_series(1, 100) n""",
        channel.id,
        OWNER,
    )
    details = {"client_key": None, "fingerprint": "f", "details": {"role": "member"}}
    outcome = await db.outcome("prepare_invite", **channel.by(OWNER, [DAO]), member_id="user:more", **details)
    assert outcome.refusal == "too_many_invitations"
    hit = outcome.document
    assert (hit["policy"], hit["quota"], hit["seconds"]) == ("invitations", 100, 86400)
    # The oldest of the 100 was invited 21 hours and 40 minutes ago.
    assert 8390 <= hit["more_in"] <= 8400
