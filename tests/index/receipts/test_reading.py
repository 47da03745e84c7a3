"""Markers and counts: who has read how far, and what is unread to whom."""

from __future__ import annotations

from harness.database import Database
from harness.receipts import ANN, BOB, joined, mention, read, state, unread
from harness.world import DAO, NOWHERE, OWNER, World, edit, membership, reaction


async def test_unread_is_what_others_have_sent_since(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.message(channel)
    await joined(db, channel, BOB)
    assert await unread(db, channel, BOB) == 0, "what was there before is read"
    first, second = await world.message(channel), await world.message(channel)
    # Neither numbers nor other events count.
    await db.call("record_edit", **edit(channel, first.event_id))
    await db.call("record_reaction", **reaction(channel, first.event_id))
    await joined(db, channel, ANN)
    assert await unread(db, channel, BOB) == 2
    assert await unread(db, channel, ANN) == 0
    assert await unread(db, channel, OWNER) == 0, "their own"
    await read(db, channel, BOB, message_id=first.id)
    assert await state(db, channel, BOB) == {
        "read_seq": first.seq,
        "unread_count": 1,
        "mention_count": 0,
        "marked_unread": False,
        "muted": False,
    }
    await world.delete(channel, second)
    assert await unread(db, channel, BOB) == 0


async def test_a_marker_only_goes_forwards_and_no_further_than_the_channel(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    first, second = await world.message(channel), await world.message(channel)
    assert (await read(db, channel, BOB, seq=second.seq))["read_seq"] == second.seq
    before = await db.contents()
    for place in ({"seq": 0}, {"seq": first.seq}, {"message_id": first.id}, {"seq": second.seq}):
        assert (await read(db, channel, BOB, **place))["read_seq"] == second.seq
    assert await db.contents() == before, "what moves nothing changes nothing"
    third = await world.message(channel)
    assert (await read(db, channel, BOB, seq=10**15))["read_seq"] == third.seq
    await world.message(channel)
    assert await unread(db, channel, BOB) == 1


async def test_who_may_not_read_has_no_marker_and_learns_nothing(world: World, db: Database) -> None:
    private = await world.channel(visibility="private")
    message = await world.message(private)
    await world.member(private, "user:rob", can_read=False)
    await db.execute("INSERT INTO messaging.channel_reads VALUES ($1, 'user:rob', 0, 0, true)", private.id)
    place = {"message_id": None, "seq": 1, "thread_id": None, "is_private": False}
    for who, refusal in (("user:sam", "channel_not_found"), ("user:rob", "cannot_read")):
        assert await db.refusal("mark_read", **private.by(who), **place) == refusal
        assert await db.refusal("mark_unread", **private.by(who)) == refusal
        assert await db.refusal("set_muted", **private.by(who), is_muted=True) == refusal
        assert await db.refusal("list_receipts", **private.by(who)) == refusal
        assert await db.refusal("get_reading", **private.by(who)) == refusal
    assert (await db.call("get_channel", **private.by("user:rob")))["unread_count"] == 0
    assert await db.call("get_unread", caller="user:rob", microdaos=None) == {
        "unread_count": 0,
        "mention_count": 0,
        "channels": 0,
    }
    secret = await world.channel(is_encrypted=True)
    assert await db.refusal("mark_read", **secret.by("agent:sofia"), **place) == "cannot_read"
    other = await world.channel()
    for wrong in ({"message_id": message.id}, {"message_id": NOWHERE}, {"seq": 1, "thread_id": message.id}):
        assert await db.refusal("mark_read", **other.by(OWNER), **{**place, **wrong}) == "message_not_found"


async def test_a_membership_through_the_microdao_counts_only_with_the_claim(world: World, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    await world.member(channel, BOB, via_microdao=True)
    await db.execute("INSERT INTO messaging.channel_reads VALUES ($1, $2, 0)", channel.id, BOB)
    await world.message(channel)
    assert (await db.call("get_unread", caller=BOB, microdaos=[DAO]))["unread_count"] == 1
    assert (await db.call("get_unread", caller=BOB, microdaos=[]))["unread_count"] == 0
    asked = {"message_id": None, "seq": 1, "thread_id": None, "is_private": False}
    assert await db.refusal("mark_read", **channel.by(BOB, []), **asked) == "channel_not_found"


async def test_a_reader_of_a_public_channel_has_a_marker_that_nobody_sees(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    assert await state(db, channel, "user:sam") == {
        "read_seq": None,
        "unread_count": 0,
        "mention_count": 0,
        "marked_unread": False,
        "muted": False,
    }
    await read(db, channel, "user:sam", message_id=message.id)
    await world.message(channel)
    assert await unread(db, channel, "user:sam") == 1
    receipts = (await db.call("list_receipts", **channel.by(OWNER)))["receipts"]
    assert [receipt["member_id"] for receipt in receipts] == [OWNER]
    assert await db.value("SELECT count(*) FROM messaging.receipts_to_send") == 0
    # Only what one has joined is in the total.
    assert (await db.call("get_unread", caller="user:sam", microdaos=None))["unread_count"] == 0


async def test_a_private_receipt_is_nobody_elses(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    first, second = await world.message(channel), await world.message(channel)
    await read(db, channel, BOB, message_id=second.id, is_private=True)
    assert await unread(db, channel, BOB) == 0
    receipts = await db.call("list_receipts", **channel.by(OWNER))
    assert [receipt["member_id"] for receipt in receipts["receipts"]] == [OWNER]
    # A shown one may stand behind it.
    await read(db, channel, BOB, message_id=first.id)
    receipts = await db.call("list_receipts", **channel.by(OWNER))
    assert (BOB, first.seq) in {(receipt["member_id"], receipt["read_seq"]) for receipt in receipts["receipts"]}
    assert (receipts["member_count"], receipts["read_count"], receipts["seq"]) == (2, 1, second.seq)
    assert (await db.call("list_receipts", **channel.by(OWNER), seq=first.seq))["read_count"] == 2
    assert (await state(db, channel, BOB))["read_seq"] == second.seq


async def test_sending_reads_the_channel_and_a_reply_its_thread(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    root = await world.message(channel)
    reply = await world.message(channel, BOB, thread_event_id=root.event_id)
    assert await unread(db, channel, BOB) == 1, "a reply in a thread reads the thread"
    sql = "SELECT read_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2"
    assert await db.value(sql, root.id, BOB) == reply.seq
    assert await unread(db, channel, OWNER) == 0, "and counts in the thread"
    other = await world.message(channel, thread_event_id=root.event_id)
    count = "SELECT messaging.count_unread_replies($1, $2, (SELECT read_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2))"
    assert await db.value(count, root.id, BOB) == 1
    await read(db, channel, BOB, message_id=other.id, thread_id=root.id)
    assert await db.value(count, root.id, BOB) == 0
    assert await unread(db, channel, BOB) == 1, "the channel has a marker of its own"
    before = await db.contents()
    await read(db, channel, BOB, seq=1, thread_id=root.id)
    await read(db, channel, ANN, message_id=other.id, thread_id=root.id)
    assert await db.contents() == before, "who follows no thread has no marker there"
    own = await world.message(channel, BOB)
    assert (await state(db, channel, BOB))["read_seq"] == own.seq
    shown = (await db.call("list_receipts", **channel.by(OWNER)))["receipts"]
    assert (BOB, own.seq) in {(receipt["member_id"], receipt["read_seq"]) for receipt in shown}


async def test_counts_stop_at_a_hundred(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    for _ in range(103):
        message = await world.message(channel)
        await mention(db, channel, message, BOB, "room")
    found = await state(db, channel, BOB)
    assert (found["unread_count"], found["mention_count"]) == (100, 100)


async def test_mentions_are_the_others_and_end_with_reading(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    named = await world.message(channel)
    both = await world.message(channel)
    await mention(db, channel, named, BOB)
    await mention(db, channel, both, BOB, "room")
    assert (await state(db, channel, BOB))["mention_count"] == 2, "once for each message"
    assert (await state(db, channel, OWNER))["mention_count"] == 0
    root = await world.message(channel)
    reply = await world.message(channel, thread_event_id=root.event_id)
    await mention(db, channel, reply, BOB)
    await db.execute(
        "INSERT INTO messaging.thread_members (root_id, member_id, channel_id, is_following) VALUES ($1, $2, $3, true)",
        root.id, BOB, channel.id,
    )  # fmt: skip
    assert (await state(db, channel, BOB))["mention_count"] == 3
    await read(db, channel, BOB, seq=reply.seq, thread_id=root.id)
    assert (await state(db, channel, BOB))["mention_count"] == 2, "the thread is read"
    await world.delete(channel, named)
    assert (await state(db, channel, BOB))["mention_count"] == 1
    await read(db, channel, BOB, seq=both.seq)
    assert (await state(db, channel, BOB))["mention_count"] == 0


async def test_marked_by_hand_until_it_is_read_or_written(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    for end in (lambda: read(db, channel, BOB, seq=0), lambda: world.message(channel, BOB)):
        assert (await db.call("mark_unread", **channel.by(BOB)))["marked_unread"]
        assert (await state(db, channel, BOB))["marked_unread"]
        before = await db.contents()
        await db.call("mark_unread", **channel.by(BOB))
        assert await db.contents() == before
        assert (await db.call("get_unread", caller=BOB, microdaos=None))["channels"] == 1
        await end()
        assert not (await state(db, channel, BOB))["marked_unread"]
    await db.call("mark_unread", **channel.by("user:sam"))
    assert (await state(db, channel, "user:sam"))["marked_unread"], "also by a reader without a marker"


async def test_what_is_muted_is_left_out_of_the_total_but_for_mentions(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(3)]
    for channel in channels:
        await joined(db, channel, BOB)
        await mention(db, channel, await world.message(channel), BOB)
        await world.message(channel)
    total = {"caller": BOB, "microdaos": None}
    assert await db.call("get_unread", **total) == {"unread_count": 6, "mention_count": 3, "channels": 3}
    assert (await db.call("set_muted", **channels[0].by(BOB), is_muted=True))["muted"]
    assert (await state(db, channels[0], BOB))["unread_count"] == 2, "the channel itself says it"
    assert await db.call("get_unread", **total) == {"unread_count": 4, "mention_count": 3, "channels": 3}
    await db.call("mark_unread", **channels[0].by(BOB))
    await read(db, channels[0], BOB, seq=10**9)
    await db.call("mark_unread", **channels[0].by(BOB))
    assert await db.call("get_unread", **total) == {"unread_count": 4, "mention_count": 2, "channels": 2}
    await world.archive(channels[1])
    assert await db.call("get_unread", **total) == {"unread_count": 2, "mention_count": 1, "channels": 1}
    await db.call("set_muted", **channels[0].by(BOB), is_muted=False)
    assert (await db.call("get_unread", **total))["channels"] == 2


async def test_who_comes_back_has_nothing_unread(world: World, db: Database) -> None:
    channel = await world.channel()
    await joined(db, channel, BOB)
    root = await world.message(channel, BOB)
    await world.message(channel, BOB, thread_event_id=root.event_id)
    await db.call("mark_unread", **channel.by(BOB))
    await db.call("record_membership", **membership(channel, BOB, "leave"))
    for _ in range(3):
        await world.message(channel)
        last = await world.message(channel, thread_event_id=root.event_id)
    assert (await db.call("get_unread", caller=BOB, microdaos=None))["unread_count"] == 0, "who is out has no total"
    await joined(db, channel, BOB)
    found = await state(db, channel, BOB)
    assert (found["unread_count"], found["marked_unread"]) == (0, False)
    sql = "SELECT read_seq FROM messaging.thread_members WHERE root_id = $1 AND member_id = $2"
    assert await db.value(sql, root.id, BOB) >= last.seq
    await world.message(channel)
    assert await unread(db, channel, BOB) == 1


async def test_every_way_in_begins_with_everything_read(world: World, db: Database) -> None:
    """By the API, by a push, by an invitation that is accepted, by making the channel, by coming back to a direct one."""
    channel = await world.channel()
    await world.message(channel)
    joining = {"member_type": "human", "matrix_user_id": "@u:x", "asked_at": "2026-01-01T00:00:00Z"}
    await db.call("record_join", **channel.by("user:api"), **joining)
    await joined(db, channel, "user:push")
    invite = {"member_type": "human", "matrix_user_id": "@i:x", "details": {"role": "member"}, "client_key": None}
    invite |= {"asked_at": "2026-01-01T00:00:00Z", "fingerprint": "f", "channel_id": channel.id, "caller": OWNER}
    await db.call("record_invite", **invite, member_id="user:brought", has_joined=True)
    await db.call("record_invite", **invite, member_id="user:asked", has_joined=False)
    await world.message(channel)
    assert (await state(db, channel, "user:asked"))["read_seq"] is None, "who is only invited has not begun"
    await joined(db, channel, "user:asked")
    for who, count in {OWNER: 0, "user:api": 1, "user:push": 1, "user:brought": 1, "user:asked": 0}.items():
        found = await state(db, channel, who)
        assert found["read_seq"] is not None and found["unread_count"] == count, who
    sql = """SELECT array_agg(m.member_id) FROM public.channel_members m WHERE left_at IS NULL AND joined_at IS NOT NULL
             AND NOT EXISTS (SELECT FROM messaging.channel_reads r WHERE r.channel_id = m.channel_id AND r.member_id = m.member_id)"""
    assert await db.value(sql) is None
