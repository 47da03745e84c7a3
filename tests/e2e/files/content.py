"""Content of the homeserver's repository, as Matrix clients bring and use it."""

from __future__ import annotations

import secrets
from typing import Any

from support.matrix_client import MatrixClient

# One pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50000001010100"
    "5f9c7b2d0000000049454e44ae426082"
)


async def upload(client: MatrixClient, content_type: str = "image/png") -> str:
    """Uploads something that nobody else has; returns its address."""
    base = client.base.partition("/_matrix/")[0]
    headers = client.headers | {"Content-Type": content_type}
    url = f"{base}/_matrix/media/v3/upload?filename=cat.png"
    response = await client.http.post(url, headers=headers, content=PNG + secrets.token_bytes(8))
    assert response.status_code == 200, response.text
    return response.json()["content_uri"]


def voice(uri: str) -> dict[str, Any]:
    """A voice message as Element makes one."""
    info = {"mimetype": "audio/ogg", "size": 3_500}
    return {
        "msgtype": "m.audio",
        "body": "Voice message",
        "url": uri,
        "info": {"duration": 3_000, **info},
        "org.matrix.msc1767.text": "Voice message",
        "org.matrix.msc1767.file": {"url": uri, "name": "Voice message.ogg", **info},
        "org.matrix.msc1767.audio": {"duration": 3_000, "waveform": [0, 512, 1024]},
        "org.matrix.msc3245.voice": {},
    }


def picture(uri: str, **changes: Any) -> dict[str, Any]:
    """A picture with a caption as clients make one."""
    info = {"mimetype": "image/png", "size": 75, "w": 1, "h": 1, "xyz.amorgan.blurhash": "LEHV6nWB2yk8"}
    return {"msgtype": "m.image", "body": "My cat", "filename": "cat.png", "url": uri, "info": info} | changes


def file(uri: str, **changes: Any) -> dict[str, Any]:
    """What a message shows of such a picture."""
    return {
        "content_uri": uri,
        "filename": "cat.png",
        "content_type": "image/png",
        "size": 75,
        "width": 1,
        "height": 1,
        "duration_ms": None,
        "thumbnail_uri": None,
        "blurhash": "LEHV6nWB2yk8",
        "voice": None,
        "is_encrypted": False,
    } | changes
