"""What is found is what is said: through the API and by Matrix clients, edits and deletions too."""

from __future__ import annotations

from support.api import World, path_to
from support.matrix_client import matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.search import marked, search, texts
from support.witness import Witness


async def test_an_edit_and_a_deletion_count_at_once(world: World) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channel = await world.channel(owner)
    where = {"channel_id": channel["id"]}
    message = await owner.send(channel["id"], "Зустріч у середу")
    assert await texts(reader, "середа", **where) == ["Зустріч у середу"]
    assert (await owner.patch(path_to(channel["id"], message["id"]), {"text": "Зустріч у четвер"})).status_code == 200
    assert await texts(reader, "середа", **where) == []
    assert await texts(reader, "четвер", **where) == ["Зустріч у четвер"]
    assert (await owner.delete(path_to(channel["id"], message["id"]))).status_code == 204
    assert await texts(reader, "зустріч", **where) == []


async def test_what_matrix_clients_say_is_found(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson
) -> None:
    owner, reader, bob = world.user("owner"), world.user("reader"), await person("bob")
    channel = await world.channel(owner)
    room, where = channel["matrix_room_id"], {"channel_id": channel["id"]}
    await bob.join(room)
    client = await matrix_client(rooms, bob)
    async with witness.watch(channel, reader):
        event = await client.say(room, "Привозять яблука " + "ї" * 600 + " увечері")
        await client.say(room, "друга фраза", format="org.matrix.custom.html", formatted_body="<b>схована</b>")
    # The whole text counts, not its beginning, and not what only HTML has.
    for query in ("яблуками", "вечір увечері"):
        assert len(await texts(reader, query.split()[-1], **where)) == 1, query
    assert await texts(reader, "схована", **where) == []
    assert await texts(reader, f"from:{bob.id} фрази", **where) == ["друга фраза"]
    async with witness.watch(channel, reader):
        await client.edit(room, event, "Привозять груші")
    assert await texts(reader, "яблука", **where) == []
    assert await texts(reader, "груша", **where) == ["Привозять груші"]
    async with witness.watch(channel, reader):
        await client.redact(room, event)
    assert await texts(reader, "груша", **where) == []


async def test_a_file_is_found_by_its_name_and_by_its_caption(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    file = {"msgtype": "m.file", "url": "mxc://localhost/file", "filename": "budget-2026.xlsx"}
    async with witness.watch(channel, reader):
        await client.say(channel["matrix_room_id"], "Кошторис на рік", **file)
    for query in ("кошторисом", "budget", "budget-2026.xlsx", "has:file"):
        page = await search(reader, query, channel_id=channel["id"])
        assert [hit["message"]["content_preview"] for hit in page["hits"]] == ["Кошторис на рік"], query
    # The name is in the event alone.
    [hit] = (await search(reader, "budget кошторис", channel_id=channel["id"]))["hits"]
    assert marked(hit) == ["Кошторис", "budget"] and not hit["partial"]
    assert hit["excerpt"] == "Кошторис на рік\nbudget-2026.xlsx"


async def test_an_encrypted_message_is_not_found_and_has_no_row(world: World) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="private", is_encrypted=True)
    ciphertext = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "шифровка", "session_id": "s"}
    sent = await owner.post(f"{path_to(channel['id'])}/messages", {"encrypted": ciphertext})
    assert sent.status_code == 201, sent.text
    for query in ("шифровка", f"from:{owner.id}", "-нічого"):
        assert await texts(owner, query, channel_id=channel["id"]) == []
