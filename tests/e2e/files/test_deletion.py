"""The homeserver deletes what nothing shows any more, where the app has an administrator's token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

import httpx

from files.content import picture, upload
from support.api import World, api_client, path_to
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.media import download
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness

DELETE = "/internal/messaging/content/delete"


async def administrator(stack: Stack, http: httpx.AsyncClient) -> str:
    """The token of a new administrator of the homeserver."""
    stack.need("homeserver_url", "registration_shared_secret")
    url = f"{stack.homeserver_url}/_synapse/admin/v1/register"
    nonce = (await http.get(url)).json()["nonce"]
    user, password = f"admin-{secrets.token_hex(4)}", secrets.token_hex(16)
    text = b"\0".join(part.encode() for part in (nonce, user, password, "admin"))
    mac = hmac.new((stack.registration_shared_secret or "").encode(), text, hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": user, "password": password, "admin": True, "mac": mac}
    response = await http.post(url, json=body)
    assert response.status_code == 200, response.text
    return response.json()["access_token"]


async def has(client: MatrixClient, uri: str) -> bool:
    """Whether the homeserver gives the content."""
    base = client.base.partition("/_matrix/")[0]
    place = uri.removeprefix("mxc://")
    response = await client.http.get(f"{base}/_matrix/client/v1/media/download/{place}", headers=client.headers)
    assert response.status_code in (200, 404), response.text
    return response.status_code == 200


async def test_content_goes_with_the_last_message_of_who_brought_it(
    world: World, rooms: Rooms, witness: Witness, index: Index, person: NewPerson, stack: Stack, tmp_path: Path
) -> None:
    token = await administrator(stack, rooms.http)
    alice, dave = world.user("alice"), await person("dave")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    mine, his = await matrix_client(rooms, alice), await matrix_client(rooms, dave)
    await his.join(room)
    hers, taken = await upload(mine), await upload(his)
    async with witness.watch(channel, alice):
        events = [await mine.send(room, "m.room.message", picture(uri)) for uri in (hers, taken)]
    async with witness.watch(channel, alice):
        for event in events:
            await mine.redact(room, event)
    sql = "SELECT content_uri, uploader_matrix_id FROM messaging.content_to_delete WHERE content_uri = ANY ($1)"
    noted = await index.rows(sql, [hers, taken])
    assert {row[0]: row[1] for row in noted} == {hers: mine.id, taken: mine.id}
    async with second_app(stack, tmp_path, matrix_admin_token=token) as address, api_client(address) as http:

        async def deleted() -> dict[str, Any]:
            # The relay has the stack's own app ask as well, which may not.
            for row in noted:
                again = """INSERT INTO messaging.content_to_delete (content_uri, uploader_matrix_id, due_at)
                           VALUES ($1, $2, now()) ON CONFLICT (content_uri, uploader_matrix_id) DO UPDATE SET due_at = now()"""
                await index.rows(again, row[0], row[1])
            response = await http.post(DELETE, headers={"X-Internal-Service-Token": stack.internal_secret or ""})
            assert response.status_code == 200, response.text
            outcome = response.json()
            return outcome if outcome["deleted"] else {}

        outcome = await eventually("the content is deleted", deleted)
        assert outcome["kept"] >= 1, "what somebody else has uploaded stays"
    assert not await has(mine, hers) and await has(his, taken)


async def test_without_an_administrator_the_bytes_stay_and_nothing_waits(
    world: World, rooms: Rooms, witness: Witness, index: Index
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    client = await matrix_client(rooms, alice)
    uri = await upload(client)
    async with witness.watch(channel, alice):
        event = await client.send(channel["matrix_room_id"], "m.room.message", picture(uri))
    [message] = [one for one in await alice.page(channel["id"]) if one["matrix_event_id"] == event]
    async with witness.watch(channel, alice):
        await alice.delete(path_to(channel["id"], message["id"]))
    await index.rows("UPDATE messaging.content_to_delete SET due_at = now() WHERE content_uri = $1", uri)

    async def over() -> bool:
        return await index.value("SELECT count(*) FROM messaging.content_to_delete WHERE content_uri = $1", uri) == 0

    await eventually("the relay has had it dealt with", over)
    assert await has(client, uri)


async def test_what_an_edit_in_matrix_makes_a_text_is_read_here_by_nobody(
    world: World, rooms: Rooms, witness: Witness, index: Index
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channel = await world.channel(alice, visibility="private")
    await alice.invite(channel["id"], bob.id)
    client = await matrix_client(rooms, alice)
    uri = await upload(client)
    async with witness.watch(channel, alice):
        event = await client.send(channel["matrix_room_id"], "m.room.message", picture(uri))
    assert (await download(bob, uri)).status_code == 200
    async with witness.watch(channel, alice) as observed:
        await client.edit(channel["matrix_room_id"], event, "No cat any more")
    assert observed.kinds == ["message.updated"]
    [message] = [one for one in await alice.page(channel["id"]) if one["matrix_event_id"] == event]
    assert (message["content_preview"], message["content_type"], message["file"]) == ("No cat any more", "text", None)
    for reader in (alice, bob):
        problem(await download(reader, uri), 404, "not_found")
    sql = "SELECT uploader_matrix_id FROM messaging.content_to_delete WHERE content_uri = $1"
    assert await index.value(sql, uri) == client.id
