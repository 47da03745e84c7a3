"""What search_messages finds: words, in their order, from page to page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from harness.database import Database
from harness.world import DAO, OWNER, World, redaction
from search.asking import Searched, index
from support.waiting import eventually

START = datetime(2025, 1, 1, tzinfo=UTC)


async def test_every_form_of_all_words_is_found(search: Searched, world: World) -> None:
    channel = await world.channel()
    both = await search.say(channel, "Читаю книги про садівництво")
    other = await search.say(channel, "Книга загубилася")
    assert await search.found("книгу садівництва") == [both.id]
    assert await search.found("книгу -садівництво") == [other.id]
    assert len(await search.found("книгу")) == 2
    assert await search.found('"книги про"') == [both.id]
    assert await search.found('"про книги"') == []
    assert await search.found("садів*") == [both.id]
    assert await search.found("нічого") == []


async def test_a_hit_shows_its_message_its_channel_and_where_its_event_is(search: Searched, world: World) -> None:
    channel = await world.channel(name="Garden", visibility="microdao")
    message = await search.say(channel, "roses and tulips", OWNER)
    [hit] = (await search.page("tulip"))["hits"]
    assert hit["message"]["id"] == message.id and hit["message"]["content_preview"] == "roses and tulips"
    assert hit["message"]["reactions"] == []
    assert (hit["room_id"], hit["event_id"]) == (channel.room_id, message.event_id)
    assert hit["channel"]["id"] == channel.id and hit["channel"]["name"] == "Garden"
    assert hit["channel"]["microdao_id"] == DAO and hit["channel"]["archived_at"] is None


async def test_the_newest_are_first_through_all_ages_and_pages(search: Searched, world: World) -> None:
    """Hours, days, months and years lie between them, and many are of the same moment."""
    channels = [await world.old_channel() for _ in range(3)]
    at, expected = START, []
    for number in range(60):
        at += timedelta(seconds=[0, 0, 1, 1024, 40_000, 900_000, 9_000_000][number % 7])
        message = await search.say(channels[number % 3], f"needle {number}", at=at)
        await search.say(channels[number % 3], f"hay {number}", at=at)
        expected.append((at, message.id))
    expected.sort(reverse=True)
    assert expected[2][0] == expected[3][0]
    expected = [id for _, id in expected]
    for limit in (1, 7, 50):
        assert await search.found("needle", limit=limit) == expected
        assert await search.found("-hay", limit=limit) == expected
        in_one = await search.found(f"in:{channels[1].id}")
        assert await search.found("needle", limit=limit, channel_id=channels[1].id) == [
            id for id in expected if id in in_one
        ]
    # A page that begins in the middle of a moment: between the third and the fourth.
    page = await search.page("needle", limit=3)
    rest = await search.found("needle", cursor=page["next"])
    assert page["next"] and [hit["message"]["id"] for hit in page["hits"]] + rest == expected


async def test_a_page_goes_on_where_the_one_before_ended_while_somebody_sends(search: Searched, world: World) -> None:
    channel = await world.channel()
    first = [(await search.say(channel, "needle")).id for _ in range(4)]
    page = await search.page("needle", limit=2)
    await search.say(channel, "needle")
    after = await search.page("needle", limit=2, cursor=page["next"])
    assert [hit["message"]["id"] for hit in page["hits"] + after["hits"]] == first[::-1]
    assert after["next"] is None


async def test_an_edit_is_found_by_its_text_and_what_was_deleted_by_nothing(
    search: Searched, world: World, db: Database
) -> None:
    channel = await world.channel()
    message = await search.say(channel, "before")
    await index(db, {message.id: "after"})
    assert await search.found("after") == [message.id]
    assert await search.found("before") == []
    await db.call("record_redaction", **redaction(channel, message.event_id))
    assert await search.found("after") == []


async def test_nothing_is_found_where_there_is_nothing(search: Searched, world: World) -> None:
    await world.channel()
    for query in ("needle", "-needle", "", "from:me", "is:reply"):
        assert await search.page(query) == {"hits": [], "next": None}


async def test_a_page_has_at_most_its_limit(search: Searched, world: World) -> None:
    channel = await world.channel()
    for _ in range(3):
        await search.say(channel, "needle")
    for limit, hits in ((1, 1), (2, 2), (3, 3), (10**9, 3), (0, 1), (-1, 1)):
        page = await search.page("needle", limit=limit)
        assert len(page["hits"]) == hits and (page["next"] is None) == (hits == 3)


@pytest.mark.parametrize("channels", [1, 20])
async def test_a_search_goes_on_through_more_than_one_page_looks_at(
    search: Searched, world: World, db: Database, channels: int
) -> None:
    """Without a word to look up, a page of few channels ends after so many rows, and the next one goes on there. Of many channels
    time alone ends it: rows are also of messages that the caller may not read."""
    made = [await world.old_channel() for _ in range(channels)]
    needle = await search.say(made[0], "needle", at=START)
    rows = """INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                  content_preview, created_at, seq)
              SELECT gen_random_uuid(), $1, '$many-' || n, 'm.room.message', 'user:olga', 'human', '@x', 'hay',
                  $2::timestamptz + n * interval '1 minute', n + 1000 FROM generate_series(1, 45000) n"""
    await db.execute(rows, made[0].id, START)
    await db.execute(
        """INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
           SELECT id, channel_id, created_at, 1, messaging.search_vector(m, '''=hay'':1 ''hay'':1', false)
           FROM public.messages m WHERE matrix_event_id LIKE '$many-%'"""
    )
    page = await search.page("-hay")
    assert channels > 1 or page["hits"] == [] and page["next"] is not None
    assert await search.found("-hay") == [needle.id]

    # A word is looked up.
    async def is_found() -> bool:
        return len((await search.page("needle"))["hits"]) == 1

    # A page ends after a while, and then says where the next one begins.
    await eventually("one page finds it", is_found)
    assert len(set(await search.found("hay"))) == 45_000


@pytest.mark.parametrize("channels", [1, 20])
async def test_a_time_with_more_messages_than_a_window_may_have_is_read_to_its_end(
    search: Searched, world: World, db: Database, channels: int
) -> None:
    """Another homeserver may date as many as it likes to one moment."""
    made = [await world.old_channel() for _ in range(channels)]
    before = await search.say(made[0], "hay", at=START - timedelta(days=300))
    rows = """INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                  content_preview, created_at, seq)
              SELECT gen_random_uuid(), $1, '$crowd-' || n, 'm.room.message', 'user:olga', 'human', '@x', 'hay',
                  $2::timestamptz + n / 1000 * interval '1 second', n + 1000 FROM generate_series(1, 6000) n"""
    await db.execute(rows, made[0].id, START)
    await db.execute(
        """INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
           SELECT id, channel_id, created_at, 1, messaging.search_vector(m, CASE WHEN seq > 6000
               THEN '''=hay'':1 ''hay'':1 ''=straw'':2 ''straw'':2' ELSE '''=hay'':1 ''hay'':1' END, false)
           FROM public.messages m WHERE matrix_event_id LIKE '$crowd-%'"""
    )
    ordered = "SELECT id::text, seq > 6000 FROM public.messages ORDER BY created_at DESC, id DESC"
    expected = [(row[0], row[1]) for row in await db.rows(ordered)]
    assert expected[-1][0] == before.id
    for query in ("hay -straw", "hay* -straw"):
        assert await search.found(query) == [id for id, has_straw in expected if not has_straw], query
    assert await search.found("straw") == [id for id, has_straw in expected if has_straw]
    for query in ("-hay", "hay straw needle"):
        assert await search.found(query) == [], query


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("'a'", ["'a'"]),
        ("('a' | 'b') & 'c':* & 'd'", ["'a' | 'b'", "'c':*", "'d'"]),
        (r"'it''s (' & '\\ & ''' & ':from user:x'", ["'it''s ('", r"'\\ & '''", "':from user:x'"]),
        ("'a' | 'b' & 'c'", ["'a' | 'b' & 'c'"]),
        ("'a' <-> 'b'", ["'a' <-> 'b'"]),
        ("('b' & 'c' | 'd') & ('a' <-> 'b' | 'e')", ["'b' & 'c' | 'd'", "'a' <-> 'b' | 'e'"]),
        ("!'a' & 'b'", ["!'a' & 'b'"]),
    ],
)
async def test_what_is_asked_for_together_is_taken_apart(db: Database, query: str, parts: list[str]) -> None:
    assert await db.value("SELECT messaging.search_parts($1::text::tsquery)::text[]", query) == parts
