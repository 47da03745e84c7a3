"""Channels, members and messages for tests, and the arguments that many calls share."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.database import Database, Session

DAO = "microdao:daarion"
OWNER = "user:olga"
EVERY: list[str] | None = None
# Any id that nothing has.
NOWHERE = "00000000-0000-4000-8000-000000000000"

_numbers = itertools.count(1)


def number() -> int:
    """Another one each time."""
    return next(_numbers)


def matrix_id(who: str) -> str:
    return who if who.startswith("@") else f"@{who.replace(':', '-')}:localhost"


def type_of(who: str) -> str:
    return "agent" if who.startswith("agent:") else "human"


def at(seconds: float = 0) -> str:
    """A time as calls take it, so many seconds from this moment."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@dataclass(frozen=True)
class Channel:
    id: str
    room_id: str
    owner: str

    def by(self, caller: str | None, microdaos: list[str] | None = EVERY) -> dict[str, Any]:
        """The arguments that say who asks about this channel."""
        return {"caller": caller, "microdaos": microdaos, "channel_id": self.id}


@dataclass(frozen=True)
class Message:
    id: str
    event_id: str
    seq: int


def pushed(channel: Channel, sender: str = OWNER, **changes: Any) -> dict[str, Any]:
    """A message for record_message, as the homeserver tells it."""
    event = number()
    return {
        "room_id": channel.room_id,
        "message_id": str(uuid.uuid4()),
        "event_id": f"$message-{event}",
        "matrix_type": "m.room.message",
        "sender_id": sender,
        "sender_type": type_of(sender),
        "sender_matrix_id": matrix_id(sender),
        "content_preview": f"text {event}",
        "content_type": "text",
        "reply_to_event_id": None,
        "client_key": None,
        "fingerprint": None,
        "sent_at": at(),
        "joined_at": None,
        "pushed_content": {"body": f"text {event}"},
        **changes,
    }


def sent(channel: Channel, sender: str = OWNER, **changes: Any) -> dict[str, Any]:
    """A message for record_message, as the API tells it."""
    return pushed(channel, sender, **{"pushed_content": None, "sent_at": None, **changes})


def edit(channel: Channel, target: str, sender: str = OWNER, **changes: Any) -> dict[str, Any]:
    """An edit for record_edit."""
    return {
        "room_id": channel.room_id,
        "target_event_id": target,
        "event_id": f"$edit-{number()}",
        "sender_id": sender,
        "content_preview": "edited",
        "edited_at": at(),
        **changes,
    }


def reaction(channel: Channel, target: str, reactor: str = OWNER, emoji: str = "👍", **changes: Any) -> dict[str, Any]:
    """A reaction for record_reaction."""
    return {
        "room_id": channel.room_id,
        "target_event_id": target,
        "event_id": f"$reaction-{number()}",
        "reactor_id": reactor,
        "reactor_type": type_of(reactor),
        "reactor_matrix_id": matrix_id(reactor),
        "emoji": emoji,
        "joined_at": None,
        **changes,
    }


def membership(channel: Channel, who: str, kind: str, sender: str | None = None, **changes: Any) -> dict[str, Any]:
    """A membership for record_membership; by themselves, when nobody else is named."""
    return {
        "room_id": channel.room_id,
        "member_id": who,
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "membership": kind,
        "sender_id": sender or who,
        "by_bot": False,
        "changed_at": at(),
        **changes,
    }


def redaction(channel: Channel, target: str, actor: str = OWNER, by_bot: bool = False) -> dict[str, Any]:
    """A redaction for record_redaction."""
    return {"room_id": channel.room_id, "target_event_id": target, "actor_id": actor, "by_bot": by_bot}


class World:
    """Makes things in the index."""

    def __init__(self, db: Database):
        self.db = db

    async def channel(self, owner: str = OWNER, *, session: Session | None = None, **fields: Any) -> Channel:
        """A channel, made as the API makes one; public when nothing else is said."""
        db, slug = session or self.db, fields.pop("slug", f"channel-{number()}")
        fields = {"slug": slug, "name": slug, "microdao_id": DAO, "visibility": "public", **fields}
        reserved = await db.call(
            "reserve_channel",
            caller=owner,
            microdaos=EVERY,
            microdao_id=fields["microdao_id"],
            slug=slug,
            is_direct=fields.get("is_direct", False),
            client_key=None,
            fingerprint="f",
            visibility=fields["visibility"],
        )
        room = f"!room-{number()}:localhost"
        await db.call(
            "record_channel",
            channel_id=reserved["channel_id"],
            caller=owner,
            caller_type=type_of(owner),
            caller_matrix_id=matrix_id(owner),
            room_id=room,
            fields=fields,
            client_key=None,
            fingerprint="f",
        )
        return Channel(reserved["channel_id"], room, owner)

    async def old_channel(self, **fields: Any) -> Channel:
        """A channel that was made a day ago, for messages with times of their own."""
        channel = await self.channel(**fields)
        sql = """UPDATE public.channels SET created_at = now() - interval '1 day', active_at = now() - interval '1 day',
                     indexed_active_at = now() - interval '1 day' WHERE id = $1"""
        await self.db.execute(sql, channel.id)
        return channel

    async def member(self, channel: Channel, who: str, *, state: str = "joined", **columns: Any) -> None:
        """A member as a row: 'joined', 'invited' or 'left'; with the capabilities of the role."""
        role = columns.get("role", "agent" if type_of(who) == "agent" else "member")
        manages = role in ("owner", "admin")
        power_level = {"owner": 100, "admin": 50}.get(role, 0 if columns.get("can_write", True) else -1)
        columns = {
            "channel_id": channel.id,
            "member_id": who,
            "member_type": type_of(who),
            "matrix_user_id": matrix_id(who),
            "role": role,
            "can_invite": manages,
            "can_kick": manages,
            "can_create_tasks": manages,
            "matrix_power_level": power_level,
            "joined_at": None if state == "invited" else datetime.now(UTC),
            "left_at": datetime.now(UTC) if state == "left" else None,
            **columns,
        }
        places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
        sql = f"INSERT INTO public.channel_members ({', '.join(columns)}) VALUES ({places})"
        await self.db.execute(sql, *columns.values())
        # Whoever writes such rows counts them; without a count they are counted when that is asked for.
        await self.db.execute("UPDATE public.channels SET member_count = NULL WHERE id = $1", channel.id)

    async def message(self, channel: Channel, sender: str = OWNER, **changes: Any) -> Message:
        document = await self.db.call("record_message", **pushed(channel, sender, **changes))
        message = document["message"]
        return Message(message["id"], message["matrix_event_id"], message["seq"])

    async def archive(self, channel: Channel) -> None:
        await self.db.call("record_archive", channel_id=channel.id, caller=channel.owner)

    async def delete(self, channel: Channel, message: Message) -> None:
        await self.db.call("record_redaction", **redaction(channel, message.event_id))

    async def row(self, channel: Channel, who: str) -> dict[str, Any] | None:
        """A member's row."""
        sql = "SELECT * FROM public.channel_members WHERE channel_id = $1 AND member_id = $2"
        rows = await self.db.rows(sql, channel.id, who)
        return dict(rows[0]) if rows else None

    async def is_member(self, channel: Channel, who: str) -> bool:
        row = await self.row(channel, who)
        return row is not None and row["left_at"] is None and row["joined_at"] is not None
