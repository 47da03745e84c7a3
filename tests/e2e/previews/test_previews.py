"""Links that show what they are: sent here or in Matrix, told to everybody, edited, removed and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from support.api import UNKNOWN_ID, Caller, World, path_to
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.site import Site
from support.site import site as opened_site
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness


@pytest.fixture(scope="module")
async def site(stack: Stack, web: httpx.AsyncClient) -> AsyncIterator[Site]:
    async with opened_site(stack, web) as opened:
        yield opened


async def message_of(caller: Caller, channel: dict[str, Any], text: str) -> dict[str, Any]:
    """The message with this text, as soon as it is there."""

    async def found() -> dict[str, Any] | None:
        return next((row for row in await caller.page(channel["id"]) if row["content_preview"] == text), None)

    return await eventually("the message is there", found)


async def previews(caller: Caller, message: dict[str, Any], *urls: str) -> list[dict[str, Any]]:
    """What the message's links show, as soon as it is what these addresses say."""
    path = path_to(message["channel_id"], message["id"])

    async def shown() -> list[dict[str, Any]] | None:
        response = await caller.get(path)
        assert response.status_code == 200, response.text
        found = response.json()["previews"]
        return [found] if [preview["url"] for preview in found] == list(urls) else None

    return (await eventually(f"{urls} are shown", shown))[0]


async def test_a_link_from_either_side_is_told_and_shown(
    world: World, rooms: Rooms, witness: Witness, site: Site, stack: Stack
) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channel = await world.channel(owner)
    mine, theirs = site.link(), site.link() + "/matrix"
    async with witness.watch(channel, reader) as observed:
        message = await owner.send(channel["id"], f"see {mine}.")
        [preview] = await previews(reader, message, mine)
    assert observed.kinds == ["message.created", "message.preview"]
    told = observed.frames[-1]
    assert (told["message_id"], told["previews"]) == (message["id"], [preview])
    assert message["previews"] == []
    assert preview["title"] == "/" + mine.rpartition("/")[2]
    picture = preview["image"]
    assert (picture["content_type"], picture["width"], picture["height"]) == ("image/png", 4, 3)
    assert picture["content_uri"].startswith(f"mxc://{stack.server_name}/")
    assert site.asked.count(preview["title"]) == 1
    # By an ordinary Matrix client, the same.
    client = await matrix_client(rooms, owner)
    async with witness.watch(channel, reader) as observed:
        await client.say(channel["matrix_room_id"], f"<{theirs}>")
        said = await message_of(reader, channel, f"<{theirs}>")
        await previews(reader, said, theirs)
    assert observed.kinds == ["message.created", "message.preview"]
    # What is known comes from what is known.
    again = await owner.send(channel["id"], mine)
    assert (await previews(reader, again, mine))[0]["image"] == picture
    assert site.asked.count(preview["title"]) == 1


async def test_edits_from_either_side_bring_other_links(world: World, rooms: Rooms, site: Site) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    one, two, three = (site.link() + f"/{n}" for n in range(3))
    message = await owner.send(channel["id"], one)
    await previews(owner, message, one)
    path = path_to(channel["id"], message["id"])
    assert (await owner.patch(path, {"text": f"{two} {one}"})).status_code == 200
    await previews(owner, message, two, one)
    await client.edit(channel["matrix_room_id"], message["matrix_event_id"], f"now {three}")
    await previews(owner, message, three)
    await client.edit(channel["matrix_room_id"], message["matrix_event_id"], "nothing")
    await previews(owner, message)


async def test_a_preview_is_removed_by_whoever_may_delete_the_message(
    world: World, witness: Witness, site: Site
) -> None:
    owner, author, member = world.user("owner"), world.user("author"), world.user("member")
    stranger = world.member_of("stranger", world.other_microdao("other"))
    channel = await world.channel(owner, visibility="microdao")
    for who in (author, member):
        await owner.invite(channel["id"], who.id)
    one, two = site.link() + "/one", site.link() + "/two"
    message = await author.send(channel["id"], f"{one} {two}")
    first, second = await previews(author, message, one, two)
    path = path_to(channel["id"], message["id"])
    problem(await world.stranger().delete(f"{path}/previews/{first['id']}"), 401, "unauthenticated")
    problem(await stranger.delete(f"{path}/previews/{first['id']}"), 404, "not_found")
    problem(await member.delete(f"{path}/previews/{first['id']}"), 403, "cannot_delete")
    for wrong in (UNKNOWN_ID, "x"):
        problem(await author.delete(f"{path}/previews/{wrong}"), 404, "not_found")
    async with witness.watch(channel, member) as observed:
        for _ in range(2):
            assert (await author.delete(f"{path}/previews/{first['id']}")).status_code == 204
    assert observed.kinds == ["message.preview"]
    assert observed.frames[0]["previews"] == [second] and observed.frames[0]["actor_id"] == author.id
    assert (await author.patch(path, {"text": f"again {one} {two}"})).status_code == 200
    await previews(member, message, two)
    assert (await owner.delete(f"{path}/previews/{second['id']}")).status_code == 204
    await previews(member, message)


async def test_a_private_channel_shows_nothing_unless_its_owner_says_so(world: World, site: Site) -> None:
    owner, admin = world.user("owner"), world.user("admin")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], admin.id, role="admin")
    assert (await admin.put(f"{path_to(channel['id'])}/members/me")).status_code in (200, 201)
    quiet, loud = site.link() + "/quiet", site.link() + "/loud"
    unseen = await owner.send(channel["id"], quiet)
    path = path_to(channel["id"])
    problem(await admin.patch(path, {"link_previews": True}), 403, "cannot_allow_previews")
    changed = await owner.patch(path, {"link_previews": True})
    assert (changed.status_code, changed.json()["link_previews"]) == (200, True)
    message = await owner.send(channel["id"], loud)
    await previews(admin, message, loud)
    # What was sent before was asked for by nobody, and what is switched off is not asked for any more.
    await previews(admin, unseen)
    assert (await admin.patch(path, {"link_previews": None})).json()["link_previews"] is None
    again = await owner.send(channel["id"], site.link() + "/after")
    public = await world.channel(owner)
    marker = site.link() + "/marker"
    await previews(owner, await owner.send(public["id"], marker), marker)
    await previews(admin, again)
    assert not [asked for asked in site.asked if asked.endswith(("/quiet", "/after"))]


async def test_with_the_message_goes_what_it_shows(world: World, rooms: Rooms, site: Site) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    for deleted_here in (True, False):
        link = site.link() + "/gone"
        message = await owner.send(channel["id"], link)
        await previews(owner, message, link)
        if deleted_here:
            assert (await owner.delete(path_to(channel["id"], message["id"]))).status_code == 204
        else:
            await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
        await previews(owner, message)
