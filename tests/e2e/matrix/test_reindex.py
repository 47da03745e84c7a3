"""`ws-relay reindex`: what messages are found by is made anew from what Matrix has of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.api import UNKNOWN_ID, World
from support.faulty_homeserver import responds
from support.lost_pushes import LostPushes
from support.problems import problem
from support.waiting import eventually

pytestmark = pytest.mark.faults

LONG = "Добрий день, колеги. " * 60
ROWS = """
SELECT m.matrix_event_id, s.lexemes::text FROM messaging.message_search s JOIN public.messages m ON m.id = s.message_id
WHERE s.channel_id = $1::text::uuid ORDER BY m.seq
"""
# As an index is that was there before search.
FORGET = """
WITH gone AS (DELETE FROM messaging.message_search WHERE channel_id = $1::text::uuid)
UPDATE public.messages SET awaits_reindex = true WHERE channel_id = $1::text::uuid
"""


@asynccontextmanager
async def running(cut: LostPushes, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`ws-relay reindex`, which is killed at the end if it has not ended."""
    service = cut.stack.services["ws-relay"]
    process = await asyncio.create_subprocess_exec(
        *service["command"], "reindex", *words, env=service["env"], cwd=Path(service["cwd"]),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def by_hand(cut: LostPushes, *words: str) -> tuple[int, str]:
    async with running(cut, *words) as process:
        output, _ = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode or 0, output.decode()


async def rows(cut: LostPushes, channel: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await cut.index.rows(ROWS, channel["id"])]


async def test_every_kind_of_message_gets_the_row_again_that_it_had(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await carol.join(room)
    sent = await alice.send(channel["id"], f"{LONG} https://example.com кінцівкою")
    await alice.send(channel["id"], "відповідь", reply_to=sent["id"])
    edited = await carol.say(room, "before")
    await carol.edit(room, edited, "after")
    file = {"msgtype": "m.file", "url": "mxc://localhost/report", "filename": "zvit.pdf"}
    await carol.say(room, "Кошторис", **file)
    quoting = {"m.relates_to": {"m.in_reply_to": {"event_id": edited}}}
    quoted = await carol.say(room, "> <@carol:x> after\n\nanswer", **quoting)
    await carol.edit(room, quoted, "> <@carol:x> after\n\nbetter")
    gone = await alice.send(channel["id"], "gone")
    await alice.delete(f"/api/messaging/channels/{channel['id']}/messages/{gone['id']}")
    await cut.arrived(await carol.say(room, "the last one"))
    before = await rows(cut, channel)
    assert len(before) == 6
    await cut.index.rows(FORGET, channel["id"])
    code, output = await by_hand(cut, "--channel", channel["id"])
    assert code == 0 and "6 indexed, 0 of them not in Matrix" in output, output
    assert await rows(cut, channel) == before
    # It is not done twice, not even when no channel is named.
    code, output = await by_hand(cut)
    assert code == 0 and "0 channels to go" in output, output
    code, output = await by_hand(cut)
    assert code == 0 and " 0 indexed" in output, output
    # A row that is there, of an earlier analysis.
    await cut.index.rows(
        "UPDATE messaging.message_search SET analysis = 0, lexemes = '' WHERE channel_id = $1::text::uuid",
        channel["id"],
    )
    code, output = await by_hand(cut)
    assert code == 0 and " 6 indexed" in output, output
    assert await rows(cut, channel) == before


async def test_what_matrix_has_no_more_is_found_by_what_the_index_has_and_named(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    lost, kept = await alice.send(channel["id"], "втрачене"), await alice.send(channel["id"], "збережене")
    await cut.arrived(kept["matrix_event_id"])
    before = await rows(cut, channel)
    await cut.index.rows(FORGET, channel["id"])
    async with cut.index.not_in_matrix(lost):
        code, output = await by_hand(cut, "--channel", channel["id"])
    assert code == 0 and f"channel {channel['id']} message {lost['id']}" in output and kept["id"] not in output, output
    assert await rows(cut, channel) == before


async def test_a_homeserver_that_fails_leaves_it_to_the_next_run(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    await alice.send(channel["id"], "перше")
    # A push that comes later would give its message the row again.
    await cut.arrived((await alice.send(channel["id"], "друге"))["matrix_event_id"])
    before = await rows(cut, channel)
    await cut.index.rows(FORGET, channel["id"])
    cut.homeserver.fail("GET", "/event/", responds(502, "{}"))
    try:
        code, output = await by_hand(cut, "--channel", channel["id"])
    finally:
        cut.homeserver.heal()
    assert code != 0 and "2 messages cannot be read now" in output and "run it again" in output, output
    assert await rows(cut, channel) == []
    code, output = await by_hand(cut, "--channel", channel["id"])
    assert code == 0 and await rows(cut, channel) == before, output


async def test_a_run_that_is_killed_is_gone_on_with(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    alices = await cut.client(alice)
    said = [await alices.say(channel["matrix_room_id"], f"text {number}") for number in range(90)]
    await cut.arrived(said[-1])
    before = await rows(cut, channel)
    assert len(before) == 90
    await cut.index.rows(FORGET, channel["id"])
    async with running(cut, "--channel", channel["id"]):

        async def begun() -> bool:
            return bool(await rows(cut, channel))

        await eventually("it has begun", begun, interval=0.005)
        newest = (await rows(cut, channel))[-1][0]
        assert newest == said[-1], "the newest ones come first"
        await cut.services.restart("app", kill=True)
    code, output = await by_hand(cut, "--channel", channel["id"])
    assert code == 0 and await rows(cut, channel) == before, output


async def test_only_who_has_the_secret_may_ask(cut: LostPushes, corner: World) -> None:
    channel = await corner.channel()
    path = f"/internal/messaging/channels/{channel['id']}/reindex"
    problem(await corner.user("alice").request("POST", path), 401, "unauthenticated")
    code, output = await by_hand(cut, "--channel", UNKNOWN_ID)
    assert code != 0 and "there is no such channel" in output, output


async def test_what_nobody_pushed_has_its_row_when_it_is_found_in_the_room(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    room, alices = channel["matrix_room_id"], await cut.client(alice)
    first, second = await alices.say(room, "перше"), await alices.say(room, "друге")
    await cut.compared(channel, second)
    with cut.losing():
        said = await alices.say(room, f"{LONG} кінцівкою")
        await alices.edit(room, first, "змінене")
        await alices.redact(room, second)
        await cut.lost(await alices.say(room, "останнє"))
    await cut.everything(channel)
    found = dict(await rows(cut, channel))
    assert "'=кінцівкою'" in found[said] and "'=змінене'" in found[first] and "перше" not in found[first]
    assert second not in found and len(found) == 3
