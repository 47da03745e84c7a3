"""Comparing a channel with its room goes on where it has ended, in bounded runs: by the relay, by hand, and by the route."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.api import UNKNOWN_ID, World
from support.lost_pushes import NOTHING, LostPushes
from support.matrix_client import MatrixClient
from support.problems import problem
from support.waiting import eventually

pytestmark = pytest.mark.faults


async def test_a_gap_of_three_thousand_events_takes_a_few_runs_and_new_ones_may_come_meanwhile(
    cut: LostPushes, corner: World
) -> None:
    senders = [corner.user(f"sender{n}") for n in range(8)]
    channel = await corner.channel(senders[0])
    room = channel["matrix_room_id"]
    for sender in senders[1:]:
        await sender.send(channel["id"], "I am in")
    clients = [await cut.client(sender) for sender in senders]
    await cut.compared(channel, await clients[0].say(room, "so far"))
    with cut.losing():

        async def talk(who: MatrixClient) -> list[str]:
            return [await who.say(room, f"text {n}") for n in range(375)]

        told = await asyncio.gather(*(talk(who) for who in clients))
        await cut.lost(await clients[0].say(room, "the last one"))
    first = await cut.reconcile(channel)
    assert first["has_more"] and 0 < first["repaired"]["messages"] <= 1000
    # Between two runs the app dies, and people go on.
    await cut.services.restart("app", kill=True)
    await clients[1].say(room, "meanwhile")
    repaired, runs = await cut.everything(channel)
    assert first["repaired"]["messages"] + repaired["messages"] in (3001, 3002) and runs <= 5
    await cut.is_whole(channel)
    rows = await cut.index.rows(
        "SELECT matrix_event_id FROM public.messages WHERE channel_id = $1::text::uuid ORDER BY seq", channel["id"]
    )
    places = {row[0]: place for place, row in enumerate(rows)}
    for events in told:
        assert [places[event] for event in events] == sorted(places[event] for event in events)


async def test_the_relay_finds_by_itself_what_was_lost(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    room, alices = channel["matrix_room_id"], await cut.client(alice)
    await cut.compared(channel, await alices.say(room, "so far"))
    with cut.losing():
        lost = await alices.say(room, "lost")
        await cut.lost(lost)
    await cut.set_relay(RECONCILE_SECONDS="3")
    try:

        async def found() -> bool:
            sql = "SELECT count(*) FROM public.messages WHERE matrix_event_id = $1"
            return await cut.index.value(sql, lost) == 1

        await eventually("the relay has found it", found, deadline=60)

        async def counted() -> bool:
            url = (cut.stack.ws_url or "").replace("ws", "http", 1)
            text = (await cut.web.get(f"{url}/metrics")).text
            [line] = [line for line in text.splitlines() if 'reconcile_repaired_total{kind="messages"}' in line]
            return int(line.split()[1]) >= 1

        await eventually("the relay says so", counted)
    finally:
        await cut.set_relay(RECONCILE_SECONDS="0")
    assert (await cut.everything(channel))[0] == NOTHING


async def test_it_is_done_by_hand_for_one_channel_or_for_all(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channels = [await corner.channel(alice) for _ in range(2)]
    alices = await cut.client(alice)
    events = [await alices.say(channel["matrix_room_id"], "so far") for channel in channels]
    for channel, event in zip(channels, events, strict=True):
        await cut.compared(channel, event)
    with cut.losing():
        for channel in channels:
            await cut.lost(await alices.say(channel["matrix_room_id"], "lost"))

    async def by_hand(*words: str) -> tuple[int, str]:
        service = cut.stack.services["ws-relay"]
        process = await asyncio.create_subprocess_exec(
            *service["command"], "reconcile", *words, env=service["env"], cwd=Path(service["cwd"]),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode or 0, output.decode()

    code, output = await by_hand("--channel", channels[0]["id"], "--since", "2026-01-01T00:00:00Z")
    assert code == 0 and "1 channels" in output and "repaired: 1 messages" in output, output
    code, output = await by_hand()
    assert code == 0 and f"{channels[1]['id']}: 1 messages" in output and channels[0]["id"] not in output, output
    code, output = await by_hand("--channel", UNKNOWN_ID)
    assert code != 0 and "failed: 1" in output, output


async def test_only_who_has_the_secret_may_ask(cut: LostPushes, corner: World) -> None:
    channel = await corner.channel()
    path = f"/internal/messaging/channels/{channel['id']}/reconcile"
    problem(await corner.user("alice").request("POST", path), 401, "unauthenticated")
    problem(await cut.try_reconcile({"id": UNKNOWN_ID}), 404, "not_found")
    problem(await cut.try_reconcile(channel, since="yesterday"), 422, "invalid")
