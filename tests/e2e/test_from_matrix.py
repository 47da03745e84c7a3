"""What any Matrix client does in the room changes the index like the same act through the API."""

from collections.abc import Awaitable, Callable
from typing import Any

import nio
import pytest

from support.api import Caller, World, at
from support.index import Index
from support.journal import Event, Journal
from support.person import NewPerson, Person
from support.problems import problem
from support.rooms import Rooms
from support.sockets import Listen
from support.waiting import eventually

Told = Callable[[str], Awaitable[list[Event]]]


class Scene:
    """A channel with its owner and a person in Matrix, who has joined and may have a role."""

    def __init__(self, owner: Caller, channel: dict[str, Any], bob: Person, journal: Journal):
        self.owner, self.channel, self.bob, self.journal = owner, channel, bob, journal
        self.id, self.room = channel["id"], channel["matrix_room_id"]

    async def told(self, kind: str) -> list[Event]:
        """The channel's events of a kind, once there is one."""

        async def found() -> list[Event]:
            return [event for event in await self.journal.of(self.id) if event.kind == kind]

        return await eventually(f"{kind} on the event bus", found)

    async def heard(self) -> None:
        """Waits until all that the homeserver has pushed so far is in the index: pushes come in order."""
        event_id = await self.bob.say(self.room, "has everything arrived?")

        async def indexed() -> bool:
            return event_id in [m["matrix_event_id"] for m in await self.owner.page(self.id, limit=5)]

        await eventually("the homeserver's pushes have arrived", indexed)


@pytest.fixture
def scene(world: World, person: NewPerson, journal: Journal) -> Callable[..., Awaitable[Scene]]:
    async def make(role: str | None = None) -> Scene:
        owner = world.user("owner")
        channel = await world.channel(owner)
        bob = await person("bob")
        await bob.join(channel["matrix_room_id"])
        made = Scene(owner, channel, bob, journal)
        await made.told("member.joined")
        if role:
            response = await owner.patch(f"{at(channel['id'])}/members/{bob.id}", {"role": role})
            assert response.status_code == 200, response.text
        return made

    return make


NewScene = Callable[..., Awaitable[Scene]]


def done(response: Any) -> None:
    assert not isinstance(response, nio.ErrorResponse), response


def edit_of(event_id: str, text: str) -> dict[str, Any]:
    return {
        "msgtype": "m.text",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }


async def test_an_edit(scene: NewScene, listen: Listen) -> None:
    s = await scene()
    event_id = await s.bob.say(s.room, "Helo")
    [created] = await s.told("message.created")
    async with listen(s.id, s.owner) as socket:
        await s.bob.send(s.room, "m.room.message", edit_of(event_id, "Hello " + "ї" * 600))
        [updated] = await s.told("message.updated")
        await socket.until(updated.seq)
        assert [f["type"] for f in socket.events] == ["message.updated"]
        assert socket.events[0]["message"] == updated.payload["message"]
    [message] = await s.owner.history(s.id)
    assert message == updated.payload["message"]
    assert (message["id"], message["seq"]) == (created.payload["message_id"], created.seq)
    assert message["content_preview"] == ("Hello " + "ї" * 600)[:500] and message["edited_at"]
    assert (await s.owner.get(at(s.id, message["id"]))).json()["text"] == "Hello " + "ї" * 600


async def test_somebody_elses_edit_means_nothing(scene: NewScene) -> None:
    s = await scene()
    message = await s.owner.send(s.id, "mine")
    await s.bob.send(s.room, "m.room.message", edit_of(message["matrix_event_id"], "yours"))
    await s.heard()
    assert (await s.owner.history(s.id))[0] == message
    assert (await s.owner.get(at(s.id, message["id"]))).json()["text"] == "mine"


async def test_a_redaction(scene: NewScene, listen: Listen) -> None:
    s = await scene()
    event_id = await s.bob.say(s.room, "top secret")
    await s.told("message.created")
    async with listen(s.id, s.owner) as socket:
        done(await s.bob.client.room_redact(s.room, event_id, "a slip"))
        [deleted] = await s.told("message.deleted")
        await socket.until(deleted.seq)
        assert [f["type"] for f in socket.events] == ["message.deleted"]
    [message] = await s.owner.history(s.id)
    assert message["deleted_at"] and message["content_preview"] == ""
    assert deleted.payload["message"] == message


