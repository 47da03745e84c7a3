"""A messenger that somebody uses: what it is told to do, and what it draws."""

from __future__ import annotations

import json
from typing import Any

from support.reference_client import Follower
from support.waiting import eventually


class Messenger:
    def __init__(self, follower: Follower):
        self.follower = follower

    async def do(self, act: str, channel: dict[str, Any], **given: Any) -> Any:
        """Does something in a channel; what came of it."""
        answer = await self.follower.ask(json.dumps({"act": act, "channel": channel["id"]} | given))
        assert "done" in answer, answer
        return answer["done"]

    async def refused(self, act: str, channel: dict[str, Any], **given: Any) -> dict[str, Any]:
        """Tries something that fails; why."""
        answer = await self.follower.ask(json.dumps({"act": act, "channel": channel["id"]} | given))
        assert "failed" in answer, answer
        return answer["failed"]

    async def send(self, channel: dict[str, Any], text: str, **body: Any) -> str:
        return await self.do("send", channel, body={"text": text} | body)

    async def report(self) -> dict[str, Any]:
        return await self.follower.report()

    async def view(self, channel: dict[str, Any]) -> dict[str, Any]:
        """What is drawn of a channel."""
        return (await self.report())["channels"][channel["id"]]

    async def items(self, channel: dict[str, Any]) -> list[dict[str, Any]]:
        return (await self.view(channel))["items"]

    async def texts(self, channel: dict[str, Any]) -> list[str]:
        return [item["content_preview"] for item in await self.items(channel) if "content_preview" in item]

    async def shows(self, channel: dict[str, Any], texts: list[str], deadline: float = 60) -> list[dict[str, Any]]:
        """Waits until these are drawn and confirmed, and nothing else; the items."""

        async def drawn() -> bool:
            view = await self.view(channel)
            assert [item.get("content_preview") for item in view["items"]] == texts, view["items"]
            states = {item.get("state") for item in view["items"]}
            return states <= {"sent"} and view["status"] == "live"

        await eventually("the messenger draws what there is", drawn, deadline=deadline)
        return await self.items(channel)
