"""Changes of a channel: its room follows, and each change is one event."""

from __future__ import annotations

from support.api import World, path_to, row
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged


async def test_name_topic_and_avatar_change_in_the_room_too(world: World, rooms: Rooms, journal: Journal) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, topic="old", description="old")
    change = {"name": "Новий 😀", "topic": "new", "description": "new", "avatar_url": "mxc://localhost/new"}
    response = await owner.patch(path_to(channel["id"]), change)
    assert response.status_code == 200, response.text
    changed = response.json()
    assert changed == channel | change | {"updated_at": changed["updated_at"]}
    assert changed["updated_at"] > channel["updated_at"]
    assert row((await owner.get(path_to(channel["id"]))).json()) == changed
    room = channel["matrix_room_id"]
    assert await rooms.state(room, "m.room.name") == {"name": "Новий 😀"}
    assert ((await rooms.state(room, "m.room.topic")) or {})["topic"] == "new"
    assert await rooms.state(room, "m.room.avatar") == {"url": "mxc://localhost/new"}
    events = await journal.so_far(owner, channel["id"])
    assert [event.kind for event in events] == ["channel.created", "channel.updated"], "one change is one event"
    expected = {"matrix_room_id": room, "created_by": owner.id, "visibility": "public"}
    assert events[1].payload | expected == events[1].payload


async def test_fields_that_are_not_named_stay_and_null_clears_a_field(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, topic="topic", description="about")
    response = await owner.patch(path_to(channel["id"]), {"topic": None})
    assert response.status_code == 200, response.text
    assert (response.json()["topic"], response.json()["description"]) == (None, "about")
    assert response.json()["name"] == channel["name"]


async def test_a_change_that_changes_nothing_is_no_event(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for body in ({}, {"name": channel["name"]}, {"visibility": "public"}):
            response = await owner.patch(path_to(channel["id"]), body)
            assert (response.status_code, response.json()) == (200, channel)


async def test_only_owners_and_admins_change_a_channel(world: World, unchanged: Unchanged) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    await owner.invite(channel["id"], alice.id)
    async with unchanged(channel):
        for who in (alice, world.user("passer-by")):
            problem(await who.patch(path_to(channel["id"]), {"name": "Mine"}), 403, "cannot_manage")
            problem(await who.delete(path_to(channel["id"])), 403, "cannot_manage")
        for body, pointer in [
            ({"name": ""}, "/name"),
            ({"name": "a" * 256}, "/name"),
            ({"visibility": "secret"}, "/visibility"),
            ({"avatar_url": "http://x/y"}, "/avatar_url"),
            ({"topic": "a\0"}, "/topic"),
        ]:
            problem(await owner.patch(path_to(channel["id"]), body), 422, "invalid", pointer)
    assert (await admin.patch(path_to(channel["id"]), {"name": "Ours"})).status_code == 200


async def test_a_channel_that_closes_shuts_strangers_out(world: World, rooms: Rooms, listen: Listen) -> None:
    owner = world.member_of("owner", world.microdao)
    stranger = world.member_of("stranger", world.other_microdao("other"))
    channel = await owner.create(**world.fields())
    async with listen(channel["id"], stranger) as socket:
        assert (await owner.patch(path_to(channel["id"]), {"visibility": "private"})).status_code == 200
        assert await socket.closed() == 4403
    problem(await stranger.get(path_to(channel["id"])), 404, "not_found")
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "invite"
    assert not await rooms.listed(channel["matrix_room_id"])
    assert (await owner.patch(path_to(channel["id"]), {"visibility": "public"})).status_code == 200
    assert (await stranger.get(path_to(channel["id"]))).status_code == 200
    assert ((await rooms.state(channel["matrix_room_id"], "m.room.join_rules")) or {})["join_rule"] == "public"
    assert await rooms.listed(channel["matrix_room_id"])
