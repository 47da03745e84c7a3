"""Who may open a channel's stream, and how they say who they are."""

from __future__ import annotations

import httpx
import pytest

from support.api import UNKNOWN_ID, World
from support.sockets import Address, handshake_refused, listener
from support.tokens import token


@pytest.mark.parametrize("name", [UNKNOWN_ID, "general", "%00", "%ff", "1"])
async def test_an_unknown_channel_is_not_found(world: World, ws_address: Address, name: str) -> None:
    text = token(world.user("alice").id, world.secret(), [world.microdao])
    await handshake_refused(ws_address(name, token=text), 404)


async def test_a_wrong_token_is_refused(world: World, ws_address: Address) -> None:
    channel = await world.channel()
    entity = world.user("alice").id
    for text in ("nonsense", token(entity, "x" * 64), token(entity, world.secret(), lifetime=-3600), "a.b.c"):
        await handshake_refused(ws_address(channel["id"], token=text), 401)
        await handshake_refused(ws_address(channel["id"]), 401, headers={"Authorization": f"Bearer {text}"})
        await handshake_refused(ws_address(channel["id"]), 401, subprotocols=["bearer", text])
    await handshake_refused(ws_address(channel["id"]), 401, headers={"Authorization": "Basic YTpi"})


async def test_a_token_may_come_in_each_of_three_ways(world: World, ws_address: Address) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="microdao"))
    text = alice.headers["Authorization"].split()[1]
    address = ws_address(channel["id"])
    async with (
        listener(address, headers=alice.headers) as header,
        listener(address, subprotocols=["bearer", text]) as protocol,
        listener(ws_address(channel["id"], token=text)) as query,
    ):
        assert protocol.socket.subprotocol == "bearer", "never the token itself"
        message = await alice.send(channel["id"], "hello")
        for socket in (header, protocol, query):
            await socket.message(message["id"])


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_callers_who_may_not_read_are_refused(world: World, ws_address: Address, visibility: str) -> None:
    owner = world.member_of("owner", world.microdao)
    channel = await owner.create(**world.fields(visibility=visibility))
    member = world.member_of("member", world.microdao)
    outsider = world.member_of("outsider", world.other_microdao("other"))
    blind = world.member_of("blind")
    await owner.invite(channel["id"], blind.id, can_read=False)
    address = ws_address(channel["id"])
    for caller, may_read in [
        (owner, True),
        (member, visibility != "private"),
        (outsider, visibility == "public"),
        (blind, visibility == "public"),
    ]:
        if may_read:
            async with listener(address, headers=caller.headers) as socket:
                await socket.pong()
        else:
            # A member who may not read knows of the channel; nobody else does.
            await handshake_refused(address, 403 if caller is blind else 404, headers=caller.headers)


async def test_in_development_a_name_opens_a_stream_and_who_gives_none_belongs_to_every_microdao(
    world: World, ws_address: Address
) -> None:
    if not world.development:
        pytest.skip("names count only in development mode")
    owner = world.user("owner")
    public, inside = await world.channel(owner), await world.channel(owner, visibility="microdao")
    private = await world.channel(owner, visibility="private")
    async with (
        listener(ws_address(public["id"])) as anonymous,
        listener(ws_address(inside["id"])) as anonymous_inside,
        listener(ws_address(private["id"], user_id=owner.id)) as owners,
    ):
        for channel, socket in ((public, anonymous), (inside, anonymous_inside), (private, owners)):
            message = await owner.send(channel["id"], "hello")
            await socket.message(message["id"])
        assert anonymous.personal == [], "nobody has no memberships"
    await handshake_refused(ws_address(private["id"]), 404)
    await handshake_refused(ws_address(private["id"], user_id=world.user("other").id), 404)
    await handshake_refused(ws_address(private["id"], user_id="user:Nobody"), 401)


async def test_a_plain_request_is_told_to_upgrade(world: World, web: httpx.AsyncClient, ws_address: Address) -> None:
    channel = await world.channel()
    response = await web.get(ws_address(channel["id"]).replace("ws", "http", 1))
    assert response.status_code in (400, 426)
