"""People in Element share the rooms: what they do there counts like what is done through the API."""

from typing import Any

import nio
import pytest

from support.api import Caller, World
from support.journal import Journal
from support.person import NewPerson, Person
from support.problems import problem
from support.sockets import Listen
from support.waiting import eventually


async def indexed(reader: Caller, channel: dict[str, Any], event_id: str) -> dict[str, Any]:
    """The message that a Matrix event became, once it is in the index."""

    async def found() -> list[dict[str, Any]]:
        return [m for m in await reader.page(channel["id"], limit=200) if m["matrix_event_id"] == event_id]

    messages = await eventually(f"event {event_id} is in the index", found)
    assert len(messages) == 1
    return messages[0]


async def member(reader: Caller, channel: dict[str, Any], who: Person) -> dict[str, Any]:
    """The member that a person has become, once the index knows."""

    async def found() -> dict[str, Any]:
        joined = (await reader.members(channel["id"])).get(who.id)
        return joined if joined and joined["joined_at"] else {}

    return await eventually(f"{who.id} is a member", found)


async def test_what_was_said_before_is_there_for_who_joins(world: World, person: NewPerson) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], sofia.id)
    await alice.send(channel["id"], "Hello", formatted_body="<b>Hello</b>")
    await sofia.say(channel["id"], "Good morning")
    bob = await person("bob")
    past = await bob.past(await bob.join(world.alias(channel)))
    said = [event for event in past if isinstance(event, nio.RoomMessage)]
    assert [(type(event), event.sender, event.body) for event in said] == [
        (nio.RoomMessageText, alice.matrix_id, "Hello"),
        (nio.RoomMessageNotice, sofia.matrix_id, "Good morning"),
    ]
    assert said[0].formatted_body == "<b>Hello</b>"


async def test_who_joins_in_matrix_is_a_member_under_their_matrix_id(
    world: World, person: NewPerson, journal: Journal
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    await bob.join(world.alias(channel))
    joined = await member(alice, channel, bob)
    assert (joined["member_id"], joined["matrix_user_id"], joined["member_type"]) == (bob.id, bob.id, "human")
    assert (joined["role"], joined["matrix_power_level"]) == ("member", 0)
    last = await alice.send(channel["id"], "welcome")
    events = await journal.until(channel["id"], last["seq"])
    about = [e.subject for e in events if e.payload.get("member_id") == bob.id]
    assert about == ["messaging.member.joined"]


async def test_what_they_say_is_indexed_published_and_shown_at_once(
    world: World, person: NewPerson, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    await member(alice, channel, bob)
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
        ({"msgtype": "m.emote", "body": "waves"}, "waves", "text"),
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


async def test_a_reply_in_matrix_is_a_reply_in_the_index(world: World, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "Who is there?")
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    relation = {"m.in_reply_to": {"event_id": question["matrix_event_id"]}}
    message = await indexed(alice, channel, await bob.say(room, "Me", **{"m.relates_to": relation}))
    assert message["thread_id"] == question["id"]
    # Nobody can point out of the channel, or at nothing.
    strange = {"m.in_reply_to": {"event_id": "$unknown"}}
    message = await indexed(alice, channel, await bob.say(room, "What?", **{"m.relates_to": strange}))
    assert message["thread_id"] is None


async def test_the_api_replies_to_what_was_said_in_matrix(world: World, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    question = await indexed(alice, channel, await bob.say(room, "Anybody here?"))
    await alice.send(channel["id"], "I am", reply_to=question["id"])
    seen = await bob.hears(room, "I am")
    assert seen.source["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == question["matrix_event_id"]


async def test_a_forged_key_hides_nothing(world: World, person: NewPerson, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "mine", key)
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    seen = await bob.hears(room, "mine")
    forged = {name: value for name, value in seen.source["content"].items() if name.startswith("city.daarion.")}
    assert forged, "the event carries the key that heals a crash"
    said = [await indexed(alice, channel, await bob.say(room, f"copy {n}", **forged)) for n in range(2)]
    assert [m["content_preview"] for m in await alice.history(channel["id"])] == ["mine", "copy 0", "copy 1"]
    # And the real owner's retry is still answered with the owner's message.
    assert await alice.send(channel["id"], "mine", key) == message
    assert len({m["id"] for m in said}) == 2


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_a_closed_room_opens_only_to_who_is_invited(world: World, person: NewPerson, visibility: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice, visibility=visibility)
    bob = await person("bob")
    refused = await bob.client.join(world.alias(channel))
    assert isinstance(refused, nio.JoinError), refused

    invited = await alice.invite(channel["id"], bob.id)
    assert (invited["member_id"], invited["member_type"], invited["invited_by"]) == (bob.id, "human", alice.id)
    assert invited["joined_at"] is None, "they decide themselves"
    room = await bob.join(channel["matrix_room_id"])
    assert (await member(alice, channel, bob))["role"] == "member"
    assert (await indexed(alice, channel, await bob.say(room, "Thank you")))["sender_id"] == bob.id


async def test_a_matrix_id_that_is_none_cannot_be_invited(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    for name in (
        "@",
        "@bob",
        "bob",
        "@:localhost",
        "@a b:localhost",
        "@" + "a" * 260 + ":localhost",
        "#room:localhost",
    ):
        problem(await alice.try_invite(channel["id"], name), 422, "invalid", "/member_id")


async def test_nobody_in_matrix_can_take_one_of_our_names(world: World, person: NewPerson) -> None:
    with pytest.raises(AssertionError, match="M_EXCLUSIVE"):
        await person("user-mallory")
    with pytest.raises(AssertionError, match="M_EXCLUSIVE"):
        await person("agent-mallory")
