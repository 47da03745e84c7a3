"""A person is erased: neither the database nor any room has what they have said, or what they were called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.api import World, reaction_path, unique
from support.data_life import command
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.stack import Stack
from support.waiting import eventually

TABLES = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'messaging')"


async def rows_with(index: Index, *texts: str) -> dict[str, int]:
    """How many rows of each table have one of these texts anywhere."""
    found = {}
    for row in await index.rows(TABLES):
        sql = f"SELECT count(*) FROM {row[0]} r WHERE EXISTS (SELECT FROM unnest($1::text[]) t WHERE strpos(to_jsonb(r)::text, t) > 0)"
        found[row[0]] = await index.value(sql, list(texts))
    return {table: count for table, count in found.items() if count}


async def speak(world: World, rooms: Rooms, client: MatrixClient, channel: dict[str, Any], mark: str) -> None:
    """Leaves traces of every kind in a channel, as a Matrix client does."""
    room = channel["matrix_room_id"]
    await client.join(room)
    said = await client.say(room, f"{mark} says")
    await client.edit(room, said, f"{mark} says again")
    others = [message["event_id"] for message in await rooms.messages(room) if message["sender"] != client.id]
    await client.react(room, others[0], mark[:8])
    await client.say(room, mark, **{"m.relates_to": {"rel_type": "m.thread", "event_id": others[0]}})


async def settled(index: Index, channel: dict[str, Any], texts: int) -> None:
    async def indexed() -> bool:
        return await index.count_messages(channel["id"]) == texts

    await eventually("everything is indexed", indexed)


@pytest.mark.parametrize("kind", ["user", "matrix"])
async def test_no_trace_is_left(
    world: World, rooms: Rooms, index: Index, person: NewPerson, stack: Stack, kind: str
) -> None:
    owner, mark = world.user("owner"), unique("mark").replace("-", "")
    channels = [await world.channel(owner) for _ in range(2)]
    for channel in channels:
        await owner.send(channel["id"], "hello")
    if kind == "user":
        alice = world.user("alice")
        client, member = await matrix_client(rooms, alice), alice.id
        await alice.set_profile(display_name=mark)
    else:
        dave = await person("dave")
        client, member = await matrix_client(rooms, dave), dave.id
        await client.set_profile("displayname", mark)
    for channel in channels:
        await speak(world, rooms, client, channel, mark)
        await settled(index, channel, 3)
    if kind == "user":
        for channel in channels:
            [first] = [message for message in await owner.page(channel["id"]) if message["content_preview"] == "hello"]
            assert (await alice.put(reaction_path(first, "🎉"))).status_code == 204
    code, output = await command(stack, "erase", "--person", member, "--yes")
    assert code == 0 and "finished" in output, output

    async def forgotten() -> bool:
        left = await rows_with(index, mark, member, client.id)
        # The homeserver's work goes on under the uploader's Matrix id.
        return left.keys() <= {"messaging.content_to_delete"}

    # Words that are to be forgotten wait for the relay, a minute at most.
    await eventually("nothing in the database names them", forgotten, deadline=180, interval=1)
    for channel in channels:
        room = channel["matrix_room_id"]
        assert client.id not in await rooms.joined(room)
        assert mark not in json.dumps(await rooms.events(room)), "not even in the names of earlier joins"
        [left] = await owner.page(channel["id"])
        assert left["content_preview"] == "hello"
        history = await owner.history(channel["id"])
        names = {message["sender_id"] for message in history}
        assert (
            len(names) == 2
            and owner.id in names
            and names - {owner.id} == {f"user:erased-{output.split('user:erased-')[1].split()[0]}"}
        )
    # The log has no hole, and their own homeserver has no profile of ours.
    if kind == "user":
        profile = await rooms.get(f"profile/{client.id}")
        assert mark not in profile.text


async def test_progress_can_be_asked_for(world: World, stack: Stack, index: Index) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "hello")
    service = {"X-Internal-Service-Token": stack.internal_secret or ""}
    begun = await world.http.post(f"/internal/messaging/persons/{alice.id}/erase", headers=service)
    assert begun.status_code == 202, begun.text

    async def finished() -> dict[str, Any]:
        response = await world.http.get(f"/internal/messaging/erasures/{begun.json()['id']}", headers=service)
        assert response.status_code == 200, response.text
        return response.json() if response.json()["phase"] == "finished" else {}

    done = await eventually("it is finished", finished, deadline=60)
    assert (done["member_id"], done["held_channel_ids"], done["waiting"]) == (None, [], 0) and done["removed"] >= 1
    assert not await rows_with(index, alice.id, alice.matrix_id)
    nobody = await world.http.post("/internal/messaging/persons/nobody/erase", headers=service)
    assert nobody.status_code == 404
