"""Behind a gateway that has only the platform's calls: everything works, in a poorer way or not at all, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.api import CHANNELS, World, api_client, member_path, path_to, pin_path
from support.index import Index
from support.media import cut_off, download, files_path, png, send_file, upload
from support.platform_gateway import PlatformGateway
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.stack import Stack

CIPHERTEXT = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK"}


@pytest.fixture(scope="module")
async def gateway(stack: Stack) -> AsyncIterator[PlatformGateway]:
    made = PlatformGateway(stack)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
async def poor(
    stack: Stack, gateway: PlatformGateway, development: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The world through an app with that gateway."""
    folder = tmp_path_factory.mktemp("platform-gateway")
    async with second_app(stack, folder, matrix_gateway_url=gateway.url) as url, api_client(url) as client:
        yield World(client, stack, development)


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_people_and_agents_talk(poor: World, rooms: Rooms, visibility: str) -> None:
    owner, bob, sofia = poor.user("owner"), poor.user("bob"), poor.agent("sofia")
    channel = await poor.channel(owner, visibility=visibility)
    await owner.invite(channel["id"], bob.id)
    await owner.invite(channel["id"], sofia.id)
    root = await owner.send(channel["id"], "Hello")
    reply = await bob.send(channel["id"], "Hello yourself", reply_to=root["id"])
    await sofia.say(channel["id"], "I am here")
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == [
        "Hello",
        "Hello yourself",
        "I am here",
    ]
    assert await owner.replies(root) == [reply]
    assert (await bob.put(f"{path_to(channel['id'], root['id'])}/reactions/👍")).status_code == 204
    assert await owner.reactions(root) == {"👍": (1, False)}
    assert (await bob.delete(f"{path_to(channel['id'], root['id'])}/reactions/👍")).status_code == 204
    assert await owner.reactions(root) == {}
    response = await bob.patch(path_to(channel["id"], reply["id"]), {"text": "Hello again"})
    assert response.status_code == 200 and response.json()["content_preview"] == "Hello again", response.text
    edits = [e for e in await rooms.messages(channel["matrix_room_id"]) if "m.new_content" in e["content"]]
    assert [e["content"]["m.new_content"]["body"] for e in edits] == ["Hello again"]
    assert (await bob.delete(path_to(channel["id"], reply["id"]))).status_code == 204
    await owner.remove(channel["id"], sofia.id)
    await bob.remove(channel["id"])
    assert bob.matrix_id not in await rooms.joined(channel["matrix_room_id"])
    assert set(await owner.members(channel["id"])) == {owner.id}


async def test_mentions_are_known_here_though_the_gateway_carries_none(poor: World, index: Index, rooms: Rooms) -> None:
    owner, bob = poor.user("owner"), poor.user("bob")
    channel = await poor.channel(owner)
    sent = [await owner.send(channel["id"], f"You {n}", mentions=[bob.id]) for n in range(5)]
    # Whichever was faster, the push or the record.
    assert [message["mentions"] for message in sent] == [[bob.id]] * 5
    history = await owner.history(channel["id"])
    assert [message["mentions"] for message in history] == [[bob.id]] * 5
    contents = [event["content"] for event in await rooms.messages(channel["matrix_room_id"])]
    assert not any("m.mentions" in content for content in contents)
    sql = "SELECT count(*) FROM messaging.message_mentions WHERE channel_id = $1::text::uuid AND member_id = $2"
    assert (await index.rows(sql, channel["id"], bob.id))[0][0] == 5


async def test_a_direct_channel_works_where_no_client_can_be_told(poor: World, gateway: PlatformGateway) -> None:
    alice, bob = poor.user("alice"), poor.user("bob")
    body = {"microdao_id": poor.microdao, "is_direct": True, "members": [bob.id]}
    response = await alice.post(CHANNELS, body)
    assert response.status_code == 201 and "PUT direct" in gateway.lacked, response.text
    hello = await bob.send(response.json()["id"], "Hello")
    assert await alice.page(response.json()["id"]) == [hello]


async def test_a_message_is_read_from_the_index_and_says_so(poor: World, world: World) -> None:
    owner = poor.user("owner")
    channel = await poor.channel(owner)
    for text, truncated in (("short", False), ("long " * 200, True)):
        message = await owner.send(channel["id"], text)
        shown = await owner.content(message)
        assert (shown["source"], shown["content"], shown["truncated"]) == ("index", None, truncated)
        assert shown["text"] == message["content_preview"] == text[:500]
        # Where the gateway has the call, the text is whole.
        whole = await owner.through(world.http).content(message)
        assert (whole["source"], whole["text"]) == ("matrix", text)


async def test_what_only_the_index_needs_is_changed_there(poor: World, rooms: Rooms) -> None:
    owner = poor.user("owner")
    channel = await poor.channel(owner, topic="before")
    change = {"name": "New", "topic": "Talk", "avatar_url": "mxc://localhost/a", "description": "About"}
    response = await owner.patch(path_to(channel["id"]), change)
    assert response.status_code == 200 and response.json() | change == response.json(), response.text
    room = channel["matrix_room_id"]
    assert await rooms.state(room, "m.room.name") == {"name": "New"}
    assert (await rooms.state(room, "m.room.topic") or {})["topic"] == "before"
    assert (await owner.delete(path_to(channel["id"]))).status_code == 204
    assert (await owner.get(path_to(channel["id"]))).json()["archived_at"]
    problem(await owner.try_send(channel["id"], "x"), 409, "channel_archived")
    opened = await owner.patch(path_to(channel["id"]), {"archived": False})
    assert opened.status_code == 200 and opened.json()["archived_at"] is None, opened.text
    sent = await owner.send(channel["id"], "x")
    page = await owner.get(f"{path_to(channel['id'])}/messages", include="content")
    assert [(one["id"], one["source"], one["text"]) for one in page.json()] == [(sent["id"], "index", "x")]


