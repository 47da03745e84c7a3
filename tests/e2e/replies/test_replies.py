"""Replies: each message has a page of those that reply to it, wherever they were written."""

from __future__ import annotations

from typing import Any

from support.api import UNKNOWN_ID, World, links, path_to, rows
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


async def test_a_reply_points_to_one_message_and_not_to_what_that_one_replies_to(world: World, rooms: Rooms) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "question")
    reply = await bob.send(channel["id"], "reply", reply_to=question["id"])
    comment = await alice.send(channel["id"], "comment", reply_to=reply["id"])
    assert [m["reply_to"] for m in (question, reply, comment)] == [None, question["id"], reply["id"]]
    assert [m["thread_id"] for m in (question, reply, comment)] == [None] * 3, "a reply is no thread"
    assert await alice.replies(question) == [reply]
    assert await alice.replies(reply) == [comment]
    assert await alice.replies(comment) == []
    _, *sent = await rooms.messages(channel["matrix_room_id"])
    assert [event["content"]["m.relates_to"] for event in sent] == [
        {"m.in_reply_to": {"event_id": target["matrix_event_id"]}} for target in (question, reply)
    ]


async def test_replies_in_matrix_and_through_the_api_stand_beside_each_other(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await matrix_client(rooms, await person("bob"))
    room = channel["matrix_room_id"]
    await bob.join(room)
    question = await alice.send(channel["id"], "question")
    first = await alice.send(channel["id"], "first", reply_to=question["id"])
    async with witness.watch(channel, alice) as observed:
        relation = {"m.in_reply_to": {"event_id": question["matrix_event_id"]}}
        await bob.say(room, "second", **{"m.relates_to": relation})
        # A reply to what the channel does not have is a message as any other.
        relation = {"m.in_reply_to": {"event_id": "$unknown"}}
        await bob.say(room, "elsewhere", **{"m.relates_to": relation})
    second, elsewhere = [event.payload["message"] for event in observed.events]
    assert (second["sender_id"], second["reply_to"], second["thread_id"]) == (bob.id, question["id"], None)
    assert elsewhere["reply_to"] is None
    third = await alice.send(channel["id"], "third", reply_to=second["id"])
    assert await alice.replies(question) == [second, first]
    assert await alice.replies(second) == [third]
    sent = (await rooms.messages(room))[-1]
    assert sent["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": second["matrix_event_id"]}}


async def test_replies_are_paged_like_messages(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question, other = await alice.send(channel["id"], "question"), await alice.send(channel["id"], "other")
    sent = []
    for n in range(5):
        sent.append(await alice.send(channel["id"], f"reply {n}", reply_to=question["id"]))
        await alice.send(channel["id"], "elsewhere", reply_to=other["id"])
    for place in ("seq", "id", "created_at"):
        before = await alice.replies(question, before=sent[3][place])
        assert before == sent[2::-1], place
        assert await alice.replies(question, after=sent[1][place]) == sent[:1:-1], place
    path = f"{path_to(channel['id'], question['id'])}/replies"
    response = await alice.get(path, limit=2, before=sent[4]["seq"])
    assert rows(response) == [sent[3], sent[2]]
    newer = await alice.get(links(response)["prev"])
    older = await alice.get(links(response)["next"])
    assert (rows(newer), rows(older)) == ([sent[4]], [sent[1], sent[0]])
    assert "next" not in links(older) and "prev" not in links(newer)
    seen: list[dict[str, Any]] = []
    following: str | None = f"{path}?limit=3"
    while following:
        response = await alice.get(following)
        assert len(response.json()) <= 3
        seen.extend(rows(response))
        following = links(response).get("next")
        assert len(seen) <= len(sent)
    assert seen == sent[::-1]
    problem(await alice.get(f"{path_to(channel['id'], UNKNOWN_ID)}/replies"), 404, "not_found")
    problem(await alice.post(path, {}), 405, "method_not_allowed")


async def test_a_reply_to_another_channels_message_is_refused(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    here, there = await world.channel(alice), await world.channel(alice)
    foreign = await alice.send(there["id"], "Over there")
    async with unchanged(here), unchanged(there):
        problem(await alice.try_send(here["id"], "x", reply_to=foreign["id"]), 422, "invalid", "/reply_to")
        problem(await alice.try_send(here["id"], "x", reply_to=UNKNOWN_ID), 422, "invalid", "/reply_to")
        problem(await alice.try_send(here["id"], "x", reply_to="first"), 422, "invalid", "/reply_to")


async def test_a_deleted_message_gets_no_new_replies_and_keeps_its_old_ones(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    question = await alice.send(channel["id"], "question")
    reply = await alice.send(channel["id"], "reply", reply_to=question["id"])
    assert (await alice.delete(path_to(channel["id"], question["id"]))).status_code == 204
    async with unchanged(channel):
        response = await alice.try_send(channel["id"], "late", reply_to=question["id"])
        problem(response, 422, "invalid", "/reply_to")
    assert await alice.replies(question) == [reply]
