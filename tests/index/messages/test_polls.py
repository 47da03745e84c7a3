"""Votes: which of them count, in whatever order they come, and who is told how many there are."""

from __future__ import annotations

import itertools
from typing import Any

from harness.database import Database
from harness.polls import BOB, MIA, asking, counts, end, people, poll, poll_named, shown, vote
from harness.world import OWNER, World, at, edit, redaction


async def test_a_poll_shows_what_it_asks_and_who_asks_sees_their_own_vote(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB, MIA)
    message = await poll(world, channel, "a", "b", max_selections=2)
    for who, answers in ((BOB, "a"), (MIA, "ba")):
        await db.call("record_poll_vote", **vote(channel, message.event_id, who, *answers))
    expected = {
        "question": "Lunch?",
        "answers": [{"id": "a", "text": "A", "votes": 2}, {"id": "b", "text": "B", "votes": 1}],
        "max_selections": 2,
        "voters": 2,
        "my_answers": [],
        "ended_at": None,
        "disclosed": True,
    }
    assert await shown(db, channel, message) == expected
    assert await shown(db, channel, message, None) == expected
    assert await shown(db, channel, message, MIA) == expected | {"my_answers": ["b", "a"]}
    # Votes are no events, and other messages have nothing of it.
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]
    text = await world.message(channel)
    row = (await db.call("get_message", **channel.by(OWNER), message_id=text.id))["message"]
    assert "poll" not in row


async def test_the_last_vote_up_to_the_end_counts_in_whatever_order_all_of_it_comes(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB, MIA)
    for n, order in enumerate(list(itertools.permutations(range(5)))[::3]):
        name = f"$poll-{n}"
        pushes: list[tuple[str, dict[str, Any]]] = [
            ("record_poll_vote", vote(channel, name, BOB, "a", voted_at=at(-90))),
            ("record_poll_vote", vote(channel, name, BOB, "b", voted_at=at(-60))),
            ("record_poll_vote", vote(channel, name, BOB, "c", voted_at=at(-10))),
            ("record_poll_end", end(channel, name, ended_at=at(-30))),
            ("record_poll_vote", vote(channel, name, MIA, "b", voted_at=at(-50))),
        ]
        message = None
        for place, push in enumerate(order):
            # The poll itself comes first, last, or in between.
            if place == n % 6:
                message = await poll_named(world, channel, name)
            function, arguments = pushes[push]
            for _ in range(2):
                await db.outcome(function, **arguments)
        message = message or await poll_named(world, channel, name)
        assert await counts(db, channel, message) == (2, [0, 2, 0]), order


async def test_of_two_ends_the_earlier_one_says_which_votes_count(world: World, db: Database) -> None:
    for order in ((-30, -80), (-80, -30)):
        channel = await world.old_channel()
        await people(world, channel, BOB)
        message = await poll(world, channel)
        for moment, answer in ((-90, "a"), (-60, "b")):
            await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, answer, voted_at=at(moment)))
        for moment in order:
            await db.call("record_poll_end", **end(channel, message.event_id, ended_at=at(moment)))
        assert await counts(db, channel, message) == (1, [1, 0, 0])
        assert (await db.subjects(channel.id))[2:] == ["message.updated"]


async def test_a_poll_that_comes_late_ended_when_it_did(world: World, db: Database) -> None:
    """Its row stands behind the messages that came before it, with their time."""
    channel = await world.old_channel()
    await people(world, channel, BOB)
    await world.message(channel)
    for answer, moment in (("a", -60), ("b", -10)):
        await db.outcome("record_poll_vote", **vote(channel, "$late", BOB, answer, voted_at=at(moment)))
    await db.outcome("record_poll_end", **end(channel, "$late", ended_at=at(-30)))
    assert await counts(db, channel, await poll_named(world, channel, "$late")) == (1, [1, 0, 0])


async def test_a_vote_that_is_redacted_gives_way_to_the_one_before(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel)
    first = vote(channel, message.event_id, BOB, "a", voted_at=at(-50))
    second = vote(channel, message.event_id, BOB, "b", voted_at=at(-40))
    for one in (second, first):
        await db.call("record_poll_vote", **one)
    assert await counts(db, channel, message) == (1, [0, 1, 0])
    await db.call("record_redaction", **redaction(channel, second["event_id"], BOB))
    assert await counts(db, channel, message) == (1, [1, 0, 0])
    # A late copy does not bring it back, nor does one that was redacted before it came.
    await db.call("record_poll_vote", **second)
    early = vote(channel, message.event_id, BOB, "c", voted_at=at(-20))
    await db.call("record_redaction", **redaction(channel, early["event_id"], BOB))
    await db.call("record_poll_vote", **early)
    assert await counts(db, channel, message) == (1, [1, 0, 0])
    await db.call("record_redaction", **redaction(channel, first["event_id"], BOB))
    assert await counts(db, channel, message) == (0, [0, 0, 0])
    # So it is with one that waits for its poll.
    waiting = vote(channel, "$later", BOB, "a")
    await db.outcome("record_poll_vote", **waiting)
    await db.call("record_redaction", **redaction(channel, waiting["event_id"], BOB))
    assert await counts(db, channel, await poll_named(world, channel, "$later")) == (0, [0, 0, 0])


