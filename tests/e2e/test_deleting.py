"""Deleting: the message keeps its place, and its text is nowhere any more."""

from __future__ import annotations

import pytest

from support.api import World, at
from support.element import element
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.rooms import Rooms
from support.sockets import Listen
from support.witness import Witness

SECRET = "the password is rosebud"


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


async def stored(index: Index, channel: str) -> str:
    """All that the index and the log keep of a channel, as text."""
    return await index.value(
        "SELECT concat((SELECT string_agg(to_jsonb(m)::text, '') FROM messages m WHERE channel_id = c.id),"
        " (SELECT string_agg(to_jsonb(o)::text, '') FROM outbox o WHERE channel_id = c.id),"
        " (SELECT string_agg(to_jsonb(e)::text, '') FROM channel_events e WHERE channel_id = c.id))"
        " FROM (SELECT $1::text::uuid AS id) c",
        channel,
    )


async def test_a_redaction_by_ones_own_matrix_client_is_a_deletion(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], SECRET)
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
    [event] = told.events
    [deleted] = await alice.page(channel["id"])
    assert event.kind == "message.deleted"
    assert event.payload["message"] == deleted == told.frames[0]["message"]
    assert deleted["deleted_at"] and deleted["content_preview"] == ""
    same = {"content_preview": None, "deleted_at": None}
    assert deleted | same == message | same
    assert SECRET not in await stored(witness.index, channel["id"])
    shown = (await alice.get(at(channel["id"], message["id"]))).json()
    assert (shown["text"], shown["formatted_body"]) == (None, None)


@pytest.mark.parametrize("by", ["api", "matrix"])
async def test_no_text_stays_behind_not_even_of_its_edits(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, by: str
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    room = channel["matrix_room_id"]
    bob = await element(rooms, await person("bob"))
    await bob.join(room)
    async with witness.watch(channel, owner) as told:
        event = await bob.say(room, f"first: {SECRET}", **{"org.example.extra": SECRET})
        await bob.edit(room, event, f"second: {SECRET}")
    message = told.events[0].payload["message"]
    assert SECRET in await stored(witness.index, channel["id"])
    async with witness.watch(channel, owner) as told:
        if by == "api":
            assert (await owner.delete(at(channel["id"], message["id"]))).status_code == 204
        else:
            await (await element(rooms, owner)).redact(room, event)
    assert told.kinds == ["message.deleted"]
    assert SECRET not in str(told.events) + str(told.frames)
    assert SECRET not in await stored(witness.index, channel["id"])
    async with witness.listen(channel["id"], owner, since_seq=0) as late:
        await late.until(told.events[-1].seq)
        assert SECRET not in str(late.events)


async def test_deleting_twice_is_deleting_once(world: World, rooms: Rooms, witness: Witness) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], SECRET)
    client = await element(rooms, alice)
    async with witness.watch(channel, alice) as told:
        for _ in range(2):
            assert (await alice.delete(at(channel["id"], message["id"]))).status_code == 204
        # The homeserver takes a second redaction, as an event of its own.
        await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
    assert told.kinds == ["message.deleted"]


async def test_an_admin_deletes_for_everybody_and_is_named(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, admin, alice = world.user("owner"), world.user("admin"), world.user("alice")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], admin.id, role="admin")
    for by in ("api", "matrix"):
        message = await alice.send(channel["id"], SECRET)
        async with witness.watch(channel, alice) as told:
            if by == "api":
                assert (await admin.delete(at(channel["id"], message["id"]))).status_code == 204
            else:
                client = await element(rooms, admin)
                await client.redact(channel["matrix_room_id"], message["matrix_event_id"])
        [event] = told.events
        assert (event.kind, event.payload["sender_id"]) == ("message.deleted", alice.id)
        assert event.payload["actor_id"] == admin.id
        events = {e["event_id"]: e for e in await rooms.events(channel["matrix_room_id"])}
        redacted = events[message["matrix_event_id"]]
        assert redacted["content"] == {}
        assert redacted["unsigned"]["redacted_because"]["sender"] == admin.matrix_id


async def test_the_place_of_a_deleted_message_stays(world: World) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    sent = [await alice.send(channel["id"], f"message {n}") for n in range(3)]
    reply = await alice.send(channel["id"], "reply", reply_to=sent[1]["id"])
    assert (await alice.delete(at(channel["id"], sent[1]["id"]))).status_code == 204
    assert [m["id"] for m in await alice.history(channel["id"])] == [m["id"] for m in [*sent, reply]]
    assert [m["id"] for m in await alice.page(channel["id"], before=sent[1]["id"])] == [sent[0]["id"]]
    replies = await alice.get(f"{at(channel['id'], sent[1]['id'])}/replies")
    assert replies.json() == [reply]
