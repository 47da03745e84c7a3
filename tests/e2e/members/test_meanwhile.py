"""What was decided before the homeserver was asked is decided again when it is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web

from support.api import World, api_client, member_path
from support.faulty_homeserver import FaultyHomeserver
from support.problems import problem
from support.rooms import Rooms
from support.second_app import second_app
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness


@pytest.fixture(scope="module")
async def app(
    stack: Stack, faulty: FaultyHomeserver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """An app whose homeserver is the faulty one."""
    folder = tmp_path_factory.mktemp("second-app")
    async with second_app(stack, folder, matrix_homeserver_url=faulty.url) as url, api_client(url) as client:
        yield client


async def test_who_loses_the_right_to_invite_while_inviting_brings_nobody_in(
    world: World, app: httpx.AsyncClient, faulty: FaultyHomeserver, rooms: Rooms, witness: Witness
) -> None:
    owner, host, guest = world.user("owner"), world.user("host"), world.user("guest")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], host.id, can_invite=True)
    released = asyncio.Event()

    async def waits(request: web.Request, body: bytes) -> web.Response:
        await released.wait()
        return await faulty.forward(request, body)

    async def hit() -> bool:
        return bool(faulty.hit)

    faulty.heal()
    faulty.fail("POST", "/invite", waits)
    inviting = asyncio.create_task(host.through(app).try_invite(channel["id"], guest.id))
    await eventually("the invitation waits", hit)
    assert (await owner.patch(member_path(channel["id"], host.id), {"can_invite": False})).status_code == 200
    released.set()
    problem(await inviting, 403, "cannot_invite")
    faulty.heal()
    await witness.settle()

    async def is_out() -> bool:
        return guest.matrix_id not in await rooms.joined(channel["matrix_room_id"])

    await eventually("nobody has come in", is_out)
    assert guest.id not in await owner.members(channel["id"])
    problem(await guest.try_send(channel["id"], "Here I am"), 404, "not_found")
