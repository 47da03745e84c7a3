"""An archived channel whose room was opened, and of which nothing was recorded."""

from __future__ import annotations

import httpx

from support.api import World, path_to
from support.crash import Crash
from support.waiting import eventually
from support.witness import Witness


async def test_an_opening_that_is_cut_off_is_carried_out_by_the_push_and_by_the_retry(
    world: World, app: httpx.AsyncClient, crash: Crash, witness: Witness
) -> None:
    owner = world.user("owner")
    behind = owner.through(app)
    channel = await world.channel(owner)
    assert (await owner.delete(path_to(channel["id"]))).status_code == 204
    body = {"archived": False}
    async with witness.watch(channel, owner) as observed:
        crash.after("PUT", "/state/m.room.power_levels")
        response = await behind.request("PATCH", path_to(channel["id"]), json=body)
        assert response.status_code >= 500, response.text
        crash.recover()

        async def opened() -> bool:
            return (await owner.get(path_to(channel["id"]))).json()["archived_at"] is None

        await eventually("the homeserver's push opens it", opened)
    assert observed.kinds == ["channel.updated"]
    assert observed.audit == [("channel.updated", owner.id, None)]

    retried = await behind.request("PATCH", path_to(channel["id"]), json=body)
    assert retried.status_code == 200, retried.text
    await owner.send(channel["id"], "after")
