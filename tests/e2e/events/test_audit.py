"""The audit log: every act is a row, with actor and target."""

from __future__ import annotations

from support.api import World, member_path, path_to
from support.index import Index


async def test_every_act_is_a_row_once(world: World, index: Index) -> None:
    owner, alice, bob, sofia = world.user("owner"), world.user("alice"), world.user("bob"), world.agent("sofia")
    channel = await world.channel(owner)
    path = path_to(channel["id"])
    await alice.send(channel["id"], "joins by posting")
    await owner.invite(channel["id"], sofia.id)
    assert (await owner.patch(f"{path}/members/{alice.id}", {"role": "admin"})).is_success
    assert (await alice.patch(path, {"name": "New"})).is_success
    assert (await bob.put(f"{path}/members/me")).is_success
    assert (await bob.delete(f"{path}/members/me")).is_success
    assert (await alice.delete(f"{path}/members/{sofia.id}")).is_success
    assert (await owner.delete(path)).is_success
    rows = list((await index.audit(channel["id"])).values())
    expected = [
        ("channel.created", owner.id, None),
        ("member.joined", alice.id, alice.id),
        ("member.invited", owner.id, sofia.id),
        ("member.joined", sofia.id, sofia.id),
        ("member.role_changed", owner.id, alice.id),
        ("channel.updated", alice.id, None),
        ("member.joined", bob.id, bob.id),
        ("member.left", bob.id, bob.id),
        ("member.kicked", alice.id, sofia.id),
        ("channel.archived", owner.id, None),
    ]
    assert sorted(rows, key=str) == sorted(expected, key=str)
    # Messages themselves are no acts of this log.
    assert not [kind for kind, *_ in rows if kind.startswith("message.")]


async def test_a_refused_act_leaves_no_row(world: World, index: Index) -> None:
    owner, alice = world.user("owner"), world.user("alice")
    channel = await world.channel(owner)
    before = await index.audit(channel["id"])
    assert (await alice.delete(path_to(channel["id"]))).status_code == 403
    assert (await alice.try_invite(channel["id"], world.user("bob").id)).status_code == 403
    assert (await owner.delete(member_path(channel["id"]))).status_code == 409
    assert await index.audit(channel["id"]) == before
