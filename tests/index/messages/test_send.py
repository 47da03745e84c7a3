"""prepare_send and record_message: one message for one key, from whichever side it comes first."""

import asyncio
import uuid
from typing import Any

from harness.database import Database
from harness.world import NOWHERE, OWNER, Channel, World, at, matrix_id, pushed, sent

PLAIN: dict[str, Any] = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}
KEYED: dict[str, Any] = {**PLAIN, "client_key": "k"}


async def test_a_message_is_prepared_with_what_matrix_needs(world: World, db: Database) -> None:
    channel = await world.channel()
    root = await world.message(channel)
    prepared = await db.call("prepare_send", **channel.by("user:sam"), **{**PLAIN, "reply_to": root.id})
    alone = {"room_id": channel.room_id, "thread_event_id": None, "last_event_id": None, "is_typing": False}
    alone |= {"upload": None}
    assert prepared == {**alone, "reply_to_event_id": root.event_id, "must_join": True}
    prepared = await db.call("prepare_send", **channel.by(OWNER), **PLAIN)
    assert prepared == {**alone, "reply_to_event_id": None, "must_join": False}


async def test_refusals_of_a_message(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    private, encrypted = await world.channel(visibility="private"), await world.channel(is_encrypted=True)
    await world.member(channel, "user:wim", can_write=False)
    await world.member(channel, "user:lea", can_write=False, state="left")
    elsewhere, deleted = await world.message(other), await world.message(channel)
    await world.delete(channel, deleted)
    cases = [
        ("channel_not_found", private.by("user:sam"), PLAIN),
        ("cannot_write", channel.by("user:wim"), PLAIN),
        ("cannot_write", channel.by("user:lea"), PLAIN),
        ("not_a_member", channel.by("agent:ada"), PLAIN),
        ("channel_encrypted", encrypted.by(OWNER), PLAIN),
        ("channel_not_encrypted", channel.by(OWNER), {**PLAIN, "is_encrypted": True}),
        ("reply_to_not_found", channel.by(OWNER), {**PLAIN, "reply_to": elsewhere.id}),
        ("reply_to_not_found", channel.by(OWNER), {**PLAIN, "reply_to": deleted.id}),
        ("reply_to_not_found", channel.by(OWNER), {**PLAIN, "reply_to": NOWHERE}),
    ]
    for expected, by, arguments in cases:
        assert await db.refusal("prepare_send", **by, **arguments) == expected
    assert await db.call("prepare_send", **encrypted.by(OWNER), **{**PLAIN, "is_encrypted": True})
    await world.archive(channel)
    assert await db.refusal("prepare_send", **channel.by(OWNER), **PLAIN) == "channel_archived"
    unknown = sent(channel) | {"room_id": "!unknown:localhost"}
    assert await db.refusal("record_message", **unknown) == "channel_not_found"


async def test_a_message_is_a_row_and_an_event_with_the_next_number(world: World, db: Database) -> None:
    channel = await world.channel()
    arguments = sent(channel, content_preview="Hello")
    document = await db.call("record_message", **arguments)
    assert document["inserted"] is True
    message = document["message"]
    assert (message["id"], message["seq"], message["content_preview"]) == (arguments["message_id"], 2, "Hello")
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]
    [event] = await db.events(channel.id, "messaging.message.created")
    assert event["message"] == message and event["preview"] == "Hello"
    # Only what Matrix pushed is told on as Matrix told it.
    assert await db.events(channel.id, "integration.matrix.message") == []
    await world.message(channel)
    [integration] = await db.events(channel.id, "integration.matrix.message")
    assert integration["seq"] == 3 and integration["content"]["body"]


