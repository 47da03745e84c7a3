"""What a query finds: words in any form, and operators."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, path_to, pin_path, reaction_path
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.search import SEARCH, search, texts
from support.witness import Witness


@pytest.fixture
def reader(world: World) -> Caller:
    return world.member_of("reader", world.microdao)


async def test_words_are_found_in_every_form(world: World, reader: Caller) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    said = [
        "Здаю квартиру біля метро",
        "М'ята в нашому саду",
        "Meeting about the new kitchens",
        "report-2026.pdf від alice@example.com",
        "getUserName у v1.2.3",
        "Київ, вулиця Хрещатик",
    ]
    for text in said:
        await owner.send(channel["id"], text)
    found = {
        "квартирою": [0],
        "КВАРТИРИ метро": [0],
        # Latin a and i.
        "квaртира": [0],
        "м’ята": [1],
        "садами": [1],
        "meetings": [2],
        "kitchen": [2],
        "alice@example.com": [3],
        "example.com": [3],
        "report": [3],
        "report-2026.pdf": [3],
        "username": [],
        "user name": [4],
        "v1.2.3": [4],
        "хрещ*": [5],
        '"вулиця хрещатик"': [5],
        '"хрещатик вулиця"': [],
        "києва -квартира": [5],
        "квартира київ": [],
    }
    for query, wanted in found.items():
        assert await texts(reader, query, channel_id=channel["id"]) == [said[at] for at in wanted], query
    everything = f"in:{channel['id']} -квартира"
    assert await texts(reader, everything) == [said[at] for at in (5, 4, 3, 2, 1)]


async def test_operators(world: World, reader: Caller, rooms: Rooms, witness: Witness) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    plain = await owner.send(channel["id"], "слово просте")
    await reader.send(channel["id"], "слово https://example.com/a")
    await owner.send(channel["id"], "слово відповідь", reply_to=plain["id"])
    await owner.send(channel["id"], "слово у гілці", thread_id=plain["id"])
    edited = await owner.send(channel["id"], "слова")
    assert (await owner.patch(path_to(channel["id"], edited["id"]), {"text": "слово змінене"})).status_code == 200
    await sofia.say(channel["id"], "слово агента")
    mention = await owner.send(channel["id"], "слово для читача", mentions=[reader.id])
    assert (await reader.put(reaction_path(plain, "x"))).status_code == 204
    assert (await owner.put(pin_path(mention))).status_code == 204
    image = {"msgtype": "m.image", "url": "mxc://localhost/picture"}
    async with witness.watch(channel, owner):
        await (await matrix_client(rooms, owner)).say(channel["matrix_room_id"], "слово на картинці", **image)
    found = {
        "from:me": ["слово https://example.com/a"],
        f"from:{sofia.id}": ["слово агента"],
        f"-from:{owner.id}": ["слово агента", "слово https://example.com/a"],
        f"in:{channel['slug']} has:link": ["слово https://example.com/a"],
        "has:image": ["слово на картинці"],
        "has:reaction": ["слово просте"],
        "has:thread": ["слово просте"],
        "has:pin": ["слово для читача"],
        "is:reply": ["слово відповідь"],
        "is:edited": ["слово змінене"],
        "is:agent": ["слово агента"],
        "is:mention": ["слово для читача"],
        f"mentions:{reader.id}": ["слово для читача"],
        "mentions:me -has:pin": [],
        "after:2020-01-01 has:reaction": ["слово просте"],
        "before:2020-01-01": [],
        "відповідь -is:reply": [],
    }
    for query, wanted in found.items():
        for q in (query, f"слово {query}"):
            assert await texts(reader, q, channel_id=channel["id"]) == wanted, q
    # All behind the reader's own message, which they have read up to.
    unread = await texts(reader, "слово is:unread", channel_id=channel["id"])
    assert "слово агента" in unread and "слово просте" not in unread


async def test_what_cannot_be_done_is_hinted_and_never_an_error(world: World, reader: Caller) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    await owner.send(channel["id"], "Зустріч о 10:30, room:blue")
    hints = {
        "зустріч colour:blue": "unknown_operator",
        "зустріч has:wings": "unknown_value",
        "зустріч from:": "missing_value",
        "зустріч before:tomorrow": "not_a_time",
        '"зустріч о': "unclosed_quote",
        "зу*": "prefix_too_short",
        "зустріч " + "ї" * 600: "query_too_long",
        " ".join(f"слово{n}" for n in range(40)): "too_many_words",
        "": "nothing_to_find",
        " -- ?! ": "nothing_to_find",
    }
    for query, code in hints.items():
        page = await search(reader, query, channel_id=channel["id"])
        assert [hint["code"] for hint in page["hints"]] == [code], query
    assert (await search(reader, "", channel_id=channel["id"]))["hits"] == []
    assert (await search(reader, "зустріч room:blue", channel_id=channel["id"]))["hits"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", ["q"]),
        ("q=a&q=b", ["q"]),
        ("q=a&limit=0", ["limit"]),
        ("q=a&limit=51", ["limit"]),
        ("q=a&cursor=x", ["cursor"]),
        ("q=a&channel_id=x&microdao_id=y", ["channel_id", "microdao_id"]),
    ],
)
async def test_what_is_wrong_with_the_request_is_named(reader: Caller, query: str, named: list[str]) -> None:
    body = problem(await reader.get(f"{SEARCH}?{query}"), 422, "invalid")
    assert [error["parameter"] for error in body["errors"]] == named


HOSTILE = [
    "'",
    "\\",
    "a' | 'b",
    "'a' <-> !'b'",
    "-a",
    "-a -b -c",
    "!a & b",
    "a:* ",
    "*",
    "***",
    '"""',
    "%00",
    "a\x00b",
    "from:\x00",
    "in:" + "х" * 300,
    "from:'; DROP TABLE messages; --",
    "before:0000-00-00",
    "after:9999-12-31T23:59:59.999999999Z",
    "on:2026-02-30",
    "\u202e\u200b\ufeff",
    "🔥" * 100,
    "a" * 500,
    "ї " * 250,
    "аааа* " * 80,
    "-(" * 200,
    " ".join(f"from:user:u{n}" for n in range(40)),
]


async def test_hostile_queries_are_queries(world: World, reader: Caller) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    await owner.send(channel["id"], "a quiet place")
    for query in HOSTILE:
        for params in ({}, {"channel_id": channel["id"]}):
            page = await search(reader, query, **params)
            assert page.keys() == {"hits", "next", "hints", "did_you_mean"}, query
    assert await texts(reader, "quiet", channel_id=channel["id"]) == ["a quiet place"]


async def test_pages_go_on_while_somebody_sends(world: World, reader: Caller) -> None:
    owner = world.user("owner")
    channels = [await world.channel(owner), await world.channel(owner, visibility="microdao")]
    sent = [await owner.send(channels[n % 2]["id"], f"сторінка {n}") for n in range(20)]
    params: dict[str, Any] = {"microdao_id": world.microdao, "limit": 6}
    page, found = await search(reader, "сторінки", **params), []
    while True:
        found += [hit["message"]["id"] for hit in page["hits"]]
        if page["next"] is None:
            break
        await owner.send(channels[0]["id"], "сторінка, що прийшла потім")
        page = await search(reader, "сторінки", **params | {"cursor": page["next"]})
    assert found == [message["id"] for message in reversed(sent)]
    # The Link header leads to the same.
    response = await reader.get(SEARCH, q="сторінки", **params)
    second = await search(reader, "сторінки", **params | {"cursor": response.json()["next"]})
    assert (await reader.get(response.links["next"]["url"])).json() == second
