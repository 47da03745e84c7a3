"""Polls: the arguments of their calls, and what is shown."""

from __future__ import annotations

import json
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, Message, World, at, number

BOB, MIA = "user:bob", "user:mia"


def asking(*answers: str, **changes: Any) -> str:
    """What a poll asks, as record_message takes it."""
    choices = [{"id": answer, "text": answer.upper()} for answer in answers]
    question = {"question": "Lunch?", "answers": choices, "max_selections": 1, "is_disclosed": True}
    return json.dumps(question | changes)


async def poll(world: World, channel: Channel, *answers: str, **changes: Any) -> Message:
    asked = asking(*(answers or ("a", "b", "c")), **changes)
    return await world.message(channel, matrix_type="m.poll.start", content_type="poll", poll=asked, sent_at=at(-3600))


async def poll_named(world: World, channel: Channel, name: str) -> Message:
    return await world.message(
        channel,
        event_id=name,
        matrix_type="m.poll.start",
        content_type="poll",
        poll=asking("a", "b", "c"),
        sent_at=at(-3600),
    )


def vote(channel: Channel, poll: str, who: str, *answers: str, **changes: Any) -> dict[str, Any]:
    there = {"room_id": channel.room_id, "target_event_id": poll, "event_id": f"$vote-{number()}"}
    return {**there, "voter_id": who, "answers": list(answers), "voted_at": at(-60), **changes}


def end(channel: Channel, poll: str, **changes: Any) -> dict[str, Any]:
    there = {"room_id": channel.room_id, "target_event_id": poll, "event_id": f"$end-{number()}"}
    return {**there, "sender_id": OWNER, "ended_at": at(-30), **changes}


async def people(world: World, channel: Channel, *names: str, **columns: Any) -> None:
    for name in names:
        await world.member(channel, name, **columns)


async def shown(db: Database, channel: Channel, message: Message, by: str | None = OWNER) -> dict[str, Any]:
    """The poll as GET has it, which a page has as well."""
    one = (await db.call("get_message", **channel.by(by), message_id=message.id))["message"]
    page = await db.call("list_messages", **channel.by(by), limit=50, before=None, after=None, thread_id=None)
    assert one in page["items"]
    return one["poll"]


async def counts(db: Database, channel: Channel, message: Message) -> tuple[int | None, list[int | None]]:
    seen = await shown(db, channel, message)
    return seen["voters"], [answer["votes"] for answer in seen["answers"]]
