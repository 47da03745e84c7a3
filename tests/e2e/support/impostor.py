"""Tokens that must open nothing, and headers that must count for nothing."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from support.issuer import SigningKey
from support.tokens import sign

ISSUER, AUDIENCE = "daarion-auth", "daarion-messaging"


def claims(entity: str, *microdaos: str, **other: Any) -> dict[str, Any]:
    """What a good token says."""
    base = {"iss": ISSUER, "aud": AUDIENCE, "type": "access", "sub": entity, "exp": time.time() + 3600}
    return base | {"microdaos": list(microdaos)} | other


def impostors(entity: str, microdao: str, secret: str, public_key: str) -> dict[str, str]:
    """Tokens in the name of somebody who may, each with one thing wrong. `public_key` is the PEM of a key that counts."""
    good = claims(entity, microdao)
    head, body, signature = sign(good, secret).split(".")
    none, body_only = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode(), body
    other_body = base64.urlsafe_b64encode(json.dumps(good | {"sub": "user:admin"}).encode()).rstrip(b"=").decode()
    return {
        "expired": sign(good | {"exp": time.time() - 3600}, secret),
        "not valid yet": sign(good | {"nbf": time.time() + 3600}, secret),
        "without an end": sign({name: value for name, value in good.items() if name != "exp"}, secret),
        "unsigned": f"{none}.{body_only}.",
        "unsigned, with the signature": f"{none}.{body_only}.{signature}",
        "of another key": sign(good, secret[::-1]),
        "of the empty key": sign(good, ""),
        "another body": f"{head}.{other_body}.{signature}",
        "of another audience": sign(good | {"aud": "another-service"}, secret),
        "of no audience": sign({name: value for name, value in good.items() if name != "aud"}, secret),
        "of another issuer": sign(good | {"iss": "somebody"}, secret),
        "refresh": sign(good | {"type": "refresh"}, secret),
        # The public key is no secret: whoever signs HS256 with it has proved nothing (RFC 8725, section 2.1).
        "HS256 with the public key": sign(good, public_key),
        "HS512": sign(good, secret, {"alg": "HS512", "typ": "JWT"}),
        "RS256 with the secret": sign(good, secret, {"alg": "RS256", "typ": "JWT"}),
        "a key of its own in the header": sign(good, "k" * 32, {"alg": "HS256", "jwk": {"kty": "oct", "k": "a2tr"}}),
        "a key at an address in the header": SigningKey("x").token(entity, microdao, aud=AUDIENCE),
        "nothing": "x",
    }


def spoofed(channel: str, owner: str, path: str) -> dict[str, str]:
    """What only the host or a proxy may say, as a client would say it to get at a channel."""
    return {
        "spin-path-match-channel-id": channel,
        "spin-path-match-agent-id": "agent:sofia",
        "spin-path-info": path,
        "spin-full-url": f"http://127.0.0.1{path}",
        "spin-matched-route": "/internal/messaging/channels/:channel_id/messages",
        "spin-component-route": "/...",
        "spin-base-path": "/internal",
        "spin-client-addr": "127.0.0.1:1",
        "Forwarded": "for=127.0.0.1;host=matrix-gateway.spin.internal",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Host": "matrix-gateway.spin.internal",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/internal",
        "X-Forwarded-User": owner,
        "X-Real-IP": "127.0.0.1",
        "X-Original-URL": path,
        "X-Rewrite-URL": path,
        "X-HTTP-Method-Override": "GET",
        "X-User-Id": owner,
        "X-Microdao-Id": "microdao:daarion",
        "X-Internal-Service-Token": "",
        "Cookie": f"user={owner}; token={owner}",
    }
