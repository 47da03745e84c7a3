"""One request for each component: what it answers without a statement, and what it has to ask the database for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

INTERNAL, MATRIX = "bench-internal-secret-of-32-bytes!!", "bench-hs-token"
CHANNEL = "00000000-0000-4000-8000-000000000000"
MESSAGE = "00000000-0000-4000-8000-000000000001"
AT, INSIDE = f"/api/messaging/channels/{CHANNEL}", "/internal/messaging"
PUSHED = {
    "events": [
        {
            "type": "m.room.message",
            "event_id": "$bench",
            "room_id": "!bench:localhost",
            "sender": "@user-alice:localhost",
            "origin_server_ts": 1_700_000_000_000,
            "content": {"msgtype": "m.text", "body": "Hello"},
        }
    ]
}


@dataclass(frozen=True)
class Ask:
    """A request. `who`: the headers that say who asks; without them it is refused before anything is looked up."""

    path: str
    method: str = "GET"
    body: Any = None
    who: dict[str, str] = field(default_factory=lambda: {"X-User-Id": "user:alice"})


SERVICE = {"X-Internal-Service-Token": INTERNAL}

# By component. Those behind it in the manifest that are reached by chaining alone have no first request of their own.
WITH_DATABASE = {
    "channels": Ask("/api/messaging/channels"),
    "channel": Ask(AT),
    "messages": Ask(f"{AT}/messages"),
    "message": Ask(f"{AT}/messages/{MESSAGE}"),
    "replies": Ask(f"{AT}/messages/{MESSAGE}/replies"),
    "reactions": Ask(f"{AT}/messages/{MESSAGE}/reactions"),
    "previews": Ask(f"{AT}/messages/{MESSAGE}/previews/{MESSAGE}", "DELETE"),
    "receipts": Ask(f"{AT}/unread"),
    "threads": Ask(f"{AT}/threads"),
    "pins": Ask(f"{AT}/pins"),
    "typing": Ask(f"{AT}/typing"),
    "media": Ask("/api/messaging/media/localhost/abc"),
    "members": Ask(f"{AT}/members"),
    "member": Ask(f"{AT}/members/me", "PUT"),
    "profiles": Ask("/api/messaging/profiles/user:alice"),
    "agent-post": Ask(
        "/internal/agents/sofia/post-to-channel", "POST", {"channel_id": CHANNEL, "text": "Hello"}, SERVICE
    ),
    "search": Ask("/api/messaging/search?q=hello"),
    "agent-context": Ask(f"{INSIDE}/channels/{CHANNEL}/context", who=SERVICE),
    "microdao-member": Ask(f"{INSIDE}/microdaos/microdao:daarion/members/user:bob", "DELETE", who=SERVICE),
    "data-life": Ask(f"{INSIDE}/erasures/{MESSAGE}", who=SERVICE),
    "matrix-events": Ask("/_matrix/app/v1/transactions/1", "PUT", PUSHED, who={"Authorization": f"Bearer {MATRIX}"}),
}
# These ask no database, or only another part.
WITHOUT_DATABASE = {
    "health": Ask("/health", who={}),
    "docs": Ask("/openapi.json", who={}),
    "web": Ask("/config.json", who={}),
    "not-found": Ask("/nothing", who={}),
}
