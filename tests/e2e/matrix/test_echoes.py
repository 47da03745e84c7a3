"""Acts through the API come back as pushes of the homeserver, and change nothing."""

from __future__ import annotations

from support.api import World, member_path, path_to, reaction_path
from support.index import Index
from support.witness import Witness


async def test_the_echo_of_an_act_is_no_second_act(world: World, witness: Witness, index: Index) -> None:
    owner, alice, sofia = world.user("owner"), world.user("alice"), world.agent("sofia")
    channel = await world.channel(owner)
    name = channel["id"]
    async with witness.watch(channel, owner) as observed:
        message = await alice.send(name, "hello")
        await owner.invite(name, sofia.id)
        await sofia.say(name, "hello")
        assert (await alice.patch(path_to(name, message["id"]), {"text": "Hello"})).is_success
        assert (await owner.put(reaction_path(message, "x"))).is_success
        assert (await owner.delete(reaction_path(message, "x"))).is_success
        assert (await owner.patch(path_to(name), {"name": "New", "topic": "New"})).is_success
        assert (await owner.patch(member_path(name, alice.id), {"role": "admin"})).is_success
        await alice.remove(name, sofia.id)
        assert (await alice.delete(path_to(name, message["id"]))).is_success
        await alice.remove(name)
    # Whichever was faster, the API or the push: the acts are those of the people, in their own names.
    assert [(event.kind, event.payload.get("actor_id")) for event in observed.events] == [
        ("member.joined", alice.id),
        ("message.created", None),
        ("member.invited", owner.id),
        ("member.joined", sofia.id),
        ("message.created", None),
        ("message.updated", None),
        ("reaction.added", None),
        ("reaction.removed", None),
        ("channel.updated", owner.id),
        ("member.role_changed", owner.id),
        ("member.kicked", alice.id),
        ("message.deleted", alice.id),
        ("member.left", alice.id),
    ]
    assert await index.count_messages(name) == 2
