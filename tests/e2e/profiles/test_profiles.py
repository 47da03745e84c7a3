"""Everybody has one name and one picture, which they set themselves; who shares nothing with them sees neither."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import UNKNOWN_ID, Caller, World, profile_path
from support.problems import problem
from support.tokens import token

PICTURE = "mxc://localhost/picture"


def of(caller: Caller, name: str | None, picture: str | None = None) -> dict[str, Any]:
    kind = "agent" if caller.id.startswith("agent:") else "human"
    return {"member_id": caller.id, "member_type": kind, "display_name": name, "avatar_url": picture}


async def test_one_sets_and_clears_ones_own(world: World) -> None:
    alice = world.user("alice")
    assert await alice.profile() == await alice.set_profile() == of(alice, None)
    assert await alice.set_profile(display_name="Alice", avatar_url=PICTURE) == of(alice, "Alice", PICTURE)
    # Again, by the full id and by the Matrix id; what is absent stays.
    assert await alice.set_profile(display_name="Alice", avatar_url=PICTURE) == of(alice, "Alice", PICTURE)
    for own in (alice.id, alice.matrix_id):
        response = await alice.request("PUT", profile_path(own), json={"display_name": "Alíce 👩‍🚀"})
        assert response.status_code == 200 and response.json() == of(alice, "Alíce 👩‍🚀", PICTURE)
        assert await alice.profile(own) == response.json()
    assert await alice.set_profile(avatar_url=None) == of(alice, "Alíce 👩‍🚀")
    assert await alice.set_profile(display_name=None) == await alice.profile() == of(alice, None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"display_name": ""}, "/display_name"),
        ({"display_name": "x" * 256}, "/display_name"),
        ({"display_name": "a\nb"}, "/display_name"),
        ({"display_name": "\u202eecilA"}, "/display_name"),
        ({"display_name": "\u200b"}, "/display_name"),
        ({"avatar_url": "https://example.org/cat.png"}, "/avatar_url"),
        ({"avatar_url": "", "display_name": "Alice"}, "/avatar_url"),
    ],
)
async def test_what_is_no_name_or_no_picture_is_refused(world: World, body: dict[str, Any], pointer: str) -> None:
    alice = world.user("alice")
    response = await alice.request("PUT", profile_path(), json=body)
    assert [error["pointer"] for error in problem(response, 422, "invalid")["errors"]] == [pointer]
    assert await alice.profile() == of(alice, None)


async def test_nobody_sets_anothers_profile(world: World) -> None:
    alice, bob, sofia = world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], sofia.id)
    await bob.send(channel["id"], "I am in")
    for other in (bob.id, bob.matrix_id, sofia.id, "user:nobody", "@nobody:elsewhere"):
        response = await alice.request("PUT", profile_path(other), json={"display_name": "Mallory"})
        problem(response, 403, "not_your_profile")
    assert await alice.profile(bob.id) == of(bob, None)


async def test_an_agent_has_a_name_too(world: World) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice)
    await alice.invite(channel["id"], sofia.id)
    await world.bearer(sofia.id, token(sofia.id, world.secret(), ())).set_profile(display_name="Sofía")
    await sofia.say(channel["id"], "Good morning")
    [message] = await alice.page(channel["id"])
    assert (message["sender_id"], message["sender_name"]) == (sofia.id, "Sofía")
    assert await alice.profile(sofia.id) == of(sofia, "Sofía")
    # The runtime has no token of the agent's.
    path = f"/internal/agents/{sofia.id}/profile"
    response = await sofia.request("PUT", path, json={"avatar_url": PICTURE})
    assert response.status_code == 200 and response.json() == await alice.profile(sofia.id) == of(
        sofia, "Sofía", PICTURE
    )
    problem(await sofia.request("PUT", "/internal/agents/user:bob/profile", json={}), 404, "not_found")
    problem(await alice.request("PUT", path, json={}), 401, "unauthenticated")


@pytest.mark.parametrize("visibility", ["microdao", "private"])
async def test_of_another_microdao_nobody_is_known(world: World, visibility: str) -> None:
    here, there = world.other_microdao("here"), world.other_microdao("there")
    alice, ann, bob = world.member_of("alice", here), world.member_of("ann", here), world.member_of("bob", there)
    channel = await alice.create(**world.fields(microdao_id=here, visibility=visibility))
    theirs = await bob.create(**world.fields(microdao_id=there, visibility=visibility))
    await alice.invite(channel["id"], ann.id)
    for person in (alice, bob):
        await person.set_profile(display_name="Known at home")
    unknown = problem(await bob.get(profile_path("user:nobody")), 404, "not_found")
    for one, other in ((alice, bob), (bob, alice), (ann, bob), (bob, ann)):
        stranger = problem(await one.get(profile_path(other.id)), 404, "not_found")
        assert stranger["detail"] == unknown["detail"]
    # Inviting a stranger shows nothing of them until they come.
    invited = await bob.invite(theirs["id"], alice.id)
    assert (invited["joined_at"], invited["display_name"], invited["avatar_url"]) == (None, None, None)
    problem(await bob.get(profile_path(alice.id)), 404, "not_found")
    assert (await bob.members(theirs["id"]))[alice.id]["display_name"] is None
    await alice.send(theirs["id"], "Hello")
    assert await bob.profile(alice.id) == of(alice, "Known at home")
    assert (await bob.members(theirs["id"]))[alice.id]["display_name"] == "Known at home"


async def test_a_service_of_the_platform_reads_who_was_ever_in(world: World) -> None:
    alice = world.user("alice")
    world.stack.need("internal_secret")
    headers = {"X-Internal-Service-Token": world.stack.internal_secret or ""}
    service = Caller(world.http, world.stack, "service:internal", headers)
    await alice.set_profile(display_name="Alice")
    problem(await service.get(profile_path(alice.id)), 404, "not_found")
    await world.channel(alice, visibility="private")
    assert await service.profile(alice.id) == of(alice, "Alice")
    for nobody in ("me", "user:nobody", UNKNOWN_ID):
        problem(await service.get(profile_path(nobody)), 404, "not_found")
    problem(await service.request("PUT", profile_path(alice.id), json={}), 401, "unauthenticated")
