"""What people do in a room with their Matrix client, Element for example: ordinary calls with a token of their own."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

import httpx

from support.api import Caller
from support.person import Person
from support.rooms import Rooms


class MatrixClient:
    """The logged-in client of one person."""

    def __init__(self, rooms: Rooms, matrix_id: str, token: str):
        self.http = rooms.http
        self.base = rooms.base
        self.id = matrix_id
        self.headers = {"Authorization": f"Bearer {token}"}

    async def try_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, f"{self.base}/{path}", headers=self.headers, json=body)

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        response = await self.try_call(method, path, body)
        assert response.status_code == 200, f"{method} {path}: {response.text}"
        return response.json()

    async def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        """Sends an event; returns its id."""
        path = f"{_room(room)}/send/{kind}/{secrets.token_hex(8)}"
        return (await self.call("PUT", path, content))["event_id"]

    async def say(self, room: str, text: str, **content: Any) -> str:
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text} | content)

    async def edit(self, room: str, event: str, text: str, **content: Any) -> str:
        new = {"msgtype": "m.text", "body": text} | content
        relation = {"rel_type": "m.replace", "event_id": event}
        return await self.say(room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    async def react(self, room: str, event: str, emoji: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": emoji}
        return await self.send(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event: str) -> str:
        path = f"{_room(room)}/redact/{quote(event, safe='')}/{secrets.token_hex(8)}"
        return (await self.call("PUT", path, {}))["event_id"]

    async def join(self, room: str) -> None:
        await self.call("POST", f"{_room(room)}/join", {})

    async def join_by(self, alias: str) -> str:
        """Joins by alias; returns the room's id."""
        return (await self.call("POST", f"join/{quote(alias, safe='')}", {}))["room_id"]

    async def rooms(self) -> list[str]:
        """The rooms that they are in."""
        return (await self.call("GET", "joined_rooms"))["joined_rooms"]

    async def leave(self, room: str) -> None:
        """Leaves, or declines an invitation."""
        await self.call("POST", f"{_room(room)}/leave", {})

    async def invite(self, room: str, matrix_id: str) -> None:
        await self.call("POST", f"{_room(room)}/invite", {"user_id": matrix_id})

    async def kick(self, room: str, matrix_id: str) -> None:
        await self.call("POST", f"{_room(room)}/kick", {"user_id": matrix_id})

    async def ban(self, room: str, matrix_id: str) -> None:
        await self.call("POST", f"{_room(room)}/ban", {"user_id": matrix_id})

    async def unban(self, room: str, matrix_id: str) -> None:
        await self.call("POST", f"{_room(room)}/unban", {"user_id": matrix_id})

    async def set_profile(self, field: str, value: str) -> None:
        """Sets `displayname` or `avatar_url`, in every room."""
        await self.call("PUT", f"profile/{quote(self.id, safe='')}/{field}", {field: value})

    async def set_name_in(self, room: str, name: Any) -> None:
        """Sets a name for one room alone."""
        path = f"{_room(room)}/state/m.room.member/{quote(self.id, safe='')}"
        await self.call("PUT", path, {"membership": "join", "displayname": name})

    async def set_state(self, room: str, kind: str, content: dict[str, Any]) -> None:
        await self.call("PUT", f"{_room(room)}/state/{kind}/", content)

    async def set_power(self, room: str, matrix_id: str, level: int) -> None:
        """Changes one member's power level and nothing else."""
        levels = await self.call("GET", f"{_room(room)}/state/m.room.power_levels/")
        levels["users"][matrix_id] = level
        await self.set_state(room, "m.room.power_levels", levels)

    async def set_typing(self, room: str, typing: bool) -> None:
        content = {"typing": typing} | ({"timeout": 30_000} if typing else {})
        await self.call("PUT", f"{_room(room)}/typing/{quote(self.id, safe='')}", content)

    async def upgrade(self, room: str, version: str | None = None) -> str:
        """Replaces a room by a new one, of the same version unless said otherwise; returns the new one."""
        version = version or (await self.call("GET", f"{_room(room)}/state/m.room.create/"))["room_version"]
        return (await self.call("POST", f"{_room(room)}/upgrade", {"new_version": version}))["replacement_room"]


def _room(room: str) -> str:
    return f"rooms/{quote(room, safe='')}"


async def matrix_client(rooms: Rooms, who: Caller | Person) -> MatrixClient:
    """The client of a person who exists only in Matrix, or of a user or agent of the service."""
    if isinstance(who, Person):
        return MatrixClient(rooms, who.id, who.client.access_token)
    kind = "m.login.application_service"
    body = {"type": kind, "username": who.matrix_id[1:].split(":")[0], "inhibit_login": True}
    response = await rooms.http.post(f"{rooms.base}/register", headers=rooms.headers, json=body)
    assert response.status_code == 200 or response.json()["errcode"] == "M_USER_IN_USE", response.text
    body = {"type": kind, "identifier": {"type": "m.id.user", "user": who.matrix_id}}
    response = await rooms.http.post(f"{rooms.base}/login", headers=rooms.headers, json=body)
    assert response.status_code == 200, response.text
    return MatrixClient(rooms, who.matrix_id, response.json()["access_token"])


def bot_client(rooms: Rooms) -> MatrixClient:
    """The client of the appservice's bot, which made every room."""
    return MatrixClient(rooms, "", rooms.headers["Authorization"].removeprefix("Bearer "))
