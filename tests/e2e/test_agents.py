"""Agents: they speak in notices, where somebody let them in."""

import pytest

from support.api import CHANNELS, World
from support.journal import Journal
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged


async def test_an_agents_answer_names_the_message(world: World, journal: Journal) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    answer = await sofia.say(channel["id"], "Good morning", formatted_body="<b>Good morning</b>")
    assert answer["status"] == "posted"
    [message] = await owner.history(channel["id"])
    assert answer["message_id"] == message["id"]
    [event] = await journal.created(channel["id"], message)
    assert (event.payload["sender_id"], event.payload["sender_type"]) == (sofia.id, "agent")


async def test_an_agents_reply_points_to_its_message(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    question = await owner.send(channel["id"], "What is it?")
    await sofia.say(channel["id"], "A test", reply_to=question["id"])
    assert (await owner.history(channel["id"]))[-1]["thread_id"] == question["id"]
    said = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert said["m.relates_to"]["m.in_reply_to"]["event_id"] == question["matrix_event_id"]
    assert said["msgtype"] == "m.notice"


async def test_an_invited_agent_is_a_member_with_the_role_agent(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner, visibility="private")
    member = await owner.invite(channel["id"], sofia.id)
    assert (member["member_id"], member["member_type"], member["role"]) == (sofia.id, "agent", "agent")
    assert (member["invited_by"], member["can_write"], member["matrix_power_level"]) == (owner.id, True, 0)
    assert member["joined_at"] and not member["left_at"]
    assert sofia.matrix_id in await rooms.joined(channel["matrix_room_id"])
    assert (await sofia.say(channel["id"], "Thank you"))["status"] == "posted"


async def test_an_agent_that_may_not_write_does_not(world: World, unchanged: Unchanged) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id, can_write=False)
    async with unchanged(channel):
        problem(await sofia.try_say(channel["id"], "x"), 403, "cannot_write")


async def test_an_unknown_channel_is_not_found(world: World) -> None:
    sofia = world.agent("sofia")
    problem(await sofia.try_say("00000000-0000-4000-8000-000000000000", "x"), 404, "not_found")


@pytest.mark.parametrize(
    "name", ["agent:", "agent:Sofia", "sofia", "user:alice", "@agent-sofia:localhost", "agent:%00"]
)
async def test_only_agents_speak_there(world: World, name: str) -> None:
    agent = world.agent("sofia")
    body = {"channel_id": "00000000-0000-4000-8000-000000000000", "text": "x"}
    problem(await agent.post(f"/internal/agents/{name}/post-to-channel", body), 404, "not_found")


async def test_a_percent_encoded_agent_id_is_the_same_agent(world: World) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    path = f"/internal/agents/{sofia.id.replace(':', '%3A').replace('s', '%73', 1)}/post-to-channel"
    response = await sofia.post(path, {"channel_id": channel["id"], "text": "x"})
    assert response.status_code == 200, response.text
    assert [m["sender_id"] for m in await owner.history(channel["id"])] == [sofia.id]


async def test_wrong_posts_are_problems_and_change_nothing(world: World, unchanged: Unchanged) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    path = f"/internal/agents/{sofia.id}/post-to-channel"
    async with unchanged(channel):
        problem(await sofia.try_say(channel["id"], ""), 422, "invalid", "/text")
        problem(await sofia.try_say(channel["id"], "a" * 10_001), 422, "invalid", "/text")
        problem(await sofia.try_say(channel["id"], "a\0"), 422, "invalid", "/text")
        problem(await sofia.try_say("general", "x"), 422, "invalid", "/channel_id")
        problem(await sofia.post(path, {"text": "x"}), 422, "invalid")
        problem(await sofia.post(path, []), 422, "invalid")
        broken = {"content": b"{", "headers": {"Content-Type": "application/json"}}
        problem(await sofia.request("POST", path, **broken), 400, "invalid_json")
        refused = await sofia.request("GET", path)
        problem(refused, 405, "method_not_allowed")
        assert refused.headers["allow"] == "POST"


async def test_an_agent_is_named_and_never_a_person(world: World, unchanged: Unchanged) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    async with unchanged(channel):
        problem(await owner.try_invite(channel["id"], sofia.id, role="owner"), 422, "invalid", "/role")
        problem(await owner.try_invite(channel["id"], world.user("bob").id, role="agent"), 422, "invalid", "/role")
    response = await owner.get(f"{CHANNELS}/{channel['id']}/members")
    assert response.status_code == 200
