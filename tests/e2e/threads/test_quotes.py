"""Older clients put a copy of what they answer in front of a reply: it is no part of what the reply says."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import World
from support.journal import Journal
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.witness import Witness

QUOTE = "> <@alice:x> What is it?\n> \n> And when?\n\n"
HTML = "<mx-reply><blockquote><a href='https://matrix.to/#/!r/$e'>In reply to</a> What is it?</blockquote></mx-reply>"


def saying(text: str) -> dict[str, Any]:
    formatted = f"{HTML}<b>{text}</b>"
    return {"body": f"{QUOTE}{text}", "format": "org.matrix.custom.html", "formatted_body": formatted}


@pytest.mark.parametrize("kind", ["reply", "reply in a thread", "thread", "message"])
async def test_a_reply_is_shown_without_the_copy_and_other_messages_as_they_are(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, kind: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)
    question = await alice.send(channel["id"], "What is it?")
    answers = {"m.in_reply_to": {"event_id": question["matrix_event_id"]}}
    in_thread = {"rel_type": "m.thread", "event_id": question["matrix_event_id"]} | answers
    relation = {
        "reply": answers,
        "reply in a thread": in_thread,
        "thread": in_thread | {"is_falling_back": True},
        "message": None,
    }[kind]
    relates = {"m.relates_to": relation} if relation else {}
    quote = "" if kind.startswith("reply") else QUOTE
    async with witness.watch(channel, alice) as observed:
        event = await bob.say(room, "", **saying("It is this"), **relates)
    message = observed.events[-1].payload["message"]
    assert message["content_preview"] == observed.frames[-1]["message"]["content_preview"] == f"{quote}It is this"
    shown = await alice.content(message)
    assert (shown["text"], shown["formatted_body"]) == (f"{quote}It is this", "<b>It is this</b>")
    assert shown["content"]["body"] == f"{QUOTE}It is this", "the content is as it was sent"
    # The new content of an edit may have one too.
    async with witness.watch(channel, alice) as observed:
        edit = await bob.edit(room, event, "", **saying("It is that"))
    assert observed.events[-1].payload["content_preview"] == f"{quote}It is that"
    shown = await alice.content(message)
    assert (shown["text"], shown["formatted_body"]) == (f"{quote}It is that", "<b>It is that</b>")
    # When the edit is taken back, the message is shown as before.
    async with witness.watch(channel, alice) as observed:
        await bob.redact(room, edit)
    assert observed.events[-1].payload["content_preview"] == f"{quote}It is this"


async def test_what_the_api_sends_is_read_alike(world: World, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "What is it?")
    reply = await alice.send(channel["id"], f"{QUOTE}This", reply_to=question["id"])
    plain = await alice.send(channel["id"], f"{QUOTE}This")
    assert (reply["content_preview"], plain["content_preview"]) == ("This", f"{QUOTE}This")
    assert [(await alice.content(m))["text"] for m in (reply, plain)] == ["This", f"{QUOTE}This"]
    # Nothing but a copy is what was said.
    only = await alice.send(channel["id"], QUOTE, reply_to=question["id"])
    assert only["content_preview"] == (await alice.content(only))["text"] == QUOTE
    response = await alice.patch(
        f"/api/messaging/channels/{channel['id']}/messages/{reply['id']}", {"text": f"{QUOTE}That"}
    )
    assert response.json()["content_preview"] == "That"
    assert len(await journal.created(channel["id"], reply)) == 1
