"""A restore drill: dump, go on writing, return to the dump, start. What is promised is in OPERATIONS.md, "Backups"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api import World, path_to, unique
from support.backup import WRITERS, Backups
from support.lost_pushes import LostPushes, lost_pushes
from support.sockets import listener
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults

TIMEOUTS = """
SELECT r.rolname::text, s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database() ORDER BY 1
"""


@pytest.fixture(scope="module")
async def cut(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[LostPushes]:
    """A stack for this module, whose relay compares only when it is told to."""
    async with lost_pushes(stack, web) as parts:
        yield parts


@pytest.fixture
def backups(cut: LostPushes, tmp_path: Path) -> Backups:
    return Backups(cut.stack, cut.services, tmp_path)


@pytest.fixture
def corner(cut: LostPushes) -> World:
    return cut.world()


async def stop(cut: LostPushes, *names: str) -> None:
    for name in names:
        await cut.services.stop(name)
    await cut.index.close()


async def start(cut: LostPushes, *names: str) -> None:
    for name in names:
        await cut.services.start(name)
    await cut.services.all_well()


async def texts(who: Any, channel: str) -> list[str]:
    return [message["content_preview"] for message in await who.history(channel) if not message["deleted_at"]]


async def settings_of_roles(cut: LostPushes) -> list[Any]:
    return [tuple(row) for row in await cut.index.rows(TIMEOUTS)]


async def test_an_index_restored_to_an_earlier_point_catches_up_from_matrix(
    cut: LostPushes, backups: Backups, corner: World
) -> None:
    alice, bob = corner.user("alice"), corner.user("bob")
    carol = await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room, id = channel["matrix_room_id"], channel["id"]
    await carol.join(room)
    first = await alice.send(id, "first")
    second = await bob.send(id, "second")
    await cut.compared(channel, await carol.say(room, "third"))
    roles = await settings_of_roles(cut)
    dump = await backups.dump_index()

    edited = await alice.patch(path_to(id, first["id"]), {"text": "first, edited"})
    assert edited.status_code == 200, edited.text
    assert (await bob.delete(path_to(id, second["id"]))).is_success
    key = unique("key")
    fourth = await bob.send(id, "fourth", key)
    said = await carol.say(room, "fifth")
    await carol.react(room, fourth["matrix_event_id"], "👍")
    made = await corner.channel(alice)
    await alice.send(made["id"], "in a channel that the dump does not have")
    await cut.arrived(last := await carol.say(room, "sixth"))
    reached = await cut.index.last_seq(id)

    await stop(cut, *WRITERS)
    await backups.restore_index(dump)
    assert "the database is up to date" in await backups.migrate()
    await start(cut, *WRITERS)
    assert await settings_of_roles(cut) == roles, "what a dump does not have is there again"
    # A reader who was ahead of it is told to load anew, whatever the numbers are by then.
    async with listener(f"{cut.stack.ws_url}/ws/messaging/{id}?since_seq={reached}", alice.headers) as socket:

        async def told() -> bool:
            return "reload" in [notice["type"] for notice in socket.notices]

        await eventually("the reader is told to load anew", told)
    # Before it has caught up, a retry of what was sent makes no second message.
    retried = await bob.send(id, "fourth", key)
    assert (retried["id"], retried["matrix_event_id"]) == (fourth["id"], fourth["matrix_event_id"])
    repaired, _ = await cut.everything(channel)
    assert (repaired["messages"], repaired["edits"], repaired["deletions"], repaired["reactions"]) == (2, 1, 1, 1)
    await cut.is_whole(channel)
    assert await texts(alice, id) == ["first, edited", "third", "fourth", "fifth", "sixth"]
    ids = {message["matrix_event_id"]: message["id"] for message in await alice.history(id)}
    assert ids[fourth["matrix_event_id"]] == fourth["id"] and {said, last} <= ids.keys()
    # And life goes on, in both directions.
    await alice.send(id, "seventh")
    await cut.arrived(await carol.say(room, "eighth"))
    await cut.is_whole(channel)
    found = await alice.get("/api/messaging/search", q="fifth")
    assert found.status_code == 200 and said in found.text, "search, and with it pg_trgm, is there"
    # A channel that was made after the dump is in Matrix alone.
    assert (await alice.get(path_to(made["id"]))).status_code == 404
    again = await alice.create(
        slug=made["slug"], name=made["name"], microdao_id=made["microdao_id"], visibility=made["visibility"]
    )
    # Made again it is another room, which gets the address; what was said in the first is in that room.
    assert again["matrix_room_id"] != made["matrix_room_id"]
    assert await cut.rooms.resolve(corner.alias(again)) == again["matrix_room_id"]
    await alice.send(again["id"], "here")


async def test_index_and_homeserver_restored_to_the_same_point_go_on_from_there(
    cut: LostPushes, backups: Backups, corner: World
) -> None:
    alice = corner.user("alice")
    carol = await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room, id = channel["matrix_room_id"], channel["id"]
    await carol.join(room)
    await alice.send(id, "before")
    await cut.compared(channel, await carol.say(room, "before, in Matrix"))
    # The index first: what the homeserver has beyond it is found.
    dump = await backups.dump_index()
    between = await carol.say(room, "between the two")
    await cut.arrived(between)
    copy = backups.copy_synapse()
    await alice.send(id, "after")
    await cut.arrived(await carol.say(room, "after, in Matrix"))

    await stop(cut, *WRITERS, "synapse")
    await backups.restore_index(dump)
    await backups.restore_synapse(copy)
    await backups.migrate()
    await start(cut, "synapse", *WRITERS)
    repaired, _ = await cut.everything(channel)
    assert repaired["messages"] == 1
    assert await texts(alice, id) == ["before", "before, in Matrix", "between the two"]
    await cut.is_whole(channel)
    await alice.send(id, "again")
    await cut.arrived(await carol.say(room, "again, in Matrix"))
    await cut.is_whole(channel)
    assert await texts(alice, id) == ["before", "before, in Matrix", "between the two", "again", "again, in Matrix"]


async def test_a_homeserver_restored_to_an_earlier_point_than_the_index(
    cut: LostPushes, backups: Backups, corner: World
) -> None:
    alice, bob = corner.user("alice"), corner.user("bob")
    carol = await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room, id = channel["matrix_room_id"], channel["id"]
    await carol.join(room)
    await alice.send(id, "before")
    await cut.compared(channel, await carol.say(room, "before, in Matrix"))
    copy = backups.copy_synapse()
    gone, deleted = [await alice.send(id, text) for text in ("gone from Matrix", "gone, and deleted")]
    by_bob = await bob.send(id, "joined, and gone from Matrix")
    made = await corner.channel(alice)
    await stop(cut, "synapse")
    await backups.restore_synapse(copy)
    await start(cut, "synapse")

    # The index keeps what it has of them: the beginning of a text. Nothing can be done to them but to delete them.
    read = await alice.get(path_to(id, gone["id"]))
    assert (read.status_code, read.json()["source"], read.json()["content"]) == (200, "index", None)
    edited = await alice.patch(path_to(id, gone["id"]), {"text": "edited"})
    assert (edited.status_code, edited.json()["code"]) == (404, "not_in_matrix")
    assert (await alice.delete(path_to(id, deleted["id"]))).status_code == 204
    # Life goes on, also for whom Matrix has forgotten as members.
    after = [await alice.send(id, "after"), await bob.send(id, "after, by bob")]
    await cut.arrived(await carol.say(room, "after, in Matrix"))
    repaired, _ = await cut.everything(channel)
    assert repaired["messages"] == 0
    everything = ["before", "before, in Matrix", "gone from Matrix", "joined, and gone from Matrix"]
    assert await texts(alice, id) == [*everything, "after", "after, by bob", "after, in Matrix"]
    # All that index and room differ in is what Matrix has lost.
    lost = {gone["matrix_event_id"], by_bob["matrix_event_id"]}
    differences = await cut.differences(channel)
    assert differences.keys() == {"messages"}
    ours, theirs = (set(events) for events in differences["messages"])
    assert ours ^ theirs == lost and {message["matrix_event_id"] for message in after} <= ours & theirs
    # A channel whose room is gone is read, and nothing else.
    assert (await alice.get(path_to(made["id"]))).status_code == 200
    for refused in (await alice.try_send(made["id"], "hello"), await cut.try_reconcile(made)):
        assert (refused.status_code, refused.json()["code"]) == (403, "refused_by_homeserver")
