"""People in Element share the rooms: they read and write the same messages as through the API."""

from __future__ import annotations

from typing import Any

import nio
import pytest

from support.api import Caller, World
from support.journal import Journal
from support.person import NewPerson
from support.sockets import Listen
from support.waiting import eventually


async def indexed(reader: Caller, channel: dict[str, Any], event_id: str) -> dict[str, Any]:
    """The message that a Matrix event became, once it is in the index."""

    async def found() -> list[dict[str, Any]]:
        return [m for m in await reader.page(channel["id"], limit=200) if m["matrix_event_id"] == event_id]

    messages = await eventually(f"event {event_id} is in the index", found)
    assert len(messages) == 1
    return messages[0]


async def test_a_person_who_joins_reads_the_earlier_messages(world: World, person: NewPerson) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], sofia.id)
    await alice.send(channel["id"], "Hello", formatted_body="<b>Hello</b>")
    await sofia.say(channel["id"], "Good morning")
    bob = await person("bob")
    past = await bob.past(await bob.join(world.alias(channel)))
    messages = [event for event in past if isinstance(event, nio.RoomMessage)]
    assert [(type(event), event.sender, event.body) for event in messages] == [
        (nio.RoomMessageText, alice.matrix_id, "Hello"),
        (nio.RoomMessageNotice, sofia.matrix_id, "Good morning"),
    ]
    assert messages[0].formatted_body == "<b>Hello</b>"
    await alice.send(channel["id"], "Welcome")
    assert (await bob.hears(channel["matrix_room_id"], "Welcome")).sender == alice.matrix_id


async def test_a_message_of_a_person_in_matrix_is_indexed_published_and_shown(
    world: World, person: NewPerson, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    async with listen(channel["id"], alice) as socket:
        event_ids = [await bob.say(room, f"message {n}") for n in range(5)]
        sent = [await indexed(alice, channel, event_id) for event_id in event_ids]
        await socket.until(sent[-1]["seq"])
        assert socket.messages == sent
    assert [(m["sender_id"], m["sender_type"], m["content_preview"]) for m in sent] == [
        (bob.id, "human", f"message {n}") for n in range(5)
    ]
    for message in sent:
        assert len(await journal.created(channel["id"], message)) == 1


@pytest.mark.parametrize(
    ("content", "preview", "content_type"),
    [
        ({"msgtype": "m.notice", "body": "notice"}, "notice", "text"),
        ({"msgtype": "m.emote", "body": "waves"}, "waves", "emote"),
        ({"msgtype": "m.image", "body": "cat.png", "url": "mxc://localhost/cat"}, "cat.png", "image"),
        ({"msgtype": "m.file", "body": "a.pdf", "url": "mxc://localhost/pdf"}, "a.pdf", "file"),
        ({"msgtype": "m.audio", "body": "a.ogg", "url": "mxc://localhost/ogg"}, "a.ogg", "audio"),
        ({"msgtype": "m.video", "body": "a.mp4", "url": "mxc://localhost/mp4"}, "a.mp4", "video"),
        ({"msgtype": "org.example.own", "body": "own"}, "own", "text"),
        ({"msgtype": "m.text", "body": "😀" * 600}, "😀" * 500, "text"),
        ({"msgtype": "m.text", "body": "a\0b"}, "a\ufffdb", "text"),
    ],
    ids=["notice", "emote", "image", "file", "audio", "video", "own-type", "long", "nul"],
)
async def test_every_kind_of_message_is_indexed(
    world: World, person: NewPerson, content: dict[str, Any], preview: str, content_type: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    message = await indexed(alice, channel, await bob.send(room, "m.room.message", content))
    assert (message["content_preview"], message["content_type"]) == (preview, content_type)


async def test_a_copied_idempotency_key_hides_no_message(world: World, person: NewPerson, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "mine", key)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    seen = await bob.hears(room, "mine")
    forged = {name: value for name, value in seen.source["content"].items() if name.startswith("city.daarion.")}
    assert forged, "the event carries the key that heals a crash"
    copies = [await indexed(alice, channel, await bob.say(room, f"copy {n}", **forged)) for n in range(2)]
    assert [m["content_preview"] for m in await alice.history(channel["id"])] == ["mine", "copy 0", "copy 1"]
    # The sender's own retry still gets the sender's message.
    assert await alice.send(channel["id"], "mine", key) == message
    assert len({m["id"] for m in copies}) == 2


async def test_nobody_in_matrix_can_take_the_name_of_a_user_or_an_agent(world: World, person: NewPerson) -> None:
    with pytest.raises(AssertionError, match="M_EXCLUSIVE"):
        await person("user-mallory")
    with pytest.raises(AssertionError, match="M_EXCLUSIVE"):
        await person("agent-mallory")
