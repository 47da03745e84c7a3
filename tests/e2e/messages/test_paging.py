"""Pages of messages: every message once, from any place, in any page size."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, links, rows
from support.problems import problem

COUNT = 57


@pytest.fixture
async def reader(world: World) -> Caller:
    return world.user("reader")


@pytest.fixture(scope="module")
async def history(http: Any, stack: Any, development: bool) -> tuple[str, list[dict[str, Any]]]:
    """A channel and its messages, newest first. One for all tests here, because they only read."""
    world = World(http, stack, development)
    alice = world.user("alice")
    channel = await world.channel(alice)
    messages = [await alice.send(channel["id"], f"message {n}") for n in range(COUNT)]
    return channel["id"], messages[::-1]


async def walk(reader: Caller, path: str, relation: str) -> list[list[dict[str, Any]]]:
    """The pages from one place on."""
    pages: list[list[dict[str, Any]]] = []
    following: str | None = path
    while following:
        response = await reader.get(following)
        assert response.status_code == 200, response.text
        pages.append(rows(response))
        following = links(response).get(relation)
        assert len(pages) <= COUNT + 1, "the walk does not end"
    return pages


def joined(pages: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [message for page in pages for message in page]


async def test_a_page_is_the_newest_50_unless_asked_otherwise(reader: Caller, history: Any) -> None:
    channel, messages = history
    assert await reader.page(channel) == messages[:50]
    assert await reader.page(channel, limit=1) == messages[:1]
    assert await reader.page(channel, limit=200) == messages


async def test_next_leads_through_every_message_once(reader: Caller, history: Any) -> None:
    channel, messages = history
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for limit in [1, COUNT - 1, COUNT, COUNT + 1, *(chance.randint(2, COUNT) for _ in range(3))]:
        pages = await walk(reader, f"{CHANNELS}/{channel}/messages?limit={limit}", "next")
        assert joined(pages) == messages, f"limit {limit}, seed {seed}"
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert pages[-1], "no link leads to an empty page"


async def test_prev_leads_back_through_every_message_once(reader: Caller, history: Any) -> None:
    channel, messages = history
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for limit in [1, COUNT, *(chance.randint(2, COUNT) for _ in range(3))]:
        oldest = messages[-1]["seq"]
        pages = await walk(reader, f"{CHANNELS}/{channel}/messages?limit={limit}&after={oldest - 1}", "prev")
        # Each page is newest first, and the pages go from old to new.
        assert joined([page[::-1] for page in pages]) == messages[::-1], f"limit {limit}, seed {seed}"


async def test_a_page_is_between_its_neighbours(reader: Caller, history: Any) -> None:
    channel, messages = history
    path = f"{CHANNELS}/{channel}/messages?limit=10&before={messages[20]['seq']}"
    middle = await reader.get(path)
    assert rows(middle) == messages[21:31]
    older = await reader.get(links(middle)["next"])
    assert rows(older) == messages[31:41]
    newer = await reader.get(links(middle)["prev"])
    assert rows(newer) == messages[11:21]
    first = await reader.get(f"{CHANNELS}/{channel}/messages", limit=10)
    assert "prev" not in links(first) and "next" in links(first)
    last = await reader.get(f"{CHANNELS}/{channel}/messages", limit=10, before=messages[-11]["seq"])
    assert "next" not in links(last) and "prev" in links(last)


async def test_a_place_is_a_seq_an_id_or_a_time(reader: Caller, history: Any) -> None:
    channel, messages = history
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(6):
        at, limit = chance.randrange(COUNT), chance.randint(1, COUNT)
        place, time = messages[at], messages[at]["created_at"]
        older, newer = messages[at + 1 :][:limit], messages[:at][-limit:]
        case = f"seed {seed}, message {at}, limit {limit}"
        for form in ("seq", "id"):
            assert await reader.page(channel, before=place[form], limit=limit) == older, f"before {form}, {case}"
            assert await reader.page(channel, after=place[form], limit=limit) == newer, f"after {form}, {case}"
        # Several messages can have been sent in one moment.
        earlier = [m for m in messages if m["created_at"] < time][:limit]
        later = [m for m in messages if m["created_at"] > time][-limit:]
        assert await reader.page(channel, before=time, limit=limit) == earlier, case
        assert await reader.page(channel, after=time, limit=limit) == later, case


async def test_a_time_may_have_any_zone(reader: Caller, history: Any) -> None:
    channel, messages = history
    moment = datetime.fromisoformat(messages[30]["created_at"])
    expected = [m for m in messages if datetime.fromisoformat(m["created_at"]) < moment]
    for hours in (-11, 0, 5, 14):
        shifted = (moment + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
        zone = f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
        assert await reader.page(channel, before=shifted + zone, limit=200) == expected, zone


async def test_beyond_the_ends_a_page_is_empty(reader: Caller, history: Any) -> None:
    channel, messages = history
    assert await reader.page(channel, before=messages[-1]["seq"]) == []
    assert await reader.page(channel, before=0) == []
    assert await reader.page(channel, after=messages[0]["id"]) == []
    assert await reader.page(channel, after=2**62) == []
    assert await reader.page(channel, before="1970-01-01T00:00:00Z") == []
    assert await reader.page(channel, after="9999-12-31T23:59:59Z") == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("before=yesterday", "before"),
        ("before=", "before"),
        ("before=-1", "before"),
        ("before=2026-02-30T00:00:00Z", "before"),
        ("before=99999999999999999999", "before"),
        ("after=1'%20OR%20'1'='1", "after"),
        ("after=%00", "after"),
        ("after=%D9%A1", "after"),
    ],
)
async def test_a_wrong_parameter_is_named(reader: Caller, history: Any, query: str, parameter: str) -> None:
    channel, _ = history
    body = problem(await reader.get(f"{CHANNELS}/{channel}/messages?{query}"), 422, "invalid")
    assert [error["parameter"] for error in body["errors"]] == [parameter]


async def test_before_and_after_together_are_refused(reader: Caller, history: Any) -> None:
    channel, _ = history
    problem(await reader.get(f"{CHANNELS}/{channel}/messages", before=5, after=2), 422, "invalid")


async def test_a_message_of_another_channel_is_no_place(world: World, reader: Caller, history: Any) -> None:
    _, messages = history
    channel = await world.channel()
    for name in ("before", "after"):
        problem(await reader.get(f"{CHANNELS}/{channel['id']}/messages", **{name: messages[0]["id"]}), 422, "invalid")


async def test_messages_sent_while_somebody_pages_do_not_shift_their_pages(world: World, reader: Caller) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"early {n}") for n in range(6)]
    path: str | None = f"{CHANNELS}/{channel['id']}/messages?limit=2"
    seen: list[dict[str, Any]] = []
    while path:
        response = await reader.get(path)
        seen.extend(rows(response))
        path = links(response).get("next")
        await alice.send(channel["id"], "late")
    assert seen == sent[::-1]
