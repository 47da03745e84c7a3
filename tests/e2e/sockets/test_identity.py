"""Every way to hand over a token, with every token that must open nothing: no socket opens, and none tells a hidden channel
from one that is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from Crypto.PublicKey import RSA

from support.api import UNKNOWN_ID, World, unique
from support.impostor import AUDIENCE, ISSUER, claims, impostors, spoofed
from support.second_relay import second_relay
from support.sockets import listener, refused
from support.stack import Stack
from support.tokens import sign
from support.waiting import eventually

NO_TOKEN, NOT_FOUND = (4401, "no valid token"), (4404, "channel not found")


@pytest.fixture(scope="module")
async def relay(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a relay that takes signed tokens for one audience and nothing else."""
    stack.need("jwt_secret")
    settings = {"auth_mode": "token", "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER}
    async with second_relay(stack, tmp_path_factory.mktemp("strict-relay"), **settings) as url:
        yield f"{url}/ws/messaging"


@dataclass
class Hidden:
    channel: dict[str, Any]
    owner: str
    secret: str

    def token(self, **other: Any) -> str:
        return sign(claims(self.owner, self.channel["microdao_id"], **other), self.secret)


@pytest.fixture
async def hidden(world: World) -> Hidden:
    microdao = world.other_microdao("hidden")
    owner = world.member_of("owner", microdao)
    channel = await owner.create(**world.fields(microdao_id=microdao, visibility="private", name=unique("name")))
    return Hidden(channel, owner.id, world.secret())


def ways(url: str, text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each way to hand over a token: its name, the address and the options of the socket."""
    yield "header", url, {"additional_headers": {"Authorization": f"Bearer {text}"}}
    yield "subprotocol", url, {"subprotocols": ["bearer", text]}
    yield "query", f"{url}?token={quote(text)}", {}


async def test_a_token_that_counts_opens_a_socket_in_every_way(relay: str, hidden: Hidden) -> None:
    for _, url, options in ways(f"{relay}/{hidden.channel['id']}", hidden.token()):
        headers = options.pop("additional_headers", None)
        async with listener(url, headers=headers, **options) as socket:
            await socket.pong()


async def test_no_other_token_opens_one_in_any_way(relay: str, hidden: Hidden) -> None:
    public_key = RSA.generate(2048).public_key().export_key().decode()
    tokens = impostors(hidden.owner, hidden.channel["microdao_id"], hidden.secret, public_key)
    for name, text in tokens.items():
        for place in (relay, f"{relay}/{hidden.channel['id']}"):
            for way, url, options in ways(place, text):
                assert await refused(url, **options) == NO_TOKEN, f"{name} in the {way}"


async def test_no_name_opens_one(relay: str, hidden: Hidden) -> None:
    for place in (relay, f"{relay}/{hidden.channel['id']}", f"{relay}/{UNKNOWN_ID}"):
        forged = spoofed(hidden.channel["id"], hidden.owner, f"/ws/messaging/{hidden.channel['id']}")
        assert await refused(place) == NO_TOKEN
        assert await refused(f"{place}?user_id={hidden.owner}") == NO_TOKEN
        assert await refused(f"{place}?user_id={hidden.owner}", additional_headers=forged) == NO_TOKEN
        assert await refused(place, subprotocols=["bearer", hidden.owner.replace(":", ".")]) == NO_TOKEN
        # Of several the first is taken, and a good one behind it does not help.
        assert await refused(f"{place}?token=x", additional_headers={"Authorization": "Bearer x"}) == NO_TOKEN
        wrong = {"Authorization": "Bearer x"}
        assert await refused(f"{place}?token={hidden.token()}", additional_headers=wrong) == NO_TOKEN


async def test_a_foreigner_learns_nothing_of_a_hidden_channel(relay: str, world: World, hidden: Hidden) -> None:
    entity = world.user("eve").id
    forged = spoofed(hidden.channel["id"], hidden.owner, f"/ws/messaging/{hidden.channel['id']}")
    text = sign(claims(entity, world.microdao), hidden.secret)
    for channel in (hidden.channel["id"], UNKNOWN_ID):
        for way, url, options in ways(f"{relay}/{channel}", text):
            options["additional_headers"] = forged | options.get("additional_headers", {})
            assert await refused(url, **options) == NOT_FOUND, f"in the {way}"
            query = f"{url}{'&' if '?' in url else '?'}since_seq=0&user_id={hidden.owner}"
            assert await refused(query, **options) == NOT_FOUND, f"in the {way}"
    async with listener(f"{relay}?token={text}", headers=forged) as socket:
        ids = (hidden.channel["id"], UNKNOWN_ID)
        await socket.subscribe(*({"channel_id": channel, "since_seq": 0} for channel in ids))

        async def answered() -> bool:
            return len(socket.notices) == len(ids)

        await eventually("both subscriptions are answered", answered)
        there, nowhere = [{k: v for k, v in notice.items() if k != "channel_id"} for notice in socket.notices]
        assert there == nowhere and there["type"] == "error"
        assert not socket.events and not socket.personal
        assert hidden.channel["name"] not in str(socket.notices)
