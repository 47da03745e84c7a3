"""One message with its full content, which comes from Matrix."""

from __future__ import annotations

from support.api import World, path_to
from support.matrix_client import matrix_client
from support.rooms import Rooms
from support.witness import Witness


async def test_a_message_is_shown_with_its_full_content_from_matrix(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "ї" * 5000, formatted_body="<b>ї</b>")
    response = await world.user("reader").get(path_to(channel["id"], message["id"]))
    assert response.status_code == 200, response.text
    shown = response.json()
    assert shown | message == shown
    assert shown["text"] == "ї" * 5000
    assert shown["formatted_body"] == "<b>ї</b>"


async def test_a_message_shows_the_whole_content_that_a_matrix_client_wrote(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    extra = {
        "org.example.extra": {"a": [1, None, "ї"]},
        "format": "org.matrix.custom.html",
        "formatted_body": "<i>x</i>",
    }
    async with witness.watch(channel, alice) as observed:
        await client.say(channel["matrix_room_id"], "ї" * 3000, **extra)
    [created] = observed.events
    message = await alice.content(created.payload["message"])
    assert message["content"] == {"msgtype": "m.text", "body": "ї" * 3000} | extra
    assert (message["text"], message["formatted_body"]) == ("ї" * 3000, "<i>x</i>")
    assert message["content_preview"] == "ї" * 500
