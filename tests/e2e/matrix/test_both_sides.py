"""The same act by the same person: through the API in one channel, with their Matrix client in another.

Both come out the same: on NATS, on the WebSocket, in the audit log, in the rows that the API shows. Each is one event,
although the homeserver pushes every act of ours back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.api import Caller, World, path_to
from support.matrix_client import MatrixClient, matrix_client
from support.person import NewPerson
from support.rooms import Rooms
from support.witness import Witness


@dataclass
class People:
    """Who acts, and whom it concerns; the same in both channels."""

    owner: Caller
    alice: Caller
    carol: Caller
    # Only in Matrix.
    bob: str


@dataclass
class Place:
    """A channel with an owner and alice, who has sent a message."""

    who: People
    channel: dict[str, Any]
    message: dict[str, Any]
    clients: dict[str, MatrixClient]

    @property
    def room(self) -> str:
        return self.channel["matrix_room_id"]

    @property
    def event(self) -> str:
        return self.message["matrix_event_id"]

    def path(self, *parts: str) -> str:
        return "/".join([path_to(self.channel["id"]), *parts])

    @property
    def message_path(self) -> str:
        return path_to(self.channel["id"], self.message["id"])


def succeeded(response: httpx.Response) -> None:
    assert response.is_success, response.text


Act = Callable[[Place], Awaitable[Any]]


async def send(p: Place) -> None:
    html = {"formatted_body": "<b>new</b>"}
    await p.who.alice.send(p.channel["id"], "new " + "ї" * 600, **html)


async def send_in_matrix(p: Place) -> None:
    html = {"formatted_body": "<b>new</b>", "format": "org.matrix.custom.html"}
    await p.clients["alice"].say(p.room, "new " + "ї" * 600, **html)


async def send_a_notice(p: Place) -> None:
    await p.who.alice.send(p.channel["id"], "done", msgtype="m.notice")


async def send_an_emote(p: Place) -> None:
    await p.who.alice.send(p.channel["id"], "waves", msgtype="m.emote")


async def mention(p: Place) -> None:
    # Everybody is beyond what a member may mention.
    await p.who.owner.send(p.channel["id"], "You", mentions=[p.who.alice.id, p.who.bob, "room"])


async def mention_in_matrix(p: Place) -> None:
    mentions = {"user_ids": [p.who.alice.matrix_id, p.who.bob], "room": True}
    await p.clients["owner"].say(p.room, "You", **{"m.mentions": mentions})


async def reply(p: Place) -> None:
    await p.who.alice.send(p.channel["id"], "indeed", reply_to=p.message["id"])


async def reply_in_matrix(p: Place) -> None:
    relation = {"m.in_reply_to": {"event_id": p.event}}
    await p.clients["alice"].say(p.room, "indeed", **{"m.relates_to": relation})


async def edit(p: Place) -> None:
    succeeded(await p.who.alice.patch(p.message_path, {"text": "Hello " + "ї" * 600}))


async def react(p: Place) -> None:
    succeeded(await p.who.owner.put(f"{p.message_path}/reactions/%F0%9F%91%8D%F0%9F%8F%BD"))


async def remove_a_reaction(p: Place) -> None:
    await react(p)
    succeeded(await p.who.owner.delete(f"{p.message_path}/reactions/%F0%9F%91%8D%F0%9F%8F%BD"))


async def remove_a_reaction_in_matrix(p: Place) -> None:
    await p.clients["owner"].redact(p.room, await p.clients["owner"].react(p.room, p.event, "👍🏽"))


async def pin(p: Place) -> None:
    succeeded(await p.who.owner.put(p.path("pins", p.message["id"])))


async def unpin(p: Place) -> None:
    await pin(p)
    succeeded(await p.who.owner.delete(p.path("pins", p.message["id"])))


async def pin_in_matrix(p: Place) -> None:
    await p.clients["owner"].set_state(p.room, "m.room.pinned_events", {"pinned": [p.event]})


async def unpin_in_matrix(p: Place) -> None:
    await pin(p)
    await p.clients["owner"].set_state(p.room, "m.room.pinned_events", {"pinned": []})


async def delete(p: Place) -> None:
    succeeded(await p.who.alice.delete(p.message_path))


async def delete_anothers(p: Place) -> None:
    succeeded(await p.who.owner.delete(p.message_path))


async def join(p: Place) -> None:
    succeeded(await p.who.carol.put(p.path("members", "me")))


async def leave(p: Place) -> None:
    succeeded(await p.who.alice.delete(p.path("members", "me")))


async def invite(p: Place) -> None:
    await p.who.owner.invite(p.channel["id"], p.who.bob)


async def withdraw_an_invitation(p: Place) -> None:
    await invite(p)
    succeeded(await p.who.owner.delete(p.path("members", p.who.bob)))


async def withdraw_an_invitation_in_matrix(p: Place) -> None:
    await p.clients["owner"].invite(p.room, p.who.bob)
    await p.clients["owner"].kick(p.room, p.who.bob)


async def kick(p: Place) -> None:
    succeeded(await p.who.owner.delete(p.path("members", p.who.alice.id)))


async def promote(p: Place) -> None:
    succeeded(await p.who.owner.patch(p.path("members", p.who.alice.id), {"role": "admin"}))


async def promote_and_demote(p: Place) -> None:
    await promote(p)
    succeeded(await p.who.owner.patch(p.path("members", p.who.alice.id), {"role": "member"}))


async def promote_and_demote_in_matrix(p: Place) -> None:
    for level in (50, 0):
        await p.clients["owner"].set_power(p.room, p.who.alice.matrix_id, level)


async def hand_over(p: Place) -> None:
    succeeded(await p.who.owner.patch(p.path("members", p.who.alice.id), {"role": "owner"}))
    succeeded(await p.who.owner.delete(p.path("members", "me")))


async def hand_over_in_matrix(p: Place) -> None:
    await p.clients["owner"].set_power(p.room, p.who.alice.matrix_id, 100)
    await p.clients["owner"].leave(p.room)


def change(**fields: Any) -> Act:
    async def act(p: Place) -> None:
        succeeded(await p.who.owner.patch(p.path(), fields))

    return act


def set_state(kind: str, **content: Any) -> Act:
    return lambda p: p.clients["owner"].set_state(p.room, kind, content)


# Through the API, with a Matrix client, and the events of it.
ACTS: dict[str, tuple[Act, Act, list[str]]] = {
    "send": (send, send_in_matrix, ["message.created"]),
    "send-a-notice": (
        send_a_notice,
        lambda p: p.clients["alice"].say(p.room, "done", msgtype="m.notice"),
        ["message.created"],
    ),
    "send-an-emote": (
        send_an_emote,
        lambda p: p.clients["alice"].say(p.room, "waves", msgtype="m.emote"),
        ["message.created"],
    ),
    "mention": (mention, mention_in_matrix, ["message.created"]),
    "reply": (reply, reply_in_matrix, ["message.created"]),
    "edit": (edit, lambda p: p.clients["alice"].edit(p.room, p.event, "Hello " + "ї" * 600), ["message.updated"]),
    "react": (react, lambda p: p.clients["owner"].react(p.room, p.event, "👍🏽"), ["reaction.added"]),
    "remove-a-reaction": (remove_a_reaction, remove_a_reaction_in_matrix, ["reaction.added", "reaction.removed"]),
    "pin": (pin, pin_in_matrix, ["message.pinned"]),
    "unpin": (unpin, unpin_in_matrix, ["message.pinned", "message.unpinned"]),
    "delete": (delete, lambda p: p.clients["alice"].redact(p.room, p.event), ["message.deleted"]),
    "delete-anothers": (delete_anothers, lambda p: p.clients["owner"].redact(p.room, p.event), ["message.deleted"]),
    "join": (join, lambda p: p.clients["carol"].join(p.room), ["member.joined"]),
    "leave": (leave, lambda p: p.clients["alice"].leave(p.room), ["member.left"]),
    "invite": (invite, lambda p: p.clients["owner"].invite(p.room, p.who.bob), ["member.invited"]),
    "withdraw-an-invitation": (
        withdraw_an_invitation,
        withdraw_an_invitation_in_matrix,
        ["member.invited", "member.kicked"],
    ),
    "kick": (kick, lambda p: p.clients["owner"].kick(p.room, p.who.alice.matrix_id), ["member.kicked"]),
    "promote": (
        promote,
        lambda p: p.clients["owner"].set_power(p.room, p.who.alice.matrix_id, 50),
        ["member.role_changed"],
    ),
    "promote-and-demote": (promote_and_demote, promote_and_demote_in_matrix, ["member.role_changed"] * 2),
    "hand-over": (hand_over, hand_over_in_matrix, ["member.role_changed", "member.left"]),
    "rename": (change(name="Новий 😀"), set_state("m.room.name", name="Новий 😀"), ["channel.updated"]),
    "set-the-topic": (change(topic="Talk"), set_state("m.room.topic", topic="Talk"), ["channel.updated"]),
    "clear-the-topic": (change(topic=None), set_state("m.room.topic", topic=""), ["channel.updated"]),
    "set-the-avatar": (
        change(avatar_url="mxc://localhost/new"),
        set_state("m.room.avatar", url="mxc://localhost/new"),
        ["channel.updated"],
    ),
}


def without_ids(value: Any, place: Place) -> Any:
    """The same text for the same thing in both channels."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for pattern, name in [
        (re.escape(place.channel["slug"]), "slug"),
        (re.escape(place.message["id"]), "the message"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "id"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "time"),
        (r'"[$!][^"]*"', '"matrix"'),
        (r'"seq": \d+', '"seq": 0'),
    ]:
        text = re.sub(pattern, name, text)
    return json.loads(text)


