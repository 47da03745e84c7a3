"""A key on any write: the change is carried out once, and the same request gets the same response."""

from __future__ import annotations

import asyncio
from typing import Any

from support.api import CHANNELS, World, member_path, path_to, reaction_path
from support.problems import problem
from support.tokens import token


async def test_a_late_retry_of_a_change_undoes_nothing(world: World, key: str) -> None:
    owner, bob = world.user("owner"), world.user("bob")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], bob.id)
    message = await owner.send(channel["id"], "hello")
    path, member, reaction = path_to(channel["id"]), member_path(channel["id"], bob.id), reaction_path(message, "x")
    # The same key serves every one of them: it belongs to the method and the resource too.
    steps: list[tuple[str, str, Any, Any]] = [
        ("PATCH", path, {"name": "First"}, {"name": "Second"}),
        ("PATCH", member, {"can_write": False}, {"can_write": True}),
        ("PUT", reaction, None, None),
        ("DELETE", reaction, None, None),
    ]
    for method, place, body, other in steps:
        options = {"json": body} if body else {}
        first = await owner.request(method, place, key=key, **options)
        assert first.is_success, first.text
        if other:
            assert (await owner.patch(place, other)).status_code == 200
            problem(await owner.request(method, place, key=key, json=other), 422, "idempotency_key_reused")
        again = await owner.request(method, place, key=key, **options)
        assert (again.status_code, again.content) == (first.status_code, first.content), (method, place)
    assert (await owner.get(path)).json()["name"] == "Second"
    assert (await owner.members(channel["id"]))[bob.id]["can_write"] is True
    assert await owner.reactions(message) == {}


async def test_a_retried_removal_does_not_remove_again(world: World, key: str) -> None:
    owner, bob = world.user("owner"), world.user("bob")
    channel = await world.channel(owner)
    await bob.send(channel["id"], "hello")
    member = member_path(channel["id"], bob.id)
    assert (await owner.request("DELETE", member, key=key)).status_code == 204
    problem(await owner.request("DELETE", member + "?ban=true", key=key), 422, "idempotency_key_reused")
    await bob.send(channel["id"], "back")
    assert (await owner.request("DELETE", member, key=key)).status_code == 204
    assert bob.id in await owner.members(channel["id"])
    # A request that failed leaves the key free.
    path = path_to(channel["id"])
    problem(await bob.request("DELETE", path, key=key), 403)
    assert (await owner.patch(member, {"role": "admin"})).status_code == 200
    for _ in range(2):
        assert (await bob.request("DELETE", path, key=key)).status_code == 204


async def test_a_key_serves_a_create_and_an_invitation(world: World, key: str) -> None:
    owner, bob = world.user("owner"), world.user("bob")
    fields = world.fields()
    channel = await owner.create(key, **fields)
    response = await owner.try_invite(channel["id"], bob.id, key)
    assert response.status_code == 201, response.text
    assert (await owner.create(key, **fields))["id"] == channel["id"]
    problem(await owner.try_invite(channel["id"], world.user("eve").id, key), 422, "idempotency_key_reused")
    # An invitation of who is a member already is a use of the key as well.
    other = f"{key}-2"
    assert (await owner.try_invite(channel["id"], bob.id, other)).status_code == 200
    problem(await owner.try_invite(channel["id"], world.user("eve").id, other), 422, "idempotency_key_reused")


async def test_of_ten_different_creates_of_one_slug_at_once_one_wins(world: World) -> None:
    owner = world.user("owner")
    fields = world.fields()
    bodies = [fields | {"name": f"Name {n}"} for n in range(10)]
    responses = await asyncio.gather(*(owner.post(CHANNELS, body) for body in bodies))
    assert sorted(r.status_code for r in responses) == [201] + [409] * 9, [r.text for r in responses]
    listed = (await owner.get(CHANNELS, microdao_id=world.microdao)).json()
    assert len(listed) == 1


async def test_who_has_lost_access_is_not_shown_what_they_were_told(world: World, key: str) -> None:
    owner, bob = world.member_of("owner", world.microdao), world.member_of("bob", world.microdao)
    channel = await owner.create(**world.fields(visibility="microdao"))
    path = member_path(channel["id"])
    assert (await bob.request("PUT", path, key=key)).status_code == 200
    assert (await bob.request("PUT", path, key=key)).status_code == 200
    outside = world.bearer(bob.id, token(bob.id, world.secret(), []))
    problem(await outside.request("PUT", path, key=key), 404, "not_found")
