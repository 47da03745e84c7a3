"""A channel in which the permission table is tried, who comes to it, and all that they try there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from support.api import CHANNELS, Caller, World, following_path, member_path, path_to, pin_path, unique
from support.search import SEARCH
from support.tokens import token


@dataclass(frozen=True)
class Who:
    """What decides about somebody."""

    # Their role in the channel, if any.
    role: str | None = None
    can_read: bool = True
    can_write: bool = True
    # Whether their token names the channel's microDAO; if not, whether it names another one.
    in_microdao: bool = False
    in_another: bool = False
    agent: bool = False
    can_invite: bool = False
    # Was a member once: "left", "kicked" or "banned".
    gone: str | None = None
    # Came in with their first post, by the claim of a token that they have no more.
    lost_microdao: bool = False

    @property
    def member(self) -> bool:
        return self.role is not None and self.gone is None

    def counts_in(self, visibility: str) -> bool:
        """Whether their membership, if there is one, counts."""
        return self.member and (not self.lost_microdao or visibility == "public")

    @property
    def manages(self) -> bool:
        return self.member and self.role in ("owner", "admin")


class Stage:
    """A channel in which the table is tried."""

    def __init__(self, world: World):
        self.world = world
        self.elsewhere = world.other_microdao("elsewhere")
        self.owner = world.member_of("owner", world.microdao)
        self.bystander = world.member_of("bystander", world.microdao)
        self.channel: dict[str, Any] = {}

    async def open(self, visibility: str) -> Stage:
        self.channel = await self.owner.create(**self.world.fields(visibility=visibility))
        await self.owner.invite(self.channel["id"], self.bystander.id)
        return self

    async def enter(self, who: Who) -> tuple[Caller, str | None]:
        """Somebody new of this kind, and a message of theirs, if they are or were a member."""
        microdaos = [self.world.microdao] if who.in_microdao else [self.elsewhere] if who.in_another else []
        entity = self.world.agent("agent").id if who.agent else self.world.user("user").id
        caller = self.world.bearer(entity, token(entity, self.world.secret(), microdaos))
        if who.role is None:
            return caller, None
        channel = self.channel["id"]
        if who.lost_microdao:
            member = self.world.bearer(entity, token(entity, self.world.secret(), [self.world.microdao]))
            return caller, (await self.first_post(member))["id"]
        capabilities = {"can_read": who.can_read} | ({"can_invite": True} if who.can_invite else {})
        await self.owner.invite(channel, entity, role=who.role, **capabilities)
        own = await caller.send(channel, "mine")
        if not who.can_write:
            response = await self.owner.patch(member_path(channel, entity), {"can_write": False})
            assert response.status_code == 200, response.text
        if who.gone:
            by = caller if who.gone == "left" else self.owner
            query = "?ban=true" if who.gone == "banned" else ""
            response = await by.delete(member_path(channel, entity) + query)
            assert response.status_code == 204, response.text
        return caller, own["id"]

    async def first_post(self, member: Caller) -> dict[str, Any]:
        """The message that makes somebody a member; a private channel is open to the microDAO for that long."""
        channel, is_private = self.channel["id"], self.channel["visibility"] == "private"
        for visibility in ("microdao", "private"):
            if visibility == "private":
                message = await member.send(channel, "mine")
            if is_private:
                response = await self.owner.patch(path_to(channel), {"visibility": visibility})
                assert response.status_code == 200, response.text
        return message

    async def again(self, who: Who, caller: Caller, own: str | None) -> tuple[Caller, str | None]:
        """The same one if they are a member anyway, otherwise another one who is not."""
        return (caller, own) if who.member else await self.enter(who)


def found(channels: httpx.Response, target: dict[str, Any], page: httpx.Response) -> int:
    """200 when the message is among what was found; otherwise as for who knows of its channel, or does not."""
    if target["id"] in [hit["message"]["id"] for hit in page.json()["hits"]]:
        return 200
    return 403 if target["channel_id"] in [channel["id"] for channel in channels.json()] else 404


async def responses_to(stage: Stage, who: Who) -> dict[str, httpx.Response | int]:
    """The responses to everything that somebody of this kind may try."""
    channel = path_to(stage.channel["id"])
    caller, own = await stage.enter(who)
    target = await stage.bystander.send(stage.channel["id"], "theirs")
    message = path_to(stage.channel["id"], target["id"])
    victim = stage.bystander.id
    if who.manages:
        victim = stage.world.user("victim").id
        await stage.owner.invite(stage.channel["id"], victim)
    listed = await caller.get(CHANNELS, microdao_id=stage.channel["microdao_id"])
    got: dict[str, httpx.Response | int] = {
        "find it in the list": 200 if stage.channel["id"] in [one["id"] for one in listed.json()] else 404,
        "see the channel": await caller.get(channel),
        "list the members": await caller.get(f"{channel}/members"),
        "page messages": await caller.get(f"{channel}/messages"),
        "search the channel": await caller.get(SEARCH, q="theirs", channel_id=stage.channel["id"]),
        "find its messages": found(listed, target, await caller.get(SEARCH, q="theirs", limit=50)),
        "get a message": await caller.get(message),
        "page replies": await caller.get(f"{message}/replies"),
        "list threads": await caller.get(f"{channel}/threads"),
        "follow a thread": await caller.put(following_path(target)),
        "follow it no more": await caller.delete(following_path(target)),
        "list reactions": await caller.get(f"{message}/reactions"),
        "see who has read": await caller.get(f"{channel}/receipts"),
        "mark as read": await caller.request("PUT", f"{channel}/read", json={"message_id": target["id"]}),
        "mark as unread": await caller.put(f"{channel}/unread"),
        "mute": await caller.request("PUT", f"{channel}/muted", json={"muted": True}),
        "remove a reaction": await caller.delete(f"{message}/reactions/x"),
        "list pins": await caller.get(f"{channel}/pins"),
        "pin": await caller.put(pin_path(target)),
        "unpin": await caller.delete(pin_path(target)),
        "type": await caller.request("PUT", f"{channel}/typing", json={"typing": True}),
        "edit another's": await caller.patch(message, {"text": "changed"}),
        "invite": await caller.try_invite(stage.channel["id"], stage.world.user("new").id),
        "change a role": await caller.patch(f"{channel}/members/{victim}", {"role": "guest"}),
        "kick": await caller.delete(f"{channel}/members/{victim}"),
        "change the channel": await caller.patch(channel, {"topic": unique("topic")}),
    }
    if own:
        got["edit own"] = await caller.patch(path_to(stage.channel["id"], own), {"text": "changed"})
    # Each of these may let somebody in who was not: the next one is tried by somebody new.
    got["react"] = await caller.put(f"{message}/reactions/x")
    caller, own = await stage.again(who, caller, own)
    got["post"] = await caller.try_send(stage.channel["id"], "May I?")
    has_joined = caller.id in await stage.owner.members(stage.channel["id"])
    # Their row is there until somebody ends it, whether it counts or not.
    assert has_joined == (who.member or got["post"].is_success), "people join with their first message"
    caller, own = await stage.again(who, caller, own)
    got["join"] = await caller.put(f"{channel}/members/me")
    caller, own = await stage.again(who, caller, own)
    if own:
        got["delete own"] = await caller.delete(path_to(stage.channel["id"], own))
    got["delete another's"] = await caller.delete(message)
    if who.manages:
        # An archived channel is of no use to the next one, so they have a channel of their own.
        stage = await Stage(stage.world).open(stage.channel["visibility"])
        caller, _ = await stage.enter(who)
    got["archive"] = await caller.delete(path_to(stage.channel["id"]))
    got["open it again"] = await caller.patch(path_to(stage.channel["id"]), {"archived": False})
    return got
