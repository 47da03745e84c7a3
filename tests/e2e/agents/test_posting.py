"""Posts of agents, which the agent runtime makes for them: notices in their own name."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import UNKNOWN_ID, AsCaller, World, path_to
from support.journal import Journal
from support.media import png, send_file, upload
from support.problems import problem
from support.rooms import Rooms
from support.unchanged import Unchanged
from support.witness import Witness


async def test_a_post_is_a_notice_in_the_agents_name(world: World, rooms: Rooms, journal: Journal) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    response = await sofia.say(channel["id"], "Good morning", formatted_body="<b>Good morning</b>")
    assert response["status"] == "posted"
    [message] = await owner.history(channel["id"])
    assert response["message_id"] == message["id"]
    assert (message["sender_id"], message["sender_type"]) == (sofia.id, "agent")
    [event] = await journal.created(channel["id"], message)
    assert (event.payload["sender_id"], event.payload["sender_type"]) == (sofia.id, "agent")
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["sender"] == sofia.matrix_id
    expected = {"msgtype": "m.notice", "body": "Good morning", "formatted_body": "<b>Good morning</b>"}
    assert sent["content"] | expected == sent["content"]


async def test_an_agent_posts_a_file_that_it_may_read(
    world: World, rooms: Rooms, witness: Witness, unchanged: Unchanged
) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel, other = await world.channel(owner), await world.channel(owner, visibility="private")
    await owner.invite(channel["id"], sofia.id)
    shown = await upload(owner, channel, png(), filename="cat.png")
    await send_file(owner, channel, shown, "m.image")
    hidden = await upload(owner, other, png(3, 2))
    await send_file(owner, other, hidden, "m.image")

    def body(told: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return {
            "channel_id": channel["id"],
            "msgtype": "m.image",
            "file": {"content_uri": told["content_uri"]},
        } | fields

    path = f"/internal/agents/{sofia.id}/post-to-channel"
    async with witness.watch(channel, owner) as observed:
        response = await sofia.post(path, body(shown, text="Look"), "k")
        assert response.status_code == 200, response.text
    assert observed.kinds == ["message.created"]
    message = response.json()["message"]
    assert (message["sender_id"], message["content_type"], message["content_preview"]) == (sofia.id, "image", "Look")
    assert message["file"]["content_uri"] == shown["content_uri"] and (await owner.page(channel["id"]))[0] == message
    sent = (await rooms.messages(channel["matrix_room_id"]))[-1]
    expected = {"msgtype": "m.image", "body": "Look", "url": shown["content_uri"], "city.daarion.agent": True}
    assert sent["sender"] == sofia.matrix_id and sent["content"] | expected == sent["content"]
    # Once for a key, and a caption may be left out.
    assert (await sofia.post(path, body(shown, text="Look"), "k")).json()["message"]["id"] == message["id"]
    problem(await sofia.post(path, body(shown, text="Other"), "k"), 422, "idempotency_key_reused")
    wordless = await sofia.post(path, body(shown))
    assert wordless.status_code == 200 and wordless.json()["message"]["content_type"] == "image"
    async with unchanged(channel):
        problem(await sofia.post(path, body(hidden)), 422, "invalid", "/file")
        problem(await sofia.post(path, body(shown, msgtype="m.notice")), 422, "invalid", "/msgtype")
        problem(
            await sofia.post(path, {"channel_id": channel["id"], "msgtype": "m.image", "text": "x"}),
            422,
            "invalid",
            "/file",
        )
        problem(await sofia.post(path, {"channel_id": channel["id"]}), 422, "invalid", "/text")


async def test_an_agent_that_notifies_writes_a_text_with_its_mark(world: World, rooms: Rooms, witness: Witness) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    async with witness.watch(channel, owner) as observed:
        await sofia.say(channel["id"], "It burns", notify=True, mentions=[owner.id])
        await sofia.say(channel["id"], "It is out", notify=False)
    loud, quiet = [event["content"] for event in await rooms.messages(channel["matrix_room_id"])]
    assert (loud["msgtype"], loud["city.daarion.agent"]) == ("m.text", True)
    assert loud["m.mentions"] == {"user_ids": [owner.matrix_id]}
    assert quiet["msgtype"] == "m.notice" and "city.daarion.agent" not in quiet
    # Whoever reads can tell that software wrote it, whatever its type.
    for event in observed.events:
        assert (event.payload["sender_id"], event.payload["sender_type"]) == (sofia.id, "agent")
    assert [event.payload["mentions"] for event in observed.events] == [[owner.id], []]


async def test_the_mark_stays_with_an_edit_and_is_nobody_elses(world: World, rooms: Rooms, as_caller: AsCaller) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    caller = as_caller(sofia)
    by_route = await caller.send(channel["id"], "It burns", notify=True)
    emote = await caller.send(channel["id"], "waves", msgtype="m.emote")
    for message, msgtype in ((by_route, "m.text"), (emote, "m.emote")):
        response = await caller.patch(path_to(channel["id"], message["id"]), {"text": "changed"})
        assert response.status_code == 200, response.text
        shown = (await owner.content(message))["content"]
        assert (shown["msgtype"], shown["city.daarion.agent"], shown["body"]) == (msgtype, True, "changed")
    # A person's message has none, whatever they ask for.
    await owner.send(channel["id"], "It burns", notify=True)
    await owner.send(channel["id"], "Quietly", notify=True, msgtype="m.notice")
    texts = [event["content"] for event in await rooms.messages(channel["matrix_room_id"])][-2:]
    assert [content["msgtype"] for content in texts] == ["m.text", "m.notice"]
    assert not any("city.daarion.agent" in content for content in texts)


async def test_a_posted_reply_points_to_its_message(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    question = await owner.send(channel["id"], "What is it?")
    await sofia.say(channel["id"], "A test", reply_to=question["id"])
    assert (await owner.history(channel["id"]))[-1]["reply_to"] == question["id"]
    sent = (await rooms.messages(channel["matrix_room_id"]))[-1]["content"]
    assert sent["m.relates_to"]["m.in_reply_to"]["event_id"] == question["matrix_event_id"]
    assert sent["msgtype"] == "m.notice"


async def test_an_unknown_channel_is_not_found(world: World) -> None:
    sofia = world.agent("sofia")
    problem(await sofia.try_say(UNKNOWN_ID, "x"), 404, "not_found")


@pytest.mark.parametrize(
    "name", ["agent:", "agent:Sofia", "sofia", "user:alice", "@agent-sofia:localhost", "agent:%00"]
)
async def test_only_agents_post_through_the_internal_route(world: World, name: str) -> None:
    agent = world.agent("sofia")
    body = {"channel_id": UNKNOWN_ID, "text": "x"}
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
    owner, sofia, muted = world.user("owner"), world.agent("sofia"), world.agent("muted")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    await owner.invite(channel["id"], muted.id, can_write=False)
    path = f"/internal/agents/{sofia.id}/post-to-channel"
    async with unchanged(channel):
        problem(await muted.try_say(channel["id"], "x"), 403, "cannot_write")
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
