"""Agents act in their own name, on what they have posted themselves."""

from __future__ import annotations

from support.api import AsCaller, World, path_to, reaction_path
from support.problems import problem
from support.rooms import Rooms
from support.witness import Witness


async def test_an_agent_does_everything_that_members_do_in_its_own_name(
    world: World, rooms: Rooms, witness: Witness, as_caller: AsCaller
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], sofia.id)
    question = await owner.send(channel["id"], "What is it?")
    agent = as_caller(sofia)
    async with witness.watch(channel, owner) as observed:
        reply = await agent.send(channel["id"], "A tets", reply_to=question["id"])
        edited = await agent.patch(path_to(channel["id"], reply["id"]), {"text": "A test"})
        assert (edited.status_code, edited.json()["content_preview"]) == (200, "A test")
        assert (await agent.put(reaction_path(question, "x"))).status_code == 204
        assert (await agent.delete(reaction_path(question, "x"))).status_code == 204
        room = await rooms.messages(channel["matrix_room_id"])
        assert (await agent.delete(path_to(channel["id"], reply["id"]))).status_code == 204
    assert observed.kinds == [
        "message.created",
        "message.updated",
        "reaction.added",
        "reaction.removed",
        "message.deleted",
    ]
    for event in observed.events:
        assert sofia.id in (event.payload.get("sender_id"), event.payload.get("reactor_id"))
    assert (reply["sender_type"], reply["reply_to"]) == ("agent", question["id"])
    assert [e["sender"] for e in room[-2:]] == [sofia.matrix_id] * 2
    # An agent's message is a notice, also when it is edited.
    assert room[-1]["content"]["m.new_content"]["msgtype"] == "m.notice"


async def test_only_the_agent_edits_and_deletes_what_the_runtime_has_posted_for_it(
    world: World, as_caller: AsCaller
) -> None:
    owner, sofia, other = world.user("owner"), world.agent("sofia"), world.agent("other")
    channel = await world.channel(owner)
    for agent in (sofia, other):
        await owner.invite(channel["id"], agent.id)
    posted = (await sofia.say(channel["id"], "old"))["message_id"]
    path = path_to(channel["id"], posted)
    problem(await as_caller(other).patch(path, {"text": "new"}), 403, "not_the_sender")
    problem(await owner.patch(path, {"text": "new"}), 403, "not_the_sender")
    problem(await as_caller(other).delete(path), 403, "cannot_delete")
    edited = await as_caller(sofia).patch(path, {"text": "new"})
    assert (edited.status_code, edited.json()["content_preview"]) == (200, "new")
    assert (await as_caller(sofia).delete(path)).status_code == 204
