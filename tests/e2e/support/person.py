"""People with an ordinary Matrix client (matrix-nio), as Element is one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import nio

from support.api import Caller, unique
from support.stack import Stack
from support.waiting import PATIENCE, eventually


class Person:
    """Somebody who has only a Matrix account."""

    def __init__(self, stack: Stack, user_id: str, device_id: str, access_token: str):
        self.id = user_id
        self.client = nio.AsyncClient(stack.homeserver_url or "", user_id)
        self.client.restore_login(user_id, device_id, access_token)
        # Every event that a sync has brought, with its room.
        self.heard: list[tuple[str, nio.Event]] = []
        self.client.add_event_callback(self._hear, nio.Event)

    async def _hear(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        self.heard.append((room.room_id, event))

    async def join(self, room: str) -> str:
        """Joins by alias or id; returns the room's id."""
        response = await self.client.join(room)
        assert isinstance(response, nio.JoinResponse), response
        return response.room_id

    async def say(self, room: str, text: str, **content: Any) -> str:
        """Sends a message; returns its event id."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text} | content)

    async def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        response = await self.client.room_send(room, kind, content)
        assert isinstance(response, nio.RoomSendResponse), response
        return response.event_id

    async def set_typing(self, room: str, typing: bool) -> None:
        """Tells the room that they type, for 30 seconds at most, or that they have stopped."""
        response = await self.client.room_typing(room, typing, timeout=30_000)
        assert isinstance(response, nio.RoomTypingResponse), response

    async def past(self, room: str) -> list[nio.Event]:
        """The room's last events, oldest first."""
        response = await self.client.room_messages(room, start="", limit=100)
        assert isinstance(response, nio.RoomMessagesResponse), response
        return response.chunk[::-1]

    async def hears(self, room: str, text: str, deadline: float = PATIENCE) -> nio.RoomMessage:
        """The message with this text, once it has arrived."""

        async def arrived() -> nio.RoomMessage | None:
            await self.client.sync(timeout=1000)
            found = [e for where, e in self.heard if where == room and getattr(e, "body", None) == text]
            return found[0] if found else None

        return await eventually(f"{self.id} sees {text!r}", arrived, deadline=deadline)

    async def close(self) -> None:
        await self.client.close()


NewPerson = Callable[[str], Awaitable[Person]]


async def register(stack: Stack, http: httpx.AsyncClient, name: str) -> Person:
    """An account made with the homeserver's registration secret, and a client that is logged in to it."""
    stack.need("homeserver_url", "registration_shared_secret")
    url = f"{stack.homeserver_url}/_synapse/admin/v1/register"
    nonce = (await http.get(url)).json()["nonce"]
    user, password = unique(name), secrets.token_hex(16)
    text = b"\0".join(part.encode() for part in (nonce, user, password, "notadmin"))
    mac = hmac.new((stack.registration_shared_secret or "").encode(), text, hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": user, "password": password, "admin": False, "mac": mac}
    response = await http.post(url, json=body)
    assert response.status_code == 200, response.text
    account = response.json()
    return Person(stack, account["user_id"], account["device_id"], account["access_token"])


async def joined_member(reader: Caller, channel: dict[str, Any], person: Person) -> dict[str, Any]:
    """The membership of a person in Matrix, once they have joined and the index knows."""

    async def joined() -> dict[str, Any]:
        member = (await reader.members(channel["id"])).get(person.id)
        return member if member and member["joined_at"] else {}

    return await eventually(f"{person.id} is a member", joined)
