"""The homeserver's side of the application service API, so that a test can push what no real homeserver would."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

import httpx

from support.api import Caller, unique
from support.stack import Stack

APPSERVICE = "/_matrix/app/v1"


class Homeserver(Caller):
    """Pushes transactions to the service as the homeserver does."""

    async def push(self, *events: Any, txn: str | None = None) -> httpx.Response:
        body = json.dumps({"events": events}).encode()
        return await self.push_raw(body, txn)

    async def push_raw(self, body: bytes, txn: str | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        path = f"{APPSERVICE}/transactions/{txn or unique('txn')}"
        return await self.request("PUT", path, content=body, headers=headers)


def accepted(response: httpx.Response) -> None:
    """Checks that a transaction was taken as a whole."""
    assert (response.status_code, response.json()) == (200, {}), response.text


@cache
def _server_name() -> str | None:
    return Stack.load().server_name


def pushed_message(channel: dict[str, Any], body: Any = "pushed", **fields: Any) -> dict[str, Any]:
    """A message by somebody in Matrix; its id is one that no homeserver has given."""
    return {
        "type": "m.room.message",
        "event_id": f"${unique('e2e')}",
        "room_id": channel["matrix_room_id"],
        # Of an event of another homeserver the service would ask whether the room has it.
        "sender": f"@mallory:{_server_name()}",
        "origin_server_ts": int(time.time() * 1000),
        "content": {"msgtype": "m.text", "body": body},
    } | fields
