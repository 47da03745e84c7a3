"""Operators: what has to hold beside the text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from harness.database import Database
from harness.pins import told
from harness.world import DAO, OWNER, World, reaction
from search.asking import Searched, ask, index


async def test_who_wrote_it(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    await db.execute(
        """INSERT INTO messaging.profiles (member_id, display_name, changed_at)
           VALUES ('user:olena', 'Олена Коваль', now()), ('@bob:elsewhere', 'Bob', now())"""
    )
    mine = await search.say(channel, "needle", OWNER)
    olena = await search.say(channel, "needle", "user:olena")
    bot = await search.say(channel, "needle", "agent:ada")
    bob = await search.say(channel, "needle", "@bob:elsewhere")
    for query, expected in (
        ("from:me", [mine]),
        ("from:olena needle", [olena]),
        ("from:@Olena", [olena]),
        ("from:user:olena", [olena]),
        ('from:"Олена Коваль"', [olena]),
        ("from:@bob:elsewhere", [bob]),
        ("from:Bob", [bob]),
        ("from:ada", [bot]),
        ("is:agent", [bot]),
        ("-is:agent needle", [bob, olena, mine]),
        ("-from:me", [bob, bot, olena]),
        ("from:me from:olena", []),
        ("from:nobody", []),
        ("-from:nobody", [bob, bot, olena, mine]),
        ("from:o'\\brien", []),
    ):
        assert await search.found(query) == [message.id for message in expected], query
    assert await search.found("from:me", None) == []


async def test_where_it_is(search: Searched, world: World) -> None:
    one = await world.channel(slug="garden", name="Сад і город")
    other = await world.channel(slug="kitchen", name="Kitchen")
    hidden = await world.channel("user:zoe", slug="secret", name="Kitchen", visibility="private")
    roses, soup = await search.say(one, "needle roses"), await search.say(other, "needle soup")
    await search.say(hidden, "needle knives", "user:zoe")
    for query, expected in (
        ("in:garden", [roses]),
        ("in:#garden needle", [roses]),
        (f"in:{one.id}", [roses]),
        ('in:"Сад і город"', [roses]),
        ("in:kitchen", [soup]),
        ("in:secret", []),
        (f"in:{hidden.id}", []),
        ("in:nowhere", []),
        ("in:garden in:kitchen", []),
        ("-in:garden needle", [soup]),
        ("-in:nowhere", [soup, roses]),
        ("in:------------------------------------", []),
    ):
        assert await search.found(query) == [message.id for message in expected], query
    assert await search.found("needle", channel_id=one.id) == [roses.id]
    assert await search.found("in:kitchen", channel_id=one.id) == []


async def test_of_many_with_one_name_the_first_people_and_the_callers_own_channels(
    search: Searched, world: World, db: Database
) -> None:
    """By their ids theirs come behind 1,100 others, and so does the one that they are in by itself."""
    channel = await world.channel("user:zoe", name="Common", visibility="microdao")
    private = await world.channel(name="Common", visibility="private", microdao_id="microdao:elsewhere")
    elsewhere = """INSERT INTO public.channels (id, slug, name, microdao_id, matrix_room_id, visibility, created_by)
                   SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'common-' || n, 'common',
                       'microdao:elsewhere', '!common-' || n || ':x', 'microdao', 'user:zoe' FROM generate_series(1, 1100) n"""
    await db.execute(elsewhere)
    people = """INSERT INTO messaging.profiles (member_id, display_name, changed_at)
                SELECT 'user:same' || lpad(n::text, 2, '0'), 'Same', now() FROM generate_series(30, 1, -1) n"""
    await db.execute(people)
    said = [await search.say(place, "needle", "user:same20") for place in (channel, private)]
    beyond = await search.say(channel, "needle", "user:same21")
    asked = {"caller": OWNER, "microdaos": [DAO]}
    assert await search.found("in:common", **asked) == [beyond.id] + [message.id for message in said[::-1]]
    assert await search.found("from:same in:common", **asked) == [message.id for message in said[::-1]]


async def test_when_it_was(search: Searched, world: World) -> None:
    channel = await world.channel()
    day = datetime(2025, 3, 1, tzinfo=UTC)
    times = [day - timedelta(microseconds=1), day, day + timedelta(hours=23.999), day + timedelta(days=1)]
    ids = [(await search.say(channel, "needle", at=at)).id for at in times]
    for query, expected in (
        ("before:2025-03-01", [0]),
        ("after:2025-03-01", [3]),
        ("on:2025-03-01", [2, 1]),
        ("-on:2025-03-01", [3, 0]),
        ("-before:2025-03-01", [3, 2, 1]),
        ("after:2025-02-28 before:2025-03-02 needle", [2, 1]),
        ("before:2025-02-01", []),
        ("after:2025-04-01", []),
        ("before:0001-01-01", []),
        ("after:9999-12-30", []),
        ("after:2025-03-01T00:00:00Z", [3, 2]),
    ):
        for limit in (1, 50):
            assert await search.found(query, limit=limit) == [ids[at] for at in expected], query


async def test_what_it_has(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    file = await search.say(channel, "report.pdf", content_type="file")
    image = await search.say(channel, "needle", content_type="image")
    link = await search.say(channel, "see https://example.com/a")
    liked = await search.say(channel, "liked")
    await db.call("record_reaction", **reaction(channel, liked.event_id))
    root = await search.say(channel, "root")
    reply = await search.say(channel, "answer", thread_event_id=root.event_id, reply_to_event_id=root.event_id)
    pinned = await search.say(channel, "pinned")
    await db.call("record_pinned_events", **told(channel, pinned.event_id))
    for query, expected in (
        ("has:file", [file]),
        ("has:image", [image]),
        ("has:audio", []),
        ("has:link", [link]),
        ("has:reaction", [liked]),
        ("has:thread", [root]),
        ("has:pin", [pinned]),
        ("is:reply", [reply]),
        ("-has:reaction has:thread", [root]),
        ("-is:reply -has:file -has:image -has:link -has:pin", [root, liked]),
    ):
        assert await search.found(query) == [message.id for message in expected], query


async def test_what_it_is_to_the_caller(search: Searched, world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:mia", "user:ann"):
        await world.member(channel, who)
    read = await search.say(channel, "needle")
    await db.execute(
        "INSERT INTO messaging.channel_reads (channel_id, member_id, read_seq) VALUES ($1, 'user:mia', $2)",
        channel.id,
        read.seq,
    )
    named = await search.say(channel, "needle for Mia", mentions=["user:mia"])
    room = await search.say(channel, "needle for all", mentions=["room"])
    own = await search.say(channel, "needle", "user:mia")
    await db.execute(
        "UPDATE messaging.channel_reads SET read_seq = $2 WHERE channel_id = $1 AND member_id = 'user:mia'",
        channel.id,
        read.seq,
    )
    edited = await search.say(channel, "needle")
    await db.execute("UPDATE public.messages SET edited_at = now() WHERE id = $1", edited.id)
    for query, caller, expected in (
        ("is:unread", "user:mia", [edited, room, named]),
        ("-is:unread", "user:mia", [own, read]),
        ("is:unread", "user:ann", []),
        ("is:unread", None, []),
        ("is:mention", "user:mia", [room, named]),
        ("is:mention", "user:ann", [room]),
        ("mentions:mia", OWNER, [named]),
        ("mentions:me", "user:mia", [named]),
        ("-mentions:mia needle", OWNER, [edited, own, room, read]),
        ("is:edited", OWNER, [edited]),
    ):
        assert await search.found(query, caller) == [message.id for message in expected], (query, caller)
    await db.execute("UPDATE public.messages SET mentions = '{}' WHERE id = $1", named.id)
    await index(db, {named.id: "needle"})
    assert await search.found("mentions:mia") == []


async def test_what_contradicts_itself_is_found_nowhere_and_who_may_not_read_is_told(
    search: Searched, world: World, db: Database
) -> None:
    channel = await world.channel(visibility="private")
    await search.say(channel, "many dogs", content_type="file")
    for query in ("dogs -dog", '"many dogs" -dogs', "has:file -has:file", "on:2025-01-01 on:2025-01-02"):
        for given in ({}, {"channel_id": channel.id}, {"microdao_id": DAO}):
            assert await search.page(query, **given) == {"hits": [], "next": None}, query
        [asked] = ask([query])
        assert [filter["operator"] for filter in json.loads(asked["filters"])] == ["nothing"]
        given = {**asked, "microdao_id": None, "cursor": None, "limit": 10}
        assert await db.refusal("search_messages", **channel.by("user:sam", []), **given) == "channel_not_found"
