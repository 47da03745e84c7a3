"""Files: as calls take them, and what is shown of them."""

from __future__ import annotations

import json
from typing import Any

from harness.database import Session
from harness.world import OWNER, Channel, Message, World, edit, number


def content(server: str = "localhost") -> str:
    """The address of content that nothing has yet."""
    return f"mxc://{server}/media{number()}"


def file(uri: str, **changes: Any) -> dict[str, Any]:
    """A file as record_message takes it, and as documents show it."""
    return {
        "content_uri": uri,
        "filename": "cat.png",
        "content_type": "image/png",
        "size": 1_000,
        "width": 640,
        "height": 480,
        "duration_ms": None,
        "thumbnail_uri": None,
        "blurhash": None,
        "voice": None,
        "is_encrypted": False,
        **changes,
    }


def of_kind(kind: str, said: dict[str, Any] | None) -> dict[str, Any]:
    """The part of a message, or of an edit, that says what its file is."""
    return {"content_type": kind, "file": None if said is None else json.dumps(said)}


async def picture(world: World, channel: Channel, uri: str, sender: str = OWNER, **changes: Any) -> Message:
    return await world.message(channel, sender, content_preview="A cat", **of_kind("image", file(uri, **changes)))


def caption(channel: Channel, target: str, said: dict[str, Any] | None, sender: str = OWNER, **changes: Any) -> Any:
    """An edit of a picture."""
    return edit(channel, target, sender, **{**of_kind("image", said), **changes})


async def uploaded(db: Session, channel: Channel, uri: str, uploader: str = OWNER) -> None:
    server_name, media_id = uri.removeprefix("mxc://").split("/")
    sql = """INSERT INTO messaging.uploads (server_name, media_id, uploader_id, channel_id, microdao_id, filename,
                 content_type, size, sha256)
             SELECT $1, $2, $3, c.id, c.microdao_id, 'kitten.gif', 'image/gif', 77, '' FROM public.channels c WHERE c.id = $4"""
    await db.execute(sql, server_name, media_id, uploader, channel.id)


async def shown(db: Session, channel: Channel, message: Message, by: str | None = OWNER) -> Any:
    """The file of a message."""
    return (await db.call("get_message", **channel.by(by), message_id=message.id))["message"]["file"]


async def waiting(db: Session) -> dict[str, str]:
    """The content that is to be deleted, each with whose it has to be."""
    rows = await db.rows("SELECT content_uri, uploader_matrix_id FROM messaging.content_to_delete")
    return {row[0]: row[1] for row in rows}


async def due(db: Session) -> None:
    """The time of all that is to be deleted has come."""
    await db.execute("UPDATE messaging.content_to_delete SET due_at = now() - interval '1 second'")


async def claimed(db: Session, limit: int = 10) -> list[str]:
    """What is to be deleted now."""
    return [one["content_uri"] for one in (await db.call("claim_content", limit=limit, seconds=30))["content"]]
