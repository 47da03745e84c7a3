"""What the homeserver never pushed is found in the room's history: index and room agree afterwards, and nothing is doubled."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import World, path_to, unique
from support.lost_pushes import NOTHING, LostPushes

pytestmark = pytest.mark.faults

LATE = "UPDATE messaging.intents SET created_at = created_at - interval '2 hours'"


async def test_whatever_was_lost_is_indexed_once(cut: LostPushes, corner: World) -> None:
    alice, bob = corner.user("alice"), corner.user("bob")
    carol, dave = await cut.client(await cut.person("carol")), await cut.client(await cut.person("dave"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await bob.send(channel["id"], "I am in")
    alices = await cut.client(alice)
    await carol.join(room)
    first, second = await carol.say(room, "first"), await carol.say(room, "second")
    await cut.compared(channel, second)
    with cut.losing():
        said = await carol.say(room, "lost")
        await carol.edit(room, first, "first, edited")
        await alices.react(room, first, "👍")
        await carol.redact(room, second)
        await dave.join(room)
        answer = await dave.say(room, "an answer", **{"m.relates_to": {"m.in_reply_to": {"event_id": said}}})
        await alices.kick(room, bob.matrix_id)
        await alices.set_state(room, "m.room.name", {"name": "Renamed"})
        await alices.set_power(room, carol.id, 50)
        await cut.lost(await carol.say(room, "the last one"))
    assert await cut.differences(channel)
    repaired, _ = await cut.everything(channel)
    # Whoever follows a kick compares what else has changed at that moment, so the state may be right before its turn.
    assert repaired.pop("state") <= 2
    assert repaired == {"messages": 3, "edits": 1, "reactions": 1, "deletions": 1, "memberships": 2}
    await cut.is_whole(channel)
    history = await alice.history(channel["id"])
    texts = [message["content_preview"] for message in history if not message["deleted_at"]]
    assert texts == ["I am in", "first, edited", "lost", "an answer", "the last one"]
    ids = {message["matrix_event_id"]: message for message in history}
    assert ids[answer]["reply_to"] == ids[said]["id"]
    assert [message["sender_id"] for message in history][-2:] == [dave.id, carol.id]
    acts = (await cut.index.audit(channel["id"])).values()
    assert ("member.kicked", alice.id, bob.id) in acts and ("member.role_changed", alice.id, carol.id) in acts
    assert (await alice.members(channel["id"]))[carol.id]["role"] == "admin"
    # A push that comes after all, as of a transaction that was stranded, changes nothing.
    before = await cut.index.last_seq(channel["id"])
    hs = {"Authorization": f"Bearer {cut.stack.matrix_hs_token}"}
    events = [event for event in await cut.rooms.events(room) if event["event_id"] in cut.pushes.lost]
    path = f"/_matrix/app/v1/transactions/{unique('late')}"
    response = await cut.http.put(path, json={"events": events}, headers=hs)
    assert response.status_code == 200 and await cut.index.last_seq(channel["id"]) == before


async def test_lost_messages_of_every_kind_are_found(cut: LostPushes, corner: World) -> None:
    alice, bob = corner.user("alice"), corner.user("bob")
    carol = await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await carol.join(room)
    await cut.compared(channel, await carol.say(room, "first"))
    start = {"question": {"m.text": [{"body": "Lunch?"}]}, "answers": [{"m.id": "s", "m.text": [{"body": "Salad"}]}]}
    with cut.losing():
        await carol.send(room, "m.sticker", {"body": "Hedgehog", "url": "mxc://localhost/hedgehog"})
        poll = await carol.send(room, "m.poll.start", {"m.poll": start})
        relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": poll}}
        await carol.send(room, "m.poll.response", relation | {"m.selections": ["s"]})
        await carol.send(room, "m.poll.end", relation)
        # None of its new content can be a message's.
        broken = {"m.new_content": {"body": "no msgtype"}, "m.relates_to": {"rel_type": "m.replace", "event_id": poll}}
        await carol.send(room, "m.poll.start", {"m.poll": start} | broken)
        await cut.lost(await carol.say(room, "You", **{"m.mentions": {"user_ids": [bob.matrix_id]}}))
    repaired, _ = await cut.everything(channel)
    counted = {"messages": 3, "edits": 2, "reactions": 1}
    assert repaired == NOTHING | counted, "the poll's end is counted as an edit, the vote as a reaction"
    await cut.is_whole(channel)
    _, sticker, asked, said = await alice.history(channel["id"])
    assert (sticker["content_type"], sticker["content_preview"]) == ("sticker", "Hedgehog")
    assert (asked["content_type"], asked["content_preview"]) == ("poll", "Lunch?\n• Salad")
    assert asked["poll_ended_at"] and not asked["edited_at"]
    poll = (await alice.get(path_to(channel["id"], asked["id"]))).json()["poll"]
    assert (poll["voters"], poll["answers"]) == (1, [{"id": "s", "text": "Salad", "votes": 1}])
    assert said["mentions"] == [bob.id]
    assert (await cut.everything(channel))[0] == NOTHING


async def test_a_membership_that_no_history_tells_is_compared_with_the_room(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    await carol.join(room)
    # More than the last page of the history, which every run reads again.
    await cut.compared(channel, [await carol.say(room, f"text {n}") for n in range(60)][-1])
    # As if her join had been lost long before anybody looked.
    await cut.index.rows("DELETE FROM public.channel_members WHERE member_id = $1 RETURNING id", carol.id)
    assert (await cut.everything(channel))[0] == NOTHING
    await cut.index.rows("UPDATE messaging.reconciliations SET members_at = NULL RETURNING channel_id")
    assert (await cut.everything(channel))[0] == NOTHING | {"memberships": 1}
    assert (await alice.members(channel["id"]))[carol.id]["joined_at"]
    assert not await cut.differences(channel)


async def test_names_that_nobody_pushed_are_found(cut: LostPushes, corner: World) -> None:
    alice, bob = corner.user("alice"), await cut.person("bob")
    channel = await corner.channel(alice)
    room, client = channel["matrix_room_id"], await cut.client(bob)
    await client.join(room)
    await cut.compared(channel, await client.say(room, "I am in"))
    with cut.losing():
        await client.set_name_in(room, "Bob")
        await cut.lost(await client.say(room, "who am I?"))
    assert (await cut.everything(channel))[0] == NOTHING | {"messages": 1}, "a name is no membership"
    assert (await alice.profile(bob.id))["display_name"] == "Bob"
    # As in a database from before names were kept: no history that is still read tells them.
    await cut.compared(channel, [await client.say(room, f"text {n}") for n in range(60)][-1])
    await cut.index.rows("DELETE FROM messaging.profiles RETURNING member_id")
    await cut.index.rows("UPDATE messaging.reconciliations SET members_at = NULL RETURNING channel_id")
    assert (await cut.everything(channel))[0] == NOTHING
    assert (await alice.members(channel["id"]))[bob.id]["display_name"] == "Bob"
    assert not await cut.differences(channel)


async def test_hostile_events_of_a_history_are_what_they_are_when_they_are_pushed(
    cut: LostPushes, corner: World
) -> None:
    alice, carol = corner.user("alice"), await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice)
    room = channel["matrix_room_id"]
    kept = await alice.send(channel["id"], "mine")
    await carol.join(room)
    await cut.compared(channel, await carol.say(room, "so far"))
    event = kept["matrix_event_id"]
    with cut.losing():
        await carol.edit(room, event, "not mine")
        forged = await carol.say(room, "forged", **{"city.daarion.key": "0" * 64, "city.daarion.fingerprint": "x"})
        await carol.say(room, "to nobody", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$nothing"}}})
        await carol.say(room, "nul \x00 nul")
        secret = await carol.say(room, "secret of mine")
        await carol.redact(room, secret)
        await carol.send(
            room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "\u200b"}}
        )
        await carol.send(room, "org.example.other", {"a": 1})
        await cut.lost(await carol.say(room, "x" * 40_000))
    repaired, _ = await cut.everything(channel)
    assert (repaired["messages"], repaired["edits"], repaired["reactions"]) == (4, 0, 0)
    assert not (await cut.reconcile(channel))["has_more"]
    assert "secret of mine" not in await cut.index.stored_text(channel["id"])
    history = {message["matrix_event_id"]: message for message in await alice.history(channel["id"])}
    assert history[event]["content_preview"] == "mine" and history[event]["edited_at"] is None
    assert history[forged]["sender_id"] == carol.id and "client_key" not in history[forged]
    assert (await cut.everything(channel))[0] == NOTHING


async def test_an_encrypted_channel_is_healed_without_any_text(cut: LostPushes, corner: World) -> None:
    alice, carol = corner.user("alice"), await cut.client(await cut.person("carol"))
    channel = await corner.channel(alice, is_encrypted=True)
    room = channel["matrix_room_id"]
    await carol.join(room)
    cipher = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "x"}
    await cut.compared(channel, await carol.send(room, "m.room.encrypted", cipher))
    with cut.losing():
        await carol.send(room, "m.room.encrypted", cipher)
        await cut.lost(await carol.say(room, "not for the index"))
    assert (await cut.everything(channel))[0] == NOTHING | {"messages": 2}
    assert "not for the index" not in await cut.index.stored_text(channel["id"])
    assert len(await alice.history(channel["id"])) == 3


async def test_a_room_that_was_encrypted_unseen_is_encrypted_here(cut: LostPushes, corner: World) -> None:
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    room, alices = channel["matrix_room_id"], await cut.client(alice)
    await cut.compared(channel, await alices.say(room, "so far"))
    with cut.losing():
        await alices.set_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
        await cut.lost(await alices.say(room, "after that"))
    assert (await cut.everything(channel))[0] == NOTHING | {"messages": 1, "state": 1}
    assert "after that" not in await cut.index.stored_text(channel["id"])
    assert (await alice.get(f"/api/messaging/channels/{channel['id']}")).json()["is_encrypted"]


async def test_acts_that_were_cut_off_after_matrix_had_them_are_their_owners_however_late(
    cut: LostPushes, corner: World
) -> None:
    alice, bob, sofia = corner.user("alice"), corner.user("bob"), corner.agent("sofia")
    channel = await corner.channel(alice)
    room, name = channel["matrix_room_id"], f"/api/messaging/channels/{channel['id']}"
    joined = await bob.send(channel["id"], "I am in")
    await cut.compared(channel, joined["matrix_event_id"])
    key = unique("key")

    async def cut_off(method: str, part: str, act: Any) -> None:
        cut.homeserver.fail(method, part, cut.homeserver.loses_the_response)
        response = await act
        cut.homeserver.heal()
        assert response.status_code in (502, 504), response.text

    with cut.losing():
        await cut_off("PUT", "/send/m.room.message/", bob.try_send(channel["id"], "cut off", key))
        await cut_off("PUT", "/redact/", alice.delete(f"{name}/messages/{joined['id']}"))
        await cut_off(
            "PUT", "/state/m.room.name", alice.patch(name, {"name": "Cut off", "description": "and its rest"})
        )
        await cut_off("POST", "/join", alice.try_invite(channel["id"], sofia.id))
        await cut_off("POST", "/kick", alice.delete(f"{name}/members/{bob.id}"))
        await cut.lost(await (await cut.client(alice)).say(room, "the last one"))
    await cut.index.rows(LATE)
    await cut.everything(channel)
    await cut.is_whole(channel)
    acts = list((await cut.index.audit(channel["id"])).values())
    assert ("member.kicked", alice.id, bob.id) in acts and ("member.joined", sofia.id, sofia.id) in acts
    # The name and the topic, each as the room has told it.
    assert {act for act in acts if act[0] in ("channel.updated", "member.invited")} == {
        ("channel.updated", alice.id, None),
        ("member.invited", alice.id, sofia.id),
    }
    now = (await alice.get(name)).json()
    assert (now["name"], now["description"]) == ("Cut off", "and its rest")
    history = await alice.history(channel["id"])
    assert [(m["sender_id"], bool(m["deleted_at"])) for m in history[:2]] == [(bob.id, True), (bob.id, False)]
    assert history[1]["client_key"], "the retry is told of it"
    deleted = await cut.index.rows(
        "SELECT payload ->> 'actor_id' FROM public.outbox WHERE channel_id = $1::text::uuid AND subject LIKE '%message.deleted'",
        channel["id"],
    )
    assert [row[0] for row in deleted] == [alice.id]
