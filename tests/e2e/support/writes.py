"""Every write of the API: how it is asked for, what it causes, and at which of the homeserver's calls it can be cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.api import (
    CHANNELS,
    Agent,
    Caller,
    World,
    following_path,
    member_path,
    path_to,
    pin_path,
    profile_path,
    reaction_path,
    unique,
)
from support.index import Index
from support.stack import Stack

# What a relay finds of a link, in the row at once.
PREVIEW = """
WITH link AS (
    INSERT INTO messaging.message_previews (id, message_id, channel_id, url, place, page)
    SELECT gen_random_uuid(), m.id, m.channel_id, 'https://example.org/', 1, '{"title": "Example"}'
    FROM public.messages m WHERE m.id = $1::text::uuid RETURNING id, page
), shown AS (
    UPDATE public.messages m SET previews = jsonb_build_array(link.page || jsonb_build_object(
        'id', link.id, 'url', 'https://example.org/', 'description', NULL, 'site_name', NULL, 'image', NULL))
    FROM link WHERE m.id = $1::text::uuid RETURNING link.id
) SELECT id::text FROM shown
"""

MESSAGE = ("PUT", "/send/m.room.message/")
REDACTION = ("PUT", "/redact/")
LEVELS = ("PUT", "/state/m.room.power_levels")
PINNED = ("PUT", "/state/m.room.pinned_events")


async def with_preview(stack: Stack, message: dict[str, Any]) -> str:
    """Gives a message a preview; the path of that."""
    index = Index(stack)
    try:
        preview = await index.value(PREVIEW, message["id"])
    finally:
        await index.close()
    return f"{path_to(message['channel_id'], message['id'])}/previews/{preview}"


class Stage:
    """Who acts, and on what."""

    def __init__(self, world: World):
        self.world = world
        self.owner, self.alice, self.bob = (world.user(name) for name in ("owner", "alice", "bob"))
        self.carol, self.sofia = world.user("carol"), world.agent("sofia")
        world.stack.need("internal_secret")
        self.service = Caller(
            world.http, world.stack, "service:internal", {"X-Internal-Service-Token": world.stack.internal_secret or ""}
        )
        self.channel: dict[str, Any] = {}
        self.other_channel: dict[str, Any] = {}
        self.message: dict[str, Any] = {}
        self.other_message: dict[str, Any] = {}
        self.pinned: dict[str, Any] = {}
        self.other_pinned: dict[str, Any] = {}
        self.previewed, self.other_previewed = "", ""

    async def build(self) -> Stage:
        """Two channels that are alike: in each a message with a reaction of its sender, one that is pinned, and the same
        members."""
        for prefix in ("", "other_"):
            channel = await self.world.channel(self.owner)
            for member in (self.alice, self.carol, self.sofia):
                await self.owner.invite(channel["id"], member.id)
            sent = await self.owner.send(channel["id"], "old")
            assert (await self.owner.put(reaction_path(sent, "y"))).status_code == 204
            pinned = await self.owner.send(channel["id"], "pinned")
            assert (await self.owner.put(pin_path(pinned))).status_code == 204
            previewed = await with_preview(self.world.stack, await self.owner.send(channel["id"], "linked"))
            for name, made in (
                ("channel", channel),
                ("message", sent),
                ("pinned", pinned),
                ("previewed", previewed),
            ):
                setattr(self, prefix + name, made)
        return self

    def ending(self, member: Caller) -> str:
        return f"/internal/messaging/microdaos/{self.world.microdao}/members/{member.id}"


@dataclass(frozen=True)
class Ask:
    """One request."""

    caller: Caller
    method: str
    path: str
    body: Any = None
    # Other requests to the same resource: other bodies, or other queries.
    others: list[Any] = field(default_factory=list)
    # The same request to another resource: path and body.
    elsewhere: tuple[str, Any] | None = None

    async def send(self, key: str | None, http: httpx.AsyncClient | None = None) -> httpx.Response:
        return await self._send(self.path, self.body, key, http)

    async def send_other(self, other: Any, key: str) -> httpx.Response:
        if isinstance(other, str):
            return await self._send(self.path + other, self.body, key)
        return await self._send(self.path, other, key)

    async def send_elsewhere(self, key: str) -> httpx.Response:
        assert self.elsewhere
        return await self._send(*self.elsewhere, key)

    async def _send(
        self, path: str, body: Any, key: str | None, http: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        caller = self.caller.through(http) if http else self.caller
        return await caller.request(self.method, path, key=key, **({} if body is None else {"json": body}))


@dataclass(frozen=True)
class Write:
    """A write operation."""

    ask: Callable[[Stage], Ask]
    # The homeserver's call that carries it out: its method and a part of its path. None: it asks none.
    call: tuple[str, str] | None
    # What it causes in the stage's channel, each once, and the one event in the room that it sends, if it is no state.
    kinds: list[str]
    sends: str | None = None
    # Who may be named as the actor, besides the caller.
    actors: Callable[[Stage], set[str]] = lambda stage: set()


def _create(stage: Stage) -> Ask:
    fields = stage.world.fields()
    return Ask(stage.owner, "POST", CHANNELS, fields, [fields | {"name": "Other"}])


def _change(stage: Stage) -> Ask:
    body, elsewhere = {"name": "New"}, path_to(stage.other_channel["id"])
    return Ask(stage.owner, "PATCH", path_to(stage.channel["id"]), body, [{"name": "Other"}], (elsewhere, body))


def _archive(stage: Stage) -> Ask:
    elsewhere = (path_to(stage.other_channel["id"]), None)
    return Ask(stage.owner, "DELETE", path_to(stage.channel["id"]), elsewhere=elsewhere)


def _send(stage: Stage) -> Ask:
    path, elsewhere = (f"{path_to(c['id'])}/messages" for c in (stage.channel, stage.other_channel))
    body = {"text": "once"}
    return Ask(stage.alice, "POST", path, body, [{"text": "twice"}], (elsewhere, body))


def _of_message(method: str, body: Any = None, *others: Any) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        path, elsewhere = (path_to(m["channel_id"], m["id"]) for m in (stage.message, stage.other_message))
        return Ask(stage.owner, method, path, body, list(others), (elsewhere, body))

    return ask


def _reaction(method: str, emoji: str) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        path, elsewhere = (reaction_path(m, emoji) for m in (stage.message, stage.other_message))
        return Ask(stage.owner, method, path, elsewhere=(elsewhere, None))

    return ask


def _following(method: str) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        path, elsewhere = (following_path(m) for m in (stage.message, stage.other_message))
        return Ask(stage.owner, method, path, elsewhere=(elsewhere, None))

    return ask


def _pin(stage: Stage) -> Ask:
    return Ask(stage.owner, "PUT", pin_path(stage.message), elsewhere=(pin_path(stage.other_message), None))


def _remove_preview(stage: Stage) -> Ask:
    return Ask(stage.owner, "DELETE", stage.previewed, elsewhere=(stage.other_previewed, None))


def _unpin(stage: Stage) -> Ask:
    return Ask(stage.owner, "DELETE", pin_path(stage.pinned), elsewhere=(pin_path(stage.other_pinned), None))


def _invite(stage: Stage) -> Ask:
    path, elsewhere = (f"{path_to(c['id'])}/members" for c in (stage.channel, stage.other_channel))
    body = {"member_id": stage.bob.id}
    others = [body | {"role": "guest"}, {"member_id": stage.world.user("eve").id}]
    return Ask(stage.owner, "POST", path, body, others, (elsewhere, body))


def _join(stage: Stage) -> Ask:
    path, elsewhere = (member_path(c["id"]) for c in (stage.channel, stage.other_channel))
    return Ask(stage.bob, "PUT", path, elsewhere=(elsewhere, None))


def _of_member(method: str, body: Any, *others: Any) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        path, elsewhere = (member_path(c["id"], stage.alice.id) for c in (stage.channel, stage.other_channel))
        return Ask(stage.owner, method, path, body, list(others), (elsewhere, body))

    return ask


def _profile(stage: Stage) -> Ask:
    body = {"display_name": unique("Olga"), "avatar_url": "mxc://localhost/olga"}
    return Ask(stage.owner, "PUT", profile_path(), body, [body | {"avatar_url": None}])


def _agent_profile(stage: Stage) -> Ask:
    agent: Agent = stage.sofia
    body = {"display_name": unique("Sofia")}
    path, other = (f"/internal/agents/{who.id}/profile" for who in (agent, stage.world.agent("other")))
    return Ask(agent, "PUT", path, body, [{"display_name": "Other"}], (other, body))


def _of_reader(resource: str, body: Any = None, *others: Any) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        path, elsewhere = (f"{path_to(c['id'])}/{resource}" for c in (stage.channel, stage.other_channel))
        return Ask(stage.alice, "PUT", path, body, list(others), (elsewhere, body))

    return ask


def _upload(stage: Stage) -> Ask:
    """A file of JSON, which is a body as any other."""
    path, elsewhere = (f"{path_to(c['id'])}/files" for c in (stage.channel, stage.other_channel))
    body = {"file": "one"}
    return Ask(
        stage.alice, "POST", path, body, [{"file": "two"}, {"file": "another"}, "?filename=b.json"], (elsewhere, body)
    )


def _end(stage: Stage) -> Ask:
    return Ask(stage.service, "DELETE", stage.ending(stage.alice), elsewhere=(stage.ending(stage.carol), None))


def _post(stage: Stage) -> Ask:
    agent: Agent = stage.sofia
    body = {"channel_id": stage.channel["id"], "text": "once"}
    # Its path does not name the channel.
    others = [body | {"text": "twice"}, body | {"channel_id": stage.other_channel["id"]}]
    return Ask(agent, "POST", f"/internal/agents/{agent.id}/post-to-channel", body, others)


# By the operation's name in the OpenAPI document.
WRITES = {
    "createChannel": Write(_create, ("POST", "/join"), []),
    "changeChannel": Write(_change, ("PUT", "/state/m.room.name"), ["channel.updated"]),
    "archiveChannel": Write(_archive, LEVELS, ["channel.archived"]),
    "sendMessage": Write(_send, MESSAGE, ["message.created"], "m.room.message"),
    "editMessage": Write(
        _of_message("PATCH", {"text": "new"}, {"text": "newer"}), MESSAGE, ["message.updated"], "m.room.message"
    ),
    "deleteMessage": Write(_of_message("DELETE"), REDACTION, ["message.deleted"], "m.room.redaction"),
    "addReaction": Write(_reaction("PUT", "x"), ("PUT", "/send/m.reaction/"), ["reaction.added"], "m.reaction"),
    "removeReaction": Write(_reaction("DELETE", "y"), REDACTION, ["reaction.removed"], "m.room.redaction"),
    "removePreview": Write(_remove_preview, None, ["message.preview"]),
    "markRead": Write(_of_reader("read", {"seq": 5}, {"seq": 6}, {"seq": 5, "private": True}), None, []),
    "markUnread": Write(_of_reader("unread"), None, []),
    "muteChannel": Write(_of_reader("muted", {"muted": True}, {"muted": False}), None, []),
    "followThread": Write(_following("PUT"), None, []),
    "unfollowThread": Write(_following("DELETE"), None, []),
    "pinMessage": Write(_pin, PINNED, ["message.pinned"]),
    "unpinMessage": Write(_unpin, PINNED, ["message.unpinned"]),
    "uploadFile": Write(_upload, ("POST", "/_matrix/media/v3/upload"), []),
    "inviteMember": Write(
        _invite, ("POST", "/join"), ["member.invited", "member.joined"], actors=lambda stage: {stage.bob.id}
    ),
    "joinChannel": Write(_join, ("POST", "/join"), ["member.joined"]),
    "changeMember": Write(_of_member("PATCH", {"role": "admin"}, {"role": "guest"}), LEVELS, ["member.role_changed"]),
    "removeMember": Write(_of_member("DELETE", None, "?ban=true"), ("POST", "/kick"), ["member.kicked"]),
    # What it causes has no number.
    "changeProfile": Write(_profile, ("PUT", "/displayname"), []),
    "changeAgentProfile": Write(_agent_profile, ("PUT", "/displayname"), []),
    "endMemberships": Write(
        _end, ("POST", "/kick"), ["member.kicked"], actors=lambda stage: {f"@daarion:{stage.world.stack.server_name}"}
    ),
    "postAsAgent": Write(_post, MESSAGE, ["message.created"], "m.room.message"),
    "replaySetAsideEvents": Write(
        lambda stage: Ask(stage.service, "POST", "/internal/messaging/set-aside-events/replay"), None, []
    ),
}

# Writes without a key, and what makes their retries safe.
WITHOUT_KEY = {
    "sendReceipts": "what was sent is due no more, and a receipt that is sent twice is one (receipts/test_in_matrix.py)",
    "deleteContent": "what is deleted is due no more, and what is deleted twice is gone (files/test_deletion.py)",
    "removeExpired": "what is removed is due no more (life/test_retention.py)",
    "holdChannel": "it says what holds, and again it changes nothing (index/life/test_hold.py)",
    "releaseChannel": "it says what holds, and again it changes nothing (index/life/test_hold.py)",
    "erasePerson": "one that is under way is found (index/life/test_erasure.py)",
    "storePreviewImage": "a relay asks for it once a page; one that is stored twice is shown once (index/relay/test_previews.py)",
    "signMediaUrls": "it changes nothing (files/test_signed.py)",
    "setTyping": "it holds for ten seconds, and again it is no other (index/typists)",
    "tellTyping": "it is told what the index has (index/typists)",
    "reconcileChannel": "what it indexes is known by its own id (matrix/test_reconcile.py)",
    "reindexChannel": "what it has indexed it does not index again (search/test_reindex.py)",
    "receiveMatrixEvents": "an event is known by its own id (matrix/test_pushes.py)",
}
