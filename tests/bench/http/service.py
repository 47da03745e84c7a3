"""A service of FastAPI and asyncpg that reads and writes the same tables, as such services are usually written: run by one
uvicorn, each resource a statement or two, models for what it takes and gives.

It checks the same tokens. Unlike ours it asks for no permission where it reads, writes no event, counts nothing and knows
no retries: it does less, so its figures are rather too good than too bad. With TUNED the pool has a connection for each
request of the measurement and the calls of the gateway share a client; without, there are ten, and each call has a client of
its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import asyncpg
import httpx
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

TUNED = bool(os.environ.get("TUNED"))
GATEWAY = os.environ["MATRIX_GATEWAY_URL"]
SERVER_NAME = os.environ["MATRIX_SERVER_NAME"]
HEADERS = {"X-Internal-Service-Token": os.environ["MATRIX_GATEWAY_SECRET"]}
pool: asyncpg.Pool
client: httpx.AsyncClient


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    global pool, client
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=32 if TUNED else 10)
    async with httpx.AsyncClient(trust_env=False) as client:
        yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


class Channel(BaseModel):
    id: UUID
    slug: str
    name: str
    description: str | None
    microdao_id: str
    matrix_room_id: str
    visibility: str
    is_direct: bool
    is_encrypted: bool
    created_by: str
    created_at: datetime
    updated_at: datetime


class Member(BaseModel):
    id: UUID
    channel_id: UUID
    member_id: str
    member_type: str
    role: str
    can_read: bool
    can_write: bool
    joined_at: datetime


class Message(BaseModel):
    id: UUID
    channel_id: UUID
    matrix_event_id: str
    sender_id: str
    sender_type: str
    content_preview: str
    content_type: str
    thread_id: UUID | None
    created_at: datetime


class MessageWithContent(Message):
    content: dict[str, Any]


class SendMessage(BaseModel):
    text: str = Field(min_length=1, max_length=10000)
    msgtype: str = Field("m.text", pattern=r"^m\.(text|notice|image|file|audio|video)$")


async def caller(authorization: Annotated[str, Header()] = "") -> str:
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            os.environ["JWT_SECRET"],
            algorithms=["HS256"],
            issuer=os.environ["JWT_ISSUER"],
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, str(error)) from error
    return claims["sub"]


async def connection() -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as acquired:
        yield acquired


Who = Annotated[str, Depends(caller)]
Connection = Annotated[asyncpg.Connection, Depends(connection)]


async def gateway(method: str, path: str, **body: Any) -> Any:
    """A call of the gateway."""

    async def call(client: httpx.AsyncClient) -> Any:
        response = await client.request(method, GATEWAY + path, headers=HEADERS, timeout=10, **body)
        response.raise_for_status()
        return response.json()

    if TUNED:
        return await call(client)
    async with httpx.AsyncClient() as own:
        return await call(own)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/api/messaging/channels", response_model=list[Channel])
async def list_channels(microdao_id: str, limit: int, who: Who, db: Connection) -> list[dict[str, Any]]:
    sql = """SELECT * FROM channels WHERE microdao_id = $1 AND archived_at IS NULL
             ORDER BY created_at DESC LIMIT $2"""
    return [dict(row) for row in await db.fetch(sql, microdao_id, limit)]


@app.get("/api/messaging/channels/{channel_id}", response_model=Channel)
async def get_channel(channel_id: UUID, who: Who, db: Connection) -> dict[str, Any]:
    row = await db.fetchrow("SELECT * FROM channels WHERE id = $1", channel_id)
    if row is None:
        raise HTTPException(404, "Channel not found")
    return dict(row)


@app.get("/api/messaging/channels/{channel_id}/members", response_model=list[Member])
async def list_members(channel_id: UUID, limit: int, who: Who, db: Connection) -> list[dict[str, Any]]:
    sql = """SELECT * FROM channel_members WHERE channel_id = $1 AND left_at IS NULL
             ORDER BY joined_at LIMIT $2"""
    return [dict(row) for row in await db.fetch(sql, channel_id, limit)]


@app.get("/api/messaging/channels/{channel_id}/messages", response_model=list[Message])
async def list_messages(channel_id: UUID, limit: int, who: Who, db: Connection) -> list[dict[str, Any]]:
    sql = """SELECT * FROM messages WHERE channel_id = $1 AND deleted_at IS NULL
             ORDER BY created_at DESC LIMIT $2"""
    return [dict(row) for row in await db.fetch(sql, channel_id, limit)]


@app.get("/api/messaging/channels/{channel_id}/messages/{message_id}", response_model=MessageWithContent)
async def get_message(channel_id: UUID, message_id: UUID, who: Who, db: Connection) -> dict[str, Any]:
    sql = """SELECT m.*, ch.matrix_room_id AS room FROM messages m JOIN channels ch ON ch.id = m.channel_id
             WHERE m.id = $1 AND m.channel_id = $2"""
    row = await db.fetchrow(sql, message_id, channel_id)
    if row is None:
        raise HTTPException(404, "Message not found")
    room, event = (quote(row[name], safe="") for name in ("room", "matrix_event_id"))
    found = await gateway("GET", f"/internal/matrix/rooms/{room}/event/{event}")
    return dict(row) | {"content": found["content"]}


@app.post("/api/messaging/channels/{channel_id}/messages", response_model=Message, status_code=201)
async def send_message(channel_id: UUID, message: SendMessage, who: Who, db: Connection) -> dict[str, Any]:
    sql = """SELECT ch.matrix_room_id, m.can_write FROM channels ch
             JOIN channel_members m ON m.channel_id = ch.id AND m.member_id = $2 AND m.left_at IS NULL
             WHERE ch.id = $1"""
    channel = await db.fetchrow(sql, channel_id, who)
    if channel is None or not channel["can_write"]:
        raise HTTPException(403, "No permission to write here")
    sender = f"@{who.replace(':', '-')}:{SERVER_NAME}"
    event = {"room_id": channel["matrix_room_id"], "sender": who, "sender_matrix_id": sender}
    event |= {"msgtype": message.msgtype, "body": message.text}
    sent = await gateway("POST", "/internal/matrix/send", json=event)
    # The numbers are the table's condition; a service that knows of none has to have some.
    sql = """INSERT INTO messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type,
                                   sender_matrix_id, content_preview, content_type, seq)
             VALUES ($1, $2, $3, 'm.room.message', $4, $5, $6, $7, 'text', nextval('bench_numbers')) RETURNING *"""
    kind = "agent" if who.startswith("agent:") else "human"
    values = (uuid4(), channel_id, sent["event_id"], who, kind, sender, message.text[:500])
    row = await db.fetchrow(sql, *values)
    assert row is not None
    return dict(row)
