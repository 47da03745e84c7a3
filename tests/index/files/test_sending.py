"""Whose content somebody may send: what they uploaded, and what they may read."""

from __future__ import annotations

from typing import Any

import pytest

from harness.database import Database
from harness.files import content, picture, uploaded
from harness.world import DAO, OWNER, Channel, World

BOB, EVE = "user:bob", "user:eve"
ELSEWHERE = ["microdao:other"]


def sending(channel: Channel, caller: str, *uris: str, microdaos: list[str] | None = None, **changes: Any) -> Any:
    return {
        **channel.by(caller, microdaos),
        "reply_to": None,
        "client_key": None,
        "fingerprint": None,
        "is_encrypted": False,
        "content_uris": list(uris),
        **changes,
    }


async def refusal(db: Database, channel: Channel, caller: str, *uris: str, **changes: Any) -> str | None:
    outcome = await db.outcome("prepare_send", **sending(channel, caller, *uris, **changes))
    return outcome.refusal


async def test_content_is_sent_by_who_uploaded_it_and_by_who_may_read_it(world: World, db: Database) -> None:
    public, private = await world.channel(), await world.channel(visibility="private")
    await world.member(private, BOB)
    uri, small, nowhere = content(), content(), content()
    assert await refusal(db, public, OWNER, uri) == "file_not_found", "nobody has it"
    await uploaded(db, private, uri)
    prepared = await db.call("prepare_send", **sending(public, OWNER, uri))
    assert prepared["upload"] == {"filename": "kitten.gif", "content_type": "image/gif", "size": 77}
    assert await refusal(db, public, BOB, uri) == "file_not_found", "it is not sent yet"
    message = await picture(world, private, uri, thumbnail_uri=small)
    for one in (uri, small):
        assert await refusal(db, public, BOB, one) is None
        assert await refusal(db, public, EVE, one) == "file_not_found"
    # Every part of it counts.
    assert await refusal(db, public, BOB, uri, small) is None
    assert await refusal(db, public, BOB, uri, nowhere) == "file_not_found"
    # Who may not read it any more does not send it any more.
    await db.execute("UPDATE public.channel_members SET left_at = now() WHERE member_id = $1", BOB)
    assert await refusal(db, public, BOB, uri) == "file_not_found"
    await world.delete(private, message)
    assert await refusal(db, public, OWNER, uri) == "file_not_found", "deleted is not to be sent again"


async def test_whoever_may_read_a_channel_may_send_what_is_in_it(world: World, db: Database) -> None:
    mine = await world.channel(owner=BOB)
    for visibility, reads, others in [("public", True, True), ("microdao", True, False), ("private", False, False)]:
        there = await world.channel(visibility=visibility)
        uri = content()
        await picture(world, there, uri)
        by_claim = await refusal(db, mine, BOB, uri, microdaos=[DAO])
        assert by_claim == (None if reads else "file_not_found"), visibility
        without = await refusal(db, mine, BOB, uri, microdaos=ELSEWHERE)
        # Into their own channel they write as its member.
        assert without == (None if others else "file_not_found"), visibility
        await world.archive(there)
        assert await refusal(db, mine, BOB, uri, microdaos=[DAO]) == by_claim, "archived is read as before"


async def test_agents_send_nothing_from_encrypted_channels(world: World, db: Database) -> None:
    public, encrypted = await world.channel(), await world.channel(is_encrypted=True, visibility="private")
    for who in ("agent:sofia", BOB):
        await world.member(encrypted, who)
    await world.member(public, "agent:sofia")
    uri = content()
    await picture(world, encrypted, uri)
    assert await refusal(db, public, BOB, uri) is None
    assert await refusal(db, public, "agent:sofia", uri) == "file_not_found"


async def test_pictures_of_channels_and_people_are_seen_by_who_may_know_of_them(world: World, db: Database) -> None:
    public, private = await world.channel(), await world.channel(visibility="private")
    of_channel, of_person = content(), content()
    await db.execute("UPDATE public.channels SET avatar_url = $1 WHERE id = $2", of_channel, private.id)
    assert await refusal(db, public, BOB, of_channel) == "file_not_found"
    await world.member(private, BOB, can_read=False)
    assert await refusal(db, public, BOB, of_channel) is None
    sql = "INSERT INTO messaging.profiles (member_id, avatar_url, changed_at) VALUES ($1, $2, now())"
    await db.execute(sql, OWNER, of_person)
    assert await refusal(db, public, EVE, of_person) is None
    sees = "SELECT messaging.may_read_content(NULL, '{}', $1)"
    assert await db.value(sees, of_person) is False and await db.value(sees, of_channel) is False


async def test_a_retry_is_told_what_came_of_it_whatever_has_become_of_the_file(world: World, db: Database) -> None:
    channel = await world.channel()
    uri = content()
    await uploaded(db, channel, uri)
    keyed = sending(channel, OWNER, uri, client_key="k", fingerprint="f")
    await db.call("prepare_send", **keyed)
    message = await picture(world, channel, uri)
    await db.execute("UPDATE public.messages SET client_key = 'k', client_fingerprint = 'f' WHERE id = $1", message.id)
    await db.execute("DELETE FROM messaging.uploads")
    await world.delete(channel, message)
    assert (await db.call("prepare_send", **keyed))["message"]["file"] is None
    other = keyed | {"fingerprint": "g"}
    assert (await db.outcome("prepare_send", **other)).refusal in ("idempotency_key_reused", None)


@pytest.mark.parametrize("channels", [99, 130])
async def test_content_that_was_sent_everywhere_is_found_in_ones_own_channel(
    world: World, db: Database, channels: int
) -> None:
    """A hostile client sends one content to a great many channels, and often: whoever may read it reads it all the same."""
    mine = await world.channel(visibility="private")
    await world.member(mine, BOB)
    uri = content()
    template = await world.channel(visibility="private")
    sql = """WITH made AS (
                 INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, visibility, created_by)
                 SELECT 'flood-' || n || $1, 'x', 'microdao:x', '!flood-' || n || $1, 'private', $2
                 FROM generate_series(1, $3::integer) n RETURNING id
             ), sent AS (
                 INSERT INTO public.messages (channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
                     sender_matrix_id, content_preview, content_type)
                 SELECT id, n, '$flood-' || id || n, 'm.room.message', $2, 'human', '@x:y', '', 'image'
                 FROM made, generate_series(1, 5) n RETURNING id, channel_id
             )
             INSERT INTO messaging.message_files (message_id, channel_id, content_uri, file)
             SELECT id, channel_id, $1, '{}' FROM sent"""
    await db.execute(sql, uri, OWNER, channels)
    await picture(world, mine, uri)
    assert await refusal(db, template, OWNER, uri) is None
    sees = "SELECT messaging.may_read_content($1, '{}', $2)"
    assert await db.value(sees, BOB, uri) is True
    assert await db.value(sees, EVE, uri) is False
