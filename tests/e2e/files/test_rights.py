"""Content is for whoever may read where it was sent. For a stranger, another microDAO and who was removed there is none."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Caller, World
from support.index import Index
from support.media import attach, download, media_path, png, upload
from support.problems import problem


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


Sent = tuple[Caller, dict[str, Any], str]


@pytest.fixture
async def sent(world: World, index: Index) -> Sent:
    """An owner, their private channel, and the picture of a message in it."""
    alice = world.user("alice")
    channel = await world.channel(alice, visibility="private")
    message = await alice.send(channel["id"], "look")
    told = await upload(alice, channel, png(), "image/png", filename="secret.png")
    await attach(index, message, told["content_uri"], "secret.png")
    return alice, channel, told["content_uri"]


async def test_who_is_removed_loses_what_they_could_read(world: World, sent: Sent) -> None:
    alice, channel, uri = sent
    bob, eve = world.user("bob"), world.user("eve")
    assert await is_hidden(bob, uri) and await is_hidden(eve, uri)
    await alice.invite(channel["id"], bob.id)
    assert (await download(bob, uri)).status_code == 200
    assert not await is_hidden(bob, uri)
    await alice.remove(channel["id"], bob.id)
    assert await is_hidden(bob, uri), "at once"
    assert not await is_hidden(alice, uri)


async def test_a_message_without_its_file_refuses_it_to_the_others(world: World, index: Index, sent: Sent) -> None:
    alice, channel, uri = sent
    bob = world.user("bob")
    await alice.invite(channel["id"], bob.id)
    assert not await is_hidden(bob, uri)
    await index.rows("DELETE FROM messaging.message_files WHERE content_uri = $1 RETURNING message_id", uri)
    assert await is_hidden(bob, uri)


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
