"""Threads: what is written under a message, through the API and in a Matrix client, is one thread on both sides."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from support.api import Caller, World, links, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


def in_thread(root: str, last: str | None = None, **relation: Any) -> dict[str, Any]:
    """As Element sends it: clients that know no threads see a reply to the last message of it."""
    falling_back = {"is_falling_back": True, "m.in_reply_to": {"event_id": last or root}}
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root} | falling_back | relation}


async def replies_in_matrix(client: MatrixClient, room: str, root: str) -> list[str]:
    """The events of a thread as the homeserver has them, oldest first."""
    base = client.base.replace("/v3", "/v1")
    path = f"{base}/rooms/{quote(room, safe='')}/relations/{quote(root, safe='')}/m.thread"
    response = await client.http.get(path, headers=client.headers, params={"dir": "f"})
    assert response.status_code == 200, response.text
    return [event["event_id"] for event in response.json()["chunk"]]


async def thread_list_in_matrix(client: MatrixClient, room: str) -> list[str]:
    """The roots that a Matrix client shows in its list of threads."""
    base = client.base.replace("/v3", "/v1")
    response = await client.http.get(f"{base}/rooms/{quote(room, safe='')}/threads", headers=client.headers)
    assert response.status_code == 200, response.text
    return [event["event_id"] for event in response.json()["chunk"]]


async def thread(caller: Caller, message: dict[str, Any]) -> dict[str, Any]:
    return (await caller.content(message))["thread"]


async def test_a_thread_that_the_api_makes_is_one_in_matrix(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    carol = await matrix_client(rooms, await person("carol"))
    await carol.join(room)
    root = await alice.send(channel["id"], "root")
    async with witness.watch(channel, alice) as observed:
        first = await bob.send(channel["id"], "first", thread_id=root["id"])
        second = await alice.send(channel["id"], "second", thread_id=root["id"])
        # A message of the thread means the thread.
        answer = await bob.send(channel["id"], "answer", thread_id=second["id"], reply_to=first["id"])
        to_root = await bob.send(channel["id"], "to the root", thread_id=root["id"], reply_to=root["id"])
    sent = [first, second, answer, to_root]
    told = [event.payload["message"] for event in observed.events if event.kind == "message.created"]
    assert told == [frame["message"] for frame in observed.frames if frame["type"] == "message.created"] == sent
    assert [(m["thread_id"], m["reply_to"]) for m in sent] == [
        (root["id"], None),
        (root["id"], None),
        (root["id"], first["id"]),
        (root["id"], root["id"]),
    ]
    events = [message["matrix_event_id"] for message in (root, *sent)]
    relations = [event["content"]["m.relates_to"] for event in (await rooms.messages(room))[-4:]]
    assert relations == [
        in_thread(events[0], last, is_falling_back=falls_back)["m.relates_to"]
        for last, falls_back in ((events[0], True), (events[1], True), (events[1], False), (events[0], False))
    ]
    assert await replies_in_matrix(carol, room, events[0]) == events[1:]
    assert await thread_list_in_matrix(carol, room) == [events[0]]
    assert await alice.replies(root) == sent[::-1]
    shown = await thread(alice, root)
    assert (shown["reply_count"], shown["last_reply"]) == (4, to_root)


def participant(message: dict[str, Any]) -> dict[str, Any]:
    """Who sent it, as a thread shows them."""
    named = {"display_name": message["sender_name"], "avatar_url": message["sender_avatar_url"]}
    return {"member_id": message["sender_id"], "member_type": message["sender_type"], **named}


async def test_a_thread_in_matrix_is_one_here(world: World, rooms: Rooms, witness: Witness, person: NewPerson) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)
    root = await alice.send(channel["id"], "root")
    async with witness.watch(channel, alice) as observed:
        one = await bob.say(room, "one", **in_thread(root["matrix_event_id"]))
        await bob.say(room, "two", **in_thread(root["matrix_event_id"], one))
        await bob.say(room, "to one", **in_thread(root["matrix_event_id"], one, is_falling_back=False))
    first, second, third = [event.payload["message"] for event in observed.events]
    assert [m["thread_id"] for m in (first, second, third)] == [root["id"]] * 3
    assert [m["reply_to"] for m in (first, second, third)] == [None, None, first["id"]]
    fourth = await alice.send(channel["id"], "four", thread_id=root["id"])
    assert await replies_in_matrix(bob, room, root["matrix_event_id"]) == [
        m["matrix_event_id"] for m in (first, second, third, fourth)
    ]
    sent = (await rooms.messages(room))[-1]["content"]["m.relates_to"]
    assert sent == in_thread(root["matrix_event_id"], third["matrix_event_id"])["m.relates_to"]
    assert await alice.replies(root) == [fourth, third, second, first]
    # The channel's own pages have the whole channel.
    assert [m["id"] for m in await alice.page(channel["id"])][:4] == [m["id"] for m in (fourth, third, second, first)]
    [listed] = await alice.threads(channel["id"])
    assert listed["id"] == root["id"]
    assert listed["thread"] == {
        "reply_count": 4,
        "last_reply": fourth,
        "participants": [participant(first), participant(fourth)],
        "is_following": True,
        "unread_count": 0,
    }


@pytest.mark.parametrize("by", ["the API", "Matrix"])
async def test_a_deletion_changes_what_the_root_shows(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, by: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    root = await alice.send(channel["id"], "root")
    kept = await alice.send(channel["id"], "kept", thread_id=root["id"])
    async with witness.watch(channel, alice) as observed:
        event = await bob.say(channel["matrix_room_id"], "gone", **in_thread(root["matrix_event_id"]))
    gone = observed.events[-1].payload["message"]
    assert (await thread(alice, root))["reply_count"] == 2
    async with witness.watch(channel, alice):
        if by == "Matrix":
            await bob.redact(channel["matrix_room_id"], event)
        else:
            assert (await alice.delete(path_to(channel["id"], gone["id"]))).status_code == 204
    shown = await thread(alice, root)
    assert (shown["reply_count"], shown["last_reply"], shown["unread_count"]) == (1, kept, 0)
    assert [one["member_id"] for one in shown["participants"]] == [alice.id]
    # A deleted root keeps its thread, and one goes on in it.
    assert (await alice.delete(path_to(channel["id"], root["id"]))).status_code == 204
    late = await alice.send(channel["id"], "late", thread_id=root["id"])
    assert await alice.replies(root) == [late, kept]
    [listed] = await alice.threads(channel["id"])
    assert (listed["id"], listed["thread"]["reply_count"], listed["deleted_at"] is None) == (root["id"], 2, False)
    for message in (late, kept):
        assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
    assert await alice.threads(channel["id"]) == []
    assert "thread" not in await alice.content(root)


async def test_a_root_that_comes_late_gets_its_thread(world: World, homeserver: Homeserver, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    root = pushed_message(channel, "root")
    replies = [pushed_message(channel, f"reply {n}") for n in range(2)]
    replies[0]["content"] |= in_thread(root["event_id"])
    # Another server may let a thread begin in a thread; here it is one thread.
    replies[1]["content"] |= in_thread(replies[0]["event_id"])
    async with witness.watch(channel, alice) as observed:
        accepted(await homeserver.push(replies[1], replies[0]))
        assert [m["thread_id"] for m in await alice.history(channel["id"])] == [None, None]
        accepted(await homeserver.push(root))
    assert observed.kinds == [
        "message.created",
        "message.created",
        "message.created",
        "message.updated",
        "message.updated",
    ]
    *early, found = await alice.history(channel["id"])
    assert [m["thread_id"] for m in early] == [found["id"]] * 2
    assert [event.payload["message"] for event in observed.events[3:]] == early
    assert (await alice.content(found))["thread"]["reply_count"] == 2


async def test_a_retry_is_one_message_in_one_thread(world: World, rooms: Rooms, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    root, other = [await alice.send(channel["id"], text) for text in ("root", "other")]
    first = await alice.send(channel["id"], "once", key, thread_id=root["id"])
    # Though the newest message of the thread is another one by now.
    await alice.send(channel["id"], "meanwhile", thread_id=root["id"])
    assert await alice.send(channel["id"], "once", key, thread_id=root["id"]) == first
    for fields in ({}, {"thread_id": other["id"]}, {"reply_to": root["id"]}):
        problem(await alice.try_send(channel["id"], "once", key, **fields), 422, "idempotency_key_reused")
    assert [m["content_preview"] for m in await alice.replies(root)] == ["meanwhile", "once"]


async def test_what_may_have_no_thread_is_refused(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel, other = await world.channel(alice), await world.channel(alice)
    root, elsewhere = await alice.send(channel["id"], "root"), await alice.send(other["id"], "elsewhere")
    outside = await alice.send(channel["id"], "outside", reply_to=root["id"])
    gone = await alice.send(channel["id"], "gone")
    assert (await alice.delete(path_to(channel["id"], gone["id"]))).status_code == 204
    async with unchanged(channel):
        for thread_id in (elsewhere["id"], gone["id"], "root"):
            response = await alice.try_send(channel["id"], "x", thread_id=thread_id)
            problem(response, 422, "invalid", "/thread_id")
        response = await alice.try_send(channel["id"], "x", thread_id=root["id"], reply_to=outside["id"])
        problem(response, 422, "invalid", "/reply_to")


async def test_an_agent_writes_in_a_thread(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    root = await owner.send(channel["id"], "question")
    posted = await sofia.say(channel["id"], "answer", thread_id=root["id"])
    assert posted["message"]["thread_id"] == root["id"]
    sent = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert (sent["msgtype"], sent["m.relates_to"]) == ("m.notice", in_thread(root["matrix_event_id"])["m.relates_to"])
    shown = await thread(owner, root)
    [one] = shown["participants"]
    assert (one["member_id"], one["member_type"]) == (sofia.id, "agent")
    assert (shown["is_following"], shown["unread_count"]) == (True, 1)
    problem(await sofia.try_say(channel["id"], "x", thread_id=channel["id"]), 422, "invalid", "/thread_id")


async def test_a_thread_of_ciphertext(world: World, rooms: Rooms, person: NewPerson, witness: Witness) -> None:
    """The relation is outside of the ciphertext, whoever makes it."""
    owner = world.user("owner")
    channel = await world.channel(owner, is_encrypted=True)
    room, path = channel["matrix_room_id"], f"{path_to(channel['id'])}/messages"
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(room)

    def ciphertext(text: str) -> dict[str, Any]:
        return {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": text, "session_id": "s"}

    root = (await owner.post(path, {"encrypted": ciphertext("root")})).json()
    event = root["matrix_event_id"]
    by_field = (await owner.post(path, {"encrypted": ciphertext("one"), "thread_id": root["id"]})).json()
    inside = ciphertext("two") | in_thread(event, by_field["matrix_event_id"])
    by_content = (await owner.post(path, {"encrypted": inside})).json()
    problem(await owner.post(path, {"encrypted": inside, "thread_id": root["id"]}), 422, "invalid", "/thread_id")
    async with witness.watch(channel, owner) as observed:
        await bob.send(room, "m.room.encrypted", ciphertext("three") | in_thread(event))
    by_push = observed.events[-1].payload["message"]
    assert {m["thread_id"] for m in (by_field, by_content, by_push)} == {root["id"]}
    assert await replies_in_matrix(bob, room, event) == [m["matrix_event_id"] for m in (by_field, by_content, by_push)]
    shown = await thread(owner, root)
    assert (shown["reply_count"], shown["last_reply"]["content_preview"]) == (3, "")


async def test_threads_are_paged_by_activity_and_following(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    roots = [await alice.send(channel["id"], f"root {n}") for n in range(5)]
    for n in (0, 3, 1, 4, 0):
        await bob.send(channel["id"], "reply", thread_id=roots[n]["id"])
    expected = [roots[n]["id"] for n in (0, 4, 1, 3)]
    path: str | None = f"{path_to(channel['id'])}/threads?limit=3"
    found = []
    while path:
        response = await alice.get(path)
        found.append([message["id"] for message in response.json()])
        path = links(response).get("next")
    assert found == [expected[:3], expected[3:]]
    # In the same statement as a page of messages, with the same words.
    page = {message["id"]: message for message in await alice.page(channel["id"])}
    assert await alice.threads(channel["id"]) == [page[name] for name in expected]
    carol = world.user("carol")
    assert await carol.threads(channel["id"], followed="true") == []
    await carol.send(channel["id"], "I too", thread_id=roots[3]["id"])
    assert [m["id"] for m in await carol.threads(channel["id"], followed="true")] == [roots[3]["id"]]
    for query in ("cursor=x", "followed=maybe", "limit=0"):
        problem(await alice.get(f"{path_to(channel['id'])}/threads?{query}"), 422, "invalid")


async def test_following_is_ones_own(world: World) -> None:
    alice, bob, carol = (world.user(name) for name in ("alice", "bob", "carol"))
    channel = await world.channel(alice)
    root = await alice.send(channel["id"], "root")
    following = f"{path_to(channel['id'])}/threads/{root['id']}/following"
    # Where nobody has written yet, and again.
    for _ in range(2):
        assert (await carol.put(following)).status_code == 204
    for n in range(3):
        await bob.send(channel["id"], f"reply {n}", thread_id=root["id"])

    async def seen(caller: Caller) -> tuple[bool, int]:
        shown = await thread(caller, root)
        return shown["is_following"], shown["unread_count"]

    assert [await seen(one) for one in (alice, bob, carol)] == [(True, 3), (True, 0), (True, 3)]
    for _ in range(2):
        assert (await alice.delete(following)).status_code == 204
    last = await bob.send(channel["id"], "last", thread_id=root["id"])
    assert [await seen(one) for one in (alice, bob, carol)] == [(False, 0), (True, 0), (True, 4)]
    # By any message of the thread.
    assert (await alice.put(following.replace(root["id"], last["id"]))).status_code == 204
    assert await seen(alice) == (True, 0)
