"""What is shown with a hit: a window of the whole text around it, and where it is in the window."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.api import Caller, World
from support.faulty_homeserver import FaultyHomeserver
from support.search import marked, search
from support.stack import Stack
from support.waiting import eventually

FILLER = "і так далі "


async def whole(caller: Caller, query: str, **where: str) -> list[dict[str, Any]]:
    """The hits with their whole texts. A busy homeserver may not give them in time at first."""

    async def found() -> list[dict[str, Any]]:
        hits = (await search(caller, query, **where))["hits"]
        return [] if any(hit["partial"] for hit in hits) else hits

    return await eventually(f"the whole texts for {query}", found)


async def test_places_are_counted_in_code_points_of_the_excerpt(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    await owner.send(channel["id"], "👩‍👩‍👧 𝔘𝔫𝔦 <b>Здаємо квартиру</b>, дві квартири & гараж")
    [hit] = (await search(owner, "квартира гаражі", channel_id=channel["id"]))["hits"]
    assert marked(hit) == ["квартиру", "квартири", "гараж"]
    assert hit["excerpt"] == "👩‍👩‍👧 𝔘𝔫𝔦 <b>Здаємо квартиру</b>, дві квартири & гараж"
    assert (hit["excerpt_start"], hit["has_more"], hit["partial"]) == (0, False, False)
    # A phrase is one place; what must not be there is none; where only operators are asked for, there is none either.
    [hit] = (await search(owner, '"дві квартири" -сад', channel_id=channel["id"]))["hits"]
    assert marked(hit) == ["дві квартири"]
    [hit] = (await search(owner, "from:me", channel_id=channel["id"]))["hits"]
    assert hit["highlights"] == [] and hit["excerpt"].startswith("👩‍👩‍👧")


async def test_what_is_behind_the_preview_is_shown_from_matrix(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    text = f"Початок. {FILLER * 200}Зустріч на Подолі. {FILLER * 50}"
    await owner.send(channel["id"], text)
    [hit] = await whole(owner, "подола", channel_id=channel["id"])
    assert marked(hit) == ["Подолі"] and hit["has_more"]
    start = hit["excerpt_start"]
    assert start > 500 and hit["excerpt"] == text[start : start + len(hit["excerpt"])]
    # One word of two is in the preview: the whole text has both.
    [hit] = await whole(owner, "початок зустрічі", channel_id=channel["id"])
    assert marked(hit) == ["Початок"] and hit["excerpt_start"] == 0
    [hit] = (await search(owner, "початок", channel_id=channel["id"]))["hits"]
    assert hit["has_more"]


async def test_an_edited_text_is_shown_as_it_is(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "старе")
    path = f"/api/messaging/channels/{channel['id']}/messages/{message['id']}"
    assert (await owner.patch(path, {"text": f"{FILLER * 100}нове Закінчення"})).status_code == 200
    [hit] = await whole(owner, "закінченням", channel_id=channel["id"])
    assert marked(hit) == ["Закінчення"] and not hit["has_more"]


@pytest.mark.parametrize("fault", ["hangs", "fails"])
async def test_what_matrix_does_not_give_in_time_is_partial(
    app: httpx.AsyncClient, stack: Stack, development: bool, faulty: FaultyHomeserver, fault: str
) -> None:
    faulty.heal()
    world = World(app, stack, development)
    owner = world.user("owner")
    channel = await world.channel(owner)
    long = [await owner.send(channel["id"], f"{n}. {FILLER * 100}жовтень") for n in range(3)]
    await owner.send(channel["id"], "жовтень")
    faulty.fail(
        "GET", long[1]["matrix_event_id"].lstrip("$"), faulty.hangs if fault == "hangs" else faulty.loses_the_response
    )

    async def all_others() -> list[dict[str, Any]]:
        hits = (await search(owner, "жовтні", channel_id=channel["id"]))["hits"]
        assert [hit["partial"] for hit in hits] == [False, False, True, False]
        return hits

    hits = await eventually("the other texts are given in time", all_others)
    faulty.heal()
    assert hits[2]["excerpt"].startswith("1. і так") and hits[2]["highlights"] == [] and hits[2]["has_more"]
    assert [marked(hit) for hit in hits] == [["жовтень"], ["жовтень"], [], ["жовтень"]]


async def test_of_a_page_twenty_texts_are_read(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    for number in range(22):
        await owner.send(channel["id"], f"{number}. {FILLER * 60}листопад")

    async def twenty() -> bool:
        hits = (await search(owner, "листопаду", channel_id=channel["id"], limit=50))["hits"]
        assert [hit["partial"] for hit in hits] == [False] * 20 + [True] * 2
        return True

    await eventually("twenty texts are given in time", twenty)
