"""Replies: a page of their own for each message, whoever answers and however."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, at, links
from support.element import element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.witness import Witness


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


async def replies(caller: Caller, message: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
    response = await caller.get(f"{at(message['channel_id'], message['id'])}/replies", **params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_reply_answers_one_message_and_not_what_that_one_answers(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "question")
    answer = await alice.send(channel["id"], "answer", reply_to=question["id"])
    comment = await alice.send(channel["id"], "comment", reply_to=answer["id"])
    assert [m["thread_id"] for m in (question, answer, comment)] == [None, question["id"], answer["id"]]
    assert await replies(alice, question) == [answer]
    assert await replies(alice, answer) == [comment]
    assert await replies(alice, comment) == []


async def test_answers_from_matrix_stand_among_those_of_the_api(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await element(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    question = await alice.send(channel["id"], "question")
    first = await alice.send(channel["id"], "first", reply_to=question["id"])
    async with witness.watch(channel, alice) as told:
        relation = {"m.in_reply_to": {"event_id": question["matrix_event_id"]}}
        await bob.say(channel["matrix_room_id"], "second", **{"m.relates_to": relation})
    second = told.events[0].payload["message"]
    assert (second["sender_id"], second["thread_id"]) == (bob.id, question["id"])
    third = await alice.send(channel["id"], "third", reply_to=second["id"])
    assert await replies(alice, question) == [second, first]
    assert await replies(alice, second) == [third]


async def test_a_message_in_a_thread_of_matrix_belongs_to_the_thread(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client, room = await element(rooms, alice), channel["matrix_room_id"]
    root = await alice.send(channel["id"], "root")

    def in_thread(last: str) -> dict[str, Any]:
        # As Element sends it: clients that know no threads see a reply to the last message of it.
        fallback = {"is_falling_back": True, "m.in_reply_to": {"event_id": last}}
        return {"m.relates_to": {"rel_type": "m.thread", "event_id": root["matrix_event_id"]} | fallback}

    async with witness.watch(channel, alice) as told:
        first = await client.say(room, "first", **in_thread(root["matrix_event_id"]))
        await client.say(room, "second", **in_thread(first))
    assert [e.payload["message"]["thread_id"] for e in told.events] == [root["id"], root["id"]]
    assert [m["content_preview"] for m in await replies(alice, root)] == ["second", "first"]


async def test_replies_are_paged_like_messages(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "question")
    sent = [await alice.send(channel["id"], f"answer {n}", reply_to=question["id"]) for n in range(5)]
    for place in ("seq", "id", "created_at"):
        before = await replies(alice, question, before=sent[3][place])
        assert before == sent[2::-1], place
        assert await replies(alice, question, after=sent[1][place]) == sent[:1:-1], place
    response = await alice.get(f"{at(channel['id'], question['id'])}/replies", limit=2, before=sent[4]["seq"])
    assert response.json() == [sent[3], sent[2]]
    back = await alice.get(links(response)["prev"])
    onward = await alice.get(links(response)["next"])
    assert (back.json(), onward.json()) == ([sent[4]], [sent[1], sent[0]])
    assert "next" not in links(onward) and "prev" not in links(back)


async def test_what_is_deleted_is_not_answered_any_more(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "question")
    answer = await alice.send(channel["id"], "answer", reply_to=question["id"])
    assert (await alice.delete(at(channel["id"], question["id"]))).status_code == 204
    async with unchanged(channel):
        response = await alice.try_send(channel["id"], "late", reply_to=question["id"])
        problem(response, 422, "invalid", "/reply_to")
    assert await replies(alice, question) == [answer]
