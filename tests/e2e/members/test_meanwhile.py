"""What was decided before the homeserver was asked is decided again when it is recorded."""

from __future__ import annotations

import asyncio

import httpx

from support.api import World, member_path
from support.faulty_homeserver import FaultyHomeserver
from support.problems import problem
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness


async def test_who_loses_the_right_to_invite_while_inviting_brings_nobody_in(
    world: World, app: httpx.AsyncClient, faulty: FaultyHomeserver, rooms: Rooms, witness: Witness
) -> None:
    owner, host, guest = world.user("owner"), world.user("host"), world.user("guest")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], host.id, can_invite=True)
    faulty.heal()
    faulty.fail("POST", "/invite", faulty.waits)
    inviting = asyncio.create_task(host.through(app).try_invite(channel["id"], guest.id))
    await eventually("the invitation waits", faulty.is_hit)
    assert (await owner.patch(member_path(channel["id"], host.id), {"can_invite": False})).status_code == 200
    faulty.heal()
    problem(await inviting, 403, "cannot_invite")
    await witness.settle()

    async def is_out() -> bool:
        return guest.matrix_id not in await rooms.joined(channel["matrix_room_id"])

    await eventually("nobody has come in", is_out)
    assert guest.id not in await owner.members(channel["id"])
    problem(await guest.try_send(channel["id"], "Here I am"), 404, "not_found")
