"""What the homeserver never pushed is found in the room's history: index and room agree afterwards, and nothing is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api import UNKNOWN_ID, World, unique
from support.lost_pushes import LostPushes, lost_pushes
from support.matrix_client import MatrixClient, matrix_client
from support.problems import problem
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults

Channel = dict[str, Any]
NOTHING = {"messages": 0, "edits": 0, "reactions": 0, "deletions": 0, "memberships": 0, "state": 0}
LATE = "UPDATE messaging.intents SET created_at = created_at - interval '2 hours'"


@pytest.fixture(scope="module")
async def cut(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[LostPushes]:
    async with lost_pushes(stack, web) as parts:
        yield parts


@pytest.fixture
def corner(cut: LostPushes) -> World:
    return cut.world()


async def client(cut: LostPushes, who: Any) -> MatrixClient:
    return await matrix_client(cut.rooms, who)


async def everything(cut: LostPushes, channel: Channel, **query: Any) -> tuple[dict[str, int], int]:
    """What was repaired until nothing was left, and by how many runs."""
    total, runs = dict(NOTHING), 0
    while True:
        found = await cut.reconcile(channel, **query)
        runs, query = runs + 1, {}
        assert found["set_aside"] == 0
        total = {kind: total[kind] + count for kind, count in found["repaired"].items()}
        if not found["has_more"]:
            return total, runs


async def is_whole(cut: LostPushes, channel: Channel) -> None:
    """Index and room agree, the numbers have no hole, and nothing is left to repair."""
    assert not await cut.differences(channel)
    numbers = [row["seq"] for row in await cut.index.outbox(channel["id"])]
    assert numbers == list(range(1, len(numbers) + 1))
    assert (await everything(cut, channel))[0] == NOTHING
    assert await cut.index.last_seq(channel["id"]) == len(numbers)


async def compared(cut: LostPushes, channel: Channel, last: str) -> None:
    """From here on everything is known."""
    await cut.arrived(last)
    await everything(cut, channel)


async def test_whatever_was_lost_is_indexed_once(cut: LostPushes, corner: World) -> None:
    alice, bob = corner.user("alice"), corner.user("bob")
    carol, dave = await client(cut, await cut.person("carol")), await client(cut, await cut.person("dave"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await bob.send(channel["id"], "I am in")
    alices = await client(cut, alice)
    await carol.join(room)
    first, second = await carol.say(room, "first"), await carol.say(room, "second")
    await compared(cut, channel, second)
    with cut.losing():
        said = await carol.say(room, "lost")
        await carol.edit(room, first, "first, edited")
        await alices.react(room, first, "👍")
        await carol.redact(room, second)
        await dave.join(room)
        answer = await dave.say(room, "an answer", **{"m.relates_to": {"m.in_reply_to": {"event_id": said}}})
        await alices.kick(room, bob.matrix_id)
        await alices.set_state(room, "m.room.name", {"name": "Renamed"})
        await alices.set_power(room, carol.id, 50)
        await cut.lost(await carol.say(room, "the last one"))
    assert await cut.differences(channel)
    repaired, _ = await everything(cut, channel)
    # Whoever follows a kick compares what else has changed at that moment, so the state may be right before its turn.
    assert repaired.pop("state") <= 2
    assert repaired == {"messages": 3, "edits": 1, "reactions": 1, "deletions": 1, "memberships": 2}
    await is_whole(cut, channel)
    history = await alice.history(channel["id"])
    texts = [message["content_preview"] for message in history if not message["deleted_at"]]
    assert texts == ["I am in", "first, edited", "lost", "an answer", "the last one"]
    ids = {message["matrix_event_id"]: message for message in history}
    assert ids[answer]["thread_id"] == ids[said]["id"]
    assert [message["sender_id"] for message in history][-2:] == [dave.id, carol.id]
    acts = (await cut.index.audit(channel["id"])).values()
    assert ("member.kicked", alice.id, bob.id) in acts and ("member.role_changed", alice.id, carol.id) in acts
    assert (await alice.members(channel["id"]))[carol.id]["role"] == "admin"
    # A push that comes after all, as of a transaction that was stranded, changes nothing.
    before = await cut.index.last_seq(channel["id"])
    hs = {"Authorization": f"Bearer {cut.stack.matrix_hs_token}"}
    events = [event for event in await cut.rooms.events(room) if event["event_id"] in cut.pushes.lost]
    path = f"/_matrix/app/v1/transactions/{unique('late')}"
    response = await cut.http.put(path, json={"events": events}, headers=hs)
    assert response.status_code == 200 and await cut.index.last_seq(channel["id"]) == before


async def test_a_membership_that_no_history_tells_is_compared_with_the_room(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await client(cut, await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await carol.join(room)
    await compared(cut, channel, await carol.say(room, "so far"))
    # As if her join had been lost long before anybody looked.
    await cut.index.rows("DELETE FROM public.channel_members WHERE member_id = $1 RETURNING id", carol.id)
    assert (await everything(cut, channel))[0] == NOTHING
    assert (await everything(cut, channel, since="2099-01-01T00:00:00Z"))[0] == NOTHING | {"memberships": 1}
    await is_whole(cut, channel)


async def test_hostile_events_of_a_history_are_what_they_are_when_they_are_pushed(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await client(cut, await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    kept = await alice.send(channel["id"], "mine")
    await carol.join(room)
    await compared(cut, channel, await carol.say(room, "so far"))
    event = kept["matrix_event_id"]
    with cut.losing():
        await carol.edit(room, event, "not mine")
        forged = await carol.say(room, "forged", **{"city.daarion.key": "0" * 64, "city.daarion.fingerprint": "x"})
        await carol.say(room, "to nobody", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$nothing"}}})
        await carol.edit(room, "$nothing", "of nothing")
        await carol.say(room, "nul \x00 nul")
        secret = await carol.say(room, "secret of mine")
        await carol.redact(room, secret)
        await carol.send(room, "m.room.message", {"msgtype": 1, "body": {"x": []}})
        await carol.send(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "\u200b"}})
        await carol.send(room, "org.example.other", {"a": 1})
        await cut.lost(await carol.say(room, "x" * 40_000))
    repaired, _ = await everything(cut, channel)
    assert (repaired["messages"], repaired["edits"]) == (4, 1), "an edit that waits for its message is here"
    assert not (await cut.reconcile(channel))["has_more"]
    assert "secret of mine" not in await cut.index.stored_text(channel["id"])
    history = {message["matrix_event_id"]: message for message in await alice.history(channel["id"])}
    assert history[event]["content_preview"] == "mine" and history[event]["edited_at"] is None
    assert history[forged]["sender_id"] == carol.id and "client_key" not in history[forged]
    assert (await everything(cut, channel))[0] == NOTHING


async def test_an_encrypted_channel_is_healed_without_any_text(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await client(cut, await cut.person("carol"))
    channel = await corner.channel(alice, is_encrypted=True)
    room = channel["matrix_room_id"]
    await carol.join(room)
    cipher = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "x"}
    await compared(cut, channel, await carol.send(room, "m.room.encrypted", cipher))
    with cut.losing():
        await carol.send(room, "m.room.encrypted", cipher)
        await cut.lost(await carol.say(room, "not for the index"))
    assert (await everything(cut, channel))[0] == NOTHING | {"messages": 2}
    assert "not for the index" not in await cut.index.stored_text(channel["id"])
    assert len(await alice.history(channel["id"])) == 3


async def test_a_room_that_was_encrypted_unseen_is_encrypted_here(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    room, alices = channel["matrix_room_id"], await client(cut, alice)
    await compared(cut, channel, await alices.say(room, "so far"))
    with cut.losing():
        await alices.set_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
        await cut.lost(await alices.say(room, "after that"))
    assert (await everything(cut, channel))[0] == NOTHING | {"messages": 1, "state": 1}
    assert "after that" not in await cut.index.stored_text(channel["id"])
    assert (await alice.get(f"/api/messaging/channels/{channel['id']}")).json()["is_encrypted"]


async def test_acts_that_were_cut_off_after_matrix_had_them_are_their_owners_however_late(
    cut: LostPushes, corner: World
) -> None:
    alice, bob, sofia = corner.user("alice"), corner.user("bob"), corner.agent("sofia")
    channel = await corner.channel(alice)
    room, name = channel["matrix_room_id"], f"/api/messaging/channels/{channel['id']}"
    joined = await bob.send(channel["id"], "I am in")
    await compared(cut, channel, joined["matrix_event_id"])
    key = unique("key")

    async def cut_off(method: str, part: str, act: Any) -> None:
        cut.homeserver.fail(method, part, cut.homeserver.loses_the_response)
        response = await act
        cut.homeserver.heal()
        assert response.status_code in (502, 504), response.text

    with cut.losing():
        await cut_off("PUT", "/send/m.room.message/", bob.try_send(channel["id"], "cut off", key))
        await cut_off("PUT", "/redact/", alice.delete(f"{name}/messages/{joined['id']}"))
        await cut_off("PUT", "/state/m.room.name", alice.patch(name, {"name": "Cut off", "description": "and its rest"}))
        await cut_off("POST", "/join", alice.try_invite(channel["id"], sofia.id))
        await cut_off("POST", "/kick", alice.delete(f"{name}/members/{bob.id}"))
        await cut.lost(await (await client(cut, alice)).say(room, "the last one"))
    await cut.index.rows(LATE)
    await everything(cut, channel)
    await is_whole(cut, channel)
    acts = list((await cut.index.audit(channel["id"])).values())
    assert ("member.kicked", alice.id, bob.id) in acts and ("member.joined", sofia.id, sofia.id) in acts
    assert [act[1] for act in acts if act[0] in ("channel.updated", "member.invited")] == [alice.id, alice.id]
    now = (await alice.get(name)).json()
    assert (now["name"], now["description"]) == ("Cut off", "and its rest")
    history = await alice.history(channel["id"])
    assert [(m["sender_id"], bool(m["deleted_at"])) for m in history[:2]] == [(bob.id, True), (bob.id, False)]
    assert history[1]["client_key"], "the retry is told of it"
    deleted = await cut.index.rows(
        "SELECT payload ->> 'actor_id' FROM public.outbox WHERE channel_id = $1::text::uuid AND subject LIKE '%message.deleted'",
        channel["id"],
    )
    assert [row[0] for row in deleted] == [alice.id]


async def test_a_gap_of_three_thousand_events_takes_a_few_runs_and_new_ones_may_come_meanwhile(
    cut: LostPushes, corner: World
) -> None:
    senders = [corner.user(f"sender{n}") for n in range(8)]
    channel = await corner.channel(senders[0])
    room = channel["matrix_room_id"]
    for sender in senders[1:]:
        await sender.send(channel["id"], "I am in")
    clients = [await client(cut, sender) for sender in senders]
    await compared(cut, channel, await clients[0].say(room, "so far"))
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
    repaired, runs = await everything(cut, channel)
    assert first["repaired"]["messages"] + repaired["messages"] in (3001, 3002) and runs <= 5
    await is_whole(cut, channel)
    rows = await cut.index.rows(
        "SELECT matrix_event_id FROM public.messages WHERE channel_id = $1::text::uuid ORDER BY seq", channel["id"]
    )
    places = {row[0]: place for place, row in enumerate(rows)}
    for events in told:
        assert [places[event] for event in events] == sorted(places[event] for event in events)


async def test_the_relay_finds_by_itself_what_was_lost(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    room, alices = channel["matrix_room_id"], await client(cut, alice)
    await compared(cut, channel, await alices.say(room, "so far"))
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
            return 'ws_relay_reconcile_repaired_total{kind="messages"} 1' in text

        await eventually("the relay says so", counted)
    finally:
        await cut.set_relay(RECONCILE_SECONDS="0")
    assert (await everything(cut, channel))[0] == NOTHING


async def test_it_is_done_by_hand_for_one_channel_or_for_all(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channels = [await corner.channel(alice) for _ in range(2)]
    alices = await client(cut, alice)
    events = [await alices.say(channel["matrix_room_id"], "so far") for channel in channels]
    for channel, event in zip(channels, events, strict=True):
        await compared(cut, channel, event)
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
