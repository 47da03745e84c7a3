"""Encrypted channels: the service carries what it cannot read, and holds no text of it anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from support.api import Caller, World, at
from support.element import Element, element
from support.index import Index
from support.journal import Event, Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen, listener
from support.tokens import token
from support.unchanged import Unchanged
from support.witness import Told, Witness

SECRET = "the password is rosebud"
MEGOLM = "m.megolm.v1.aes-sha2"


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


def ciphertext(name: str = "AwgAEnACgAkLmt6qF84IK") -> dict[str, Any]:
    return {"algorithm": MEGOLM, "ciphertext": name, "session_id": "s", "sender_key": "k", "device_id": "D"}


async def stored(index: Index, channel: str) -> str:
    """All that the index and the log keep of a channel's messages, as text."""
    return await index.value(
        "SELECT concat((SELECT string_agg(to_jsonb(m)::text, '') FROM messages m WHERE m.channel_id = c.id),"
        " (SELECT string_agg(to_jsonb(o)::text, '') FROM outbox o WHERE o.channel_id = c.id))"
        " FROM (SELECT $1::text::uuid AS id) c",
        channel,
    )


class Vault:
    """An encrypted channel with its owner and a person in Matrix."""

    def __init__(self, owner: Caller, channel: dict[str, Any], bob: Element):
        self.owner, self.channel, self.bob = owner, channel, bob
        self.id, self.room = channel["id"], channel["matrix_room_id"]


@pytest.fixture
async def vault(world: World, rooms: Rooms, person: NewPerson, journal: Journal) -> Vault:
    owner = world.user("owner")
    channel = await world.channel(owner, is_encrypted=True)
    bob = await element(rooms, await person("bob"))
    await bob.join(channel["matrix_room_id"])
    return Vault(owner, channel, bob)


def silent(told: Told, kind: str) -> Event:
    """The one event of this kind that was told, without a text."""
    [event] = told.events
    [frame] = told.frames
    assert event.kind == kind
    message = event.payload["message"]
    assert (event.payload["preview"], event.payload["content_preview"], message["content_preview"]) == ("", "", "")
    assert frame["message"] == message
    assert SECRET not in str(event.payload) + str(frame)
    return event


async def test_what_a_client_has_encrypted_is_given_back_as_it_was(vault: Vault, witness: Witness) -> None:
    first = await vault.owner.post(f"{at(vault.id)}/messages", {"encrypted": ciphertext("first")})
    assert first.status_code == 201, first.text
    async with witness.watch(vault.channel, vault.owner) as told:
        body = {"encrypted": ciphertext("second"), "reply_to": first.json()["id"]}
        answer = await vault.owner.post(f"{at(vault.id)}/messages", body)
        assert answer.status_code == 201, answer.text
    message = silent(told, "message.created").payload["message"]
    assert message == answer.json()
    assert message["thread_id"] == first.json()["id"]
    shown = (await vault.owner.get(at(vault.id, message["id"]))).json()
    assert shown["content"] | ciphertext("second") == shown["content"]
    assert (shown["text"], shown["formatted_body"]) == (None, None)
    assert "second" not in await stored(witness.index, vault.id), "the ciphertext stays in Matrix"


async def test_a_retry_of_ciphertext_is_one_event(vault: Vault, rooms: Rooms, witness: Witness, key: str) -> None:
    async with witness.watch(vault.channel, vault.owner) as told:
        path = f"{at(vault.id)}/messages"
        answers = [await vault.owner.post(path, {"encrypted": ciphertext()}, key) for _ in range(3)]
    assert len({answer.json()["id"] for answer in answers}) == 1
    silent(told, "message.created")
    assert [e["type"] for e in await rooms.events(vault.room)].count("m.room.encrypted") == 1
    problem(await vault.owner.post(path, {"encrypted": ciphertext("other")}, key), 422, "idempotency_key_reused")


