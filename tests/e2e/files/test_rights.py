"""Content is for whoever may read where it was sent. For a stranger, another microDAO and who was removed there is none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.api import CHANNELS, INTERNAL_CHANNELS, Caller, World, path_to, pin_path, unique
from support.matrix_client import matrix_client
from support.media import download, media_path, png, send_file, try_upload, upload
from support.problems import problem
from support.rooms import Rooms
from support.search import AGENT_SEARCH, SEARCH
from support.witness import Witness


async def is_hidden(caller: Caller, uri: str) -> bool:
    """Whether a caller is told of content what they are told of none."""
    unknown = uri.rpartition("/")[0] + "/unknown"
    answers = []
    for rest in ("", "/thumbnail?width=96&height=96", "/url"):
        there, nowhere = [await download(caller, one, rest) for one in (uri, unknown)]
        assert nowhere.status_code == 404
        answers.append(there.status_code == 404)
        if there.status_code == 404:
            assert problem(there, 404)["detail"] == problem(nowhere, 404)["detail"]
    listed = await caller.post("/api/messaging/media/urls", {"content_uris": [uri, unknown]})
    answers.append(listed.json()["urls"] == [])
    assert len(set(answers)) == 1, answers
    return answers[0]


Sent = tuple[Caller, dict[str, Any], dict[str, Any]]


@pytest.fixture
async def sent(world: World) -> Sent:
    """An owner, their private channel, and a message with a picture in it."""
    alice = world.user("alice")
    channel = await world.channel(alice, visibility="private")
    told = await upload(alice, channel, png(), "image/png", filename="secret.png")
    return alice, channel, await send_file(alice, channel, told, "m.image")


async def signed(reader: Caller, uri: str) -> list[str]:
    """The signed addresses that somebody was given."""
    told = (await download(reader, uri, "/url")).json()
    return [told["url"], told["thumbnail_url"]]


async def test_who_is_removed_loses_what_they_could_read(world: World, sent: Sent) -> None:
    alice, channel, message = sent
    uri = message["file"]["content_uri"]
    bob, eve = world.user("bob"), world.user("eve")
    assert await is_hidden(bob, uri) and await is_hidden(eve, uri)
    await alice.invite(channel["id"], bob.id)
    assert (await download(bob, uri)).status_code == 200
    assert not await is_hidden(bob, uri)
    await alice.remove(channel["id"], bob.id)
    assert await is_hidden(bob, uri), "at once"
    assert not await is_hidden(alice, uri)


async def test_a_channel_that_is_closed_hides_what_others_could_read(world: World, http: httpx.AsyncClient) -> None:
    alice = world.member_of("alice", world.microdao)
    colleague = world.member_of("bob", world.microdao)
    others = [world.member_of("eve", world.other_microdao("other")), world.member_of("mallory")]
    channel = await world.channel(alice)
    told = await upload(alice, channel, png(), "image/png")
    uri = (await send_file(alice, channel, told, "m.image"))["file"]["content_uri"]
    addresses = [address for reader in (colleague, *others) for address in await signed(reader, uri)]
    assert [(await http.get(address)).status_code for address in addresses] == [200] * 6
    for visibility, readers, gone in (("microdao", [colleague], others), ("private", [], [colleague, *others])):
        changed = await alice.patch(path_to(channel["id"]), {"visibility": visibility})
        assert changed.status_code == 200, changed.text
        assert [await is_hidden(reader, uri) for reader in readers] == [False] * len(readers)
        assert [await is_hidden(reader, uri) for reader in gone] == [True] * len(gone)
        statuses = [(await http.get(address)).status_code for address in addresses]
        assert statuses == [200] * (2 * len(readers)) + [404] * (2 * len(gone))


@pytest.mark.parametrize("by", ["the API", "a Matrix client"])
async def test_a_deleted_message_takes_its_file_from_everybody_and_every_list(
    world: World, http: httpx.AsyncClient, rooms: Rooms, witness: Witness, by: str
) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(alice, visibility="private")
    for reader in (bob, sofia):
        await alice.invite(channel["id"], reader.id)
    word = unique("secret").replace("-", "")
    told = await upload(alice, channel, png(), "image/png", filename=f"{word}.png")
    uri = told["content_uri"]
    root = await send_file(alice, channel, told, "m.image")
    await alice.send(channel["id"], "a thread", thread_id=root["id"])
    await alice.put(pin_path(root))
    answer = await send_file(alice, channel, told, "m.image", reply_to=root["id"])
    at = path_to(channel["id"])
    lists: list[tuple[Caller, str]] = [
        (bob, f"{at}/messages"),
        (bob, f"{at}/messages?deleted=true&include=content"),
        (bob, path_to(channel["id"], root["id"])),
        (bob, f"{path_to(channel['id'], root['id'])}/replies"),
        (bob, f"{at}/threads"),
        (bob, f"{at}/pins"),
        (bob, at),
        (bob, f"{CHANNELS}?joined=true"),
        (bob, f"{SEARCH}?q={word}"),
        (sofia, f"{INTERNAL_CHANNELS}/{channel['id']}/messages"),
        (sofia, f"{AGENT_SEARCH}?q={word}"),
    ]

    async def those_with_it() -> list[str]:
        answers = [(path, await caller.get(path)) for caller, path in lists]
        assert {response.status_code for _, response in answers} == {200}, answers
        return [path for path, response in answers if uri in response.text or f"{word}.png" in response.text]

    assert await those_with_it() == [path for _, path in lists]
    addresses = await signed(bob, uri)
    client = await matrix_client(rooms, alice)
    for message in (answer, root):
        assert (await http.get(addresses[0])).status_code == 200, "one message still has it"
        if by == "the API":
            await alice.delete(path_to(channel["id"], message["id"]))
        else:
            await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
            await witness.settle()
    assert await those_with_it() == []
    for address in addresses:
        problem(await http.get(address), 404, "not_found")
    for reader in (bob, alice):
        assert await is_hidden(reader, uri)


async def test_an_archived_channel_keeps_its_files_for_its_readers(
    world: World, http: httpx.AsyncClient, sent: Sent
) -> None:
    alice, channel, message = sent
    uri = message["file"]["content_uri"]
    bob, eve = world.user("bob"), world.user("eve")
    await alice.invite(channel["id"], bob.id)
    told = await upload(bob, channel, png(), "image/png")
    archived = await alice.delete(path_to(channel["id"]))
    assert archived.is_success, archived.text
    problem(await try_upload(bob, channel, png()), 409, "channel_archived")
    body = {"msgtype": "m.image", "file": {"content_uri": told["content_uri"]}}
    problem(await bob.post(f"{path_to(channel['id'])}/messages", body), 409, "channel_archived")
    assert (await download(bob, uri)).content == png() and await is_hidden(eve, uri)
    assert (await http.get((await signed(bob, uri))[0])).content == png()
    # Its sender deletes it there as well.
    await alice.delete(path_to(channel["id"], message["id"]))
    assert await is_hidden(bob, uri)
    assert (await alice.patch(path_to(channel["id"]), {"archived": False})).status_code == 200
    assert await is_hidden(bob, uri)
    await send_file(bob, channel, told, "m.image")
    assert not await is_hidden(alice, told["content_uri"])


async def test_the_picture_of_a_channel_is_for_who_sees_the_channel(world: World) -> None:
    alice, bob, eve = world.user("alice"), world.user("bob"), world.user("eve")
    channel = await world.channel(alice, visibility="private")
    told = await upload(alice, channel, png(), "image/png")
    changed = await alice.patch(f"/api/messaging/channels/{channel['id']}", {"avatar_url": told["content_uri"]})
    assert changed.status_code == 200, changed.text
    await alice.invite(channel["id"], bob.id)
    assert (await download(bob, told["content_uri"])).content == png()
    assert await is_hidden(eve, told["content_uri"])


async def test_what_is_no_address_is_no_content(world: World) -> None:
    alice = world.user("alice")
    for path in (
        "/api/messaging/media/x/..%2F..",
        "/api/messaging/media/-/x",
        "/api/messaging/media/a%2Fb/c",
        media_path("mxc://x/y", "z%00"),
    ):
        assert (await alice.get(path)).status_code == 404, path
