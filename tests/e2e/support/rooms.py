"""What the homeserver really holds, as the appservice's bot sees it, which is in every room."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from support.stack import Stack


class Rooms:
    """Reads rooms; changes nothing."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient):
        stack.need("homeserver_url", "matrix_as_token")
        self.http = http
        self.base = f"{stack.homeserver_url}/_matrix/client/v3"
        self.headers = {"Authorization": f"Bearer {stack.matrix_as_token}"}

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"{self.base}/{path}", headers=self.headers, params=params)

    async def resolve(self, alias: str) -> str | None:
        """The room behind an alias."""
        response = await self.get(f"directory/room/{quote(alias, safe='')}")
        if response.status_code == 404:
            return None
        assert response.status_code == 200, response.text
        return response.json()["room_id"]

    async def state(self, room: str, kind: str, key: str = "") -> dict[str, Any] | None:
        """The content of a state event."""
        response = await self.get(f"rooms/{quote(room, safe='')}/state/{kind}/{quote(key, safe='')}")
        if response.status_code == 404:
            return None
        assert response.status_code == 200, response.text
        return response.json()

    async def power_level(self, room: str, matrix_id: str) -> int:
        levels = await self.state(room, "m.room.power_levels")
        assert levels
        return levels["users"].get(matrix_id, levels.get("users_default", 0))

    async def events(self, room: str) -> list[dict[str, Any]]:
        """Every event of a room, oldest first."""
        events: list[dict[str, Any]] = []
        start = {}
        while True:
            response = await self.get(f"rooms/{quote(room, safe='')}/messages", dir="b", limit=500, **start)
            assert response.status_code == 200, response.text
            page = response.json()
            events.extend(page["chunk"])
            if "end" not in page:
                return events[::-1]
            start = {"from": page["end"]}

    async def messages(self, room: str) -> list[dict[str, Any]]:
        """Every m.room.message of a room, oldest first."""
        return [event for event in await self.events(room) if event["type"] == "m.room.message"]

    async def joined(self, room: str) -> set[str]:
        """Who is in a room."""
        response = await self.get(f"rooms/{quote(room, safe='')}/joined_members")
        assert response.status_code == 200, response.text
        return set(response.json()["joined"])

    async def listed(self, room: str) -> bool:
        """Whether a room is in the public directory."""
        response = await self.get(f"directory/list/room/{quote(room, safe='')}")
        assert response.status_code == 200, response.text
        return response.json()["visibility"] == "public"