@pytest.mark.parametrize("name", list(ACTS))
async def test_an_act_causes_the_same_events_from_both_sides_and_each_once(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, name: str
) -> None:
    who = People(world.user("owner"), world.user("alice"), world.user("carol"), (await person("bob")).id)
    clients = {role: await matrix_client(rooms, getattr(who, role)) for role in ("owner", "alice", "carol")}
    acts, kinds = ACTS[name][:2], ACTS[name][2]
    outcomes = []
    for act in acts:
        channel = await world.channel(who.owner, name="Talk", topic="old")
        message = await who.alice.send(channel["id"], "Helo")
        place = Place(who, channel, message, clients)
        async with witness.watch(channel, world.user("witness")) as observed:
            await act(place)
        member = who.alice if name == "hand-over" else who.owner
        members = sorted((await member.members(channel["id"])).values(), key=lambda m: m["member_id"])
        seen = {
            "events": [(event.kind, event.payload) for event in observed.events],
            "frames": observed.frames,
            "audit": sorted(observed.audit),
            "channel": (await member.get(place.path())).json(),
            "messages": await member.history(channel["id"]),
            "members": members,
        }
        assert [kind for kind, _ in seen["events"]] == kinds
        outcomes.append(without_ids(seen, place))
    for part, by_api in outcomes[0].items():
        assert outcomes[1][part] == by_api, part