async def test_spoiled_and_excessive_votes(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    for answers, most, counted in [
        ("", 1, ""),
        ("x", 1, ""),
        ("ax", 2, ""),
        ("ax", 1, ""),
        ("ab", 1, "a"),
        ("cba", 2, "cb"),
        ("abc", 3, "abc"),
    ]:
        message = await poll(world, channel, max_selections=most)
        await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "a", voted_at=at(-70)))
        await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, *answers))
        expected = (1 if counted else 0, [int(answer in counted) for answer in "abc"])
        assert await counts(db, channel, message) == expected, answers
        assert (await shown(db, channel, message, BOB))["my_answers"] == list(counted)


async def test_only_members_votes_count_and_after_the_end_those_of_who_was_one_then(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB, MIA)
    await people(world, channel, "user:ida", state="invited")
    await people(world, channel, "@lea:far", state="left")
    message = await poll(world, channel)
    for who in (BOB, MIA, "user:ida", "@lea:far", "user:stranger"):
        await db.call("record_poll_vote", **vote(channel, message.event_id, who, "a"))
    assert await counts(db, channel, message) == (2, [2, 0, 0])
    leave = "UPDATE public.channel_members SET left_at = now() WHERE member_id = $1"
    await db.execute(leave, BOB)
    assert await counts(db, channel, message) == (1, [1, 0, 0])
    await db.call("record_poll_end", **end(channel, message.event_id, ended_at=at()))
    await db.execute(leave, MIA)
    assert await counts(db, channel, message) == (1, [1, 0, 0])


async def test_an_undisclosed_poll_tells_nothing_until_its_end(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel, is_disclosed=False)
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "b"))
    assert await counts(db, channel, message) == (None, [None] * 3)
    assert (await shown(db, channel, message, BOB))["my_answers"] == ["b"]
    assert not (await shown(db, channel, message))["disclosed"]
    await db.call("record_poll_end", **end(channel, message.event_id))
    assert await counts(db, channel, message) == (1, [0, 1, 0])
    assert (await shown(db, channel, message))["ended_at"]


async def test_a_poll_asks_what_its_last_edit_asks(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel, "a", "b")
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "b"))
    new = {"matrix_type": "m.poll.start", "content_type": "poll", "poll": asking("b", "z", question="Dinner?")}
    change = edit(channel, message.event_id, **new)
    await db.call("record_edit", **change)
    seen = await shown(db, channel, message)
    assert (seen["question"], [a["id"] for a in seen["answers"]], seen["voters"]) == ("Dinner?", ["b", "z"], 1)
    # Somebody else's edit changes nothing; a redacted one goes.
    await db.call("record_edit", **edit(channel, message.event_id, BOB, **new | {"poll": asking("x")}))
    back = {"event_id": message.event_id, "redacted_event_id": change["event_id"], "content_preview": "Lunch?"}
    back |= {"edit_event_id": None, "edited_at": None, "content_type": "poll", "poll": asking("a", "b")}
    await db.call("record_edit_redaction", room_id=channel.room_id, **back)
    assert (await shown(db, channel, message))["question"] == "Lunch?"
    # One that comes before its poll is kept with it; one that cannot be read leaves no poll.
    early = edit(channel, "$later", edited_at=at(1), **new)
    await db.outcome("record_edit", **early)
    later = await poll_named(world, channel, "$later")
    assert (await shown(db, channel, later))["question"] == "Dinner?"
    await db.call("record_edit", **edit(channel, message.event_id, **new | {"poll": None, "edited_at": at(5)}))
    row = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    assert (row["content_type"], "poll" in row) == ("poll", False)


async def test_a_deleted_poll_leaves_nothing(world: World, db: Database) -> None:
    channel = await world.old_channel()
    await people(world, channel, BOB)
    message = await poll(world, channel)
    ballot = vote(channel, message.event_id, BOB, "b")
    await db.call("record_poll_vote", **ballot)
    await world.delete(channel, message)
    await db.call("record_poll_vote", **vote(channel, message.event_id, BOB, "a"))
    for table in ("messaging.polls", "messaging.poll_votes"):
        assert await db.value(f"SELECT count(*) FROM {table} WHERE channel_id = $1", channel.id) == 0
    row = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
    assert "poll" not in row
