"""Every retry with an Idempotency-Key ends in one result."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from support.api import CHANNELS, Caller, World
from support.index import Index
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged


async def test_ten_identical_requests_at_once_are_one_message(
    world: World, rooms: Rooms, journal: Journal, index: Index, listen: Listen, key: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel()
    async with listen(channel["id"], alice) as socket:
        responses = await asyncio.gather(*(alice.try_send(channel["id"], "once", key) for _ in range(10)))
        assert [response.status_code for response in responses] == [201] * 10, {r.text for r in responses}
        first = responses[0].json()
        assert all(response.json() == first for response in responses)
        assert await alice.send(channel["id"], "once", key) == first
        last = await alice.send(channel["id"], "that was all")
        await socket.message(last["id"])
    assert [m["id"] for m in socket.messages] == [first["id"], last["id"]]
    assert [m["id"] for m in await alice.history(channel["id"])] == [first["id"], last["id"]]
    sent = await rooms.messages(channel["matrix_room_id"])
    assert [event["event_id"] for event in sent] == [first["matrix_event_id"], last["matrix_event_id"]]
    assert await index.count_messages(channel["id"]) == 2
    for message in (first, last):
        assert len(await journal.created(channel["id"], message)) == 1


async def test_the_same_key_with_another_request_is_refused(world: World, unchanged: Unchanged, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    parent = await alice.send(channel["id"], "parent")
    await alice.send(channel["id"], "first", key)
    async with unchanged(channel):
        for fields in (
            {"text": "second"},
            {"text": "first", "msgtype": "m.notice"},
            {"text": "first", "formatted_body": "<b>first</b>"},
            {"text": "first", "reply_to": parent["id"]},
        ):
            response = await alice.post(f"{CHANNELS}/{channel['id']}/messages", fields, key)
            problem(response, 422, "idempotency_key_reused")


async def test_one_of_two_concurrent_requests_with_the_same_key_wins(world: World, rooms: Rooms, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    texts = [f"text {n % 2}" for n in range(8)]
    responses = await asyncio.gather(*(alice.try_send(channel["id"], text, key) for text in texts))
    made = {response.json()["id"] for response in responses if response.status_code == 201}
    assert len(made) == 1, [response.text for response in responses]
    for response in responses:
        if response.status_code != 201:
            problem(response, 422, "idempotency_key_reused")
    [message] = await alice.history(channel["id"])
    [sent] = await rooms.messages(channel["matrix_room_id"])
    winners = {text for text, response in zip(texts, responses, strict=True) if response.status_code == 201}
    assert winners == {message["content_preview"]} == {sent["content"]["body"]}


async def test_two_callers_with_the_same_key_have_two_messages(world: World, rooms: Rooms, key: str) -> None:
    channel = await world.channel()
    people = [world.user("alice"), world.user("bob")]
    sent = [await one.send(channel["id"], "hello", key) for one in people]
    assert [message["sender_id"] for message in sent] == [one.id for one in people]
    assert await people[0].history(channel["id"]) == sent
    assert len(await rooms.messages(channel["matrix_room_id"])) == 2
    assert sent[0]["client_key"] != sent[1]["client_key"], "nobody learns or takes another's key"


async def test_without_a_key_every_request_is_a_message(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], "again") for _ in range(3)]
    assert await alice.history(channel["id"]) == sent


@pytest.mark.parametrize("wrong", ["", "a b", "a\tb", "x" * 256, "ключ"])
async def test_a_malformed_key_is_refused_instead_of_ignored(world: World, unchanged: Unchanged, wrong: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        response = await alice.request(
            "POST",
            f"{CHANNELS}/{channel['id']}/messages",
            json={"text": "x"},
            headers={"Idempotency-Key": wrong.encode()},
        )
        problem(response, 400, "invalid_header")


@pytest.mark.parametrize("good", ["k", "x" * 255, "!~/=:", "9f1c"])
async def test_a_key_may_be_any_visible_text(world: World, good: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    assert await alice.send(channel["id"], "x", good) == await alice.send(channel["id"], "x", good)
    assert len(await alice.history(channel["id"])) == 1


async def test_an_agents_retry_is_one_message(world: World, rooms: Rooms, key: str) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    responses = await asyncio.gather(*(sofia.say(channel["id"], "once", key) for _ in range(5)))
    assert len({response["message_id"] for response in responses}) == 1
    assert len(await owner.history(channel["id"])) == 1
    assert len(await rooms.messages(channel["matrix_room_id"])) == 1
    problem(await sofia.try_say(channel["id"], "twice", key), 422, "idempotency_key_reused")


async def test_creating_a_channel_again_with_its_key_is_the_same_channel(
    world: World, rooms: Rooms, journal: Journal, index: Index, key: str
) -> None:
    admin = world.user("admin")
    body = world.fields()
    responses = await asyncio.gather(*(admin.post(CHANNELS, body, key) for _ in range(4)))
    assert [response.status_code for response in responses] == [201] * 4, [response.text for response in responses]
    channel = responses[0].json()
    assert all(response.json() == channel for response in responses)
    assert await admin.create(**body, key=key) == channel
    problem(await admin.post(CHANNELS, body | {"name": "Other"}, key), 422, "idempotency_key_reused")
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"]
    assert await index.count_channels(world.microdao) == 1
    message = await admin.send(channel["id"], "first")
    events = await journal.until(channel["id"], message["seq"])
    assert [e.subject for e in events].count("messaging.channel.created") == 1


async def test_inviting_again_with_its_key_is_the_same_member(world: World, journal: Journal, key: str) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    channel = await world.channel(owner)
    responses = [await owner.try_invite(channel["id"], guest.id, key) for _ in range(3)]
    assert [response.status_code for response in responses] == [201] * 3
    assert responses[0].json() == responses[1].json() == responses[2].json()
    problem(await owner.try_invite(channel["id"], world.user("x").id, key), 422, "idempotency_key_reused")
    message = await owner.send(channel["id"], "all are here")
    events = await journal.until(channel["id"], message["seq"])
    subjects = [e.subject for e in events if e.payload.get("member_id") == guest.id]
    assert subjects == ["messaging.member.invited", "messaging.member.joined"]


async def hang_up(caller: Caller, url: str, text: str, key: str, after: float) -> None:
    """Sends a message and hangs up before the response."""
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        request = client.post("", headers=caller.headers | {"Idempotency-Key": key}, json={"text": text})
        try:
            await asyncio.wait_for(request, after)
        except TimeoutError:
            pass


async def test_a_caller_who_hangs_up_and_retries_has_one_message(world: World, rooms: Rooms, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = f"{alice.stack.api_url}{CHANNELS}/{channel['id']}/messages"
    chance = random.Random(7)
    keys = [f"hang-up-{n}" for n in range(12)]
    # From "the request has hardly arrived" to "the response is on its way".
    waits = [chance.uniform(0.001, 0.12) for _ in keys]
    await asyncio.gather(
        *(hang_up(alice, url, f"text {key}", key, wait) for key, wait in zip(keys, waits, strict=True))
    )
    sent = await asyncio.gather(*(alice.send(channel["id"], f"text {key}", key) for key in keys))
    history = await alice.history(channel["id"])
    assert sorted(m["id"] for m in history) == sorted(m["id"] for m in sent)
    assert len({m["id"] for m in sent}) == len(keys)
    in_room = await rooms.messages(channel["matrix_room_id"])
    assert sorted(e["event_id"] for e in in_room) == sorted(m["matrix_event_id"] for m in sent)
    events = await journal.until(channel["id"], max(m["seq"] for m in sent))
    assert sum(e.subject == "messaging.message.created" for e in events) == len(keys)