async def test_a_first_message_joins_its_sender(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_message", **sent(channel, "user:sam", joined_at=at()))
    assert await world.is_member(channel, "user:sam")
    assert await db.subjects(channel.id) == ["channel.created", "member.joined", "message.created"]


async def test_both_writers_make_one_message(world: World, db: Database) -> None:
    channel = await world.channel()
    by_api, by_push = await db.sessions(2)
    for attempt in range(10):
        event = f"$both-{attempt}"
        same = {"event_id": event, "message_id": str(uuid.uuid4()), "client_key": f"k{attempt}", "fingerprint": "one"}
        documents = await asyncio.gather(
            by_api.call("record_message", **sent(channel, **same)),
            by_push.call("record_message", **pushed(channel, **same)),
        )
        assert sorted(document["inserted"] for document in documents) == [False, True]
        assert documents[0]["message"] == documents[1]["message"]
    assert await db.subjects(channel.id) == ["channel.created"] + ["message.created"] * 10


async def test_the_second_writer_waits_for_the_first(world: World, db: Database) -> None:
    channel = await world.channel()
    first, second = await db.sessions(2)
    arguments = pushed(channel)
    async with first.transaction():
        assert (await first.call("record_message", **arguments))["inserted"] is True
        late = asyncio.create_task(second.call("record_message", **arguments))
        await db.waiting(second)
    assert (await late)["inserted"] is False


async def test_numbers_have_no_holes_when_many_write_at_once(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    sessions = await db.sessions(8)

    async def write(session: Any, count: int) -> None:
        for i in range(count):
            await session.call("record_message", **sent(other if i % 5 == 4 else channel))

    await asyncio.gather(*(write(session, 25) for session in sessions))
    assert await db.subjects(channel.id) == ["channel.created"] + ["message.created"] * 160
    assert await db.subjects(other.id) == ["channel.created"] + ["message.created"] * 40
    assert await db.value("SELECT array_agg(last_seq ORDER BY last_seq) FROM public.channels") == [41, 161]


async def test_a_statement_that_fails_leaves_no_hole(world: World, db: Database) -> None:
    channel = await world.channel()
    session = await db.session()
    transaction = session.connection.transaction()
    await transaction.start()
    await session.call("record_message", **sent(channel))
    await transaction.rollback()
    assert (await db.call("record_message", **sent(channel)))["message"]["seq"] == 2


async def test_a_retry_is_told_what_came_of_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("prepare_send", **channel.by(OWNER), **KEYED)
    message = (await db.call("record_message", **sent(channel, client_key="k", fingerprint="one")))["message"]
    # From here on the message keeps the key.
    assert await db.value("SELECT count(*) FROM messaging.idempotency_keys") == 0
    await world.archive(channel)
    assert await db.call("prepare_send", **channel.by(OWNER), **KEYED) == {
        "room_id": channel.room_id,
        "message": message,
    }
    other = {**KEYED, "fingerprint": "two"}
    assert await db.refusal("prepare_send", **channel.by(OWNER), **other) == "idempotency_key_reused"


async def test_a_retry_after_a_kick_is_told_only_where_the_channel_is_known(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:mia")
    await db.call("record_message", **sent(channel, "user:mia", client_key="k", fingerprint="one"))
    await db.call("record_removal", channel_id=channel.id, caller=OWNER, member_id="user:mia")
    assert await db.refusal("prepare_send", **channel.by("user:mia"), **KEYED) == "channel_not_found"


async def test_one_key_at_once_is_one_request(world: World, db: Database) -> None:
    channel = await world.channel()
    sessions = await db.sessions(6)
    outcomes = await asyncio.gather(
        *(
            s.outcome("prepare_send", **channel.by(OWNER), **{**KEYED, "fingerprint": f"{i % 3}"})
            for i, s in enumerate(sessions)
        )
    )
    assert (
        sorted(outcome.refusal or "prepared" for outcome in outcomes)
        == ["idempotency_key_reused"] * 4 + ["prepared"] * 2
    )


async def test_one_key_at_once_is_one_message(world: World, db: Database) -> None:
    channel = await world.channel()
    sessions = await db.sessions(6)
    key = {"client_key": "k", "fingerprint": "one"}
    documents = await asyncio.gather(*(session.call("record_message", **sent(channel, **key)) for session in sessions))
    assert sorted(document["inserted"] for document in documents) == [False] * 5 + [True]
    assert len({document["message"]["id"] for document in documents}) == 1
    assert await db.subjects(channel.id) == ["channel.created", "message.created"]
    other = sent(channel, client_key="k", fingerprint="two")
    assert await db.refusal("record_message", **other) == "idempotency_key_reused"


async def test_a_key_is_its_senders_and_its_channels(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    for place, who in ((channel, OWNER), (channel, "user:sam"), (other, OWNER)):
        assert await db.call("prepare_send", **place.by(who), **{**KEYED, "fingerprint": f"{place} {who}"})
        arguments = sent(place, who, client_key="k", fingerprint=f"{place} {who}")
        assert (await db.call("record_message", **arguments))["inserted"] is True


async def test_a_push_that_was_faster_gets_the_key_later(world: World, db: Database) -> None:
    channel = await world.channel()
    arguments = pushed(channel)
    await db.call("record_message", **arguments)
    key = {"client_key": "k", "fingerprint": "one"}
    by_api = sent(channel, event_id=arguments["event_id"], message_id=arguments["message_id"], **key)
    document = await db.call("record_message", **by_api)
    assert (document["inserted"], document["message"]["client_key"]) == (False, "k")
    assert await db.call("prepare_send", **channel.by(OWNER), **KEYED) == {
        "room_id": channel.room_id,
        "message": document["message"],
    }


async def test_an_archived_channel_takes_what_the_api_sent_before_and_nothing_from_matrix(
    world: World, db: Database
) -> None:
    channel = await world.channel()
    await world.archive(channel)
    assert await db.call("record_message", **pushed(channel)) == {"inserted": False}
    assert (await db.call("record_message", **sent(channel)))["inserted"] is True


async def test_an_encrypted_channels_message_has_no_text_anywhere(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    await world.message(channel, content_preview="secret", pushed_content={"body": "secret"})
    assert "secret" not in str(await db.contents())


async def test_a_message_is_never_of_the_future_and_never_before_the_one_in_front(world: World, db: Database) -> None:
    channel = await world.old_channel()
    for sent_at in (at(-60), at(3600), at(-7200)):
        await world.message(channel, sent_at=sent_at)
    rows = await db.rows("SELECT created_at, created_at <= now() AS past FROM public.messages ORDER BY seq")
    times = [row["created_at"] for row in rows]
    assert times == sorted(times) and times[1] == times[2] and all(row["past"] for row in rows)


async def test_a_message_is_never_before_the_one_in_front_in_a_channel_of_an_earlier_version(
    world: World, db: Database
) -> None:
    channel = await world.old_channel()
    await world.message(channel, sent_at=at(-60))
    # Nobody has counted it yet.
    await db.execute("UPDATE public.channels SET active_at = NULL, indexed_active_at = NULL WHERE id = $1", channel.id)
    await world.message(channel, sent_at=at(-3600))
    sql = "SELECT created_at FROM public.messages WHERE channel_id = $1 ORDER BY seq"
    first, second = [row[0] for row in await db.rows(sql, channel.id)]
    assert second == first


async def test_a_message_is_never_older_than_its_channel(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel, sent_at="1970-01-01T00:00:00.001Z")
    sql = """SELECT m.created_at = c.created_at AS clamped FROM public.messages m
             JOIN public.channels c ON c.id = m.channel_id WHERE m.id = $1"""
    assert await db.value(sql, message.id) is True


async def test_a_row_says_whether_its_preview_leaves_something_out(world: World, db: Database) -> None:
    channel, encrypted = await world.channel(), await world.channel(is_encrypted=True)

    async def shown(channel: Channel, beginning: str) -> tuple[int, bool]:
        document = await db.call("record_message", **pushed(channel, content_preview=beginning))
        return len(document["message"]["content_preview"]), document["message"]["truncated"]

    assert await shown(channel, "ї" * 500) == (500, False)
    assert await shown(channel, "😀" * 501) == (500, True)
    assert await shown(encrypted, "x" * 501) == (0, False)


async def test_a_reply_belongs_to_its_channel(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    elsewhere = await world.message(other)
    document = await db.call("record_message", **pushed(channel, reply_to_event_id=elsewhere.event_id))
    assert document["message"]["reply_to"] is None


async def test_people_of_matrix_send_under_their_matrix_ids(world: World, db: Database) -> None:
    channel = await world.channel()
    who = "@bob:elsewhere"
    document = await db.call("record_message", **pushed(channel, who))
    assert (document["message"]["sender_id"], matrix_id(who)) == (who, who)


async def test_a_key_of_a_route_that_names_no_channel_serves_one_channel(world: World, db: Database) -> None:
    one, other = await world.channel(), await world.channel()
    posting = {**KEYED, "route": "post"}
    await db.call("prepare_send", **one.by(OWNER), **posting)
    for _ in range(2):
        assert await db.refusal("prepare_send", **other.by(OWNER), **posting) == "idempotency_key_reused"
        await db.call("prepare_send", **one.by(OWNER), **posting)
        await db.call("record_message", **sent(one, client_key="k", fingerprint="one"))
    # On a route that names it, another channel is another resource.
    await db.call("prepare_send", **other.by(OWNER), **KEYED)


async def test_of_two_channels_at_once_a_key_of_such_a_route_serves_one(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(4)]
    sessions = await db.sessions(4)
    outcomes = await asyncio.gather(
        *(
            session.outcome("prepare_send", **channel.by(OWNER), **KEYED, route="post")
            for session, channel in zip(sessions, channels, strict=True)
        )
    )
    assert sorted(outcome.refusal or "" for outcome in outcomes) == [""] + ["idempotency_key_reused"] * 3
