"""What a list of channels shows of each, so that a front end draws it with one request: both ways in end in the same."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import CHANNELS, Caller, World, links, member_path, path_to, reaction_path, row
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.witness import Witness


async def shown(caller: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    """The channel as a list has it, which is as GET has it."""
    response = await caller.get(path_to(channel["id"]))
    assert response.status_code == 200, response.text
    listed = await caller.get(CHANNELS, microdao_id=channel["microdao_id"])
    assert response.json() in listed.json()
    return response.json()


async def test_members_and_the_last_message_are_those_of_the_room(
    world: World, rooms: Rooms, person: NewPerson, witness: Witness
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    bob = await matrix_client(rooms, await person("bob"))
    before = await shown(owner, channel)
    assert (before["member_count"], before["last_message"], before["last_seq"]) == (1, None, 1)
    async with witness.watch(channel, owner):
        await bob.join(channel["matrix_room_id"])
        event = await bob.say(channel["matrix_room_id"], "From Element")
    now = await shown(alice, channel)
    assert (now["member_count"], now["membership"]) == (2, None)
    assert (now["last_message"]["matrix_event_id"], now["last_message"]["sender_id"]) == (event, bob.id)
    assert now["last_seq"] == now["last_message"]["seq"] == 3
    sent = await alice.send(channel["id"], "From the API")
    now = await shown(alice, channel)
    assert (now["member_count"], now["last_message"]) == (3, sent)
    assert (now["membership"]["role"], now["membership"]["can_write"], now["membership"]["can_kick"]) == (
        "member",
        True,
        False,
    )
    # The same two go away again, each on the other way.
    async with witness.watch(channel, owner):
        await bob.call("POST", f"rooms/{channel['matrix_room_id']}/leave", {})
    await alice.remove(channel["id"])
    assert (await alice.delete(path_to(channel["id"], sent["id"]))).status_code == 204
    now = await shown(owner, channel)
    assert (now["member_count"], now["last_message"]["matrix_event_id"]) == (1, event)


async def test_who_may_not_read_sees_that_it_is_there_and_no_more(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private")
    await owner.send(channel["id"], "Between us")
    blind = world.user("blind")
    await owner.invite(channel["id"], blind.id, can_read=False)
    seen = await shown(blind, channel)
    assert (seen["member_count"], seen["last_message"], seen["last_seq"]) == (None, None, None)
    assert (seen["membership"]["role"], seen["membership"]["can_read"]) == ("member", False)
    problem(await world.member_of("other", world.other_microdao("away")).get(path_to(channel["id"])), 404)


async def test_an_encrypted_channel_shows_a_last_message_without_text(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private", is_encrypted=True)
    await owner.invite(channel["id"], sofia.id)
    client = await matrix_client(rooms, owner)
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "secret",
        "session_id": "s",
        "sender_key": "k",
        "device_id": "d",
    }
    async with witness.watch(channel, owner):
        path = f"rooms/{channel['matrix_room_id']}/send/m.room.encrypted/1"
        await client.call("PUT", path, content)
    last = (await shown(owner, channel))["last_message"]
    assert (last["is_encrypted"], last["content_preview"]) == (True, "")


async def test_an_invitation_shows_as_one(world: World, rooms: Rooms, person: NewPerson) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    bob = world.user("bob")
    await owner.invite(channel["id"], bob.id)
    await bob.remove(channel["id"])
    await owner.invite(channel["id"], bob.id, role="guest")
    membership = (await shown(bob, channel))["membership"]
    assert (membership["role"], membership["joined_at"], membership["invited_by"]) == ("guest", None, owner.id)
    mine = [one["id"] for one in (await bob.get(CHANNELS, joined="true")).json()]
    assert mine == []
    assert (await bob.put(member_path(channel["id"]))).status_code == 200
    assert (await shown(bob, channel))["membership"]["joined_at"]
    assert [one["id"] for one in (await bob.get(CHANNELS, joined="true")).json()] == [channel["id"]]


async def test_a_direct_channel_names_the_other_one(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    body = {"microdao_id": world.microdao, "is_direct": True, "members": [bob.id]}
    channel = (await alice.post(CHANNELS, body)).json()
    assert (await shown(alice, channel))["direct_member_id"] == bob.id
    assert (await shown(bob, channel))["direct_member_id"] == alice.id
    await bob.remove(channel["id"])
    seen = await shown(alice, channel)
    assert (seen["direct_member_id"], seen["member_count"]) == (bob.id, 1)


async def test_the_channel_in_which_somebody_writes_is_on_top_page_by_page(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channels = [await world.channel(owner) for _ in range(4)]
    quiet = await world.channel(owner)
    for place in (2, 0, 3):
        await reader.send(channels[place]["id"], "Hello")
    client = await matrix_client(rooms, owner)
    async with witness.watch(channels[1], owner):
        await client.say(channels[1]["matrix_room_id"], "From Element")
    active = [channels[place]["id"] for place in (1, 3, 0, 2)]
    lists: list[tuple[dict[str, str], list[str]]] = [
        ({"order": "activity", "microdao_id": world.microdao}, [*active, quiet["id"]]),
        ({"order": "activity", "joined": "true"}, [id for id in active if id != channels[1]["id"]]),
        ({"joined": "true", "order": "created"}, [channels[place]["id"] for place in (3, 2, 0)]),
        ({"joined": "true", "order": "activity", "microdao_id": world.other_microdao("none")}, []),
    ]
    for asked, expected in lists:
        for limit in ("1", "2", "200"):
            seen: list[str] = []
            response = await reader.get(CHANNELS, limit=limit, **asked)
            while True:
                assert response.status_code == 200, response.text
                seen += [one["id"] for one in response.json()]
                following = links(response).get("next")
                if not following:
                    break
                response = await reader.get(following)
            assert seen == expected, (asked, limit)


@pytest.mark.parametrize("query", ["joined=1", "joined=", "order=name", "order="])
async def test_a_wrong_way_to_list_is_named(world: World, query: str) -> None:
    body = problem(await world.user("reader").get(f"{CHANNELS}?{query}"), 422, "invalid")
    assert [error["parameter"] for error in body["errors"]] == [query.split("=")[0]]


async def test_a_page_of_messages_counts_the_reactions_of_both_ways(
    world: World, rooms: Rooms, person: NewPerson, witness: Witness
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    bob = await matrix_client(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    message, plain = await owner.send(channel["id"], "One"), await owner.send(channel["id"], "Two")
    assert (await alice.put(reaction_path(message, "👍"))).status_code == 204
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": message["matrix_event_id"], "key": "👍"}}
    async with witness.watch(channel, owner):
        await bob.call("PUT", f"rooms/{channel['matrix_room_id']}/send/m.reaction/1", content)
    path = f"{path_to(channel['id'])}/messages"
    for reader, reacted in ((alice, True), (owner, False)):
        page = (await reader.get(path)).json()
        assert [row(one) for one in page] == [plain, message]
        assert [one["reactions"] for one in page] == [[], [{"emoji": "👍", "count": 2, "reacted": reacted}]]
        assert (await reader.content(message))["reactions"] == page[1]["reactions"]
