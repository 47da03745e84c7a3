"""What is asked of everybody alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from bench.http.filled import CHANNELS, MEMBERS, READ_MICRODAO, READER, SENT_MICRODAO, Filled
from bench.http.load import Asked
from bench.http.programs import ISSUER
from harness.world import Channel
from support.stack import Stack
from support.tokens import token

API = "/api/messaging/channels"
TEXT = "A message as people write them, with a few words in it and no more than that."


@dataclass(frozen=True)
class Work:
    """A kind of request, by a name for the table."""

    name: str
    asked: Asked


def authorization(stack: Stack, microdao: str) -> dict[str, str]:
    """Who reads and sends, in a microDAO."""
    assert stack.jwt_secret
    text = token(READER, stack.jwt_secret, [microdao], lifetime=86_400, iss=ISSUER, type="access")
    return {"Authorization": f"Bearer {text}"}


def reads(stack: Stack, filled: Filled) -> list[Work]:
    headers = authorization(stack, READ_MICRODAO)
    channels = [f"{API}/{channel.id}" for channel in filled.read]

    def work(name: str, *paths: str) -> Work:
        return Work(name, Asked(paths, headers))

    return [
        work("page of 50", *(f"{channel}/messages?limit=50" for channel in channels)),
        work(f"list of {CHANNELS}", f"{API}?microdao_id={quote(READ_MICRODAO)}&limit={CHANNELS}"),
        work("channel", *channels),
        work(f"{MEMBERS} members", *(f"{channel}/members?limit={MEMBERS}" for channel in channels)),
        work(
            "message with content",
            *(f"{channel}/messages/{message}" for channel, message in zip(channels, filled.messages, strict=True)),
        ),
    ]


def empty() -> Work:
    """What asks for nothing: what is left is the way there and back, and the component's instance."""
    return Work("nothing (/health)", Asked(("/health",), {}))


def sends(stack: Stack, name: str, channels: list[Channel]) -> Work:
    headers = authorization(stack, SENT_MICRODAO) | {"Content-Type": "application/json"}
    paths = tuple(f"{API}/{channel.id}/messages" for channel in channels)
    return Work(name, Asked(paths, headers, "POST", json.dumps({"text": TEXT})))


def puts(stack: Stack, name: str, rooms: list[str], user: str) -> Work:
    """The homeserver alone, asked as the gateway asks it."""
    headers = {"Authorization": f"Bearer {stack.matrix_as_token}", "Content-Type": "application/json"}
    query = f"user_id={quote(user, safe='')}"
    paths = tuple(
        f"/_matrix/client/v3/rooms/{quote(room, safe='')}/send/m.room.message/bench-{{n}}?{query}" for room in rooms
    )
    body = {"msgtype": "m.text", "body": TEXT, "m.mentions": {}}
    return Work(name, Asked(paths, headers, "PUT", json.dumps(body)))
