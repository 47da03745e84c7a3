"""Words that may have been meant: learnt from what a microDAO may read, and suggested to nobody who would not find them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.database import Database
from harness.databases import Databases, connected, execute
from harness.search import entry
from harness.server import migrate
from harness.world import DAO, NOWHERE, OWNER, Channel, World, edit, redaction, sent

ELSEWHERE = "microdao:elsewhere"


class Talk:
    """Says words in channels, and asks what may have been meant."""

    def __init__(self, db: Database):
        self.db = db

    async def say(self, channel: Channel, *words: str, times: int = 1) -> list[str]:
        """So many messages with these words; gives their ids."""
        ids = []
        for _ in range(times):
            ids.append(await self._say(channel, words))
        return ids

    async def _say(self, channel: Channel, words: tuple[str, ...]) -> str:
        message = sent(channel, content_preview=" ".join(words), search=entry(" ".join(f"={word}" for word in words)))
        await self.db.call("record_message", **message)
        return message["message_id"]

    async def learn(self, limit: int = 20_000) -> bool:
        """As the relay has it done every minute; whether words are left."""
        return (await self.db.call("learn_words", limit=limit))["has_more"]

    async def words(self, microdao: str = DAO) -> dict[str, int]:
        sql = "SELECT word, messages FROM messaging.search_words WHERE microdao_id = $1"
        return {row["word"]: row["messages"] for row in await self.db.rows(sql, microdao)}

    async def meant(self, *words: str, by: str | None = OWNER, **asked: Any) -> dict[str, list[str]]:
        """The suggestions for each word, each asked for in its exact form."""
        arguments = {"microdaos": [DAO], "channel_id": None, "microdao_id": None, **asked}
        queries = [f"'={word}'" for word in words]
        document = await self.db.call("suggest_words", caller=by, words=list(words), queries=queries, **arguments)
        return {entry["word"]: entry["suggestions"] for entry in document}


@pytest.fixture
def talk(db: Database) -> Talk:
    return Talk(db)


async def test_a_misspelt_word_gets_the_words_that_are_nearest(world: World, talk: Talk) -> None:
    channel = await world.channel()
    await talk.say(channel, "квартира", "картина", "книга", "meeting")
    await talk.say(channel, "квартира", "холодильник", "м'ята".replace("'", "ʼ"))
    await talk.learn()
    # Left out, put in, another one, two swapped.
    assert await talk.meant("кватира") == {"кватира": ["квартира"]}
    assert await talk.meant("кввартира") == {"кввартира": ["квартира"]}
    assert await talk.meant("квортира") == {"квортира": ["квартира"]}
    assert await talk.meant("кнгиа", "meetign") == {"кнгиа": ["книга"], "meetign": ["meeting"]}
    assert await talk.meant("мята") == {"мята": ["мʼята"]}
    assert await talk.meant("хлодильнк") == {"хлодильнк": ["холодильник"]}
    # Too short, no word, or like nothing.
    assert await talk.meant("кит", "v1.2.3", "книг1", "телефон", "'='", "") == {}


async def test_a_word_that_is_found_often_gets_none(world: World, talk: Talk) -> None:
    channel = await world.channel()
    await talk.say(channel, "книга", times=3)
    await talk.say(channel, "книга", "книгу")
    await talk.say(channel, "книгу", times=1)
    await talk.learn()
    assert await talk.meant("книга", "книгу") == {"книгу": ["книга"]}


async def test_the_likeliest_comes_first(world: World, talk: Talk) -> None:
    channel = await world.channel()
    await talk.say(channel, "рахунок", "рисунок")
    await talk.say(channel, "рисунок", times=2)
    await talk.learn()
    assert await talk.meant("ранунок") == {"ранунок": ["рахунок", "рисунок"]}, "nearer"
    assert await talk.meant("расунок") == {"расунок": ["рисунок", "рахунок"]}, "as near, and more often"


async def test_only_four_words_are_looked_at(world: World, talk: Talk) -> None:
    channel = await world.channel()
    await talk.say(channel, "мережа")
    await talk.learn()
    asked = ["телефони", "квартири", "хлопчики", "дівчатка", "мережо"]
    assert await talk.meant(*asked) == {}
    assert await talk.meant(*asked[1:]) == {"мережо": ["мережа"]}


async def test_words_of_closed_channels_are_not_learnt(world: World, talk: Talk, db: Database) -> None:
    await talk.say(await world.channel(visibility="private"), "таємниця")
    direct = {"is_direct": True, "visibility": "private"}
    await talk.say(await world.channel(**direct), "побачення")
    await talk.say(await world.channel(visibility="microdao"), "нарада")
    await talk.say(await world.channel(microdao_id=ELSEWHERE), "ярмарок")
    await talk.learn()
    assert await talk.words() == {"нарада": 1}
    assert await talk.words(ELSEWHERE) == {"ярмарок": 1}


async def test_nobody_is_suggested_what_they_would_not_find(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel(visibility="microdao")
    elsewhere = await world.channel("user:other", microdao_id=ELSEWHERE, visibility="microdao")
    await talk.say(channel, "квартира")
    await talk.say(elsewhere, "квартирка")
    await talk.learn()
    typo = "кваритра"
    assert await talk.meant(typo, by="user:ann") == {typo: ["квартира"]}
    assert await talk.meant(typo, by="user:eve", microdaos=[]) == {}
    assert await talk.meant(typo, by="user:eve", microdaos=[], microdao_id=DAO) == {}
    assert await talk.meant(typo, by="user:eve", microdaos=[ELSEWHERE]) == {typo: ["квартирка"]}
    assert await talk.meant(typo, by=None, microdaos=[], microdao_id=DAO) == {}
    # A guest has no claim, and is in the channel.
    await world.member(channel, "user:guest", role="guest")
    assert await talk.meant(typo, by="user:guest", microdaos=[]) == {typo: ["квартира"]}
    # Whoever is banned is in the microDAO all the same.
    await world.member(channel, "user:mallory", state="left")
    await db.execute("UPDATE public.channel_members SET banned_at = now() WHERE member_id = 'user:mallory'")
    assert await talk.meant(typo, by="user:mallory") == {}
    # Closed since, its words are its members' alone.
    await db.execute("UPDATE public.channels SET visibility = 'private' WHERE id = $1", channel.id)
    assert await talk.meant(typo, by="user:ann") == {}
    assert await talk.meant(typo) == {typo: ["квартира"]}


async def test_in_one_channel_only_its_words_are_suggested(world: World, talk: Talk, db: Database) -> None:
    one, other = await world.channel(), await world.channel(visibility="microdao")
    await talk.say(one, "квартира")
    await talk.say(other, "картина")
    await talk.learn()
    assert await talk.meant("катрина") == {"катрина": ["картина"]}
    assert await talk.meant("катрина", channel_id=one.id) == {}
    assert await talk.meant("катрина", channel_id=other.id) == {"катрина": ["картина"]}
    asked = {"words": ["катрина"], "queries": ["'катрина'"], "microdao_id": None}
    foreign = {**other.by("user:eve", []), **asked}
    assert await db.refusal("suggest_words", **foreign) == "channel_not_found"
    assert await db.refusal("suggest_words", **{**foreign, "channel_id": NOWHERE}) == "channel_not_found"
    await world.member(other, "user:mute", can_read=False)
    assert await db.refusal("suggest_words", **{**foreign, "caller": "user:mute"}) == "cannot_read"


async def test_what_is_deleted_is_suggested_no_more(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel()
    [message] = await talk.say(channel, "пароль")
    await talk.learn()
    assert await talk.meant("пароьл") == {"пароьл": ["пароль"]}
    await db.execute("DELETE FROM messaging.message_search WHERE message_id = $1", message)
    assert await talk.meant("пароьл") == {}


async def test_words_are_counted_in_small_batches(world: World, talk: Talk) -> None:
    channel = await world.channel()
    await talk.say(channel, "книга", "вікно", times=3)
    # Each time what has so many words, and one message more.
    assert [await talk.learn(1) for _ in range(4)] == [True, True, False, False]
    assert await talk.words() == {"книга": 3, "вікно": 3}
    await talk.say(channel, *(f"слово{'бвгд'[n % 4] * (n // 4 + 1)}" for n in range(40)), times=3)
    # The words of each, and the mark of who has said it.
    assert [await talk.learn(41) for _ in range(3)] == [True, True, False]
    # What is no word is not learnt: numbers, addresses, the short and the long.
    before = await talk.words()
    await talk.say(channel, "v1.2.3", "@alice", "user@example.com", "дім", "ї" * 33, "covid19", "東京東京", "🔥")
    assert await talk.learn() is False
    assert await talk.words() == before


async def test_a_message_counts_once_for_a_word_that_it_has(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel()
    await talk.say(channel, "книга")
    [message] = await talk.say(channel, "книга", "вікно")
    event = await db.value("SELECT matrix_event_id FROM public.messages WHERE id = $1", message)
    await talk.learn()
    assert await talk.words() == {"книга": 2, "вікно": 1}
    # Edited before the words of the first edit are learnt, and after.
    for edited in ("=книга =двері", "=книга =стеля", "=книга =стеля"):
        new = edit(channel, event, search=entry(edited))
        await db.call("record_edit", **new)
        if edited != "=книга =двері":
            await talk.learn()
    assert await talk.words() == {"книга": 2, "стеля": 1}


async def test_nothing_of_a_deleted_message_is_left(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel()
    await talk.say(channel, "книга")
    messages = [(await talk.say(channel, "книга", "пароль"))[0]]
    await talk.learn()
    # One that is learnt, and one that is not yet.
    messages += await talk.say(channel, "таємниця")
    for message in messages:
        event = await db.value("SELECT matrix_event_id FROM public.messages WHERE id = $1", message)
        await db.call("record_redaction", **redaction(channel, event))
    assert await talk.learn() is False
    assert await talk.words() == {"книга": 1}
    contents = str(await db.contents())
    assert "пароль" not in contents and "таємниця" not in contents


async def test_who_edits_while_words_are_learnt_waits_and_counts_right(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel()
    [message] = await talk.say(channel, "книга")
    event = await db.value("SELECT matrix_event_id FROM public.messages WHERE id = $1", message)
    [learning, editing] = await db.sessions(2)
    async with learning.transaction():
        await learning.call("learn_words", limit=100)
        new = edit(channel, event, search=entry("=вікно"))
        edited = asyncio.create_task(editing.call("record_edit", **new))
        await db.waiting(editing)
    await edited
    await talk.learn()
    assert await talk.words() == {"вікно": 1}


async def test_of_too_many_words_the_rarest_go(world: World, talk: Talk, db: Database) -> None:
    channel = await world.channel()
    sql = """INSERT INTO messaging.search_words
             SELECT $1, 'word' || n, 'word' || n, 2 + n / 40000, now() - interval '2 days' FROM generate_series(1, 50000) n"""
    for microdao in (DAO, ELSEWHERE):
        await db.execute(sql, microdao)
    await talk.say(channel, "нове", "слово", "word")
    await talk.learn()
    words = await talk.words()
    assert len(words) == 45_000
    assert {f"word{n}" for n in range(40_000, 50_001)} <= words.keys(), "these are more often than others"
    assert len(await talk.words(ELSEWHERE)) == 50_000, "nothing new has come there"


async def test_in_any_locale_and_wherever_the_extension_is(databases: Databases) -> None:
    """In a database of locale C, pg_trgm sees letters and digits of ASCII alone."""
    await databases.run("CREATE DATABASE plain TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    url = f"{databases.server}/plain"
    await execute(url, "CREATE SCHEMA elsewhere; CREATE EXTENSION pg_trgm SCHEMA elsewhere")
    await migrate(url)
    async with connected(url) as connection:
        trigrams = await connection.fetchval("SELECT cardinality(elsewhere.show_trgm('слово'))")
        assert trigrams == 0
        words = ["квартира", "квартиру", "книга", "мʼята", "meeting"]
        await connection.execute(
            "INSERT INTO messaging.search_words SELECT $1, w, messaging.word_key(w), 1, now() FROM unnest($2::text[]) w",
            DAO,
            words,
        )
        sql = "SELECT messaging.similar_words($1, $2)"
        assert await connection.fetchval(sql, "квортира", DAO) == ["квартира", "квартиру"]
        assert await connection.fetchval(sql, "мята", DAO) == ["мʼята"]
        assert await connection.fetchval(sql, "meetign", DAO) == ["meeting"]
        assert await connection.fetchval(sql, "квортира", ELSEWHERE) == []
        # All 36 letters of Cyrillic stay what they are.
        letters = "абвгдеєжзиіїйклмнопрстуфхцчшщьюяыэёъ"
        key = await connection.fetchval("SELECT messaging.word_key($1)", letters)
        assert key.isascii() and key.isalnum() and len(set(key)) == len(letters)
        assert all([await connection.fetchval("SELECT messaging.is_word($1)", f"={letter * 4}") for letter in letters])
    await databases.drop("plain")


async def test_no_function_has_a_parameter_of_an_extension(db: Database) -> None:
    """Whoever owns the functions and is no superuser could not make it again while the extension is not loaded."""
    sql = """SELECT count(*) FROM pg_proc p, unnest(p.proconfig) setting
             WHERE p.pronamespace = 'messaging'::regnamespace AND split_part(setting, '=', 1) LIKE '%.%'"""
    assert await db.value(sql) == 0