async def test_a_redaction_by_a_moderator(scene: NewScene) -> None:
    s = await scene("admin")
    message = await s.owner.send(s.id, "spam")
    done(await s.bob.client.room_redact(s.room, message["matrix_event_id"]))
    await s.told("message.deleted")
    [shown] = await s.owner.history(s.id)
    assert shown["deleted_at"] and shown["content_preview"] == ""


async def test_a_reaction_and_its_redaction(scene: NewScene) -> None:
    s = await scene()
    message = await s.owner.send(s.id, "React!")
    relation = {"rel_type": "m.annotation", "event_id": message["matrix_event_id"], "key": "👍🏽"}
    event_id = await s.bob.send(s.room, "m.reaction", {"m.relates_to": relation})
    [added] = await s.told("reaction.added")
    told = {"message_id": message["id"], "reactor_id": s.bob.id, "emoji": "👍🏽"}
    assert added.payload | told == added.payload
    listed = (await s.owner.get(f"{at(s.id, message['id'])}/reactions")).json()
    assert [(r["emoji"], r["count"], r["reacted"]) for r in listed] == [("👍🏽", 1, False)]
    done(await s.bob.client.room_redact(s.room, event_id))
    [removed] = await s.told("reaction.removed")
    assert removed.payload | told == removed.payload
    assert (await s.owner.get(f"{at(s.id, message['id'])}/reactions")).json() == []


async def test_leaving(scene: NewScene) -> None:
    s = await scene()
    done(await s.bob.client.room_leave(s.room))
    [left] = await s.told("member.left")
    assert left.payload["member_id"] == s.bob.id
    assert s.bob.id not in await s.owner.members(s.id)
    # And coming back.
    await s.bob.join(s.room)

    async def back() -> bool:
        return s.bob.id in await s.owner.members(s.id)

    await eventually("bob is back", back)


@pytest.mark.parametrize("act", ["kick", "ban"])
async def test_a_kick_or_a_ban(scene: NewScene, world: World, listen: Listen, act: str) -> None:
    s = await scene("admin")
    alice = world.user("alice")
    await alice.send(s.id, "hello")
    async with listen(s.id, s.owner) as socket:
        done(await getattr(s.bob.client, f"room_{act}")(s.room, alice.matrix_id, "spam"))
        [kicked] = await s.told("member.kicked")
        await socket.until(kicked.seq)
    assert (kicked.payload["member_id"], kicked.payload["actor_id"]) == (alice.id, s.bob.id)
    assert alice.id not in await s.owner.members(s.id)
    response = await alice.try_send(s.id, "again")
    if act == "ban":
        problem(response, 403)
        assert alice.id not in await s.owner.members(s.id)
    else:
        assert response.status_code == 201, response.text


async def test_an_invitation_and_its_acceptance(scene: NewScene, person: NewPerson) -> None:
    s = await scene("admin")
    carol = await person("carol")
    done(await s.bob.client.room_invite(s.room, carol.id))
    [invited] = await s.told("member.invited")
    assert (invited.payload["member_id"], invited.payload["invited_by"]) == (carol.id, s.bob.id)
    assert (await s.owner.members(s.id))[carol.id]["joined_at"] is None
    await carol.join(s.room)

    async def joined() -> bool:
        return (await s.owner.members(s.id))[carol.id]["joined_at"] is not None

    await eventually("carol has joined", joined)


async def test_name_topic_and_avatar(scene: NewScene) -> None:
    s = await scene("admin")
    for kind, content in [
        ("m.room.name", {"name": "Renamed in Element"}),
        ("m.room.topic", {"topic": "Talk"}),
        ("m.room.avatar", {"url": "mxc://localhost/new"}),
    ]:
        done(await s.bob.client.room_put_state(s.room, kind, content))
    await s.heard()
    shown = (await s.owner.get(at(s.id))).json()
    assert (shown["name"], shown["topic"], shown["avatar_url"]) == ("Renamed in Element", "Talk", "mxc://localhost/new")
    assert len(await s.told("channel.updated")) == 3