async def test_an_encrypted_event_from_matrix_is_indexed_without_text(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as told:
        event_id = await vault.bob.send(vault.room, "m.room.encrypted", ciphertext(SECRET))
    message = silent(told, "message.created").payload["message"]
    assert (message["matrix_event_id"], message["sender_id"]) == (event_id, vault.bob.id)
    assert await vault.owner.page(vault.id) == [message]
    shown = (await vault.owner.get(at(vault.id, message["id"]))).json()
    assert shown["content"] == ciphertext(SECRET)
    assert SECRET not in await stored(witness.index, vault.id)


async def test_an_encrypted_edit_from_matrix_edits_without_text(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as told:
        event_id = await vault.bob.send(vault.room, "m.room.encrypted", ciphertext("old"))
    before = silent(told, "message.created").payload["message"]
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}
    async with witness.watch(vault.channel, vault.owner) as told:
        await vault.bob.send(vault.room, "m.room.encrypted", ciphertext("new") | relation)
    edited = silent(told, "message.updated").payload["message"]
    assert edited["edited_at"] and edited | {"edited_at": None} == before


async def test_plain_text_from_matrix_leaves_no_text_behind(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as told:
        event_id = await vault.bob.say(vault.room, SECRET, formatted_body=SECRET, format="org.matrix.custom.html")
    silent(told, "message.created")
    async with witness.watch(vault.channel, vault.owner) as told:
        await vault.bob.edit(vault.room, event_id, f"{SECRET}!")
    silent(told, "message.updated")
    assert SECRET not in await stored(witness.index, vault.id)


async def test_an_encrypted_message_is_deleted_as_any_other(vault: Vault, witness: Witness) -> None:
    sent = (await vault.owner.post(f"{at(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    async with witness.watch(vault.channel, vault.owner) as told:
        assert (await vault.owner.delete(at(vault.id, sent["id"]))).status_code == 204
    silent(told, "message.deleted")
    assert (await vault.owner.get(at(vault.id, sent["id"]))).json()["content"] is None


async def test_plain_text_is_refused_in_every_way_in(vault: Vault, world: World, unchanged: Unchanged) -> None:
    sofia = world.agent("sofia")
    await vault.owner.invite(vault.id, sofia.id)
    sent = (await vault.owner.post(f"{at(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    async with unchanged(vault.channel):
        refused = [
            await vault.owner.try_send(vault.id, SECRET),
            await vault.owner.try_send(vault.id, SECRET, reply_to=sent["id"]),
            await vault.owner.try_send(vault.id, SECRET, formatted_body=SECRET),
            await vault.owner.patch(at(vault.id, sent["id"]), {"text": SECRET}),
            await world.user("passer-by").try_send(vault.id, SECRET),
            await sofia.try_say(vault.id, SECRET),
        ]
        for response in refused:
            assert "encrypted" in problem(response, 409, "channel_encrypted")["detail"]


async def test_agents_cannot_read(vault: Vault, world: World, ws_address: Any) -> None:
    sofia = world.agent("sofia")
    await vault.owner.invite(vault.id, sofia.id)
    sent = (await vault.owner.post(f"{at(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    agent = world.bearer(sofia.id, token(sofia.id, world.secret(), [world.microdao]))
    message = at(vault.id, sent["id"])
    for path in (f"{at(vault.id)}/messages", message, f"{message}/replies", f"{message}/reactions"):
        problem(await agent.get(path), 403, "cannot_read")
    inside = f"/internal/messaging/channels/{vault.id}/messages"
    problem(await sofia.get(inside, agent_id=sofia.id), 403, "cannot_read")
    with pytest.raises(InvalidStatus) as refused:
        async with listener(ws_address(vault.id), headers=agent.headers):
            pass
    assert refused.value.response.status_code in (403, 404)
    # That it is a member and that the channel is encrypted it may know.
    assert (await agent.get(at(vault.id))).json()["is_encrypted"]
    assert (await sofia.get(f"/internal/messaging/channels/{vault.id}/context")).json()["is_encrypted"]


async def test_a_channel_that_is_encrypted_in_matrix_is_encrypted_here(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    client = await element(rooms, owner)
    async with witness.watch(channel, owner) as told:
        await client.set_state(channel["matrix_room_id"], "m.room.encryption", {"algorithm": MEGOLM})
    assert told.kinds == ["channel.updated"]
    assert told.audit == [("channel.updated", owner.id, None)]
    assert (await owner.get(at(channel["id"]))).json()["is_encrypted"]
    async with unchanged(channel):
        problem(await owner.try_send(channel["id"], SECRET), 409, "channel_encrypted")
