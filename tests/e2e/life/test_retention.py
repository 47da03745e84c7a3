"""Messages that have had their time are redacted in Matrix, for every client, and gone here."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import nio

from support.api import CHANNELS, World, path_to, reaction_path, unique
from support.data_life import aged, command
from support.index import Index
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness


async def contents(rooms: Rooms, room: str) -> dict[str, dict[str, Any]]:
    """What the room's messages and reactions say, by their events."""
    kinds = ("m.room.message", "m.reaction")
    return {event["event_id"]: event["content"] for event in await rooms.events(room) if event["type"] in kinds}


async def test_after_a_day_a_message_is_gone_in_matrix_and_here(
    world: World, rooms: Rooms, index: Index, person: NewPerson, witness: Witness
) -> None:
    alice, bob, dave = world.user("alice"), world.user("bob"), await person("dave")
    channel = await world.channel(alice)
    room, path = channel["matrix_room_id"], f"{CHANNELS}/{channel['id']}"
    await dave.join(room)
    async with witness.watch(channel, alice):
        said = await alice.send(channel["id"], "a secret")
        heard = await dave.say(room, "another secret")
        young = await bob.send(channel["id"], "news")
        response = await alice.patch(path_to(channel["id"], said["id"]), {"text": "a secret, edited"})
        assert response.status_code == 200, response.text
        assert (await bob.put(reaction_path(said, "👍"))).status_code == 204
    problem(await bob.patch(path, {"retention_days": 1}), 403, "cannot_manage")
    problem(await alice.patch(path, {"retention_days": 0}), 422, "invalid")

    async def state() -> list[tuple[Any, ...]]:
        kept = ("event_id", "type", "state_key", "content")
        return [tuple(event[name] for name in kept) for event in await rooms.events(room) if "state_key" in event]

    before = await state()
    async with witness.watch(channel, alice) as observed:
        changed = await alice.patch(path, {"retention_days": 1})
        assert (changed.status_code, changed.json()["retention_days"]) == (200, 1)
        await aged(index, channel, said["matrix_event_id"], heard)

        async def gone() -> bool:
            left = {event: content for event, content in (await contents(rooms, room)).items() if content}
            return left.keys() == {young["matrix_event_id"]}

        await eventually("Matrix has the young message alone", gone, deadline=60)

        async def over() -> bool:
            sql = "SELECT count(*) FROM messaging.removals WHERE channel_id = $1::text::uuid"
            return await index.value(sql, channel["id"]) == 0

        await eventually("nothing is left to be done", over, deadline=60)
    assert observed.kinds == ["channel.updated", "message.deleted", "message.deleted"]
    assert [message["content_preview"] for message in await bob.page(channel["id"])] == ["news"]
    shown = (await bob.get(path)).json()
    assert (shown["kept_days"], shown["last_message"]["id"]) == (1, young["id"])
    assert "secret" not in await index.stored_text(channel["id"])
    # A client as Element is one sees a redaction by the bot, and the room's state is what it was.
    past = [event for event in await dave.past(room) if isinstance(event, nio.RedactedEvent)]
    assert {said["matrix_event_id"], heard} <= {event.event_id for event in past}
    assert {event.redacter for event in past} == {f"@daarion:{world.stack.server_name}"}
    assert (await state())[: len(before)] == before


async def test_a_message_that_comes_late_is_never_indexed(world: World, rooms: Rooms, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    assert (await alice.patch(f"{CHANNELS}/{channel['id']}", {"retention_days": 1})).status_code == 200
    await matrix_client(rooms, alice)
    two_days_ago = int((time.time() - 2 * 86_400) * 1000)
    url = f"{rooms.base}/rooms/{quote(room, safe='')}/send/m.room.message/{unique('late')}"
    query = {"ts": two_days_ago, "user_id": alice.matrix_id}
    body = {"msgtype": "m.text", "body": "late"}
    response = await rooms.http.put(url, headers=rooms.headers, params=query, json=body)
    assert response.status_code == 200, response.text
    event = response.json()["event_id"]

    async def gone() -> bool:
        return (await contents(rooms, room))[event] == {}

    await eventually("it is redacted in Matrix", gone, deadline=60)
    assert await index.count_messages(channel["id"]) == 0
    marker = await alice.send(channel["id"], "after it")
    assert [message["id"] for message in await alice.page(channel["id"])] == [marker["id"]]


async def test_a_channel_on_hold_keeps_everything(world: World, rooms: Rooms, index: Index, stack: Stack) -> None:
    alice = world.user("alice")
    held, other = [await world.channel(alice) for _ in range(2)]
    kept, gone = [await alice.send(channel["id"], "a secret") for channel in (held, other)]
    code, output = await command(stack, "hold", "--channel", held["id"], "--reason", "a case")
    assert (code, output) == (0, f"{held['id']}: on hold\n")
    for channel, message in ((held, kept), (other, gone)):
        assert (await alice.patch(f"{CHANNELS}/{channel['id']}", {"retention_days": 1})).status_code == 200
        await aged(index, channel, message["matrix_event_id"])

    def redacted(channel: dict[str, Any], message: dict[str, Any]) -> Any:
        async def check() -> bool:
            return (await contents(rooms, channel["matrix_room_id"]))[message["matrix_event_id"]] == {}

        return check

    await eventually("the other channel's is gone", redacted(other, gone), deadline=60)
    assert not await redacted(held, kept)()
    assert [message["id"] for message in await alice.page(held["id"])] == [kept["id"]]
    code, output = await command(stack, "hold", "--channel", held["id"], "--release")
    assert (code, output) == (0, f"{held['id']}: no hold\n")
    await eventually("and now this one's", redacted(held, kept), deadline=60)
    code, output = await command(stack, "hold", "--channel", world.microdao, "--release")
    assert code == 1 and "--channel takes the id of a channel" in output
