"""A room that was made and not recorded: the retry finishes it. Every other act that is half done: test_every_write.py."""

from __future__ import annotations

import httpx
import pytest

from support.api import CHANNELS, World, profile_path, unique
from support.crash import Crash
from support.faulty_homeserver import FaultyHomeserver
from support.index import Index
from support.journal import Journal
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms


@pytest.mark.parametrize("kind", ["public", "microdao", "private", "direct"])
@pytest.mark.parametrize("with_key", [True, False], ids=["with-key", "without-key"])
async def test_a_room_without_a_row_becomes_the_channel_of_the_retry(
    world: World,
    app: httpx.AsyncClient,
    crash: Crash,
    rooms: Rooms,
    index: Index,
    journal: Journal,
    key: str,
    with_key: bool,
    kind: str,
) -> None:
    owner, other = world.user("owner"), world.user("other")
    behind = owner.through(app)
    is_direct = kind == "direct"
    body = world.fields(visibility=kind)
    if is_direct:
        body = {"microdao_id": world.microdao, "is_direct": True, "members": [other.id]}
    the_key = key if with_key else None
    # The owner is in the room by then, and only the row is missing.
    crash.after("POST", "/join")
    problem(await behind.post(CHANNELS, body, the_key), 503)
    crash.recover()
    assert await index.count_channels(world.microdao) == 0
    made = await behind.post(CHANNELS, body, the_key)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert await index.count_channels(world.microdao) == 1
    has_alias = kind in ("public", "microdao")
    assert await rooms.resolve(world.alias(channel)) == (channel["matrix_room_id"] if has_alias else None)
    # It is the room of the first try, not a second one.
    assert await (await matrix_client(rooms, owner)).rooms() == [channel["matrix_room_id"]]
    created = (await rooms.events(channel["matrix_room_id"]))[0]
    assert created["content"]["city.daarion.channel"] == channel["id"]
    again = await owner.post(CHANNELS, body, the_key)
    if with_key or is_direct:
        assert again.json()["id"] == channel["id"]
    else:
        problem(again, 409, "slug_taken")
    message = await owner.send(channel["id"], "first")
    events = await journal.until(channel["id"], message["seq"])
    assert [e.kind for e in events].count("channel.created") == 1
    assert await rooms.power_level(channel["matrix_room_id"], owner.matrix_id) == 100
    if is_direct:
        assert (await other.send(channel["id"], "second"))["sender_id"] == other.id


async def test_a_name_that_matrix_has_not_confirmed_is_set_by_the_retry(
    world: World, app: httpx.AsyncClient, faulty: FaultyHomeserver, rooms: Rooms, key: str
) -> None:
    alice = world.user("alice").through(app)
    name, picture = unique("Alice"), "mxc://localhost/picture"
    await alice.set_profile(display_name="before")
    faulty.fail("PUT", "/displayname", faulty.loses_the_response)
    wanted = {"display_name": name, "avatar_url": picture}
    response = await alice.request("PUT", profile_path(), key=key, json=wanted)
    assert faulty.hit and response.status_code in (502, 504), response.text
    # The picture comes first. What Matrix has for sure is here as well.
    profile = await alice.profile()
    assert (profile["display_name"], profile["avatar_url"]) == ("before", picture)
    faulty.heal()
    # Nobody knows what it is called there, so it is told, although nothing differs here.
    assert (await rooms.get(f"profile/{alice.matrix_id}")).json()["displayname"] == name
    assert (await alice.set_profile(display_name="before"))["display_name"] == "before"
    assert (await rooms.get(f"profile/{alice.matrix_id}")).json()["displayname"] == "before"
    for _ in range(2):
        response = await alice.request("PUT", profile_path(), key=key, json=wanted)
        assert response.status_code == 200, response.text
        profile = response.json()
        assert (profile["display_name"], profile["avatar_url"]) == (name, picture)
    assert await alice.profile() == profile
