"""Files: how they are uploaded and downloaded, and messages that have them."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from support.api import Caller, path_to
from support.waiting import eventually


def files_path(channel: dict[str, Any]) -> str:
    """Where files for a channel are uploaded."""
    return f"{path_to(channel['id'])}/files"


def media_path(content_uri: str, rest: str = "") -> str:
    """Where content is downloaded."""
    return "/api/messaging/media/" + content_uri.removeprefix("mxc://") + rest


async def try_upload(
    caller: Caller,
    channel: dict[str, Any],
    content: bytes,
    kind: str | None = None,
    key: str | None = None,
    **query: str,
) -> httpx.Response:
    headers = {"Content-Type": kind} if kind else {}
    return await caller.request("POST", files_path(channel), key=key, content=content, headers=headers, params=query)


async def upload(
    caller: Caller, channel: dict[str, Any], content: bytes, kind: str | None = None, **query: str
) -> dict[str, Any]:
    """Uploads a file; the answer says what it is."""
    response = await try_upload(caller, channel, content, kind, **query)
    assert response.status_code == 201, response.text
    told = response.json()
    assert (told["size"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    return told


async def download(caller: Caller, content_uri: str, rest: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.request("GET", media_path(content_uri, rest), headers=named)


async def send_file(
    caller: Caller,
    channel: dict[str, Any],
    told: dict[str, Any],
    msgtype: str = "m.file",
    described: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Sends a message with what was uploaded, described further; `fields` are more of its body."""
    file = {name: told[name] for name in ("content_uri", "filename", "content_type", "size")} | (described or {})
    body = {"msgtype": msgtype, "file": file} | fields
    response = await caller.post(f"{path_to(channel['id'])}/messages", body)
    assert response.status_code == 201, response.text
    message = response.json()
    assert message["file"].items() >= file.items()
    return message


def png(width: int = 64, height: int = 48, extra: bytes = b"") -> bytes:
    """A picture of one colour; `extra` is a chunk of text in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    text = chunk(b"tEXt", extra) if extra else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def ogg(size: int) -> bytes:
    """The beginning of a voice message in Opus, and so many bytes in all, each place another."""
    head = b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0"
    numbers = b"".join(struct.pack(">I", n) for n in range(size // 4 + 1))
    return (head + numbers)[:size]


async def cut_off(
    caller: Caller,
    path: str,
    said: int,
    content: bytes,
    key: str | None = None,
    begun: Callable[[], Awaitable[bool]] | None = None,
    **more: str,
) -> bytes:
    """Sends the head of a request, said to have so many bytes, and fewer; gives what is answered meanwhile. It is cut when
    `begun` says so. `more` are headers."""
    address = urlsplit(str(caller.http.base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    headers = {"Host": address.netloc, "Content-Length": str(said), **caller.headers, **more}
    if key:
        headers["Idempotency-Key"] = key
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {_text(value)}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + content)
    await writer.drain()
    answered = b""
    if not content:
        answered = await asyncio.wait_for(reader.read(65536), 30)
    if begun:
        await eventually("the request has begun", begun)
    writer.close()
    return answered


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
