"""list_messages: pages, newest first, bounded by numbers, messages or times."""

import random
from typing import Any

import pytest

from harness.database import Database
from harness.world import NOWHERE, OWNER, Channel, World, at

Place = dict[str, Any] | None


async def page(
    db: Database,
    channel: Channel,
    *,
    limit: int = 50,
    before: Place = None,
    after: Place = None,
    thread: str | None = None,
    deleted: bool = False,
) -> Any:
    arguments = {"limit": limit, "before": before, "after": after, "thread_id": thread}
    if deleted:
        arguments["with_deleted"] = True
    return await db.call("list_messages", **channel.by(OWNER), **arguments)


def place(link: str | None) -> Place:
    """Where a link leads: before or after a number."""
    return {"seq": int(link.partition("=")[2])} if link else None


async def messages(world: World, channel: Channel, count: int) -> list[int]:
    """Messages with other events between them, so that their numbers have holes. Returns their numbers."""
    numbers = []
    for i in range(count):
        numbers.append((await world.message(channel, sent_at=at(i - 1000))).seq)
        if i % 3 == 0:
            await world.db.execute("SELECT messaging.take_seq($1)", channel.id)
    return numbers


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 12, 13, 50])
async def test_pages_hold_every_message_once_in_both_directions(world: World, db: Database, limit: int) -> None:
    channel = await world.channel()
    numbers = await messages(world, channel, 13)
    down: list[int] = []
    document = await page(db, channel, limit=limit)
    assert document["links"]["prev"] is None
    while True:
        down += [item["seq"] for item in document["items"]]
        if document["links"]["next"] is None:
            break
        assert len(document["items"]) == limit
        document = await page(db, channel, limit=limit, before=place(document["links"]["next"]))
    assert down == numbers[::-1]
    up: list[int] = []
    document = await page(db, channel, limit=limit, after={"seq": 0})
    assert document["links"]["next"] is None
    while True:
        up = [item["seq"] for item in document["items"]] + up
        if document["links"]["prev"] is None:
            break
        document = await page(db, channel, limit=limit, after=place(document["links"]["prev"]))
    assert up == numbers[::-1]


async def test_a_page_is_what_a_plain_reading_of_the_rules_gives(world: World, db: Database) -> None:
    channel = await world.channel()
    numbers = await messages(world, channel, 12)
    chance = random.Random(20)
    for _ in range(150):
        before, after = (chance.choice([None, chance.randrange(0, numbers[-1] + 3)]) for _ in range(2))
        limit = chance.randrange(1, 15)
        between = [n for n in numbers if (before is None or n < before) and (after is None or n > after)]
        expected = between[:limit] if after is not None else between[-limit:]
        document = await page(
            db,
            channel,
            limit=limit,
            before=None if before is None else {"seq": before},
            after=None if after is None else {"seq": after},
        )
        case = (before, after, limit)
        assert [item["seq"] for item in document["items"]] == expected[::-1], case
        if expected:
            older = f"before={expected[0]}" if expected[0] > numbers[0] else None
            newer = f"after={expected[-1]}" if expected[-1] < numbers[-1] else None
            assert document["links"] == {"next": older, "prev": newer}, case


@pytest.mark.parametrize("thread", [False, True], ids=["channel", "thread"])
@pytest.mark.parametrize("seed", range(4))
async def test_deleted_messages_are_on_a_page_only_when_asked_for(
    world: World, db: Database, seed: int, thread: bool
) -> None:
    chance = random.Random(seed)
    channel = await world.channel()
    root = await world.message(channel)
    made = []
    for _ in range(14):
        # Under a message stand the replies to it, in its thread and outside of it.
        relation = chance.choice(["reply_to_event_id", "thread_event_id"])
        made.append(await world.message(channel, **{relation: root.event_id}))
    gone = {message.seq for message in made if chance.random() < chance.choice([0.2, 0.9])}
    if thread:
        gone.add(root.seq)
    for message in [root, *made]:
        if message.seq in gone:
            await world.delete(channel, message)
    everything = [m.seq for m in made] if thread else [root.seq, *(m.seq for m in made)]
    of = root.id if thread else None
    for deleted in (False, True):
        shown = [n for n in everything if deleted or n not in gone]
        for _ in range(60):
            before, after = (chance.choice([None, chance.randrange(0, everything[-1] + 3)]) for _ in range(2))
            limit = chance.randrange(1, 17)
            between = [n for n in shown if (before is None or n < before) and (after is None or n > after)]
            expected = between[:limit] if after is not None else between[-limit:]
            where = {name: None if n is None else {"seq": n} for name, n in (("before", before), ("after", after))}
            document = await page(db, channel, limit=limit, thread=of, deleted=deleted, **where)
            case = (before, after, limit, deleted)
            assert [item["seq"] for item in document["items"]] == expected[::-1], case
            assert all((item["deleted_at"] is not None) == (item["seq"] in gone) for item in document["items"])
            if expected:
                older = f"before={expected[0]}" if expected[0] > shown[0] else None
                newer = f"after={expected[-1]}" if expected[-1] < shown[-1] else None
                assert document["links"] == {"next": older, "prev": newer}, case
        down, link = [], None
        while True:
            document = await page(db, channel, limit=3, thread=of, deleted=deleted, before=place(link))
            down += [item["seq"] for item in document["items"]]
            link = document["links"]["next"]
            if link is None:
                break
        assert down == shown[::-1]


