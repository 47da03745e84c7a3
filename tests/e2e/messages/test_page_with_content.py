"""A page of messages with their content from Matrix: what GET of each tells, in one request."""

from __future__ import annotations

import httpx
import pytest

from support.api import World, links, path_to
from support.faulty_homeserver import FaultyHomeserver
from support.matrix_client import matrix_client
from support.problems import problem
from support.rooms import Rooms
from support.stack import Stack
from support.witness import Witness

EVENT = "/event/"


async def test_a_page_tells_of_each_message_what_get_tells(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    long = await owner.send(channel["id"], "ї" * 5000, formatted_body="<b>ї</b>")
    deleted, edited = await owner.send(channel["id"], "deleted"), await owner.send(channel["id"], "edited")
    assert (await owner.delete(path_to(channel["id"], deleted["id"]))).status_code == 204
    assert (await owner.patch(path_to(channel["id"], edited["id"]), {"text": "new"})).status_code == 200
    html = {"format": "org.matrix.custom.html", "formatted_body": "<script>x</script><i onclick=x>Hi</i>"}
    async with witness.watch(channel, owner):
        await client.say(channel["matrix_room_id"], "Hi", **html)
        image = {"msgtype": "m.image", "url": "mxc://localhost/picture", "info": {"w": 1}}
        await client.say(channel["matrix_room_id"], "A picture", **image)
    path = f"{path_to(channel['id'])}/messages"
    response = await reader.get(path, include="content", deleted="true")
    assert response.status_code == 200, response.text
    page = response.json()
    assert len(page) == 5
    for message in page:
        assert message == await reader.content(message)
    by_id = {message["id"]: message for message in page}
    assert by_id[long["id"]]["text"] == "ї" * 5000 and by_id[long["id"]]["source"] == "matrix"
    assert by_id[edited["id"]]["text"] == "new"
    assert (by_id[deleted["id"]]["text"], by_id[deleted["id"]]["source"]) == (None, "index")
    assert page[1]["formatted_body"] == "<i>Hi</i>"
    assert page[0]["content"]["url"] == "mxc://localhost/picture"
    first = await reader.get(path, include="content", limit="2")
    assert [one["text"] for one in (await reader.get(links(first)["next"])).json()] == ["new", "ї" * 5000]


async def test_fifty_messages_come_with_one_request(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    for number in range(50):
        await owner.send(channel["id"], f"{number}", formatted_body=f"<b>{number}</b>")
    page = (await owner.get(f"{path_to(channel['id'])}/messages", include="content")).json()
    assert [one["formatted_body"] for one in page] == [f"<b>{number}</b>" for number in reversed(range(50))]
    assert {one["source"] for one in page} == {"matrix"}


@pytest.mark.parametrize(("query", "named"), [("include=content&limit=51", "limit"), ("include=all", "include")])
async def test_what_a_page_cannot_include_is_named(world: World, query: str, named: str) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    body = problem(await owner.get(f"{path_to(channel['id'])}/messages?{query}"), 422, "invalid")
    assert [error["parameter"] for error in body["errors"]] == [named]


async def test_an_encrypted_page_has_the_ciphertext(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private", is_encrypted=True)
    ciphertext = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "c", "session_id": "s"}
    sent = await owner.post(f"{path_to(channel['id'])}/messages", {"encrypted": ciphertext})
    assert sent.status_code == 201, sent.text
    [message] = (await owner.get(f"{path_to(channel['id'])}/messages", include="content")).json()
    assert (message["text"], message["content"]["ciphertext"]) == (None, "c")


@pytest.mark.parametrize("fault", ["hangs", "fails"])
async def test_what_matrix_does_not_give_is_the_indexs(
    app: httpx.AsyncClient, stack: Stack, development: bool, faulty: FaultyHomeserver, fault: str
) -> None:
    faulty.heal()
    world = World(app, stack, development)
    owner = world.user("owner")
    channel = await world.channel(owner)
    messages = [await owner.send(channel["id"], f"text {number}") for number in range(12)]
    broken = messages[4]["matrix_event_id"].lstrip("$")
    faulty.fail("GET", broken, faulty.hangs if fault == "hangs" else faulty.loses_the_response)
    page = (await owner.get(f"{path_to(channel['id'])}/messages", include="content")).json()
    faulty.heal()
    sources = {one["id"]: one["source"] for one in page}
    assert [one["text"] for one in page] == [f"text {number}" for number in reversed(range(12))]
    assert [sources[message["id"]] for message in messages] == ["index" if n == 4 else "matrix" for n in range(12)]