async def test_a_direct_channel_belongs_to_both(poor: World, rooms: Rooms) -> None:
    alice, bob = poor.user("alice"), poor.user("bob")
    fields = {"is_direct": True, "microdao_id": poor.microdao, "members": [bob.id]}
    channel = await alice.create(**fields)
    members = await bob.members(channel["id"])
    assert {who: m["role"] for who, m in members.items()} == {alice.id: "owner", bob.id: "owner"}
    for one in (alice, bob):
        assert await rooms.power_level(channel["matrix_room_id"], one.matrix_id) == 100
        await one.send(channel["id"], "Hello")
    await bob.remove(channel["id"])
    back = await bob.post("/api/messaging/channels", fields | {"members": [alice.id]})
    assert back.status_code == 200 and back.json()["id"] == channel["id"], back.text
    await bob.send(channel["id"], "Back again")


async def test_files_are_shown_but_neither_sent_nor_downloaded(
    poor: World, world: World, gateway: PlatformGateway
) -> None:
    owner, bob = poor.user("owner"), poor.user("bob")
    channel = await poor.channel(owner)
    # Where the gateway has all calls, or with a Matrix client.
    rich = owner.through(world.http)
    told = await upload(rich, channel, png(), "image/png")
    message = await send_file(rich, channel, told, "m.image")
    assert [row["file"] for row in await bob.page(channel["id"])] == [message["file"]]
    body = {"msgtype": "m.image", "file": {"content_uri": told["content_uri"]}}
    problem(await owner.post(f"{path_to(channel['id'])}/messages", body), 501, "gateway_lacks")
    for rest in ("", "/thumbnail"):
        problem(await download(bob, told["content_uri"], rest), 501, "gateway_lacks")
    assert (await download(bob, told["content_uri"], "/url")).status_code == 200
    answered = await cut_off(owner, files_path(channel), 60 * 1024 * 1024, b"")
    assert b" 413 " in answered.split(b"\r\n")[0] and b"at most 52428800 bytes" in answered, answered
    assert {"GET config", "GET thumbnail"} <= set(gateway.lacked)


async def test_what_the_room_must_know_is_refused_in_one_way(
    poor: World, gateway: PlatformGateway, rooms: Rooms
) -> None:
    owner, bob = poor.user("owner"), poor.user("bob")
    channel = await poor.channel(owner)
    vault = await poor.channel(owner, is_encrypted=True)
    await owner.invite(channel["id"], bob.id)
    before = await owner.members(channel["id"]), await rooms.state(channel["matrix_room_id"], "m.room.power_levels")
    gateway.lacked.clear()
    member = member_path(channel["id"], bob.id)
    refused = [
        await owner.patch(member, {"role": "admin"}),
        await owner.patch(member, {"can_write": False}),
        await owner.try_invite(channel["id"], poor.user("carol").id, role="admin"),
        await owner.patch(path_to(channel["id"]), {"visibility": "private"}),
        await owner.post(f"{path_to(vault['id'])}/messages", {"encrypted": CIPHERTEXT}),
    ]
    for response in refused:
        assert "gateway" in problem(response, 501, "gateway_lacks")["detail"], response.text
    assert gateway.lacked == ["PUT power-level"] * 3 + ["PUT visibility"]
    after = await owner.members(channel["id"]), await rooms.state(channel["matrix_room_id"], "m.room.power_levels")
    assert after == before
    assert (await owner.get(path_to(channel["id"]))).json()["visibility"] == "public"
    # What the room need not know is changed.
    response = await owner.patch(member, {"can_invite": True})
    assert response.status_code == 200 and response.json()["can_invite"], response.text


async def test_readiness_says_what_is_not_known(poor: World) -> None:
    response = await poor.http.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["parts"] == {"postgresql": "ok", "matrix_gateway": "ok", "homeserver": "unknown"}


async def test_a_channel_is_compared_with_what_its_room_is_like(poor: World, index: Index, stack: Stack) -> None:
    owner = poor.user("owner")
    channel = await poor.channel(owner, name="As it is", topic="All")
    await owner.send(channel["id"], "Hello")
    await index.rows(
        "UPDATE public.channels SET name = 'As it was', topic = NULL WHERE id = $1::text::uuid RETURNING id",
        channel["id"],
    )
    stack.need("internal_secret")
    headers = {"X-Internal-Service-Token": stack.internal_secret or ""}
    path = f"/internal/messaging/channels/{channel['id']}/reconcile"

    async def repaired() -> int:
        response = await poor.stranger().request("POST", path, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()["repaired"]["state"]

    assert await repaired() >= 1
    now = (await owner.get(path_to(channel["id"]))).json()
    assert (now["name"], now["topic"]) == ("As it is", "All")
    assert await repaired() == 0


async def test_what_is_pinned_is_the_rooms_alone_and_typing_ours(
    poor: World, rooms: Rooms, gateway: PlatformGateway
) -> None:
    owner = poor.user("owner")
    channel = await poor.channel(owner)
    message = await owner.send(channel["id"], "Hello")
    problem(await owner.put(pin_path(message)), 501, "gateway_lacks")
    assert (await owner.get(f"{path_to(channel['id'])}/pins")).json() == []
    assert await rooms.state(channel["matrix_room_id"], "m.room.pinned_events") is None
    response = await owner.request("PUT", f"{path_to(channel['id'])}/typing", json={"typing": True})
    assert response.status_code == 204, response.text
    assert {"PUT pinned", "PUT typing"} <= set(gateway.lacked)