async def test_a_deleted_message_is_still_a_place(world: World, db: Database) -> None:
    channel = await world.channel()
    first, second, third = [await world.message(channel) for _ in range(3)]
    await world.delete(channel, second)
    assert [m["seq"] for m in (await page(db, channel, before={"message": second.id}))["items"]] == [first.seq]
    assert [m["seq"] for m in (await page(db, channel, after={"message": second.id}))["items"]] == [third.seq]


async def test_a_page_does_not_read_what_was_deleted(world: World, db: Database) -> None:
    channel = await world.channel()
    kept = await world.message(channel)
    await db.execute(
        """INSERT INTO public.messages (channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
                                        sender_matrix_id, content_preview, deleted_at)
           SELECT $1, 100 + n, '$gone-' || n, 'm.room.message', 'user:sam', 'human', '@user-sam:localhost', '', now()
           FROM generate_series(1, 20000) n""",
        channel.id,
    )
    await db.execute("VACUUM ANALYZE public.messages")
    async with db.reading("messages") as read:
        await page(db, channel, limit=1)
    assert 0 < read.rows < 10
    assert [m["seq"] for m in (await page(db, channel, limit=1))["items"]] == [kept.seq]


async def test_a_place_is_a_number_a_message_or_a_time(world: World, db: Database) -> None:
    channel = await world.old_channel()
    first, second, third = [await world.message(channel, sent_at=at(i - 60)) for i in range(3)]
    times = {
        row["seq"]: row["created_at"].isoformat()
        for row in await db.rows("SELECT seq, created_at FROM public.messages")
    }
    for middle in ({"seq": second.seq}, {"message": second.id}, {"time": times[second.seq]}):
        assert [m["seq"] for m in (await page(db, channel, before=middle))["items"]] == [first.seq], middle
        assert [m["seq"] for m in (await page(db, channel, after=middle))["items"]] == [third.seq], middle
    assert (await page(db, channel, before={"time": at(-3600)}))["items"] == []
    assert (await page(db, channel, after={"time": at(3600)}))["items"] == []
    assert len((await page(db, channel, after={"time": at(-3600)}))["items"]) == 3


async def test_messages_of_one_moment_are_on_one_side_of_it(world: World, db: Database) -> None:
    channel = await world.old_channel()
    moment = at(-60)
    for sent_at in (at(-90), moment, moment, moment, at(-30)):
        await world.message(channel, sent_at=sent_at)
    assert len((await page(db, channel, before={"time": moment}))["items"]) == 1
    assert len((await page(db, channel, after={"time": moment}))["items"]) == 1


async def test_replies_are_a_page_of_their_own(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    replies = []
    for _ in range(3):
        replies.append(await world.message(channel, thread_event_id=root.event_id))
        await world.message(channel)
    document = await page(db, channel, thread=root.id, limit=2)
    assert [item["id"] for item in document["items"]] == [replies[2].id, replies[1].id]
    assert {item["thread_id"] for item in document["items"]} == {root.id}
    document = await page(db, channel, thread=root.id, limit=2, before=place(document["links"]["next"]))
    assert [item["id"] for item in document["items"]] == [replies[0].id]
    assert document["links"] == {"next": None, "prev": f"after={replies[0].seq}"}


async def test_an_empty_channel_has_an_empty_page(world: World, db: Database) -> None:
    channel = await world.channel()
    assert await page(db, channel) == {"items": [], "links": {"next": None, "prev": None}}


async def test_a_page_has_at_most_200_messages(world: World, db: Database) -> None:
    channel = await world.channel()
    for _ in range(202):
        await world.message(channel)
    assert len((await page(db, channel, limit=1000))["items"]) == 200
    assert len((await page(db, channel, limit=1000, after={"seq": 0}))["items"]) == 200


async def test_refusals_of_a_page(world: World, db: Database) -> None:
    channel, other, private = await world.channel(), await world.channel(), await world.channel(visibility="private")
    await world.member(private, "user:rob", can_read=False)
    elsewhere = await world.message(other)
    plain = {"limit": 10, "before": None, "after": None, "thread_id": None}
    by = channel.by(OWNER)
    assert await db.refusal("list_messages", **private.by("user:sam"), **plain) == "channel_not_found"
    assert await db.refusal("list_messages", **private.by("user:rob"), **plain) == "cannot_read"
    assert await db.refusal("list_messages", **by, **{**plain, "thread_id": elsewhere.id}) == "message_not_found"
    assert (
        await db.refusal("list_messages", **by, **{**plain, "before": {"message": elsewhere.id}})
        == "position_not_found"
    )
    assert await db.refusal("list_messages", **by, **{**plain, "after": {"message": NOWHERE}}) == "position_not_found"
