"""record_membership: memberships as the homeserver tells them."""

import itertools
from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World, at, membership

BOT = "@bot:localhost"


async def tell(db: Database, *arguments: Any, **changes: Any) -> bool:
    """Records a membership; returns whether the member's power level has to be dropped in the room."""
    return (await db.call("record_membership", **membership(*arguments, **changes)))["drop_power_level"]


async def test_people_of_matrix_come_and_go(world: World, db: Database) -> None:
    channel = await world.channel()
    bob = "@bob:elsewhere"
    assert await tell(db, channel, bob, "invite", OWNER) is False
    assert await tell(db, channel, bob, "join") is False
    assert await world.is_member(channel, bob)
    assert await tell(db, channel, bob, "leave") is False
    assert not await world.is_member(channel, bob)
    assert await db.audit(channel.id) == [
        ("channel.created", OWNER, None),
        ("member.invited", OWNER, bob),
        ("member.joined", bob, bob),
        ("member.left", bob, bob),
    ]
    await db.subjects(channel.id)


async def test_the_same_again_is_nothing_new(world: World, db: Database) -> None:
    channel = await world.channel()
    for kind in ("join", "leave"):
        arguments = membership(channel, "user:sam", kind)
        for _ in range(3):
            await db.call("record_membership", **arguments)
    assert await db.subjects(channel.id) == ["channel.created", "member.joined", "member.left"]


async def test_the_newest_membership_counts_in_whatever_order_they_come(world: World, db: Database) -> None:
    told = [("invite", OWNER), ("join", None), ("leave", None)]
    for length in (2, 3):
        for order in itertools.permutations(range(length)):
            channel = await world.channel()
            for i in order:
                kind, sender = told[i]
                await tell(db, channel, "user:sam", kind, sender, changed_at=at(i - 60))
            assert await world.is_member(channel, "user:sam") is (length == 2), order


async def test_the_bots_own_invitation_is_nobodys(world: World, db: Database) -> None:
    """It invites by itself whoever may join a closed room."""
    channel = await world.channel()
    await tell(db, channel, "user:sam", "invite", BOT, by_bot=True)
    assert await world.row(channel, "user:sam") is None


async def test_an_invitation_of_a_member_changes_nothing(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await tell(db, channel, "user:mia", "invite", OWNER)
    assert await world.is_member(channel, "user:mia")
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_a_kicked_admin_loses_the_level_in_the_room(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    assert await tell(db, channel, "user:adam", "leave", OWNER) is True
    assert await tell(db, channel, "user:adam", "leave", OWNER) is False
    row = await world.row(channel, "user:adam")
    assert row and row["matrix_power_level"] == 0
    assert (await db.audit(channel.id))[1:] == [("member.kicked", OWNER, "user:adam")]


async def test_who_was_banned_before_coming_stays_out(world: World, db: Database) -> None:
    channel = await world.channel()
    await tell(db, channel, "user:sam", "ban", OWNER, changed_at=at(-10))
    await tell(db, channel, "user:sam", "invite", OWNER, changed_at=at(-20))
    row = await world.row(channel, "user:sam")
    assert row and row["left_at"] is not None and row["banned_at"] is not None
    assert await db.subjects(channel.id) == ["channel.created", "member.kicked"]


async def test_an_intent_is_of_the_person_who_had_it(world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:mia", "user:ned"):
        await world.member(channel, who, can_kick=True)
    await world.member(channel, "user:sam")
    await db.call("prepare_removal", **channel.by("user:mia"), member_id="user:sam")
    await tell(db, channel, "user:sam", "leave", "user:ned")
    assert (await db.audit(channel.id))[1:] == [("member.kicked", "user:ned", "user:sam")]


async def test_an_intent_is_its_actors_however_late_the_homeserver_tells_of_it(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:sam")
    await db.call("prepare_removal", **channel.by(OWNER), member_id="user:sam")
    await db.execute("UPDATE messaging.intents SET created_at = now() - interval '11 hours'")
    await tell(db, channel, "user:sam", "leave", BOT, by_bot=True)
    assert (await db.audit(channel.id))[1:] == [("member.kicked", OWNER, "user:sam")]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_a_room_of_no_channel_is_refused(db: Database) -> None:
    nowhere = Channel("", "!unknown:localhost", "")
    assert await db.refusal("record_membership", **membership(nowhere, "user:sam", "join")) == "channel_not_found"
