"""The link between the homeservers is cut for a while: what happened on both sides meanwhile arrives late and in batches.
Where it contradicts itself, the index has what the room has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from support.agreement import Agreement
from support.api import Caller, World, member_path, path_to, reaction_path
from support.index import Index
from support.matrix_client import MatrixClient, matrix_client
from support.neighbour import Neighbour, Puppet
from support.receiver import Receiver
from support.rooms import Rooms
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness


@dataclass
class Scene:
    """A public channel. alice is its owner and carol a member; bob, an admin, and anchor are of the other homeserver."""

    alice: Caller
    carol: Caller
    channel: dict[str, Any]
    anchor: Puppet
    bob: Puppet
    # alice's client.
    element: MatrixClient

    @property
    def id(self) -> str:
        return self.channel["id"]

    @property
    def room(self) -> str:
        return self.channel["matrix_room_id"]

    async def rename(self, name: str) -> None:
        response = await self.alice.patch(path_to(self.id), {"name": name})
        assert response.status_code == 200, response.text

    async def set_role(self, member: str, role: str) -> None:
        response = await self.alice.patch(member_path(self.id, member), {"role": role})
        assert response.status_code == 200, response.text


NewScene = Callable[[], Awaitable[Scene]]


@pytest.fixture
def new_scene(world: World, rooms: Rooms, neighbour: Neighbour, agreement: Agreement) -> NewScene:
    async def make() -> Scene:
        alice, carol = world.user("alice"), world.user("carol")
        channel = await world.channel(alice)
        await carol.send(channel["id"], "Hello")
        anchor, bob = await neighbour.any_puppet("anchor"), await neighbour.any_puppet("bob")
        for one in (anchor, bob):
            await one.join_by(world.alias(channel))
        room = channel["matrix_room_id"]

        async def came() -> bool:
            return bob.id in await alice.members(channel["id"])

        await eventually("the index has bob", came, deadline=60)
        scene = Scene(alice, carol, channel, anchor, bob, await matrix_client(rooms, alice))
        await scene.set_role(bob.id, "admin")

        async def known() -> bool:
            levels = await bob.call("GET", f"rooms/{quote(room)}/state/m.room.power_levels/")
            return levels["users"].get(bob.id) == 50

        await eventually("their server knows", known, deadline=60)
        return scene

    return make


async def test_what_both_sides_do_meanwhile_arrives_once_and_in_order(
    world: World, neighbour: Neighbour, new_scene: NewScene, witness: Witness, agreement: Agreement
) -> None:
    scene = await new_scene()
    dave = await neighbour.any_puppet("dave")
    hello = await scene.alice.send(scene.id, "Hello")
    await agreement.departs(scene.bob, scene.room, hello["matrix_event_id"])
    # Checks that the stream and the socket have everything once and in order.
    async with witness.watch(scene.channel, scene.alice):
        neighbour.link.cut()
        await dave.set_membership(scene.room, "join")
        said = await dave.say(scene.room, "Helo from behind the cut")
        await scene.alice.send(scene.id, "ours")
        assert (await scene.alice.put(reaction_path(hello, "👍"))).is_success
        await dave.edit(scene.room, said, "Hello from behind the cut")
        await scene.bob.react(scene.room, hello["matrix_event_id"], "🎉")
        await scene.bob.redact(scene.room, await scene.bob.say(scene.room, "spam"))
        await world.user("erin").send(scene.id, "I am here too")
        await scene.alice.remove(scene.id, scene.carol.id)
        neighbour.link.mend()
        await agreement.meets(scene.room, ours=scene.element, theirs=scene.anchor)
    await agreement.holds(scene.channel)
    members = await scene.alice.members(scene.id)
    assert dave.id in members and scene.carol.id not in members
    shown = [m["content_preview"] for m in await scene.alice.history(scene.id) if not m["deleted_at"]]
    assert "Hello from behind the cut" in shown and "spam" not in shown
    assert await scene.alice.reactions(hello) == {"👍": (1, True), "🎉": (1, False)}


Act = Callable[[Scene], Awaitable[Any]]

# What one side does and then the other, while neither knows of it.
CONTRADICTIONS: dict[str, tuple[Act, Act]] = {
    "two names": (
        lambda s: s.rename("Ours"),
        lambda s: s.bob.set_state(s.room, "m.room.name", {"name": "Theirs"}),
    ),
    "kicked and writes": (
        lambda s: s.alice.remove(s.id, s.bob.id),
        lambda s: s.bob.say(s.room, "I am still here"),
    ),
    "kicked and renames": (
        lambda s: s.alice.remove(s.id, s.bob.id),
        lambda s: s.bob.set_state(s.room, "m.room.name", {"name": "Theirs"}),
    ),
    "banned and comes back": (
        lambda s: s.element.ban(s.room, s.bob.id),
        lambda s: leave_and_return(s.bob, s.room),
    ),
    "demoted and kicks": (
        lambda s: s.set_role(s.bob.id, "member"),
        lambda s: s.bob.kick(s.room, s.carol.matrix_id),
    ),
    "demoted and deletes": (
        lambda s: s.set_role(s.bob.id, "member"),
        lambda s: delete_carols(s),
    ),
    "muted and writes": (
        lambda s: s.element.set_power(s.room, s.bob.id, -1),
        lambda s: s.bob.say(s.room, "I am not muted"),
    ),
    "removed and kicks": (
        lambda s: s.alice.remove(s.id, s.bob.id),
        lambda s: s.bob.kick(s.room, s.carol.matrix_id),
    ),
}


# Who is first, where that may matter; elsewhere it is ours.
ORDERS = {name: ["ours", "theirs"] for name in ("two names", "banned and comes back")}


async def leave_and_return(who: Puppet, room: str) -> None:
    await who.set_membership(room, "leave")
    await who.set_membership(room, "join")


async def delete_carols(scene: Scene) -> None:
    [message] = [m for m in await scene.alice.history(scene.id) if m["sender_id"] == scene.carol.id]
    await scene.bob.redact(scene.room, message["matrix_event_id"])


async def test_a_contradiction_ends_as_the_room_has_it(
    neighbour: Neighbour, new_scene: NewScene, witness: Witness, agreement: Agreement
) -> None:
    cases = [
        (f"{name}, {order}", acts) for name, acts in CONTRADICTIONS.items() for order in ORDERS.get(name, ["ours"])
    ]
    # One after the other: a homeserver that makes ten rooms at once is late with all of them.
    scenes = [await new_scene() for _ in cases]

    async def act(scene: Scene, name: str, acts: tuple[Act, Act]) -> None:
        for one in acts if name.endswith("ours") else acts[::-1]:
            await one(scene)

    async def meet(scene: Scene) -> None:
        await agreement.meets(scene.room, ours=scene.element, theirs=scene.anchor)

    await witness.settle()
    neighbour.link.cut()
    await asyncio.gather(*(act(scene, *case) for scene, case in zip(scenes, cases, strict=True)))
    neighbour.link.mend()
    await asyncio.gather(*map(meet, scenes))
    await witness.settle()
    different = {
        name: differences
        for (name, _), scene in zip(cases, scenes, strict=True)
        if (differences := await agreement.differences(scene.channel))
    }
    assert not different, "index and room agree"


async def test_what_an_owner_elsewhere_made_undone_is_undone_here(
    world: World, rooms: Rooms, neighbour: Neighbour, new_scene: NewScene, agreement: Agreement
) -> None:
    """Matrix takes back what carol did after she had lost the power to it, and no event tells."""
    scene, erin = await new_scene(), world.user("erin")
    await erin.send(scene.id, "Hello")
    await scene.set_role(scene.bob.id, "owner")
    await scene.set_role(scene.carol.id, "admin")
    carol = await matrix_client(rooms, scene.carol)
    await agreement.meets(scene.room, ours=scene.element, theirs=scene.anchor)
    neighbour.link.cut()
    await scene.bob.set_power(scene.room, scene.carol.matrix_id, 0)
    await carol.kick(scene.room, erin.matrix_id)
    await carol.set_state(scene.room, "m.room.name", {"name": "Carol's"})
    await agreement.holds(scene.channel)
    neighbour.link.mend()
    await agreement.meets(scene.room, ours=scene.element, theirs=scene.anchor)
    await agreement.holds(scene.channel)
    assert erin.id in await scene.alice.members(scene.id), "who is in the room is shown as its member"


async def test_what_the_room_does_not_have_goes_to_no_webhook(
    stack: Stack, index: Index, neighbour: Neighbour, new_scene: NewScene, witness: Witness, agreement: Agreement
) -> None:
    stack.need("webhook_allowed_host")
    scene, receiver = await new_scene(), Receiver()
    port = int((stack.webhook_allowed_host or "").rsplit(":", 1)[1])
    async with receiver.listen(port) as url:
        subscribe = "INSERT INTO messaging.gateway_subscriptions (room_id, webhook_url) VALUES ($1, $2)"
        await index.rows(subscribe, scene.room, url)
        neighbour.link.cut()
        await scene.alice.remove(scene.id, scene.bob.id)
        refused = await scene.bob.say(scene.room, "I am still here")
        taken = await scene.anchor.say(scene.room, "I may")
        neighbour.link.mend()
        await agreement.meets(scene.room, ours=scene.element, theirs=scene.anchor)
        await agreement.catches_up(scene.room, scene.anchor)

        async def delivered() -> bool:
            return taken in receiver.event_ids

        await eventually("what the room has is delivered", delivered)
        assert refused not in receiver.event_ids
        await index.rows("DELETE FROM messaging.gateway_subscriptions WHERE room_id = $1", scene.room)
