"""What is asked of everybody alike."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from urllib.parse import quote

from bench.http.filled import CHANNELS, MEMBERS, READ_MICRODAO, READER, SENT_MICRODAO, Filled
from bench.http.load import Asked
from bench.http.programs import ISSUER
from harness.world import Channel
from support.stack import Stack
from support.tokens import token

API = "/api/messaging/channels"
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
WORDS, TEXTS = 5_000, 1_009
TEXT = "A message as people write them, with a few words in it and no more than that."


@dataclass(frozen=True)
class Work:
    """A kind of request, by a name for the table."""

    name: str
    asked: Asked


def token_of(stack: Stack, who: str, microdao: str) -> str:
    assert stack.jwt_secret
    return token(who, stack.jwt_secret, [microdao], lifetime=86_400, iss=ISSUER, type="access")


def authorization(stack: Stack, microdao: str) -> dict[str, str]:
    """Who reads and sends, in a microDAO."""
    return {"Authorization": f"Bearer {token_of(stack, READER, microdao)}"}


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
    """One person's messages, all alike."""
    headers = authorization(stack, SENT_MICRODAO) | {"Content-Type": "application/json"}
    paths = tuple(f"{API}/{channel.id}/messages" for channel in channels)
    return Work(name, Asked(paths, headers, "POST", (json.dumps({"text": TEXT}),)))


def conversations(stack: Stack, name: str, channels: list[Channel]) -> Work:
    """Messages of many people, each of which says something else."""
    draw = random.Random(7)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(WORDS)]
    # The word of rank n comes as often as 1/n.
    weights = [1 / rank for rank in range(1, WORDS + 1)]
    texts = (" ".join(draw.choices(words, weights, k=15)) for _ in range(TEXTS))
    asked = sends(stack, name, channels).asked
    tokens = tuple(token_of(stack, f"user:member{n}", SENT_MICRODAO) for n in range(MEMBERS - 1))
    return Work(name, replace(asked, bodies=tuple(json.dumps({"text": text}) for text in texts), tokens=tokens))


def puts(stack: Stack, name: str, rooms: list[str], user: str) -> Work:
    """The homeserver alone, asked as the gateway asks it."""
    headers = {"Authorization": f"Bearer {stack.matrix_as_token}", "Content-Type": "application/json"}
    query = f"user_id={quote(user, safe='')}"
    paths = tuple(
        f"/_matrix/client/v3/rooms/{quote(room, safe='')}/send/m.room.message/bench-{{n}}?{query}" for room in rooms
    )
    body = {"msgtype": "m.text", "body": TEXT, "m.mentions": {}}
    return Work(name, Asked(paths, headers, "PUT", (json.dumps(body),)))
