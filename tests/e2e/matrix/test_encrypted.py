"""Encrypted channels: the service carries what it cannot read, and holds no text of it anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import INTERNAL_CHANNELS, Caller, World, path_to
from support.journal import Event, Journal
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson, joined_member
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Address, refused
from support.tokens import token
from support.unchanged import Unchanged
from support.witness import Observed, Witness

SECRET = "the password is rosebud"
MEGOLM = "m.megolm.v1.aes-sha2"


def ciphertext(name: str = "AwgAEnACgAkLmt6qF84IK") -> dict[str, Any]:
    return {"algorithm": MEGOLM, "ciphertext": name, "session_id": "s", "sender_key": "k", "device_id": "D"}


class Vault:
    """An encrypted channel with its owner and a person in Matrix."""

    def __init__(self, owner: Caller, channel: dict[str, Any], bob: MatrixClient):
        self.owner, self.channel, self.bob = owner, channel, bob
        self.id, self.room = channel["id"], channel["matrix_room_id"]


@pytest.fixture
async def vault(world: World, rooms: Rooms, person: NewPerson, journal: Journal) -> Vault:
    owner = world.user("owner")
    channel = await world.channel(owner, is_encrypted=True)
    one = await person("bob")
    bob = await matrix_client(rooms, one)
    await bob.join(channel["matrix_room_id"])
    await joined_member(owner, channel, one)
    return Vault(owner, channel, bob)


def without_text(observed: Observed, kind: str) -> Event:
    """The one event that was observed; checks its kind, and that no way out shows a text."""
    [event] = observed.events
    [frame] = observed.frames
    assert event.kind == kind
    message = event.payload["message"]
    assert (event.payload["preview"], event.payload["content_preview"], message["content_preview"]) == ("", "", "")
    assert frame["message"] == message
    assert SECRET not in str(event.payload) + str(frame)
    return event


async def test_ciphertext_is_kept_in_the_room_and_given_back_as_it_was(
    vault: Vault, rooms: Rooms, witness: Witness
) -> None:
    assert await rooms.state(vault.room, "m.room.encryption") == {"algorithm": MEGOLM}
    first = await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext("first")})
    assert first.status_code == 201, first.text
    async with witness.watch(vault.channel, vault.owner) as observed:
        body = {"encrypted": ciphertext("second"), "reply_to": first.json()["id"]}
        response = await vault.owner.post(f"{path_to(vault.id)}/messages", body)
        assert response.status_code == 201, response.text
    message = without_text(observed, "message.created").payload["message"]
    assert message == response.json()
    assert message["reply_to"] == first.json()["id"]
    sent = [event for event in await rooms.events(vault.room) if event["type"] == "m.room.encrypted"][-1]
    assert (sent["sender"], sent["content"] | ciphertext("second")) == (vault.owner.matrix_id, sent["content"])
    shown = (await vault.owner.get(path_to(vault.id, message["id"]))).json()
    assert shown["content"] | ciphertext("second") == shown["content"]
    assert (shown["text"], shown["formatted_body"]) == (None, None)
    assert "second" not in await witness.index.stored_text(vault.id), "the ciphertext stays in Matrix"


async def test_a_retry_of_ciphertext_is_one_event(vault: Vault, rooms: Rooms, witness: Witness, key: str) -> None:
    async with witness.watch(vault.channel, vault.owner) as observed:
        path = f"{path_to(vault.id)}/messages"
        responses = [await vault.owner.post(path, {"encrypted": ciphertext()}, key) for _ in range(3)]
    assert len({response.json()["id"] for response in responses}) == 1
    without_text(observed, "message.created")
    assert [e["type"] for e in await rooms.events(vault.room)].count("m.room.encrypted") == 1
    problem(await vault.owner.post(path, {"encrypted": ciphertext("other")}, key), 422, "idempotency_key_reused")


async def test_an_encrypted_event_from_matrix_is_indexed_without_text(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as observed:
        event_id = await vault.bob.send(vault.room, "m.room.encrypted", ciphertext(SECRET))
    message = without_text(observed, "message.created").payload["message"]
    assert (message["matrix_event_id"], message["sender_id"]) == (event_id, vault.bob.id)
    assert await vault.owner.page(vault.id) == [message]
    shown = (await vault.owner.get(path_to(vault.id, message["id"]))).json()
    assert shown["content"] == ciphertext(SECRET)
    assert SECRET not in await witness.index.stored_text(vault.id)


async def test_an_encrypted_edit_from_matrix_is_an_edit_without_text(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as observed:
        event_id = await vault.bob.send(vault.room, "m.room.encrypted", ciphertext("old"))
    before = without_text(observed, "message.created").payload["message"]
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}
    async with witness.watch(vault.channel, vault.owner) as observed:
        await vault.bob.send(vault.room, "m.room.encrypted", ciphertext("new") | relation)
    edited = without_text(observed, "message.updated").payload["message"]
    assert edited["edited_at"] and edited | {"edited_at": None} == before
    assert edited["is_encrypted"]
    shown = (await vault.owner.get(path_to(vault.id, edited["id"]))).json()
    assert shown["content"]["ciphertext"] == "new"


@pytest.mark.parametrize("relation", [False, True], ids=["without a relation", "with the client's own"])
async def test_ciphertext_is_edited_with_ciphertext(
    vault: Vault, rooms: Rooms, witness: Witness, key: str, relation: bool
) -> None:
    sent = (await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext("old")})).json()
    path = path_to(vault.id, sent["id"])
    edit = {"m.relates_to": {"rel_type": "m.replace", "event_id": sent["matrix_event_id"]}} if relation else {}
    async with witness.watch(vault.channel, vault.owner) as observed:
        for _ in range(2):
            body = {"encrypted": ciphertext("new") | edit}
            response = await vault.owner.request("PATCH", path, json=body, key=key)
            assert response.status_code == 200, response.text
    edited = without_text(observed, "message.updated").payload["message"]
    assert edited["is_encrypted"] and edited["edited_at"]
    shown = (await vault.owner.get(path)).json()
    assert shown["content"]["ciphertext"] == "new"
    assert "new" not in await witness.index.stored_text(vault.id)
    [replaced] = [e for e in await rooms.events(vault.room) if e["content"].get("ciphertext") == "new"]
    assert replaced["type"] == "m.room.encrypted"
    assert replaced["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": sent["matrix_event_id"]}
    other = await vault.owner.request("PATCH", path, json={"encrypted": ciphertext("other")}, key=key)
    problem(other, 422, "idempotency_key_reused")


async def test_an_edit_of_ciphertext_has_one_reading(vault: Vault, world: World, unchanged: Unchanged) -> None:
    sent = (await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    path = path_to(vault.id, sent["id"])
    plain = await world.channel(vault.owner)
    message = await vault.owner.send(plain["id"], "plain")
    async with unchanged(vault.channel):
        for relation in ({"rel_type": "m.replace", "event_id": "$other"}, {"m.in_reply_to": {"event_id": "$e"}}, {}):
            body = {"encrypted": ciphertext("new") | {"m.relates_to": relation}}
            problem(await vault.owner.patch(path, body), 422, "invalid", "/encrypted/m.relates_to")
        for body in ({"encrypted": {}}, {"encrypted": ciphertext() | {"city.daarion.key": "a"}}):
            problem(await vault.owner.patch(path, body), 422, "invalid", "/encrypted")
        problem(await vault.owner.patch(path, {"encrypted": ciphertext(), "text": "x"}), 422, "invalid", "/text")
        problem(await vault.owner.patch(path, {}), 422, "invalid", "/text")
    async with unchanged(plain):
        plain_path = path_to(plain["id"], message["id"])
        problem(await vault.owner.patch(plain_path, {"encrypted": ciphertext()}), 409, "channel_not_encrypted")


async def test_plain_text_from_matrix_is_indexed_without_text(vault: Vault, witness: Witness) -> None:
    async with witness.watch(vault.channel, vault.owner) as observed:
        event_id = await vault.bob.say(vault.room, SECRET, formatted_body=SECRET, format="org.matrix.custom.html")
    without_text(observed, "message.created")
    async with witness.watch(vault.channel, vault.owner) as observed:
        await vault.bob.edit(vault.room, event_id, f"{SECRET}!")
    without_text(observed, "message.updated")
    assert SECRET not in await witness.index.stored_text(vault.id)


async def test_an_encrypted_message_is_deleted_as_any_other(vault: Vault, witness: Witness) -> None:
    sent = (await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    async with witness.watch(vault.channel, vault.owner) as observed:
        assert (await vault.owner.delete(path_to(vault.id, sent["id"]))).status_code == 204
    without_text(observed, "message.deleted")
    assert (await vault.owner.get(path_to(vault.id, sent["id"]))).json()["content"] is None


async def test_every_route_refuses_plain_text(vault: Vault, world: World, unchanged: Unchanged) -> None:
    sofia = world.agent("sofia")
    await vault.owner.invite(vault.id, sofia.id)
    sent = (await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    async with unchanged(vault.channel):
        refused = [
            await vault.owner.try_send(vault.id, SECRET),
            await vault.owner.try_send(vault.id, SECRET, reply_to=sent["id"]),
            await vault.owner.try_send(vault.id, SECRET, formatted_body=SECRET),
            await vault.owner.patch(path_to(vault.id, sent["id"]), {"text": SECRET}),
            await world.user("passer-by").try_send(vault.id, SECRET),
            await sofia.try_say(vault.id, SECRET),
        ]
        for response in refused:
            assert "encrypted" in problem(response, 409, "channel_encrypted")["detail"]


async def test_agents_cannot_read_encrypted_channels(vault: Vault, world: World, ws_address: Address) -> None:
    sofia = world.agent("sofia")
    await vault.owner.invite(vault.id, sofia.id)
    sent = (await vault.owner.post(f"{path_to(vault.id)}/messages", {"encrypted": ciphertext()})).json()
    agent = world.bearer(sofia.id, token(sofia.id, world.secret(), [world.microdao]))
    message = path_to(vault.id, sent["id"])
    for path in (f"{path_to(vault.id)}/messages", message, f"{message}/replies", f"{message}/reactions"):
        problem(await agent.get(path), 403, "cannot_read")
    problem(await sofia.get(f"{INTERNAL_CHANNELS}/{vault.id}/messages", agent_id=sofia.id), 403, "cannot_read")
    assert (await refused(ws_address(vault.id), additional_headers=agent.headers))[0] == 4403
    # It may know that it is a member and that the channel is encrypted.
    assert (await agent.get(path_to(vault.id))).json()["is_encrypted"]
    assert (await sofia.context(vault.id))["is_encrypted"]


async def test_a_room_that_is_encrypted_in_matrix_makes_its_channel_encrypted(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    client = await matrix_client(rooms, owner)
    async with witness.watch(channel, owner) as observed:
        await client.set_state(channel["matrix_room_id"], "m.room.encryption", {"algorithm": MEGOLM})
    assert observed.kinds == ["channel.updated"]
    assert observed.audit == [("channel.updated", owner.id, None)]
    assert (await owner.get(path_to(channel["id"]))).json()["is_encrypted"]
    async with unchanged(channel):
        problem(await owner.try_send(channel["id"], SECRET), 409, "channel_encrypted")


async def test_ciphertext_is_refused_in_channels_that_are_not_encrypted(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        path = f"{path_to(channel['id'])}/messages"
        content = ciphertext()
        problem(await owner.post(path, {"encrypted": content}), 409, "channel_not_encrypted")
        problem(await owner.post(path, {"encrypted": "x"}), 422, "invalid", "/encrypted")
        problem(await owner.post(path, {"encrypted": content, "text": "x"}), 422)


async def test_a_relation_inside_the_ciphertext_is_read_as_the_push_reads_it(vault: Vault, witness: Witness) -> None:
    path = f"{path_to(vault.id)}/messages"
    root = (await vault.owner.post(path, {"encrypted": ciphertext("root")})).json()
    event = root["matrix_event_id"]
    last = {"m.in_reply_to": {"event_id": event}}
    thread = {"rel_type": "m.thread", "event_id": event}
    relations = [
        (last, (root["id"], None)),
        (thread | {"m.in_reply_to": {"event_id": "$other"}}, (None, root["id"])),
        (thread | last | {"is_falling_back": True}, (None, root["id"])),
        (thread | last, (root["id"], root["id"])),
    ]
    for number, (relation, expected) in enumerate(relations):
        content = ciphertext(f"reply {number}") | {"m.relates_to": relation}
        by_api = (await vault.owner.post(path, {"encrypted": content})).json()
        async with witness.watch(vault.channel, vault.owner):
            await vault.bob.send(vault.room, "m.room.encrypted", content)
        [by_push, *_] = await vault.owner.page(vault.id)
        for message in (by_api, by_push):
            assert (message["reply_to"], message["thread_id"]) == expected, relation


async def test_ciphertext_has_one_reading(vault: Vault, unchanged: Unchanged) -> None:
    path = f"{path_to(vault.id)}/messages"
    sent = (await vault.owner.post(path, {"encrypted": ciphertext()})).json()
    event = sent["matrix_event_id"]
    edit = {"m.relates_to": {"rel_type": "m.replace", "event_id": event}}
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": event}}}
    async with unchanged(vault.channel):
        for field in ("city.daarion.key", "city.daarion.fingerprint", "city.daarion.new"):
            response = await vault.owner.post(path, {"encrypted": ciphertext() | {field: "a" * 64}})
            problem(response, 422, "invalid", "/encrypted")
        for number in (1.5, 2**53, -(2**53)):
            response = await vault.owner.post(path, {"encrypted": ciphertext() | {"n": [number]}})
            problem(response, 422, "invalid", "/encrypted")
        response = await vault.owner.post(path, {"encrypted": ciphertext() | edit})
        problem(response, 422, "invalid", "/encrypted/m.relates_to")
        response = await vault.owner.post(path, {"encrypted": ciphertext() | reply, "reply_to": sent["id"]})
        problem(response, 422, "invalid", "/reply_to")
