"""What messages are found by is written with them, from whichever side they come; and it goes with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from support.api import Caller, World
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.waiting import eventually

LONG = "Добрий день, колеги. " * 60


@dataclass
class Room:
    """A channel in which alice speaks through the API and bob in Matrix."""

    channel: dict[str, Any]
    alice: Caller
    bob: MatrixClient
    index: Index

    @property
    def room(self) -> str:
        return self.channel["matrix_room_id"]

    async def lexemes(self, event: str) -> set[str] | None:
        """What a message is found by; None when it has no row."""
        sql = """SELECT (SELECT tsvector_to_array(s.lexemes) FROM messaging.message_search s WHERE s.message_id = m.id)
                 FROM public.messages m WHERE m.matrix_event_id = $1"""
        rows = await self.index.rows(sql, event)
        assert rows, f"{event} is indexed"
        # Without the marks of what it is.
        return None if rows[0][0] is None else {word for word in rows[0][0] if not word.startswith(":")}

    async def is_found_by(self, event: str, *words: str) -> None:
        """Waits until a message is found by these words in their exact forms, among others."""

        async def found() -> bool:
            lexemes = await self.lexemes(event) or set()
            missing = {f"={word}" for word in words} - lexemes
            assert not missing, f"{event} is found by {missing}"
            return True

        await eventually(f"{event} is found by {words}", found)

    async def has_none(self, event: str) -> None:
        async def gone() -> bool:
            return await self.lexemes(event) is None

        await eventually(f"{event} is not found", gone)

    async def edited(self, event: str) -> None:
        async def shown() -> bool:
            return await self.index.value(
                "SELECT edited_at IS NOT NULL FROM public.messages WHERE matrix_event_id = $1", event
            )

        await eventually(f"{event} is edited", shown)


@pytest.fixture
async def room(world: World, rooms: Rooms, index: Index, person: NewPerson) -> AsyncIterator[Room]:
    alice = world.user("alice")
    channel = await world.channel(alice)
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    yield Room(channel, alice, bob, index)


async def test_the_whole_text_is_found_whoever_says_it(room: Room) -> None:
    sent = await room.alice.send(room.channel["id"], f"{LONG} https://example.com/звіт кінцівкою")
    assert sent["truncated"] and "кінцівкою" not in sent["content_preview"]
    await room.is_found_by(sent["matrix_event_id"], "добрий", "кінцівкою", "https://example.com/звіт")
    said = await room.bob.say(room.room, f"{LONG} https://example.com/звіт кінцівкою")
    await room.is_found_by(said, "добрий", "кінцівкою")
    assert await room.lexemes(said) == await room.lexemes(sent["matrix_event_id"]), "both ways end in the same row"
    sql = "SELECT bool_and(lexemes @@ $$':has link'$$), count(*) FROM messaging.message_search WHERE channel_id = $1::text::uuid"
    assert tuple((await room.index.rows(sql, room.channel["id"]))[0]) == (True, 2)


async def test_an_agents_post_is_found(room: Room, world: World) -> None:
    sofia = world.agent("sofia")
    await room.alice.invite(room.channel["id"], sofia.id)
    posted = await sofia.say(room.channel["id"], "Підсумки тижня")
    event = await room.index.value(
        "SELECT matrix_event_id FROM public.messages WHERE id = $1::text::uuid", posted["message_id"]
    )
    await room.is_found_by(event, "підсумки", "тижня")


async def test_an_edit_takes_the_texts_place_whoever_makes_it(room: Room) -> None:
    sent = await room.alice.send(room.channel["id"], "before")
    said = await room.bob.say(room.room, "before")
    await room.is_found_by(said, "before")
    response = await room.alice.patch(
        f"/api/messaging/channels/{room.channel['id']}/messages/{sent['id']}", {"text": f"{LONG} after"}
    )
    assert response.status_code == 200, response.text
    edit = await room.bob.edit(room.room, said, f"{LONG} after")
    for event in (sent["matrix_event_id"], said):
        await room.is_found_by(event, "after")
        assert "=before" not in (await room.lexemes(event) or set())
    # When it is taken back, it is found by what it says again.
    await room.bob.redact(room.room, edit)
    await room.is_found_by(said, "before")
    assert await room.lexemes(said) == {"=before", "befor"}


async def test_a_deleted_message_is_found_by_nothing(room: Room) -> None:
    sent = await room.alice.send(room.channel["id"], "пароль")
    said = await room.bob.say(room.room, "пароль")
    await room.is_found_by(said, "пароль")
    await room.alice.delete(f"/api/messaging/channels/{room.channel['id']}/messages/{sent['id']}")
    assert await room.lexemes(sent["matrix_event_id"]) is None
    await room.bob.redact(room.room, said)
    await room.has_none(said)
    assert "пароль" not in await room.index.stored_text(room.channel["id"])


async def test_files_are_found_by_caption_and_name(room: Room, rooms: Rooms) -> None:
    file = {"msgtype": "m.file", "url": "mxc://localhost/report", "filename": "zvit-2026.pdf"}
    said = await room.bob.say(room.room, "Кошторис на рік", **file)
    await room.is_found_by(said, "кошторис", "zvit-2026.pdf", "pdf")
    await room.bob.edit(room.room, said, "Бюджет", **file)
    await room.is_found_by(said, "бюджет", "zvit-2026.pdf")
    assert "=кошторис" not in (await room.lexemes(said) or set())
    # The name of one without a caption stays when the API gives it one.
    alices = await matrix_client(rooms, room.alice)
    said = await alices.say(room.room, "plan.xlsx", msgtype="m.file", url="mxc://localhost/plan")
    await room.is_found_by(said, "plan.xlsx")
    message = (await room.alice.history(room.channel["id"]))[-1]
    path = f"/api/messaging/channels/{room.channel['id']}/messages/{message['id']}"
    response = await room.alice.patch(path, {"text": "План на квартал"})
    assert response.status_code == 200, response.text
    await room.is_found_by(said, "план", "квартал", "plan.xlsx")


async def test_polls_and_stickers_are_found(room: Room) -> None:
    answers = [{"m.id": name, "m.text": [{"body": name}]} for name in ("Борщ", "Вареники")]
    poll = await room.bob.send(
        room.room, "m.poll.start", {"m.poll": {"question": {"m.text": [{"body": "Обід?"}]}, "answers": answers}}
    )
    await room.is_found_by(poll, "обід", "борщ", "вареники")
    sticker = await room.bob.send(room.room, "m.sticker", {"body": "Їжачок", "url": "mxc://localhost/hedgehog"})
    await room.is_found_by(sticker, "їжачок")


async def test_only_what_the_text_says_is_found(room: Room) -> None:
    first = await room.alice.send(room.channel["id"], "question")
    formatted = {
        "format": "org.matrix.custom.html",
        "formatted_body": "<b>answer</b> <a href='https://hidden.example'>hidden</a>",
    }
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": first["matrix_event_id"]}}}
    mentions = {"m.mentions": {"user_ids": [room.alice.matrix_id]}}
    said = await room.bob.say(room.room, "> <@alice:x> question\n\nanswer", **formatted, **reply, **mentions)
    await room.is_found_by(said, "answer")
    assert await room.lexemes(said) == {"=answer", "answer"}
    await room.bob.edit(room.room, said, "> <@alice:x> question\n\nbetter")
    await room.is_found_by(said, "better")
    assert await room.lexemes(said) == {"=better", "better"}


async def test_an_encrypted_message_has_no_row(world: World, room: Room) -> None:
    channel = await world.channel(room.alice, is_encrypted=True)
    cipher = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgA",
        "session_id": "x",
        "device_id": "D",
        "sender_key": "k",
    }
    sent = await room.alice.send(channel["id"], None, encrypted=cipher)  # type: ignore[arg-type]
    assert await room.lexemes(sent["matrix_event_id"]) is None
    await room.bob.join(channel["matrix_room_id"])
    events = [
        await room.bob.send(channel["matrix_room_id"], "m.room.encrypted", cipher),
        await room.bob.say(channel["matrix_room_id"], "відкрито"),
    ]
    await eventually("the last one is indexed", lambda: room.index.count_messages(channel["id"]))
    for event in events:

        async def none(event: str = event) -> bool:
            return await room.lexemes(event) is None

        await eventually("it is indexed without a row", none)
    sql = "SELECT count(*) FROM public.messages WHERE channel_id = $1::text::uuid AND awaits_reindex"
    assert await room.index.value(sql, channel["id"]) == 0
    assert "відкрито" not in await room.index.stored_text(channel["id"])
