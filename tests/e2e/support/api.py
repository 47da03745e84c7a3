"""The REST API as a person and as an agent use it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from support.client import Client, require_content_length
from support.stack import Stack
from support.tokens import token

CHANNELS = "/api/messaging/channels"
INTERNAL_CHANNELS = "/internal/messaging/channels"
# The id of no channel and of no message.
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def path_to(channel: str, message: str | None = None) -> str:
    """The path of a channel, or of a message in it."""
    return f"{CHANNELS}/{channel}" + (f"/messages/{message}" if message else "")


def following_path(message: dict[str, Any]) -> str:
    """Whether somebody follows the thread under a message."""
    return f"{path_to(message['channel_id'])}/threads/{message['id']}/following"


def member_path(channel: str, member: str = "me") -> str:
    """The path of a member; without a name, of the caller's own membership."""
    return f"{CHANNELS}/{channel}/members/{quote(member, safe='@:')}"


def pin_path(message: dict[str, Any]) -> str:
    """The path of the pin of a message."""
    return f"{path_to(message['channel_id'])}/pins/{message['id']}"


def reaction_path(message: dict[str, Any], emoji: str) -> str:
    """The path of the caller's own reaction to a message."""
    return f"{path_to(message['channel_id'], message['id'])}/reactions/{quote(emoji, safe='')}"


def profile_path(member: str = "me") -> str:
    """The path of a profile; without a name, of the caller's own."""
    return f"/api/messaging/profiles/{quote(member, safe='@:')}"


def unique(name: str) -> str:
    """A name that no other test and no earlier run has used."""
    return f"{name}-{secrets.token_hex(4)}"


def links(response: httpx.Response) -> dict[str, str]:
    """The addresses of the Link headers by relation (RFC 8288)."""
    return {relation: link["url"] for relation, link in response.links.items()}


# What the readers of a message or a channel are told besides its row, which is all that events and writes have.
FOR_READERS = {"reactions", "poll", "member_count", "last_message", "last_seq", "membership", "direct_member_id"}
FOR_READERS |= {"kept_days", "read_seq", "unread_count", "mention_count", "marked_unread", "muted"}


def row(shown: dict[str, Any]) -> dict[str, Any]:
    """The row of a message or a channel that somebody has read."""
    return {name: value for name, value in shown.items() if name not in FOR_READERS}


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a page."""
    assert response.status_code == 200, response.text
    return [row(shown) for shown in response.json()]


def api_client(base_url: str) -> httpx.AsyncClient:
    """A client of one app; every response that it receives is checked for its Content-Length."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=60,
        # No proxy of the environment: the stack is where its file says.
        trust_env=False,
        event_hooks={"response": [require_content_length]},
        limits=httpx.Limits(max_connections=100),
    )


