"""What is measured: calls of SQL functions as the components make them, each beside its floor, which reads the same rows by the
same index and sends their columns as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.scale.fill import BIG, JOINER, LISTED, LISTER, PLAIN, READER, RICH, channel_id


@dataclass(frozen=True)
class Call:
    """A statement and its arguments."""

    work: str
    sql: str
    arguments: list[Any]


def function(work: str, name: str, **arguments: Any) -> Call:
    """As edge's index does: by name, and the document as text."""
    named = ", ".join(f"p_{argument} => ${at}" for at, argument in enumerate(arguments, 1))
    sql = f"SELECT refusal::text, document::text FROM messaging.{name}({named})"
    values = [json.dumps(value) if isinstance(value, dict) else value for value in arguments.values()]
    return Call(work, sql, values)


# The columns of a document, sent as they are.
MESSAGES = """
SELECT id, seq, matrix_event_id, sender_id, sender_type, content_preview, content_type, thread_id, edited_at, deleted_at,
    created_at, client_key
FROM public.messages WHERE channel_id = $1 AND seq < $2 AND deleted_at IS NULL ORDER BY seq DESC LIMIT 51
"""
CHANNELS = """
SELECT ch.id, ch.slug, ch.name, ch.description, ch.microdao_id, ch.matrix_room_id, ch.visibility, ch.topic, ch.created_by,
    ch.created_at, ch.updated_at, ch.member_count, ch.last_seq
FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id WHERE m.member_id = $1 AND m.left_at IS NULL
"""
CHANNEL = "SELECT * FROM public.channels WHERE id = $1"
MEMBERS = "SELECT * FROM public.channel_members WHERE channel_id = $1 AND left_at IS NULL ORDER BY id LIMIT 101"
READS = "SELECT read_seq FROM messaging.channel_reads WHERE channel_id = $1 AND member_id = $2"
# Of a person, as the API records it; what search keeps of it is the subject "indexing".
RECORD = """
SELECT refusal::text, document::text FROM messaging.record_message(
    p_room_id => $1, p_message_id => $2::text::uuid, p_event_id => $3, p_matrix_type => 'm.room.message', p_sender_id => $4,
    p_sender_type => 'human', p_sender_matrix_id => '@' || $4::text, p_content_preview => 'What somebody says', p_content_type => 'text',
    p_reply_to_event_id => NULL, p_client_key => $5, p_fingerprint => 'f', p_sent_at => NULL, p_joined_at => NULL,
    p_pushed_content => NULL)
"""
END = 9223372036854775807


def reads(deep: int) -> Iterator[tuple[Call, Call | None]]:
    """Each call with its floor. deep: a number in the middle of the big channel."""
    claims = {"caller": READER, "microdaos": ["microdao:dao-0", LISTED]}

    def page(work: str, channel: int, **place: Any) -> Call:
        asked = {"limit": 50, "before": None, "after": None, "thread_id": None} | place
        return function(work, "list_messages", **claims, channel_id=channel_id(channel), **asked)

    def listing(work: str, **asked: Any) -> Call:
        return function(work, "list_channels", **asked, before_time=None, before_id=None)

    big, plain = channel_id(BIG), channel_id(PLAIN)
    yield page("first page of the big channel", BIG), Call("", MESSAGES, [big, END])
    yield page("page in its middle", BIG, before={"seq": deep}), Call("", MESSAGES, [big, deep])
    yield page("page in its middle, upwards", BIG, after={"seq": deep}), None
    yield page("page of a small channel", PLAIN), Call("", MESSAGES, [plain, END])
    yield page("page with reactions, threads, files", RICH), None
    yield (
        listing("200 channels of a microDAO", caller=LISTER, microdaos=[LISTED], microdao_id=LISTED, limit=1000),
        Call("", CHANNELS, [LISTER]),
    )
    yield (
        function(
            "500 channels that somebody is in",
            "list_channels",
            caller=JOINER,
            microdaos=[LISTED],
            microdao_id=None,
            limit=1000,
            before_time=None,
            before_id=None,
            joined=True,
        ),
        Call("", CHANNELS, [JOINER]),
    )
    yield function("unread in 500 channels", "get_unread", caller=JOINER, microdaos=[LISTED]), None
    yield function("a channel", "get_channel", **claims, channel_id=big), Call("", CHANNEL, [big])
    yield (
        function("100 members of a thousand", "list_members", **claims, channel_id=big, limit=100, after=None),
        Call("", MEMBERS, [big]),
    )
    yield function("unread in a channel", "get_reading", **claims, channel_id=plain), Call("", READS, [plain, READER])
