"""What somebody says who is being erased, or said before it and comes late: not indexed, and it goes in Matrix as well."""

from __future__ import annotations

from harness.database import Database
from harness.erasure import ALICE, begin, carry_out, marked, matrix_id
from harness.life import BOT, claim, end, living
from harness.world import World, at, membership, pushed, reaction


async def test_meanwhile_they_say_nothing_new(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await begin(db)
    send = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}
    assert await db.refusal("prepare_send", **channel.by(ALICE), **send) == "cannot_write"
    reacted = {**channel.by(ALICE), "message_id": message.id, "emoji": "👍"}
    assert await db.refusal("prepare_reaction", **reacted) == "cannot_write"
    said, thumb = pushed(channel, ALICE), reaction(channel, message.event_id, ALICE)
    assert await db.call("record_message", **said) == {"inserted": False}
    assert await db.call("record_reaction", **thumb) is None
    assert sorted(await claim(db)) == sorted([said["event_id"], thumb["event_id"]]), "in Matrix they go as well"


async def test_a_vote_of_somebody_who_is_being_erased_is_not_counted(world: World, db: Database) -> None:
    channel = await world.channel()
    poll = await world.message(channel, content_type="poll")
    await begin(db)
    vote = {"event_id": "$vote", "voter_id": ALICE, "answers": ["a"], "voted_at": at()}
    await db.call("record_poll_vote", room_id=channel.room_id, target_event_id=poll.event_id, **vote)
    assert not await db.rows("SELECT FROM messaging.poll_votes")
    assert await claim(db) == ["$vote"], "in Matrix it goes as well"


async def test_what_comes_late_is_not_indexed_and_goes_in_matrix(world: World, db: Database) -> None:
    channel = await world.channel()
    late = pushed(channel, ALICE, sent_at=at(-5))
    await begin(db)
    await carry_out(db)
    assert await db.call("record_message", **late) == {"inserted": False}
    assert await claim(db) == [late["event_id"]]
    await end(db, late["event_id"])
    assert not await marked(db)
    # Nor does the echo of their leaving bring back a row.
    await db.call("record_membership", **membership(channel, ALICE, "leave", BOT, by_bot=True))
    assert not await marked(db)
    # Who comes back under the same name is somebody new.
    back = await world.message(channel, ALICE, sent_at=None)
    assert await living(db, channel) == [back.event_id]


async def test_reactions_and_votes_that_come_late_are_not_indexed_either(world: World, db: Database) -> None:
    channel = await world.channel()
    poll = await world.message(channel, content_type="poll")
    before = at(-5)
    room = {"room_id": channel.room_id}
    vote = {"voter_id": ALICE, "voter_matrix_id": matrix_id(ALICE), "answers": ["a"], "voted_at": before}
    await begin(db)
    await carry_out(db)
    thumb = reaction(channel, poll.event_id, ALICE, sent_at=before)
    assert await db.call("record_reaction", **thumb) is None
    await db.call("record_poll_vote", **room, **vote, target_event_id=poll.event_id, event_id="$vote")
    # And those that come before what they belong to.
    await db.outcome("record_reaction", **reaction(channel, "$late", ALICE, event_id="$waiting", sent_at=before))
    await db.outcome("record_poll_vote", **room, **vote, target_event_id="$late", event_id="$waiting-vote")
    await db.call("record_message", **pushed(channel, event_id="$late", content_type="poll"))
    assert sorted(await claim(db)) == sorted([thumb["event_id"], "$vote", "$waiting", "$waiting-vote"])
    assert not await marked(db)
    # Who comes back under the same name is somebody new.
    await db.call("record_reaction", **reaction(channel, poll.event_id, ALICE, sent_at=at()))
    await db.call("record_reaction", **reaction(channel, "$late", ALICE))
    assert await db.value("SELECT count(*) FROM public.message_reactions WHERE reactor_id = $1", ALICE) == 2
