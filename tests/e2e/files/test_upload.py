"""A file goes to the homeserver as it is, once, and says what it is by its first bytes."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from support.api import World
from support.index import Index
from support.media import cut_off, download, files_path, ogg, png, try_upload, upload
from support.problems import problem
from support.stack import Stack
from support.waiting import eventually


async def test_a_file_is_uploaded_and_read_by_its_uploader(world: World, stack: Stack) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = png()
    told = await upload(alice, channel, content, "image/jpeg", filename="../Фото\u202e 1.png")
    assert told["content_type"] == "image/png", "what is declared counts only when it agrees"
    assert told["filename"] == "Фото 1.png"
    assert told["content_uri"].startswith(f"mxc://{stack.server_name}/")
    response = await download(alice, told["content_uri"])
    assert (response.status_code, response.content) == (200, content)
    assert "filename*=UTF-8''%D0%A4%D0%BE%D1%82%D0%BE%201.png" in response.headers["content-disposition"]


@pytest.mark.parametrize("size", [0, 1, 1000, 1_500_000])
async def test_every_size_goes_through(world: World, size: int) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = secrets.token_bytes(size)
    told = await upload(alice, channel, content)
    assert (await download(alice, told["content_uri"])).content == content


@pytest.mark.parametrize("size", [1000, 1_500_000])
async def test_a_form_has_a_file(world: World, size: int) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = ogg(size)
    part = ("voice.ogg", content, "audio/ogg")
    response = await alice.request("POST", files_path(channel), data={"note": "before"}, files={"anything": part})
    assert response.status_code == 201, response.text
    told = response.json()
    assert (told["filename"], told["content_type"], told["size"]) == ("voice.ogg", "audio/ogg", size)
    assert (await download(alice, told["content_uri"])).content == content


async def test_a_large_form_ends_with_its_file(world: World, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    files = [("file", ("a.ogg", ogg(900_000), "audio/ogg")), ("file", ("b.ogg", ogg(10), "audio/ogg"))]
    problem(await alice.request("POST", files_path(channel), files=files), 400, "invalid_form")
    nothing = await alice.request("POST", files_path(channel), files={"note": (None, "text")})
    problem(nothing, 400, "invalid_form")
    assert await index.value("SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1", alice.id) == 0


async def test_the_size_is_said_before(world: World, http: httpx.AsyncClient) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)

    async def pieces():
        yield b"unknown"

    problem(await alice.request("POST", files_path(channel), content=pieces()), 411, "length_required")
    answered = await cut_off(alice, files_path(channel), 10**9, b"")
    assert b" 413 " in answered.split(b"\r\n")[0], answered
    detail = json.loads(answered.partition(b"\r\n\r\n")[2])["detail"]
    assert detail == "A file may have at most 52428800 bytes.", "the homeserver's limit is told"


async def test_an_upload_cut_in_the_middle_leaves_nothing(world: World, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content, key = ogg(2_000_000), secrets.token_hex(8)
    before = await index.value("SELECT last_seq FROM public.channels WHERE id = $1::text::uuid", channel["id"])

    async def runs() -> bool:
        sql = "SELECT count(*) FROM messaging.idempotency_keys WHERE caller = $1 AND status IS NULL"
        return await index.value(sql, alice.id) == 1

    async def is_free() -> bool:
        return not await runs()

    await cut_off(alice, files_path(channel), len(content), content[:700_000], key, runs)
    await eventually("the key is free", is_free)
    assert await index.value("SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1", alice.id) == 0
    assert await index.value("SELECT last_seq FROM public.channels WHERE id = $1::text::uuid", channel["id"]) == before

    async def uploaded() -> str | None:
        # The app may be slow to see that the first one has ended.
        response = await try_upload(alice, channel, content, key=key)
        assert response.status_code == 201 or response.json()["code"] == "request_running", response.text
        return response.json().get("content_uri")

    uri = await eventually("the same request uploads it", uploaded)
    assert (await download(alice, uri)).content == content
    assert await index.value("SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1", alice.id) == 1


async def test_a_retry_while_a_slow_upload_runs_waits_for_it(world: World, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content, key = ogg(2_000_000), secrets.token_hex(8)
    goes_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield content[:700_000]
        await goes_on.wait()
        yield content[700_000:]

    headers = {"Content-Length": str(len(content)), "Content-Type": "audio/ogg"}
    first = asyncio.create_task(alice.request("POST", files_path(channel), key=key, content=slowly(), headers=headers))

    async def retried() -> httpx.Response | None:
        sql = "SELECT count(*) FROM messaging.idempotency_keys WHERE caller = $1 AND status IS NULL"
        if await index.value(sql, alice.id) != 1:
            return None
        return await try_upload(alice, channel, content, "audio/ogg", key=key)

    problem(await eventually("the first runs", retried), 409, "request_running")
    # It has been running for more than the minute that short acts have.
    sql = "UPDATE messaging.idempotency_keys SET created_at = created_at - interval '2 minutes', "
    sql += "held_until = held_until - interval '2 minutes' WHERE caller = $1"
    await index.rows(sql, alice.id)
    problem(await try_upload(alice, channel, content, "audio/ogg", key=key), 409, "request_running")
    goes_on.set()
    made = await first
    assert made.status_code == 201, made.text
    again = await try_upload(alice, channel, content, "audio/ogg", key=key)
    assert (again.status_code, again.json()) == (201, made.json())
    assert await index.value("SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1", alice.id) == 1


async def test_a_key_is_for_one_file(world: World, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    content = png()
    first = await try_upload(alice, channel, content, "image/png", key="k", filename="a.png")
    again = await try_upload(alice, channel, content, "image/png", key="k", filename="a.png")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = content[:-1] + bytes([content[-1] ^ 1])
    for changed, kind, name in (
        (other, "image/png", "a.png"),
        (content, "image/png", "b.png"),
        (content, "text/plain", "a.png"),
    ):
        response = await try_upload(alice, channel, changed, kind, key="k", filename=name)
        problem(response, 422, "idempotency_key_reused")
    assert await index.value("SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1", alice.id) == 1


async def test_who_may_not_write_uploads_nothing(world: World) -> None:
    alice, eve = world.user("alice"), world.user("eve")
    channel = await world.channel(alice, visibility="private")
    problem(await try_upload(eve, channel, png()), 404, "not_found")
    await alice.delete(f"/api/messaging/channels/{channel['id']}")
    problem(await try_upload(alice, channel, png()), 409, "channel_archived")


async def test_who_asks_whether_to_send_is_told(world: World) -> None:
    alice, eve = world.user("alice"), world.user("eve")
    channel = await world.channel(alice, visibility="private")
    for caller, status in ((alice, b"100"), (eve, b"404")):
        answered = await cut_off(caller, files_path(channel), 1_000_000, b"", Expect="100-continue")
        assert answered.split(b" ")[1] == status, answered


@pytest.mark.parametrize("size", [100_000, 5_000_000, 40_000_000])
async def test_who_is_refused_learns_why_however_large_the_file_is(world: World, size: int) -> None:
    """A connection that is closed while bytes are still coming is broken to its client, and the refusal is lost."""
    channel = await world.channel(world.user("alice"), visibility="private")
    content = bytes(size)
    problem(await try_upload(world.user("eve"), channel, content), 404, "not_found")
    problem(await try_upload(world.stranger(), channel, content), 401, "unauthenticated")
