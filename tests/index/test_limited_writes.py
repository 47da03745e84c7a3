"""Which acts are limited: every write that has an effect, and each once."""

from __future__ import annotations

from harness import previews
from harness.database import Database
from harness.limits import PLAIN, limits
from harness.world import DAO, EVERY, OWNER, World, reaction


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
    linked = await previews.linked(world, channel, previews.SITE, "https://other.example/")
    await previews.claim(db)
    for url in (previews.SITE, "https://other.example/"):
        await previews.tell(db, url)
    shown = [preview["id"] for preview in await previews.shown(db, channel, linked)]
    by = channel.by(OWNER)
    new = {"caller": OWNER, "microdaos": EVERY, "microdao_id": DAO, "is_direct": False, "client_key": None}
    invited = {"client_key": None, "fingerprint": "f", "details": {"role": "member"}}
    await db.execute("UPDATE messaging.channel_reads SET read_seq = 0, shown_seq = 0 WHERE member_id = $1", OWNER)
    place = {"message_id": None, "thread_id": None, "is_private": False}
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
        "set_muted": ("read", [{**by, "is_muted": is_muted} for is_muted in (True, False)]),
        "remove_preview": ("edit", [{**by, "message_id": linked.id, "preview_id": preview} for preview in shown]),
        "prepare_upload": ("upload", [{**by, "size": 1}, {**by, "size": 2}]),
        "prepare_member_change": ("manage", [{**by, "member_id": "user:ann", "details": {"role": "admin"}}] * 2),
    }
    sql = """SELECT array_agg(proname::text) FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace
             AND (proname LIKE 'prepare@_%' ESCAPE '@'
                  OR proname IN ('reserve_channel', 'mark_read', 'mark_unread', 'set_muted', 'set_following', 'remove_preview'))"""
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
    place = {"message_id": None, "seq": message.seq, "thread_id": None, "is_private": False}
    await db.call("mark_read", **by, **place)
    await db.call("set_following", **by, message_id=message.id, is_following=True)
    for _ in range(3):
        await db.call("mark_read", **by, **place, limits=limits("read", [1, 3600]))
        await db.call("set_muted", **by, is_muted=False, limits=limits("read", [1, 3600]))
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
