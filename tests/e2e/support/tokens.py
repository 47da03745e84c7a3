"""JSON Web Tokens (RFC 7519), signed here so that a test can also sign them wrongly."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims: dict[str, Any], secret: str, header: dict[str, Any] | None = None) -> str:
    """A token over exactly these claims (HS256)."""
    header = header or {"alg": "HS256", "typ": "JWT"}
    text = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{_part(digest)}"


def with_header(text: str, header: dict[str, Any]) -> str:
    """The token with another header, which its signature does not fit."""
    return f"{_part(json.dumps(header).encode())}.{text.split('.', 1)[1]}"


def token(
    sub: str, secret: str, microdaos: list[str] | tuple[str, ...] = (), lifetime: float = 600, **claims: Any
) -> str:
    """A token as the platform issues it."""
    base = {"sub": sub, "exp": int(time.time() + lifetime), "microdaos": list(microdaos)}
    return sign(base | claims, secret)
