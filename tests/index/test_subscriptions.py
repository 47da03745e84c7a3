"""subscribe, unsubscribe and list_subscriptions: webhooks of a room's events."""

from typing import Any

from harness.database import Database
from harness.world import NOWHERE

ROOM = "!room:localhost"


async def subscribe(db: Database, url: str, events: list[str], *, room: str = ROOM, most: int = 3) -> Any:
    arguments = {"room_id": room, "webhook_url": url, "events": events, "most": most}
    return (await db.call("subscribe", **arguments))["subscription_id"]


async def test_a_subscription_is_listed_until_it_ends(db: Database) -> None:
    subscription = await subscribe(db, "https://a.example", ["m.room.message"])
    assert await db.call("list_subscriptions", room_id=ROOM) == {
        "subscriptions": [
            {"subscription_id": subscription, "webhook_url": "https://a.example", "events": ["m.room.message"]}
        ]
    }
    assert await db.call("unsubscribe", id=subscription) == {"unsubscribed": True}
    assert await db.call("unsubscribe", id=subscription) == {"unsubscribed": False}
    assert await db.call("unsubscribe", id=NOWHERE) == {"unsubscribed": False}
    assert await db.call("list_subscriptions", room_id=ROOM) == {"subscriptions": []}


async def test_the_same_room_and_url_is_the_same_subscription_with_the_new_events(db: Database) -> None:
    first = await subscribe(db, "https://a.example", ["m.room.message"])
    assert await subscribe(db, "https://a.example", [], most=1) == first
    [listed] = (await db.call("list_subscriptions", room_id=ROOM))["subscriptions"]
    assert listed["events"] == []


async def test_a_room_has_at_most_so_many(db: Database) -> None:
    for i in range(3):
        assert await subscribe(db, f"https://{i}.example", [])
    assert await subscribe(db, "https://4.example", []) is None
    assert await subscribe(db, "https://4.example", [], room="!other:localhost")
