"""The first session that the project promises, step by step, on the real parts."""

from support.api import CHANNELS, World
from support.index import Index
from support.journal import Journal
from support.person import NewPerson
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.unchanged import Unchanged
from support.waiting import eventually


async def test_a_new_channel_is_a_room_that_answers_to_its_alias(world: World, rooms: Rooms) -> None:
    admin = world.user("admin")
    body = world.fields(name="Test Channel")
    response = await admin.post(CHANNELS, body)
    assert response.status_code == 201, response.text
    channel = response.json()
    assert channel | body == channel
    assert await rooms.resolve(world.alias(channel)) == channel["matrix_room_id"]


async def test_a_post_is_in_the_index_in_the_room_in_jetstream_and_on_the_websocket(
    world: World, rooms: Rooms, journal: Journal, listen: Listen
) -> None:
    channel = await world.channel()
    alice = world.user("alice")
    async with listen(channel["id"], alice) as socket:
        message = await alice.send(channel["id"], "Hello from Alice!")
        frame = await socket.message(message["id"])

    assert frame["message"] == message
    assert frame["seq"] == message["seq"]
    assert (message["sender_id"], message["sender_type"]) == (alice.id, "human")
    assert await alice.history(channel["id"]) == [message]
    assert (await alice.members(channel["id"]))[alice.id]["joined_at"], "alice has joined by posting"

    [event] = await journal.created(channel["id"], message)
    assert event.payload["message"] == message

    [said] = await rooms.messages(channel["matrix_room_id"])
    assert said["event_id"] == message["matrix_event_id"]
    assert said["sender"] == alice.matrix_id
    assert said["content"] | {"msgtype": "m.text", "body": "Hello from Alice!"} == said["content"]
    assert alice.matrix_id in await rooms.joined(channel["matrix_room_id"])


async def test_the_same_post_with_the_same_key_is_one_message_everywhere(
    world: World, rooms: Rooms, journal: Journal, index: Index, listen: Listen, key: str
) -> None:
    channel = await world.channel()
    alice = world.user("alice")
    async with listen(channel["id"], alice) as socket:
        first = await alice.send(channel["id"], "Hello from Alice!", key)
        again = await alice.send(channel["id"], "Hello from Alice!", key)
        assert again == first
        # Whatever the retry might have caused is in front of this one.
        last = await alice.send(channel["id"], "That was all")
        await socket.message(last["id"])

    assert [m["id"] for m in socket.messages] == [first["id"], last["id"]]
    assert len(await journal.created(channel["id"], first)) == 1
    assert len(await journal.created(channel["id"], last)) == 1
    rows = await index.rows("SELECT id FROM messages WHERE channel_id = $1::text::uuid ORDER BY seq", channel["id"])
    assert [str(row["id"]) for row in rows] == [first["id"], last["id"]]
    said = await rooms.messages(channel["matrix_room_id"])
    assert [event["event_id"] for event in said] == [first["matrix_event_id"], last["matrix_event_id"]]


async def test_an_agent_speaks_once_it_is_a_member(world: World, rooms: Rooms, unchanged: Unchanged) -> None:
    owner, sofia = world.user("admin"), world.agent("sofia")
    channel = await world.channel(owner)
    async with unchanged(channel):
        problem(await sofia.try_say(channel["id"], "Too early"), 403, "not_a_member")
    await owner.invite(channel["id"], sofia.id)
    answer = await sofia.say(channel["id"], "Hello from Sofia!")

    assert answer["status"] == "posted"
    [message] = await owner.history(channel["id"])
    assert message["id"] == answer["message_id"]
    assert (message["sender_id"], message["sender_type"]) == (sofia.id, "agent")
    [said] = await rooms.messages(channel["matrix_room_id"])
    assert said["sender"] == sofia.matrix_id
    assert said["content"] | {"msgtype": "m.notice", "body": "Hello from Sofia!"} == said["content"]


async def test_a_person_in_matrix_reads_the_channel_and_is_read_there(
    world: World, person: NewPerson, journal: Journal, listen: Listen
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    await alice.send(channel["id"], "Hello from Alice!")
    bob = await person("bob")
    room = await bob.join(world.alias(channel))
    assert room == channel["matrix_room_id"]
    assert (await bob.hears(room, "Hello from Alice!")).sender == alice.matrix_id

    async with listen(channel["id"], alice) as socket:
        event_id = await bob.say(room, "Hello from Element!")

        async def indexed() -> list[dict]:
            return [m for m in await alice.history(channel["id"]) if m["matrix_event_id"] == event_id]

        [message] = await eventually("the answer is in the index", indexed)
        frame = await socket.message(message["id"])

    assert (message["sender_id"], message["sender_type"]) == (bob.id, "human")
    assert message["content_preview"] == "Hello from Element!"
    assert frame["message"] == message
    assert len(await journal.created(channel["id"], message)) == 1


async def test_wrong_requests_are_problems_and_change_nothing(world: World, unchanged: Unchanged) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    messages = f"{CHANNELS}/{channel['id']}/messages"
    unknown = f"{CHANNELS}/00000000-0000-4000-8000-000000000000/messages"
    wrong_slug = world.fields(slug="No Slug")
    async with unchanged(channel):
        problem(await alice.post(CHANNELS, wrong_slug), 422, "invalid", "/slug")
        problem(await alice.post(unknown, {"text": "x"}), 404, "not_found")
        problem(await alice.get(unknown), 404, "not_found")
        problem(await world.stranger().post(messages, {"text": "x"}), 401, "unauthenticated")
        problem(await world.stranger().get(messages), 401, "unauthenticated")
        problem(await alice.post(messages, {"text": "a" * 10_001}), 422, "invalid", "/text")
        broken = {"content": b'{"text": ', "headers": {"Content-Type": "application/json"}}
        problem(await alice.request("POST", messages, **broken), 400, "invalid_json")
        refused = await alice.request("PUT", messages, json={"text": "x"})
        problem(refused, 405, "method_not_allowed")
        assert {method.strip() for method in refused.headers["allow"].split(",")} >= {"GET", "POST"}
    listed = await alice.get(CHANNELS, microdao_id=world.microdao)
    assert [c["id"] for c in listed.json()] == [channel["id"]]
