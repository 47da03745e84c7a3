"""Nobody of another homeserver passes for one of ours, or acts on what is not theirs."""

from __future__ import annotations

from support.agreement import Agreement
from support.api import World, reaction_path
from support.index import Index
from support.neighbour import Neighbour
from support.waiting import eventually
from support.witness import Witness


async def test_a_name_like_ours_is_another_person(
    world: World, neighbour: Neighbour, witness: Witness, agreement: Agreement
) -> None:
    alice, sofia = world.user("alice"), world.agent("sofia")
    channel = await world.channel(alice, visibility="private")
    room = channel["matrix_room_id"]
    await alice.invite(channel["id"], sofia.id)
    names = [one.matrix_id.split(":")[0][1:] for one in (alice, sofia)]
    doubles = [await neighbour.puppet(name) for name in names]
    for double in doubles:
        await alice.invite(channel["id"], double.id)
        await double.join(room)
        await double.say(room, "It is me")
    await agreement.catches_up(room, *doubles)
    members = await alice.members(channel["id"])
    assert set(members) == {alice.id, sofia.id, *(double.id for double in doubles)}
    for double in doubles:
        assert double.id.endswith(f":{neighbour.name}")
        assert (members[double.id]["member_type"], members[double.id]["role"]) == ("human", "member")
    senders = {m["sender_id"] for m in await alice.history(channel["id"])}
    assert senders == {double.id for double in doubles}
    # The doubles go, and those whose names they have stay.
    for double in doubles:
        await double.leave(room)

        async def gone(double_id: str = double.id) -> bool:
            return double_id not in await agreement.rooms.joined(room)

        await eventually("they have left", gone)
    await agreement.holds(channel)
    assert set(await alice.members(channel["id"])) == {alice.id, sofia.id}


async def test_what_is_not_theirs_stays_as_it_is(
    world: World, neighbour: Neighbour, index: Index, key: str, witness: Witness, agreement: Agreement
) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    mallory = await neighbour.any_puppet("mallory")
    await mallory.join_by(world.alias(channel))
    message = await alice.send(channel["id"], "Mine", key=key)
    thumb = await alice.put(reaction_path(message, "👍"))
    assert thumb.is_success, thumb.text
    sql = "SELECT matrix_event_id FROM public.message_reactions WHERE message_id = $1::text::uuid"
    reaction = await index.value(sql, message["id"])
    await agreement.departs(mallory, room, message["matrix_event_id"])
    async with witness.watch(channel, alice) as observed:
        await mallory.edit(room, message["matrix_event_id"], "Theirs")
        for event in (message["matrix_event_id"], reaction):
            await mallory.redact(room, event)
        forged = {"city.daarion.key": "x" * 64, "city.daarion.fingerprint": "y" * 64}
        await mallory.say(room, "Forged", **forged)
        await agreement.catches_up(room, mallory)
    assert observed.kinds == ["message.created"] * 2, "the two that they wrote"
    shown = (await alice.history(channel["id"]))[0]
    assert (shown["content_preview"], shown["edited_at"], shown["deleted_at"]) == ("Mine", None, None)
    assert (await alice.content(message))["text"] == "Mine"
    assert await alice.reactions(message) == {"👍": (1, True)}
    assert await alice.send(channel["id"], "Mine", key=key) == shown
    await agreement.holds(channel)


async def test_what_their_server_deletes_of_its_people_is_deleted(
    world: World, neighbour: Neighbour, witness: Witness, agreement: Agreement
) -> None:
    """Matrix lets a server redact whatever its own people have sent, in whoever's name."""
    alice = world.user("alice")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    bob, other = await neighbour.any_puppet("bob"), await neighbour.any_puppet("other")
    for one in (bob, other):
        await one.join_by(world.alias(channel))
    said = await bob.say(room, "bob's")
    thumb = await bob.react(room, said, "👍")
    await other.redact(room, thumb)
    await other.redact(room, said)
    await agreement.catches_up(room, other)
    await agreement.holds(channel)
