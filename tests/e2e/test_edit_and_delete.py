"""Messages are changed by who sent them, and taken away by who may."""

import asyncio
import json
from typing import Any

import pytest

from support.api import World, at
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.waiting import eventually


async def test_a_message_is_shown_with_its_full_content_from_matrix(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "ї" * 5000, formatted_body="<b>ї</b>")
    response = await world.user("reader").get(at(channel["id"], message["id"]))
    assert response.status_code == 200, response.text
    shown = response.json()
    assert shown | message == shown
    assert shown["text"] == "ї" * 5000
    assert shown["formatted_body"] == "<b>ї</b>"


async def test_an_edit_is_in_the_index_in_the_room_on_nats_and_on_the_websocket(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Helo")
    async with listen(channel["id"], alice) as socket:
        response = await alice.patch(at(channel["id"], message["id"]), {"text": "Hello " + "😀" * 600})
        assert response.status_code == 200, response.text
        edited = response.json()
        await socket.until(message["seq"] + 1)
        [frame] = socket.events
    assert edited["content_preview"] == ("Hello " + "😀" * 600)[:500]
    assert edited["edited_at"] and not edited["deleted_at"]
    same = {"content_preview": None, "edited_at": None}
    assert edited | same == message | same, "an edit changes nothing else"
    assert await alice.history(channel["id"]) == [edited]
    assert (await alice.get(at(channel["id"], message["id"]))).json()["text"] == "Hello " + "😀" * 600
    assert (frame["type"], frame["message"], frame["seq"]) == ("message.updated", edited, message["seq"] + 1)
    story = await journal.story(alice, channel["id"])
    assert [event.kind for event in story] == ["channel.created", "message.created", "message.updated"]
    assert story[-1].payload["message"] == edited
    edit = (await rooms.messages(channel["matrix_room_id"]))[1]
    assert edit["sender"] == alice.matrix_id
    assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": message["matrix_event_id"]}
    assert edit["content"]["m.new_content"]["body"] == "Hello " + "😀" * 600


async def test_only_the_sender_edits(world: World, unchanged: Unchanged) -> None:
    owner, alice, bob = world.user("owner"), world.user("alice"), world.user("bob")
    channel = await world.channel(owner)
    message = await alice.send(channel["id"], "mine")
    await bob.send(channel["id"], "hello")
    async with unchanged(channel):
        for other in (owner, bob, world.user("passer-by")):
            response = await other.patch(at(channel["id"], message["id"]), {"text": "yours"})
            problem(response, 403, "not_the_sender")


async def test_wrong_edits_are_problems_and_change_nothing(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel, other = await world.channel(alice), await world.channel(alice)
    message = await alice.send(channel["id"], "mine")
    async with unchanged(channel), unchanged(other):
        for body in ({"text": ""}, {"text": "a" * 10_001}, {"text": "a\0"}, {"text": 1}, {"text": None}, {}):
            response = await alice.patch(at(channel["id"], message["id"]), body)
            assert "text" in problem(response, 422, "invalid")["detail"]
        for path in (at(other["id"], message["id"]), at(channel["id"], other["id"]), at(channel["id"], "first")):
            problem(await alice.patch(path, {"text": "x"}), 404, "not_found")
            problem(await alice.get(path), 404, "not_found")
            problem(await alice.delete(path), 404, "not_found")


async def test_edits_at_the_same_time_leave_index_and_matrix_in_agreement(world: World, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "0")
    path = at(channel["id"], message["id"])
    answers = await asyncio.gather(*(alice.patch(path, {"text": f"edit {n}"}) for n in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8

    async def agreed() -> str:
        # What the homeserver pushes about the edits may still be on its way.
        shown = (await alice.get(path)).json()
        assert shown["content_preview"] == shown["text"]
        return shown["text"]

    text = await eventually("index and Matrix agree", agreed, deadline=10)
    story = await journal.story(alice, channel["id"])
    assert story[-1].payload["message"]["content_preview"] == text


async def test_a_deleted_message_is_gone_everywhere_but_its_place(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "top secret")
    path = at(channel["id"], message["id"])
    async with listen(channel["id"], alice) as socket:
        response = await alice.delete(path)
        assert (response.status_code, response.content) == (204, b"")
        await socket.until(message["seq"] + 1)
        [frame] = socket.events
    [deleted] = await alice.history(channel["id"])
    assert deleted["deleted_at"] and deleted["content_preview"] == ""
    assert (deleted["id"], deleted["seq"]) == (message["id"], message["seq"])
    assert (frame["type"], frame["message"]) == ("message.deleted", deleted)
    shown = (await alice.get(path)).json()
    assert "top secret" not in json.dumps(shown)
    redacted = [e for e in await rooms.events(channel["matrix_room_id"]) if e["event_id"] == message["matrix_event_id"]]
    assert redacted[0]["content"] == {}
    story = await journal.story(alice, channel["id"])
    assert [event.kind for event in story][1:] == ["message.created", "message.deleted"]
    assert story[-1].payload["message"] == deleted
    # Deleting again is fine, and no second event.
    assert (await alice.delete(path)).status_code == 204
    assert [e.kind for e in await journal.story(alice, channel["id"])].count("message.deleted") == 1
    # Who catches up later does not get to see it either.
    async with listen(channel["id"], alice, since_seq=0) as late:
        await late.until(message["seq"] + 2)
        assert "top secret" not in json.dumps(late.events)
    problem(await alice.patch(path, {"text": "back"}), 409, "message_deleted")


async def test_admins_and_owners_delete_what_others_said(world: World, rooms: Rooms) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    for moderator in (owner, admin):
        message = await alice.send(channel["id"], "spam")
        response = await moderator.delete(at(channel["id"], message["id"]))
        assert response.status_code == 204, response.text
        events = {e["event_id"]: e for e in await rooms.events(channel["matrix_room_id"])}
        assert events[message["matrix_event_id"]]["content"] == {}
    assert [bool(m["deleted_at"]) for m in await owner.history(channel["id"])] == [True, True]


async def test_nobody_else_deletes(world: World, unchanged: Unchanged) -> None:
    owner, member = world.user("owner"), world.user("member")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "keep")
    await member.send(channel["id"], "hello")
    async with unchanged(channel):
        for other in (member, world.user("passer-by")):
            problem(await other.delete(at(channel["id"], message["id"])), 403, "cannot_delete")


async def test_a_hidden_channels_messages_do_not_exist(world: World, unchanged: Unchanged) -> None:
    owner = world.member_of("owner", world.microdao)
    stranger = world.member_of("stranger", world.other_microdao("other"))
    channel = await owner.create(**world.fields(visibility="private"))
    message = await owner.send(channel["id"], "secret")
    path = at(channel["id"], message["id"])
    async with unchanged(channel):
        problem(await stranger.get(path), 404, "not_found")
        problem(await stranger.patch(path, {"text": "x"}), 404, "not_found")
        problem(await stranger.delete(path), 404, "not_found")
        problem(await stranger.get(f"{path}/replies"), 404, "not_found")
        problem(await stranger.get(f"{path}/reactions"), 404, "not_found")
        problem(await stranger.put(f"{path}/reactions/%F0%9F%91%8D"), 404, "not_found")


@pytest.mark.parametrize("count", [1, 7])
async def test_the_answers_to_a_message_are_a_page_of_their_own(world: World, count: int) -> None:
    from support.api import links

    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    question, other = await alice.send(channel["id"], "question"), await alice.send(channel["id"], "other")
    answers = []
    for n in range(count):
        answers.append(await bob.send(channel["id"], f"answer {n}", reply_to=question["id"]))
        await bob.send(channel["id"], "elsewhere", reply_to=other["id"])
    path: str | None = f"{at(channel['id'], question['id'])}/replies?limit=3"
    seen: list[dict[str, Any]] = []
    while path:
        response = await alice.get(path)
        assert response.status_code == 200, response.text
        assert len(response.json()) <= 3
        seen.extend(response.json())
        path = links(response).get("next")
        assert len(seen) <= count
    assert seen == answers[::-1]
    problem(await alice.get(f"{at(channel['id'], channel['id'])}/replies"), 404, "not_found")
    problem(await alice.post(f"{at(channel['id'], question['id'])}/replies", {}), 405, "method_not_allowed")
