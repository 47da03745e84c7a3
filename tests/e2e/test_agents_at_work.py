"""Agents at work: they post, reply, edit, delete and react in their own name, where somebody has let them in."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Agent, Caller, World, at
from support.element import element
from support.index import Index
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.tokens import token
from support.unchanged import Unchanged
from support.witness import Witness

INSIDE = "/internal/messaging/channels"


@pytest.fixture
def witness(world: World, rooms: Rooms, index: Index, journal: Journal, listen: Listen) -> Witness:
    return Witness(world, rooms, index, journal, listen)


@pytest.fixture(params=["token", "name"])
def as_caller(request: pytest.FixtureRequest, world: World) -> Any:
    """An agent as a caller of the public routes: with its own token, or in development mode by its name."""

    def make(agent: Agent) -> Caller:
        if request.param == "token":
            return world.bearer(agent.id, token(agent.id, world.secret()))
        if not world.development:
            pytest.skip("names count only in development mode")
        return Caller(world.http, world.stack, agent.id, {"X-User-Id": agent.id})

    return make


async def context(agent: Agent, channel: dict[str, Any]) -> dict[str, Any]:
    response = await agent.get(f"{INSIDE}/{channel['id']}/context")
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_agent_does_all_that_members_do_in_its_own_name(
    world: World, rooms: Rooms, witness: Witness, as_caller: Any
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], sofia.id)
    question = await owner.send(channel["id"], "What is it?")
    agent = as_caller(sofia)
    async with witness.watch(channel, owner) as told:
        said = await agent.send(channel["id"], "A tets", reply_to=question["id"])
        edited = await agent.patch(at(channel["id"], said["id"]), {"text": "A test"})
        assert (edited.status_code, edited.json()["content_preview"]) == (200, "A test")
        assert (await agent.put(f"{at(channel['id'], question['id'])}/reactions/x")).status_code == 204
        assert (await agent.delete(f"{at(channel['id'], question['id'])}/reactions/x")).status_code == 204
        assert (await agent.delete(at(channel["id"], said["id"]))).status_code == 204
    assert told.kinds == [
        "message.created",
        "message.updated",
        "reaction.added",
        "reaction.removed",
        "message.deleted",
    ]
    for event in told.events:
        assert sofia.id in (event.payload.get("sender_id"), event.payload.get("reactor_id"))
    assert (said["sender_type"], said["thread_id"]) == ("agent", question["id"])
    room = await rooms.messages(channel["matrix_room_id"])
    assert [e["sender"] for e in room[-2:]] == [sofia.matrix_id] * 2
    # An agent's message is a notice, edited too.
    assert room[-1]["content"]["m.new_content"]["msgtype"] == "m.notice"


async def test_what_the_runtime_posted_for_it_is_the_agents_own(world: World, as_caller: Any) -> None:
    owner, sofia, other = world.user("owner"), world.agent("sofia"), world.agent("other")
    channel = await world.channel(owner)
    for agent in (sofia, other):
        await owner.invite(channel["id"], agent.id)
    posted = (await sofia.say(channel["id"], "old"))["message_id"]
    path = at(channel["id"], posted)
    problem(await as_caller(other).patch(path, {"text": "new"}), 403, "not_the_sender")
    problem(await as_caller(other).delete(path), 403, "cannot_delete")
    assert (await as_caller(sofia).patch(path, {"text": "new"})).status_code == 200
    assert (await as_caller(sofia).delete(path)).status_code == 204


async def test_a_private_channel_keeps_agents_out_until_invited_and_again_when_removed(
    world: World, witness: Witness, unchanged: Unchanged, as_caller: Any
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    message = await owner.send(channel["id"], "hello")
    agent, inside = as_caller(sofia), f"{INSIDE}/{channel['id']}/messages"

    async def is_out() -> None:
        await witness.quiet()
        async with unchanged(channel):
            problem(await agent.get(at(channel["id"])), 404, "not_found")
            problem(await agent.get(f"{at(channel['id'])}/messages"), 404, "not_found")
            problem(await sofia.get(inside, agent_id=sofia.id), 404, "not_found")
            problem(await agent.put(f"{at(channel['id'])}/members/me"), 404, "not_found")
            problem(await agent.try_send(channel["id"], "x"), 404, "not_found")
            problem(await sofia.try_say(channel["id"], "x"), 403, "not_a_member")
            assert (await context(sofia, channel))["allowed_agents"] == []

    await is_out()
    await owner.invite(channel["id"], sofia.id)
    assert await agent.page(channel["id"]) == [message]
    assert (await sofia.get(inside, agent_id=sofia.id)).json() == [message]
    assert (await context(sofia, channel))["allowed_agents"] == [sofia.id]
    assert (await owner.delete(f"{at(channel['id'])}/members/{sofia.id}")).status_code == 204
    await is_out()


async def test_an_agent_that_was_removed_does_not_come_back_by_itself(
    world: World, witness: Witness, unchanged: Unchanged, as_caller: Any
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    message = await owner.send(channel["id"], "hello")
    assert (await owner.delete(f"{at(channel['id'])}/members/{sofia.id}")).status_code == 204
    agent = as_caller(sofia)
    await witness.quiet()
    async with unchanged(channel):
        problem(await agent.try_send(channel["id"], "x"), 403, "not_a_member")
        problem(await agent.put(f"{at(channel['id'])}/members/me"), 403, "not_a_member")
        problem(await agent.put(f"{at(channel['id'], message['id'])}/reactions/x"), 403, "not_a_member")
        problem(await sofia.try_say(channel["id"], "x"), 403, "not_a_member")


async def test_an_agent_that_was_invited_in_matrix_comes_when_it_speaks(
    world: World, rooms: Rooms, witness: Witness
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await element(rooms, sofia)
    async with witness.watch(channel, owner) as told:
        await (await element(rooms, owner)).invite(channel["matrix_room_id"], sofia.matrix_id)
    assert told.audit == [("member.invited", owner.id, sofia.id)]
    async with witness.watch(channel, owner) as told:
        assert (await sofia.say(channel["id"], "Thank you"))["status"] == "posted"
    assert told.kinds == ["member.joined", "message.created"]
    assert (await owner.members(channel["id"]))[sofia.id]["role"] == "agent"
    assert (await context(sofia, channel))["allowed_agents"] == [sofia.id]


async def test_the_lists_follow_every_change(world: World) -> None:
    owner, people = world.user("owner"), [world.user("alice")]
    agents = sorted((world.agent(name) for name in ("b", "a", "c")), key=lambda agent: agent.id)
    channel = await world.channel(owner)
    for one in (*people, *agents):
        await owner.invite(channel["id"], one.id)
    ids = [agent.id for agent in agents]
    told = await context(agents[0], channel)
    assert (told["allowed_agents"], told["disabled_agents"]) == (ids, [])
    for change, allowed, disabled in [
        ({"can_write": False}, ids[1:], ids[:1]),
        ({"can_write": True}, ids, []),
    ]:
        response = await owner.patch(f"{at(channel['id'])}/members/{ids[0]}", change)
        assert response.status_code == 200, response.text
        told = await context(agents[0], channel)
        assert (told["allowed_agents"], told["disabled_agents"]) == (allowed, disabled)
    assert (await owner.delete(f"{at(channel['id'])}/members/{ids[2]}")).status_code == 204
    assert (await context(agents[0], channel))["allowed_agents"] == ids[:2]
    response = await owner.patch(at(channel["id"]), {"visibility": "microdao", "topic": "Talk", "name": "New"})
    assert response.status_code == 200, response.text
    told = await context(agents[0], channel)
    expected = {name: channel[name] for name in ("slug", "microdao_id")} | {"channel_id": channel["id"]}
    assert told | expected | {"visibility": "microdao", "topic": "Talk", "name": "New"} == told


async def test_messages_for_an_agent_are_paged_as_for_everybody(world: World) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    sent = [await owner.send(channel["id"], f"message {n}") for n in range(4)]
    path = f"{INSIDE}/{channel['id']}/messages"
    # Without naming an agent it is a service of the platform, which may read everything.
    for params in ({}, {"agent_id": sofia.id}):
        page = await sofia.get(path, limit=2, before=sent[3]["id"], **params)
        assert page.json() == [sent[2], sent[1]], page.text
        onward = await sofia.get(page.links["next"]["url"])
        assert onward.json() == [sent[0]]
        back = await sofia.get(page.links["prev"]["url"])
        assert back.json() == [sent[3]]
