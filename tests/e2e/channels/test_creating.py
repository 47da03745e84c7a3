"""New channels: each is backed by one room, and its slug is unique in the microDAO."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.api import CHANNELS, World, row
from support.index import Index
from support.problems import problem
from support.rooms import Rooms

FIELDS = {
    "id",
    "slug",
    "name",
    "description",
    "microdao_id",
    "matrix_room_id",
    "visibility",
    "is_direct",
    "is_encrypted",
    "topic",
    "avatar_url",
    "created_by",
    "created_at",
    "updated_at",
    "archived_at",
    "link_previews",
    "retention_days",
}


async def test_a_channel_has_exactly_the_fields_of_the_contract(world: World) -> None:
    admin = world.user("admin")
    body = world.fields(description="About", topic="Talk", avatar_url="mxc://localhost/abc")
    del body["visibility"]
    channel = await admin.create(**body)
    assert channel.keys() == FIELDS
    assert channel | body == channel
    assert channel["visibility"] == "microdao", "the default"
    assert (channel["is_direct"], channel["is_encrypted"], channel["archived_at"]) == (False, False, None)
    assert channel["created_by"] == admin.id
    response = await admin.get(f"{CHANNELS}/{channel['id']}")
    assert (response.status_code, row(response.json())) == (200, channel)


async def test_a_description_alone_is_the_topic_too(world: World, rooms: Rooms) -> None:
    admin = world.user("admin")
    channel = await world.channel(admin, description="Everything\nabout it")
    assert (channel["description"], channel["topic"]) == ("Everything\nabout it", "Everything about it")
    topic = await rooms.state(channel["matrix_room_id"], "m.room.topic")
    assert topic and topic["topic"] == "Everything about it"


async def test_the_bot_comes_under_a_name(world: World, rooms: Rooms) -> None:
    channel = await world.channel()
    [creation] = [e for e in await rooms.events(channel["matrix_room_id"]) if e["type"] == "m.room.create"]
    profile = await rooms.get(f"profile/{creation['sender']}/displayname")
    assert profile.json() == {"displayname": "DAARION"}


async def test_the_creator_owns_the_channel(world: World, rooms: Rooms) -> None:
    admin = world.user("admin")
    channel = await world.channel(admin)
    [owner] = (await admin.members(channel["id"])).values()
    assert (owner["member_id"], owner["role"], owner["matrix_power_level"]) == (admin.id, "owner", 100)
    assert owner["matrix_user_id"] == admin.matrix_id
    assert all(owner[f"can_{what}"] for what in ("read", "write", "invite", "kick", "create_tasks"))
    assert admin.matrix_id in await rooms.joined(channel["matrix_room_id"])
    levels = await rooms.state(channel["matrix_room_id"], "m.room.power_levels")
    assert levels and levels["users"][admin.matrix_id] == 100


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_the_room_is_as_open_as_the_channel(world: World, rooms: Rooms, visibility: str) -> None:
    fields = {"topic": "Talk", "avatar_url": "mxc://localhost/abc"}
    channel = await world.channel(visibility=visibility, **fields)
    room = channel["matrix_room_id"]
    state = {kind: await rooms.state(room, f"m.room.{kind}") for kind in ("name", "topic", "avatar", "join_rules")}
    assert state["name"] == {"name": channel["name"]}
    assert (state["topic"] or {})["topic"] == "Talk"
    assert state["avatar"] == {"url": "mxc://localhost/abc"}
    assert (state["join_rules"] or {})["join_rule"] == ("public" if visibility == "public" else "invite")
    assert await rooms.state(room, "m.room.encryption") is None
    assert await rooms.listed(room) == (visibility == "public")


async def test_a_slug_is_unique_in_its_microdao_and_free_in_others(world: World, rooms: Rooms) -> None:
    admin = world.user("admin")
    body = world.fields()
    first = await admin.create(**body)
    problem(await admin.post(CHANNELS, body), 409, "slug_taken")
    problem(await world.user("other").post(CHANNELS, body | {"name": "Mine"}), 409, "slug_taken")
    assert await rooms.resolve(world.alias(first)) == first["matrix_room_id"]

    elsewhere = world.other_microdao("elsewhere")
    who = admin if world.development else world.member_of("admin", elsewhere)
    second = await who.create(**body | {"microdao_id": elsewhere})
    assert second["slug"] == first["slug"] and second["matrix_room_id"] != first["matrix_room_id"]
    assert await rooms.resolve(world.alias(second)) == second["matrix_room_id"]


async def test_one_of_several_concurrent_creates_gets_the_slug(world: World, index: Index, rooms: Rooms) -> None:
    body = world.fields()
    people = [world.user(f"user{n}") for n in range(6)]
    responses = await asyncio.gather(*(one.post(CHANNELS, body) for one in people))
    made = [response.json() for response in responses if response.status_code == 201]
    assert len(made) == 1, [response.text for response in responses]
    for response in responses:
        if response.status_code != 201:
            assert problem(response, 409)["code"] in ("slug_taken", "being_created")
    rows = await index.rows("SELECT id::text FROM public.channels WHERE microdao_id = $1", world.microdao)
    assert [row["id"] for row in rows] == [made[0]["id"]]
    assert await rooms.resolve(world.alias(made[0])) == made[0]["matrix_room_id"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"slug": ""}, "/slug"),
        ({"slug": "a" * 101}, "/slug"),
        ({"slug": "Upper"}, "/slug"),
        ({"slug": "under_score"}, "/slug"),
        ({"slug": "кирилиця"}, "/slug"),
        ({"slug": "a/b"}, "/slug"),
        ({"slug": 7}, "/slug"),
        ({"name": ""}, "/name"),
        ({"name": "a" * 256}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": None}, "/name"),
        ({"microdao_id": "daarion"}, "/microdao_id"),
        ({"microdao_id": "microdao:"}, "/microdao_id"),
        ({"microdao_id": "microdao:Upper"}, "/microdao_id"),
        ({"visibility": "secret"}, "/visibility"),
        ({"visibility": ["public"]}, "/visibility"),
        ({"avatar_url": "https://example.org/a.png"}, "/avatar_url"),
        ({"avatar_url": "javascript:alert(1)"}, "/avatar_url"),
        ({"topic": 1}, "/topic"),
        ({"is_encrypted": "yes"}, "/is_encrypted"),
    ],
)
async def test_a_wrong_field_is_named_and_no_channel_is_made(world: World, wrong: dict[str, Any], pointer: str) -> None:
    admin = world.user("admin")
    problem(await admin.post(CHANNELS, world.fields() | wrong), 422, "invalid", pointer)
    assert (await admin.get(CHANNELS, microdao_id=world.microdao)).json() == []


async def test_one_response_names_every_wrong_field(world: World) -> None:
    response = await world.user("admin").post(CHANNELS, {"slug": "!", "name": "", "microdao_id": "x"})
    body = problem(response, 422, "invalid")
    assert {error["pointer"] for error in body["errors"]} == {"/slug", "/name", "/microdao_id"}


async def test_missing_fields_are_refused(world: World) -> None:
    admin = world.user("admin")
    for field in ("slug", "name", "microdao_id"):
        body = world.fields()
        del body[field]
        assert field in problem(await admin.post(CHANNELS, body), 422, "invalid")["detail"]


async def test_names_may_be_long_and_in_any_script(world: World, rooms: Rooms) -> None:
    name = "Ж😀" * 127 + "!"
    channel = await world.channel(name=name, slug="a" * 100)
    assert channel["name"] == name
    assert await rooms.state(channel["matrix_room_id"], "m.room.name") == {"name": name}