async def test_power_levels(scene: NewScene, world: World, rooms: Rooms) -> None:
    s = await scene("owner")
    alice = world.user("alice")
    await alice.send(s.id, "hello")
    levels = await rooms.state(s.room, "m.room.power_levels")
    assert levels
    for level, role in ((50, "admin"), (0, "member")):
        users = levels["users"] | {alice.matrix_id: level}
        done(await s.bob.client.room_put_state(s.room, "m.room.power_levels", levels | {"users": users}))

        async def changed(role: str = role) -> bool:
            return (await s.owner.members(s.id))[alice.id]["role"] == role

        await eventually(f"alice is {role}", changed)
    changes = [e for e in await s.told("member.role_changed") if e.payload["member_id"] == alice.id]
    assert [(e.payload["role"], e.payload["actor_id"]) for e in changes] == [("admin", s.bob.id), ("member", s.bob.id)]


async def test_a_room_upgrade(scene: NewScene, rooms: Rooms) -> None:
    s = await scene()
    before = await s.owner.send(s.id, "in the old room")
    # In the newest room version only the creator may, which is the service's bot.
    response = await rooms.http.post(
        f"{rooms.base}/rooms/{s.room}/upgrade", headers=rooms.headers, json={"new_version": "11"}
    )
    assert response.status_code == 200, response.text
    replacement = response.json()["replacement_room"]

    async def followed() -> bool:
        return (await s.owner.get(at(s.id))).json()["matrix_room_id"] == replacement

    await eventually("the channel follows", followed)
    after = await s.owner.send(s.id, "in the new room")
    assert await s.owner.history(s.id) == [before, after]
    assert [e["event_id"] for e in await rooms.messages(replacement)] == [after["matrix_event_id"]]
    await s.bob.join(replacement)
    await s.bob.say(replacement, "me, too")

    async def arrived() -> bool:
        return [m["content_preview"] for m in await s.owner.history(s.id)][-1] == "me, too"

    await eventually("what is said in the new room is indexed", arrived)


async def test_our_own_echoes_change_nothing(scene: NewScene, world: World, index: Index) -> None:
    s = await scene()
    alice, sofia = world.user("alice"), world.agent("sofia")
    message = await alice.send(s.id, "hello")
    await s.owner.invite(s.id, sofia.id)
    await sofia.say(s.id, "hello")
    assert (await alice.patch(at(s.id, message["id"]), {"text": "Hello"})).is_success
    assert (await s.owner.put(f"{at(s.id, message['id'])}/reactions/x")).is_success
    assert (await s.owner.delete(f"{at(s.id, message['id'])}/reactions/x")).is_success
    assert (await s.owner.patch(at(s.id), {"name": "New", "topic": "New"})).is_success
    assert (await s.owner.patch(f"{at(s.id)}/members/{alice.id}", {"role": "admin"})).is_success
    assert (await alice.delete(f"{at(s.id)}/members/{sofia.id}")).is_success
    assert (await alice.delete(at(s.id, message["id"]))).is_success
    assert (await alice.delete(f"{at(s.id)}/members/me")).is_success
    # Everything above has come back from the homeserver before this has.
    await s.heard()
    story = await s.journal.story(s.owner, s.id)
    assert [event.kind for event in story] == [
        "channel.created",
        "member.joined",
        "member.joined",
        "message.created",
        "member.invited",
        "member.joined",
        "message.created",
        "message.updated",
        "reaction.added",
        "reaction.removed",
        "channel.updated",
        "member.role_changed",
        "member.kicked",
        "message.deleted",
        "member.left",
        "message.created",
    ]
    # Whoever was faster, the API or the push: the acts are those of the people, in their own names.
    actors = [(e.kind, e.payload["actor_id"]) for e in story if "actor_id" in e.payload]
    assert actors == [
        ("member.joined", s.bob.id),
        ("member.joined", alice.id),
        ("member.invited", s.owner.id),
        ("member.joined", sofia.id),
        ("channel.updated", s.owner.id),
        ("member.role_changed", s.owner.id),
        ("member.kicked", alice.id),
        ("message.deleted", alice.id),
        ("member.left", alice.id),
    ]
    rows = await index.value("SELECT count(*) FROM messages WHERE channel_id = $1::text::uuid", s.id)
    assert rows == 4
