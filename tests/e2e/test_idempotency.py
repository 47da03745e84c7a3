"""Every retry ends in one result."""

import asyncio
import random

import httpx
import pytest

from support.api import CHANNELS, Caller, World
from support.index import Index
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged


async def test_ten_identical_requests_at_once_are_one_message(
    world: World, rooms: Rooms, journal: Journal, index: Index, key: str
) -> None:
    alice = world.user("alice")
    channel = await world.channel()
    answers = await asyncio.gather(*(alice.try_send(channel["id"], "once", key) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [201] * 10, [answer.text for answer in answers]
    first = answers[0].json()
    assert all(answer.json() == first for answer in answers)
    last = await alice.send(channel["id"], "that was all")
    assert [m["id"] for m in await alice.history(channel["id"])] == [first["id"], last["id"]]
    assert len(await rooms.messages(channel["matrix_room_id"])) == 2
    assert await index.value("SELECT count(*) FROM messages WHERE channel_id = $1::text::uuid", channel["id"]) == 2
    events = await journal.created(channel["id"], last)
    assert len(events) == 1
    assert len(await journal.created(channel["id"], first)) == 1


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


async def test_of_two_requests_with_one_key_at_once_one_wins(world: World, rooms: Rooms, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    texts = [f"text {n % 2}" for n in range(8)]
    answers = await asyncio.gather(*(alice.try_send(channel["id"], text, key) for text in texts))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1, [answer.text for answer in answers]
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 422, "idempotency_key_reused")
    [message] = await alice.history(channel["id"])
    [said] = await rooms.messages(channel["matrix_room_id"])
    winners = {text for text, answer in zip(texts, answers, strict=True) if answer.status_code == 201}
    assert winners == {message["content_preview"]} == {said["content"]["body"]}


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
async def test_a_key_that_is_none_is_refused_instead_of_ignored(world: World, unchanged: Unchanged, wrong: str) -> None:
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
    answers = await asyncio.gather(*(sofia.say(channel["id"], "once", key) for _ in range(5)))
    assert len({answer["message_id"] for answer in answers}) == 1
    assert len(await owner.history(channel["id"])) == 1
    assert len(await rooms.messages(channel["matrix_room_id"])) == 1
    problem(await sofia.try_say(channel["id"], "twice", key), 422, "idempotency_key_reused")


async def test_creating_a_channel_again_with_its_key_is_the_same_channel(
    world: World, rooms: Rooms, journal: Journal, index: Index, key: str
) -> None:
    admin = world.user("admin")
    body = world.fields()
    answers = await asyncio.gather(*(admin.post(CHANNELS, body, key) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4, [answer.text for answer in answers]
    channel = answers[0].json()
    assert all(answer.json() == channel for answer in answers)
    assert await admin.create(**body, key=key) == channel
    problem(await admin.post(CHANNELS, body | {"name": "Other"}, key), 422, "idempotency_key_reused")
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"]
    assert await index.value("SELECT count(*) FROM channels WHERE microdao_id = $1", world.microdao) == 1
    message = await admin.send(channel["id"], "first")
    events = await journal.until(channel["id"], message["seq"])
    assert [e.subject for e in events].count("messaging.channel.created") == 1


async def test_inviting_again_with_its_key_is_the_same_member(world: World, journal: Journal, key: str) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    channel = await world.channel(owner)
    answers = [await owner.try_invite(channel["id"], guest.id, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    problem(await owner.try_invite(channel["id"], world.user("x").id, key), 422, "idempotency_key_reused")
    message = await owner.send(channel["id"], "all are here")
    events = await journal.until(channel["id"], message["seq"])
    subjects = [e.subject for e in events if e.payload.get("member_id") == guest.id]
    assert subjects == ["messaging.member.invited", "messaging.member.joined"]


async def abandon(caller: Caller, url: str, text: str, key: str, after: float) -> None:
    """Sends a message and hangs up before the answer."""
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        request = client.post("", headers=caller.headers | {"Idempotency-Key": key}, json={"text": text})
        try:
            await asyncio.wait_for(request, after)
        except TimeoutError:
            pass


async def test_who_hangs_up_and_retries_has_one_message(world: World, rooms: Rooms, journal: Journal) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    url = f"{alice.stack.api_url}{CHANNELS}/{channel['id']}/messages"
    chance = random.Random(7)
    keys = [f"hang-up-{n}" for n in range(12)]
    # From "the request has hardly arrived" to "the answer is on its way".
    waits = [chance.uniform(0.001, 0.12) for _ in keys]
    await asyncio.gather(
        *(abandon(alice, url, f"text {key}", key, wait) for key, wait in zip(keys, waits, strict=True))
    )
    sent = await asyncio.gather(*(alice.send(channel["id"], f"text {key}", key) for key in keys))
    history = await alice.history(channel["id"])
    assert sorted(m["id"] for m in history) == sorted(m["id"] for m in sent)
    assert len({m["id"] for m in sent}) == len(keys)
    said = await rooms.messages(channel["matrix_room_id"])
    assert sorted(e["event_id"] for e in said) == sorted(m["matrix_event_id"] for m in sent)
    events = await journal.until(channel["id"], max(m["seq"] for m in sent))
    assert sum(e.subject == "messaging.message.created" for e in events) == len(keys)
