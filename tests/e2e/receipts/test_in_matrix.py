"""Receipts in both directions, with an ordinary Matrix client on the other side."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import quote

from support.api import Caller, World, path_to
from support.homeserver import Homeserver, accepted
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson, joined_member
from support.rooms import Rooms
from support.sockets import Listen, ListenToMany
from support.waiting import eventually

from .test_reading import counted, read

_syncs = itertools.count(1)


async def in_sync(client: MatrixClient, room: str) -> dict[str, dict[str, Any]]:
    """The receipts that a client's sync brings: event, type, person."""
    # The homeserver gives the same first sync again for two minutes, unless another one is asked for.
    wanted = {"room": {"timeline": {"limit": next(_syncs)}}, "presence": {"types": []}}
    synced = await client.call("GET", f"sync?filter={quote(json.dumps(wanted))}&timeout=0")
    events = synced.get("rooms", {}).get("join", {}).get(room, {}).get("ephemeral", {}).get("events", [])
    receipts: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["type"] == "m.receipt":
            for event_id, types in event["content"].items():
                for kind, people in types.items():
                    receipts.setdefault(event_id, {}).setdefault(kind, {}).update(people)
    return receipts


async def mark(client: MatrixClient, room: str, event_id: str, kind: str = "m.read", **body: Any) -> None:
    path = f"rooms/{quote(room, safe='')}/receipt/{kind}/{quote(event_id, safe='')}"
    await client.call("POST", path, body)


async def shown(caller: Caller, channel: dict[str, Any]) -> dict[str, int]:
    receipts = (await caller.get(f"{path_to(channel['id'])}/receipts")).json()["receipts"]
    return {receipt["member_id"]: receipt["read_seq"] for receipt in receipts}


async def test_our_receipt_is_seen_by_a_matrix_client_and_a_private_one_is_not(
    world: World, rooms: Rooms, person: NewPerson
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    await alice.invite(channel["id"], bob.id)
    eve = await person("eve")
    await eve.join(room)
    watching = await matrix_client(rooms, eve)
    first, second, third = [await alice.send(channel["id"], text) for text in ("first", "second", "third")]

    async def told(event_id: str) -> bool:
        return bob.matrix_id in (await in_sync(watching, room)).get(event_id, {}).get("m.read", {})

    await read(bob, channel, message_id=first["id"])
    await read(bob, channel, message_id=second["id"])
    await eventually("Bob's receipt in Eve's sync", lambda: told(second["matrix_event_id"]))
    receipt = (await in_sync(watching, room))[second["matrix_event_id"]]["m.read"][bob.matrix_id]
    assert receipt["thread_id"] == "main"
    await read(bob, channel, message_id=third["id"], private=True)
    own = await matrix_client(rooms, bob)

    async def kept() -> bool:
        receipts = await in_sync(own, room)
        return bob.matrix_id in receipts.get(third["matrix_event_id"], {}).get("m.read.private", {})

    await eventually("Bob's private receipt in his own sync", kept)
    assert await told(second["matrix_event_id"]) and not await told(third["matrix_event_id"])
    assert third["matrix_event_id"] not in await in_sync(watching, room)


async def test_a_receipt_of_a_matrix_client_moves_the_marker_here(
    world: World, rooms: Rooms, person: NewPerson, listen: Listen, listen_to_many: ListenToMany
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    await alice.invite(channel["id"], bob.id)
    eve = await person("eve")
    await eve.join(room)
    await joined_member(alice, channel, eve)
    first, second = [await alice.send(channel["id"], text) for text in ("first", "second")]
    bobs, eves = await matrix_client(rooms, bob), await matrix_client(rooms, eve)
    async with listen(channel["id"], alice) as socket, listen_to_many(bob) as phone:
        await mark(eves, room, second["matrix_event_id"])
        await socket.reads("receipt.updated", channel, member_id=eve.id, read_seq=second["seq"])
        await mark(bobs, room, first["matrix_event_id"], thread_id="main")
        await socket.reads("receipt.updated", channel, member_id=bob.id, read_seq=first["seq"])
        await phone.reads("unread.updated", channel, read_seq=first["seq"], unread_count=1)
        await mark(bobs, room, second["matrix_event_id"], "m.read.private")
        await phone.reads("unread.updated", channel, read_seq=second["seq"], unread_count=0)
    assert await shown(alice, channel) == {alice.id: second["seq"], eve.id: second["seq"], bob.id: first["seq"]}
    assert (await counted(bob, channel))["unread_count"] == 0


async def test_hostile_receipts_change_nothing(world: World, homeserver: Homeserver, index: Index) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    message = await alice.send(channel["id"], "hello")
    event, reader = message["matrix_event_id"], {bob.matrix_id: {"ts": 1, "thread_id": "main"}}
    before = await shown(alice, channel)

    async def push(*ephemeral: Any) -> None:
        body = json.dumps({"events": [], "ephemeral": list(ephemeral)}).encode()
        accepted(await homeserver.push_raw(body))

    def of(content: Any, room: Any = channel["matrix_room_id"]) -> dict[str, Any]:
        return {"type": "m.receipt", "room_id": room, "content": content}

    strangers = {f"@stranger{n}:elsewhere.example": {"ts": 1} for n in range(3_000)}
    await push(
        of(None),
        of([]),
        of({event: []}),
        of({event: {"m.read": {bob.matrix_id: 7}}}),
        of({event: {"m.read": strangers}}),
        of({event: {"m.fully_read": reader}}),
        of({"$unknown": {"m.read": reader}}),
        of({event: {"m.read": {bob.matrix_id: {"thread_id": "$unknown"}}}}),
        of({event: {"m.read": reader}}, "!unknown:elsewhere.example"),
        of({event: {"m.read": reader}}, 7),
    )
    assert await shown(alice, channel) == before
    strange = (
        "SELECT count(*) FROM messaging.channel_reads WHERE channel_id = $1::text::uuid AND member_id LIKE '@stranger%'"
    )
    assert await index.value(strange, channel["id"]) == 0
    await push(of({event: {"m.read": reader}}))
    assert (await shown(alice, channel))[bob.id] == message["seq"], "the right one counts"


async def test_what_is_sent_to_matrix_is_due_no_more(world: World, index: Index) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], bob.id)
    for n in range(3):
        await read(bob, channel, message_id=(await alice.send(channel["id"], f"{n}"))["id"])
    waiting = "SELECT count(*) FROM messaging.receipts_to_send WHERE channel_id = $1::text::uuid"

    async def none_waits() -> bool:
        return await index.value(waiting, channel["id"]) == 0

    await eventually("every receipt is sent", none_waits)
    response = await world.http.post(
        "/internal/messaging/receipts", headers={"X-Internal-Service-Token": world.stack.internal_secret or ""}
    )
    assert response.status_code == 200 and response.json().keys() == {"sent", "dropped", "has_more"}
