"""Lists of threads, and pages of a thread: in order, and no dearer than what they show."""

from __future__ import annotations

from harness.database import Database
from harness.world import OWNER, Channel, Message, World, at


async def replies_to(world: World, channel: Channel, root: Message, count: int) -> None:
    for _ in range(count):
        await world.message(channel, "user:ann", thread_event_id=root.event_id)


async def test_threads_are_listed_by_activity_and_paged(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    roots = [await world.message(channel, sent_at=at(n - 100)) for n in range(7)]
    await replies_to(world, other, await world.message(other), 1)
    order = [3, 1, 6, 0, 1, 5]
    for n in order:
        await replies_to(world, channel, roots[n], 1)
    expected = [roots[n].id for n in (5, 1, 0, 6, 3)]
    for limit in (1, 2, 4, 5, 9):
        found: list[str] = []
        before = None
        while True:
            page = await db.call("list_threads", **channel.by(OWNER), limit=limit, before=before)
            found += [item["id"] for item in page["items"]]
            if page["links"]["next"] is None:
                break
            assert len(page["items"]) == limit
            before = int(page["links"]["next"].removeprefix("cursor="))
        assert found == expected, limit
    private = await world.channel(visibility="private")
    assert await db.refusal("list_threads", **private.by("user:sam"), limit=1) == "channel_not_found"


async def test_a_page_of_replies_reads_what_it_shows(world: World, db: Database) -> None:
    """Of 100,000 messages in many channels, whichever of its two kinds of replies a message has."""
    for _ in range(40):
        await world.channel()
    channel = await world.channel()
    root = await world.message(channel)
    await db.execute(
        """INSERT INTO public.messages (channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
                                        sender_matrix_id, content_preview, thread_id, reply_to, deleted_at)
           SELECT c.id, 100 + n, '$many-' || c.id || n, 'm.room.message', 'user:sam', 'human', '@user-sam:localhost', '',
               CASE WHEN c.id = $1 AND n % 3 > 0 THEN $2::uuid END, CASE WHEN c.id = $1 AND n % 3 < 2 THEN $2::uuid END,
               CASE WHEN n % 7 = 0 THEN now() END
           FROM public.channels c, LATERAL generate_series(1, CASE WHEN c.id = $1 THEN 60000 ELSE 1000 END) n""",
        channel.id,
        root.id,
    )
    await db.execute("VACUUM ANALYZE public.messages")
    # Often enough for plans that are kept.
    for _ in range(7):
        for where in ({}, {"before": {"seq": 30000}}, {"after": {"seq": 30000}}, {"before": {"seq": 110}}):
            for deleted in (False, True):
                places = {"before": None, "after": None, **where}
                arguments = {"limit": 50, **places, "thread_id": root.id, "with_deleted": deleted}
                async with db.reading("messages") as read:
                    page = await db.call("list_messages", **channel.by(OWNER), **arguments)
                assert page["items"], where
                assert read.rows < 1000, (where, deleted, read.rows)
    assert [item["seq"] for item in page["items"]] == list(range(109, 100, -1))


async def test_a_page_of_threads_reads_what_it_shows(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.execute(
        """WITH roots AS (
               INSERT INTO public.messages (channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
                                            sender_matrix_id, content_preview)
               SELECT $1, 100 + n, '$root-' || n, 'm.room.message', 'user:sam', 'human', '@user-sam:localhost', ''
               FROM generate_series(1, 20000) n RETURNING id, seq)
           INSERT INTO messaging.threads (root_id, channel_id, reply_count, last_reply_id, last_seq)
           SELECT id, $1, CASE WHEN seq > 19000 THEN 0 ELSE 1 END, id, seq FROM roots""",
        channel.id,
    )
    await db.execute(
        """INSERT INTO messaging.thread_members (root_id, member_id, channel_id, is_following)
           SELECT root_id, 'user:sam', channel_id, last_seq <= 110 FROM messaging.threads"""
    )
    await db.execute("VACUUM ANALYZE public.messages, messaging.threads, messaging.thread_members")
    for followed in (False, True):
        async with db.reading("messages") as read:
            page = await db.call("list_threads", **channel.by("user:sam"), limit=50, followed=followed)
        assert len(page["items"]) == (10 if followed else 50)
        assert read.rows < 400, (followed, read.rows)
