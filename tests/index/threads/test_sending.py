"""Sending into a thread: what is refused, and what Matrix is told."""

from __future__ import annotations

from harness.database import Database
from harness.world import NOWHERE, OWNER, World


async def test_refusals_of_a_message_in_a_thread(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    elsewhere, alone = await world.message(other), await world.message(channel)
    plain = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}
    by = channel.by(OWNER)
    for thread in (elsewhere.id, NOWHERE):
        assert await db.refusal("prepare_send", **by, **plain, thread_id=thread) == "thread_not_found"
    await world.delete(channel, alone)
    assert await db.refusal("prepare_send", **by, **plain, thread_id=alone.id) == "thread_not_found"
    before = await world.message(channel)
    await world.message(channel, thread_event_id=before.event_id)
    await db.execute("UPDATE public.messages SET matrix_room_id = '!before-the-upgrade' WHERE id = $1", before.id)
    assert await db.refusal("prepare_send", **by, **plain, thread_id=before.id) == "thread_not_found"
    root = await world.message(channel)
    reply = await world.message(channel, thread_event_id=root.event_id)
    outside = await world.message(channel, reply_to_event_id=root.event_id)
    assert (
        await db.refusal("prepare_send", **by, **{**plain, "reply_to": outside.id}, thread_id=root.id)
        == "reply_to_not_found"
    )
    for target, thread in ((root, root), (reply, root), (root, reply), (reply, reply)):
        prepared = await db.call("prepare_send", **by, **{**plain, "reply_to": target.id}, thread_id=thread.id)
        assert (prepared["thread_event_id"], prepared["reply_to_event_id"]) == (root.event_id, target.event_id)


async def test_a_message_in_a_thread_says_the_newest_one_to_clients_without_threads(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    sending = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False, "thread_id": root.id}

    async def relation() -> tuple[str, str]:
        prepared = await db.call("prepare_send", **channel.by(OWNER), **sending)
        return prepared["thread_event_id"], prepared["last_event_id"]

    assert await relation() == (root.event_id, root.event_id)
    first, second = [await world.message(channel, thread_event_id=root.event_id) for _ in range(2)]
    assert await relation() == (root.event_id, second.event_id)
    await world.delete(channel, second)
    await world.delete(channel, root)
    # A deleted root keeps its thread, and one can go on in it.
    assert await relation() == (root.event_id, first.event_id)
    await world.delete(channel, first)
    assert await relation() == (root.event_id, root.event_id)
    # Its root is not here yet: the thread is known by its event.
    early = await world.message(channel, thread_event_id="$late")
    sending["thread_id"] = early.id
    assert await relation() == ("$late", early.event_id)