class Caller(Client):
    """Somebody who calls the API, and what they do with it."""

    async def _all_pages(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            response = await self.get(following)
            assert response.status_code == 200, response.text
            items.extend(response.json())
            following = links(response).get("next")
        return items

    async def create(self, key: str | None = None, **fields: Any) -> dict[str, Any]:
        response = await self.post(CHANNELS, fields, key)
        assert response.status_code == 201, response.text
        return response.json()

    async def try_send(self, channel: str, text: str, key: str | None = None, **fields: Any) -> httpx.Response:
        return await self.post(f"{CHANNELS}/{channel}/messages", {"text": text} | fields, key)

    async def send(self, channel: str, text: str, key: str | None = None, **fields: Any) -> dict[str, Any]:
        response = await self.try_send(channel, text, key, **fields)
        assert response.status_code == 201, response.text
        return response.json()

    async def page(self, channel: str, **params: Any) -> list[dict[str, Any]]:
        """A page of messages, newest first."""
        return rows(await self.get(f"{CHANNELS}/{channel}/messages", **params))

    async def history(self, channel: str) -> list[dict[str, Any]]:
        """Every message, oldest first; those that were deleted too."""
        pages = await self._all_pages(f"{CHANNELS}/{channel}/messages?limit=200&deleted=true")
        return [row(message) for message in pages[::-1]]

    async def content(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message with its full content from Matrix."""
        response = await self.get(path_to(message["channel_id"], message["id"]))
        assert response.status_code == 200, response.text
        return response.json()

    async def replies(self, message: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        """A page of the replies to a message, newest first."""
        return rows(await self.get(f"{path_to(message['channel_id'], message['id'])}/replies", **params))

    async def threads(self, channel: str, **params: Any) -> list[dict[str, Any]]:
        """The messages of a channel that have a thread, the one with the newest reply first."""
        return rows(await self.get(f"{path_to(channel)}/threads", **params))

    async def reactions(self, message: dict[str, Any]) -> dict[str, tuple[int, bool]]:
        """By emoji: how many people have reacted, and whether the caller is one of them."""
        response = await self.get(f"{path_to(message['channel_id'], message['id'])}/reactions")
        assert response.status_code == 200, response.text
        listed = response.json()
        assert len({reaction["emoji"] for reaction in listed}) == len(listed), listed
        return {reaction["emoji"]: (reaction["count"], reaction["reacted"]) for reaction in listed}

    async def members(self, channel: str) -> dict[str, dict[str, Any]]:
        """The members by their ids."""
        members = await self._all_pages(f"{CHANNELS}/{channel}/members")
        assert len({m["member_id"] for m in members}) == len(members), members
        return {member["member_id"]: member for member in members}

    async def profile(self, member: str = "me") -> dict[str, Any]:
        """What somebody is called, and their picture."""
        response = await self.get(profile_path(member))
        assert response.status_code == 200, response.text
        return response.json()

    async def set_profile(self, **changes: Any) -> dict[str, Any]:
        """Changes the caller's own profile."""
        response = await self.request("PUT", profile_path(), json=changes)
        assert response.status_code == 200, response.text
        return response.json()

    async def try_invite(self, channel: str, member: str, key: str | None = None, **fields: Any) -> httpx.Response:
        return await self.post(f"{CHANNELS}/{channel}/members", {"member_id": member} | fields, key)

    async def invite(self, channel: str, member: str, **fields: Any) -> dict[str, Any]:
        response = await self.try_invite(channel, member, **fields)
        assert response.status_code == 201, response.text
        return response.json()

    async def remove(self, channel: str, member: str = "me") -> None:
        """Removes a member; without a name, the caller leaves."""
        response = await self.delete(member_path(channel, member))
        assert (response.status_code, response.content) == (204, b""), response.text


class Agent(Caller):
    """An agent, for whom the agent runtime calls the internal routes."""

    async def try_say(self, channel: str, text: str, key: str | None = None, **fields: Any) -> httpx.Response:
        body = {"channel_id": channel, "text": text} | fields
        return await self.post(f"/internal/agents/{self.id}/post-to-channel", body, key)

    async def say(self, channel: str, text: str, key: str | None = None, **fields: Any) -> dict[str, Any]:
        response = await self.try_say(channel, text, key, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    async def context(self, channel: str) -> dict[str, Any]:
        """What a runtime is told about a channel."""
        response = await self.get(f"{INTERNAL_CHANNELS}/{channel}/context")
        assert response.status_code == 200, response.text
        return response.json()


# Makes an agent a caller of the public routes.
AsCaller = Callable[[Agent], Caller]


class World:
    """One test's own corner of the deployment: a microDAO and people that nobody else has."""

    def __init__(self, http: httpx.AsyncClient, stack: Stack, development: bool):
        self.http = http
        self.stack = stack
        # Whether callers may name themselves.
        self.development = development
        self.microdao = self.other_microdao("e2e")

    @staticmethod
    def other_microdao(name: str) -> str:
        return f"microdao:{unique(name)}"

    def stranger(self) -> Caller:
        """Somebody who does not say who they are."""
        return Caller(self.http, self.stack, "", {})

    def user(self, name: str) -> Caller:
        """A person who may see this test's microDAO: by name where that is enough, else by token."""
        if self.development:
            entity = f"user:{unique(name)}"
            return Caller(self.http, self.stack, entity, {"X-User-Id": entity})
        return self.member_of(name, self.microdao)

    def member_of(self, name: str, *microdaos: str) -> Caller:
        """A person with a signed token that names these microDAOs and no other."""
        entity = f"user:{unique(name)}"
        return self.bearer(entity, token(entity, self.secret(), microdaos))

    def bearer(self, entity: str, text: str) -> Caller:
        """Somebody with this token, whatever it is worth."""
        return Caller(self.http, self.stack, entity, {"Authorization": f"Bearer {text}"})

    def secret(self) -> str:
        """The key with which the platform signs tokens."""
        self.stack.need("jwt_secret")
        assert self.stack.jwt_secret
        return self.stack.jwt_secret

    def agent(self, name: str) -> Agent:
        self.stack.need("internal_secret")
        headers = {"X-Internal-Service-Token": self.stack.internal_secret or ""}
        return Agent(self.http, self.stack, f"agent:{unique(name)}", headers)

    def fields(self, **fields: Any) -> dict[str, Any]:
        """What a create takes: a public channel in this test's microDAO, unless said otherwise."""
        slug = unique("t")
        return {"slug": slug, "name": f"Test {slug}", "microdao_id": self.microdao, "visibility": "public"} | fields

    async def channel(self, owner: Caller | None = None, **fields: Any) -> dict[str, Any]:
        """A new channel."""
        return await (owner or self.user("owner")).create(**self.fields(**fields))

    def alias(self, channel: dict[str, Any]) -> str:
        """The room alias that the contract gives a channel."""
        self.stack.need("server_name")
        microdao = channel["microdao_id"].removeprefix("microdao:")
        return f"#{channel['slug']}-{microdao}:{self.stack.server_name}"
