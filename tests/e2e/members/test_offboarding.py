"""The platform ends all of somebody's memberships in a microDAO."""

from __future__ import annotations

from support.api import Caller, World, path_to
from support.problems import problem
from support.rooms import Rooms
from support.witness import Witness


def service(world: World) -> Caller:
    world.stack.need("internal_secret")
    headers = {"X-Internal-Service-Token": world.stack.internal_secret or ""}
    return Caller(world.http, world.stack, "", headers)


def path(microdao: str, member: str) -> str:
    return f"/internal/messaging/microdaos/{microdao}/members/{member}"


async def test_every_membership_in_the_microdao_ends(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, leaver = world.user("owner"), world.user("leaver")
    channels = [await world.channel(owner, visibility=v) for v in ("public", "microdao", "private")]
    for channel in channels:
        await owner.invite(channel["id"], leaver.id, role="admin")
    elsewhere = await owner.create(**world.fields(microdao_id=world.other_microdao("other")))
    await owner.invite(elsewhere["id"], leaver.id)
    async with witness.watch(channels[2], owner) as observed:
        response = await service(world).delete(path(world.microdao, leaver.id))
    assert response.status_code == 200, response.text
    assert response.json() == {"ended": 3, "remaining": 0, "without_owner": [], "still_in_room": []}
    assert observed.kinds == ["member.kicked"]
    for channel in channels:
        room = channel["matrix_room_id"]
        assert leaver.id not in await owner.members(channel["id"])
        assert leaver.matrix_id not in await rooms.joined(room)
        assert await rooms.power_level(room, leaver.matrix_id) == 0
    assert leaver.id in await owner.members(elsewhere["id"])
    problem(await leaver.get(path_to(channels[2]["id"])), 404, "not_found")
    again = await service(world).delete(path(world.microdao, leaver.id))
    assert again.json()["ended"] == 0


async def test_ownership_is_handed_on_or_its_lack_is_told(world: World, rooms: Rooms) -> None:
    owner, heir = world.user("owner"), world.user("heir")
    kept, lost = await world.channel(owner), await world.channel(owner)
    await owner.invite(kept["id"], heir.id)
    response = await service(world).delete(path(world.microdao, owner.id))
    assert response.json() == {"ended": 2, "remaining": 0, "without_owner": [lost["id"]], "still_in_room": []}
    assert (await heir.members(kept["id"]))[heir.id]["role"] == "owner"
    assert await rooms.power_level(kept["matrix_room_id"], heir.matrix_id) == 100
    assert (await heir.patch(path_to(kept["id"]), {"name": "Ours now"})).status_code == 200


async def test_only_the_platform_may(world: World) -> None:
    owner = world.user("owner")
    await world.channel(owner)
    problem(await owner.delete(path(world.microdao, owner.id)), 401, "unauthenticated")
    for unknown in (path(world.microdao, "nobody"), path("nowhere", owner.id)):
        problem(await service(world).delete(unknown), 404, "not_found")
