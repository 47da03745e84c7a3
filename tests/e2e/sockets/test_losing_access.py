"""Whatever takes a channel away from a reader ends their socket before anything else comes, and nothing else asks."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import pytest

from support.api import World, path_to
from support.index import Index
from support.relay_metrics import metric
from support.sockets import Listen, ListenToMany
from support.stack import Stack
from support.waiting import eventually


@pytest.mark.parametrize("route", ["one", "many"])
async def test_a_reader_who_was_removed_in_what_the_log_has_lost_gets_no_more(
    world: World, index: Index, listen: Listen, listen_to_many: ListenToMany, route: str
) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], alice.id)
    async with listen(channel["id"], alice) if route == "one" else listen_to_many(alice) as socket:
        if route == "many":
            await socket.subscribe({"channel_id": channel["id"]})
        first = await owner.send(channel["id"], "for alice")
        await socket.message(first["id"])
        # As after a day without NATS: the events, alice's removal among them, are not kept any more.
        await index.rows(
            "WITH gone AS (UPDATE public.channel_members SET left_at = now() "
            "WHERE channel_id = $1::text::uuid AND member_id = $2) "
            "UPDATE public.channels SET last_seq = last_seq + 5 WHERE id = $1::text::uuid",
            channel["id"],
            alice.id,
        )
        await owner.send(channel["id"], "not for alice")
        if route == "one":
            assert await socket.closed() == 4403
        else:

            async def ended() -> bool:
                return {"type": "error", "channel_id": channel["id"], "code": "access_lost"} in socket.notices

            await eventually("the subscription has ended", ended)
        assert [message["id"] for message in socket.messages] == [first["id"]]
        assert "reload" not in [notice["type"] for notice in socket.notices]


async def test_only_a_change_that_matters_is_asked_about(
    world: World, web: httpx.AsyncClient, stack: Stack, listen: Listen
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility="microdao")
    readers = [world.user(f"reader{n}") for n in range(6)]
    async with AsyncExitStack() as opened:
        sockets = [await opened.enter_async_context(listen(channel["id"], reader)) for reader in readers]
        before = await metric(web, stack, "access_checks_total")
        for n in range(3):
            changes = {"description": f"change {n}", "topic": f"topic {n}", "name": f"Name {n}"}
            assert (await owner.patch(path_to(channel["id"]), changes)).status_code == 200
        message = await owner.send(channel["id"], "after that")
        for socket in sockets:
            await socket.message(message["id"])
        assert await metric(web, stack, "access_checks_total") == before
        assert (await owner.patch(path_to(channel["id"]), {"visibility": "private"})).status_code == 200
        for socket in sockets:
            assert await socket.closed() == 4403
        assert await metric(web, stack, "access_checks_total") >= before + len(sockets)
