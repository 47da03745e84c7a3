"""Who is meant: named through the API or in a Matrix client, it is the same in the event, in the row and in every frame."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


async def newest(rooms: Rooms, channel: dict[str, Any]) -> dict[str, Any]:
    """The content of the room's last message."""
    return (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]


async def rows(witness: Witness, channel: dict[str, Any]) -> set[str]:
    sql = "SELECT DISTINCT member_id FROM messaging.message_mentions WHERE channel_id = $1::text::uuid"
    return {row[0] for row in await witness.index.rows(sql, channel["id"])}


async def test_who_is_named_through_the_api_is_named_in_matrix_and_in_every_event(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(alice)
    dave = await person("dave")
    # Once, under one name: by the Matrix id of one of ours, too.
    named = ["room", bob.id, bob.matrix_id, sofia.id, dave.id, bob.id]
    meant = [bob.id, sofia.id, dave.id, "room"]
    async with witness.watch(channel, bob) as observed:
        message = await alice.send(channel["id"], "All of you", mentions=named)
    assert message["mentions"] == meant
    assert (await newest(rooms, channel))["m.mentions"] == {
        "user_ids": [bob.matrix_id, sofia.matrix_id, dave.id],
        "room": True,
    }
    [event], [frame] = observed.events, observed.frames
    assert event.payload["mentions"] == event.payload["message"]["mentions"] == frame["message"]["mentions"] == meant
    assert [m["mentions"] for m in await bob.page(channel["id"])] == [meant]
    assert (await bob.content(message))["mentions"] == meant
    assert await rows(witness, channel) == set(meant)


async def test_a_message_that_names_nobody_says_so_in_matrix(world: World, rooms: Rooms) -> None:
    """Otherwise older clients would look for names in its text."""
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Nobody")
    assert message["mentions"] == []
    assert (await newest(rooms, channel))["m.mentions"] == {}


async def test_who_is_named_in_a_matrix_client_is_named_here(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    dave, client = await matrix_client(rooms, await person("dave")), await matrix_client(rooms, alice)
    await dave.join(room)
    ids = [bob.matrix_id, sofia.matrix_id, bob.matrix_id, dave.id]
    async with witness.watch(channel, alice) as observed:
        # A level of 50 is needed for everybody, which the owner has and Dave has not.
        for who in (client, dave):
            await who.say(room, "Look", **{"m.mentions": {"user_ids": ids, "room": True}})
    members = [bob.id, sofia.id, dave.id]
    assert [event.payload["mentions"] for event in observed.events] == [[*members, "room"], members]
    assert [frame["message"]["mentions"] for frame in observed.frames] == [[*members, "room"], members]


async def test_hostile_mentions_are_none_or_cut_off(world: World, witness: Witness, homeserver: Homeserver) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    # Our own homeserver takes none of these shapes from a client; another one may.
    shapes: list[Any] = ["x", [], 7, None, {"user_ids": "@a:b", "room": "yes"}]
    shapes += [{"user_ids": [1, None, {}, "user:bob", "@", "room", "@a\0:b"]}]
    flood = [f"@u{n}:far" for n in range(2_500)]
    contents = [{"msgtype": "m.text", "body": "Look", "m.mentions": one} for one in [*shapes, {"user_ids": flood}]]
    async with witness.watch(channel, alice) as observed:
        accepted(await homeserver.push(*(pushed_message(channel, content=content) for content in contents)))
    named = [event.payload["mentions"] for event in observed.events]
    assert named == [[]] * len(shapes) + [flood[:50]]


async def edit(who: Caller, message: dict[str, Any], text: str, **fields: Any) -> dict[str, Any]:
    response = await who.patch(path_to(message["channel_id"], message["id"]), {"text": text} | fields)
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_edit_names_anew_and_notifies_only_who_was_not_named_before(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice, bob, kim = world.user("alice"), world.user("bob"), world.user("kim")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Bob", mentions=[bob.id])
    async with witness.watch(channel, alice) as observed:
        edited = await edit(alice, message, "Bob and Kim", mentions=[bob.id, kim.id])
        assert edited["mentions"] == [bob.id, kim.id]
        content = await newest(rooms, channel)
        assert content["m.mentions"] == {"user_ids": [kim.matrix_id]}
        assert content["m.new_content"]["m.mentions"] == {"user_ids": [bob.matrix_id, kim.matrix_id]}
        # Without the field they stay, and nobody is told again.
        assert (await edit(alice, message, "Both"))["mentions"] == [bob.id, kim.id]
        content = await newest(rooms, channel)
        assert content["m.mentions"] == {}
        assert content["m.new_content"]["m.mentions"] == {"user_ids": [bob.matrix_id, kim.matrix_id]}
        assert (await edit(alice, message, "Nobody", mentions=[]))["mentions"] == []
    assert [event.payload["mentions"] for event in observed.events] == [[bob.id, kim.id], [bob.id, kim.id], []]
    assert await rows(witness, channel) == set()
    assert (await alice.content(message))["content"]["m.mentions"] == {}


async def test_an_edit_in_matrix_names_who_its_new_content_names(world: World, rooms: Rooms, witness: Witness) -> None:
    alice, bob, kim = world.user("alice"), world.user("bob"), world.user("kim")
    channel = await world.channel(alice)
    room, client = channel["matrix_room_id"], await matrix_client(rooms, alice)
    message = await alice.send(channel["id"], "Bob", mentions=[bob.id])
    relation = {"rel_type": "m.replace", "event_id": message["matrix_event_id"]}
    new = {"msgtype": "m.text", "body": "Kim", "m.mentions": {"user_ids": [kim.matrix_id]}}
    async with witness.watch(channel, alice) as observed:
        content = {"m.new_content": new, "m.relates_to": relation, "m.mentions": {"user_ids": ["@elsewhere:far"]}}
        last = await client.say(room, "* Kim", **content)
    assert [event.payload["mentions"] for event in observed.events] == [[kim.id]]
    async with witness.watch(channel, alice) as observed:
        await client.redact(room, last)
    assert [event.payload["mentions"] for event in observed.events] == [[bob.id]]
    assert await rows(witness, channel) == {bob.id}


async def test_a_deletion_takes_the_names_out_of_everything(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    for by_client in (False, True):
        message = await alice.send(channel["id"], "Gone", mentions=["user:somebody-who-is-named"])
        async with witness.watch(channel, alice):
            if by_client:
                client = await matrix_client(rooms, alice)
                await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
            else:
                assert (await alice.delete(path_to(channel["id"], message["id"]))).status_code == 204
        assert (await alice.history(channel["id"]))[-1]["mentions"] == []
        assert "somebody-who-is-named" not in await witness.index.stored_text(channel["id"])
        assert await rows(witness, channel) == set()


async def test_everybody_is_mentioned_only_by_those_whose_level_in_the_room_allows_it(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner, bob, sofia = world.user("owner"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    message = await bob.send(channel["id"], "I am in")
    assert (await owner.send(channel["id"], "All", mentions=["room"]))["mentions"] == ["room"]
    async with unchanged(channel):
        problem(await bob.try_send(channel["id"], "All", mentions=["room"]), 403, "cannot_mention_room")
        problem(await sofia.try_say(channel["id"], "All", mentions=["room"]), 403, "cannot_mention_room")
        path = path_to(channel["id"], message["id"])
        problem(await bob.patch(path, {"text": "All", "mentions": ["room"]}), 403, "cannot_mention_room")
    client = await matrix_client(rooms, owner)
    for level, code in ((0, 201), (50, 403)):
        levels = await rooms.state(channel["matrix_room_id"], "m.room.power_levels")
        assert levels
        async with witness.watch(channel, owner):
            new = levels | {"notifications": {"room": level}}
            await client.set_state(channel["matrix_room_id"], "m.room.power_levels", new)
        assert (await bob.try_send(channel["id"], "All", mentions=["room"])).status_code == code


@pytest.mark.parametrize("mentions", [["bob"], ["user:Bob"], [""], ["user:a"] * 51, [7], "room", {"room": True}, None])
async def test_wrong_mentions_are_problems_and_change_nothing(
    world: World, unchanged: Unchanged, mentions: Any
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    async with unchanged(channel):
        refused = problem(await alice.try_send(channel["id"], "x", mentions=mentions), 422, "invalid")
        assert "mentions" in refused["detail"]


async def test_in_an_encrypted_channel_nobody_is_named(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    """It is inside the ciphertext."""
    alice = world.user("alice")
    channel = await world.channel(alice, is_encrypted=True)
    ciphertext = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK"}
    async with unchanged(channel):
        body = {"encrypted": ciphertext, "mentions": ["user:bob"]}
        problem(await alice.post(f"{path_to(channel['id'])}/messages", body), 422, "invalid")
    sent = await alice.post(f"{path_to(channel['id'])}/messages", {"encrypted": ciphertext})
    assert sent.json()["mentions"] == []
    client: MatrixClient = await matrix_client(rooms, alice)
    async with witness.watch(channel, alice) as observed:
        open_names = {"m.mentions": {"user_ids": ["@bob:far"]}}
        await client.send(channel["matrix_room_id"], "m.room.encrypted", ciphertext | open_names)
    assert [event.payload["mentions"] for event in observed.events] == [[]]
    assert await rows(witness, channel) == set()


async def test_who_cannot_read_the_channel_may_be_named_and_is_told_nothing(world: World) -> None:
    alice, stranger = world.member_of("alice", world.microdao), world.member_of("kim", world.other_microdao("away"))
    channel = await world.channel(alice, visibility="private")
    message = await alice.send(channel["id"], "Behind your back", mentions=[stranger.id])
    assert message["mentions"] == [stranger.id]
    problem(await stranger.get(path_to(channel["id"], message["id"])), 404, "not_found")
    assert stranger.id not in await alice.members(channel["id"])


async def test_a_retry_names_the_same_people_and_another_list_is_another_request(world: World, key: str) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "You", key, mentions=["user:bob"])
    # However they are named.
    again = await alice.send(channel["id"], "You", key, mentions=["user:bob", "user:bob"])
    assert again == message
    for other in ([], ["user:kim"]):
        response = await alice.try_send(channel["id"], "You", key, mentions=other)
        problem(response, 422, "idempotency_key_reused")
