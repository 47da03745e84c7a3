"""prepare_invite and record_invite."""

import asyncio
from typing import Any

from harness.database import Database
from harness.world import DAO, EVERY, OWNER, Channel, World, at, matrix_id, membership, type_of

MEMBER: dict[str, Any] = {"role": "member"}


def asking(channel: Channel, caller: str, who: str, details: dict[str, Any] = MEMBER, **changes: Any) -> dict[str, Any]:
    key = {"client_key": None, "fingerprint": "one"}
    return {**channel.by(caller), "member_id": who, "details": details, **key, **changes}


def recording(
    channel: Channel, caller: str, who: str, details: dict[str, Any] = MEMBER, **changes: Any
) -> dict[str, Any]:
    return {
        "channel_id": channel.id,
        "caller": caller,
        "member_id": who,
        "member_type": type_of(who),
        "matrix_user_id": matrix_id(who),
        "details": details,
        "has_joined": False,
        "asked_at": at(),
        "client_key": None,
        "fingerprint": "one",
        **changes,
    }


async def test_an_invited_person_is_a_member_who_has_not_joined(world: World, db: Database) -> None:
    channel = await world.channel()
    prepared = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob"))
    assert prepared == {"room_id": channel.room_id, "power_level": None}
    document = await db.call("record_invite", **recording(channel, OWNER, "user:bob"))
    assert (document["role"], document["invited_by"], document["joined_at"]) == ("member", OWNER, None)
    assert document["invited_at"]
    [event] = await db.events(channel.id, "messaging.member.invited")
    assert event["member"] == document
    assert (await db.audit(channel.id))[1:] == [("member.invited", OWNER, "user:bob")]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_one_of_ours_is_in_at_once(world: World, db: Database) -> None:
    channel = await world.channel()
    document = await db.call(
        "record_invite", **recording(channel, OWNER, "agent:ada", {"role": "agent"}, has_joined=True)
    )
    assert document["joined_at"] is not None
    assert await db.subjects(channel.id) == ["channel.created", "member.invited", "member.joined"]


async def test_a_role_brings_its_power_level(world: World, db: Database) -> None:
    channel = await world.channel()
    for details, level in (
        ({"role": "admin"}, 50),
        ({"role": "owner"}, 100),
        ({"role": "member", "can_write": False}, -1),
    ):
        prepared = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", details))
        assert prepared["power_level"] == level
        await db.call("drop_intent", channel_id=channel.id, caller=OWNER, act="invite", target_id="user:bob")
    document = await db.call("record_invite", **recording(channel, OWNER, "user:bob", {"role": "admin"}))
    assert (document["can_invite"], document["can_kick"], document["matrix_power_level"]) == (True, True, 50)


async def test_refusals_of_an_invitation(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    direct = await world.channel(visibility="private", is_direct=True)
    await world.member(direct, "user:bob", role="owner")
    for who, columns in {
        "user:mia": {},
        "user:ina": {"can_invite": True},
        "user:ivo": {"can_invite": True, "state": "invited"},
        "user:wim": {"can_write": False, "state": "left"},
        "user:rob": {"can_read": False, "state": "left"},
    }.items():
        await world.member(channel, who, **columns)
    cases = [
        ("channel_not_found", asking(private, "user:sam", "user:new")),
        ("cannot_invite", asking(channel, "user:sam", "user:new")),
        ("cannot_invite", asking(channel, "user:mia", "user:new")),
        ("cannot_invite", asking(channel, "user:ivo", "user:new")),
        ("cannot_grant", asking(channel, "user:ina", "user:new", {"role": "admin"})),
        ("cannot_grant", asking(channel, "user:ina", "user:new", {"role": "member", "can_kick": True})),
        ("cannot_grant", asking(channel, "user:ina", "user:new", {"role": "member", "can_create_tasks": True})),
        ("cannot_grant", asking(channel, "user:ina", "user:wim", {"role": "member", "can_write": True})),
        ("cannot_grant", asking(channel, "user:ina", "user:rob", {"role": "member", "can_read": True})),
        ("already_a_member", asking(channel, OWNER, "user:mia", {"role": "admin"})),
        ("direct_is_of_two", asking(direct, OWNER, "user:new")),
    ]
    for expected, arguments in cases:
        assert await db.refusal("prepare_invite", **arguments) == expected, arguments
    await world.archive(channel)
    assert await db.refusal("prepare_invite", **asking(channel, OWNER, "user:new")) == "channel_archived"


async def test_who_may_invite_lifts_nothing_and_a_manager_does(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ina", can_invite=True)
    await world.member(channel, "user:wim", can_write=False, state="left")
    prepared = await db.call("prepare_invite", **asking(channel, "user:ina", "user:wim"))
    assert prepared["power_level"] is None
    document = await db.call("record_invite", **recording(channel, "user:ina", "user:wim"))
    assert document["can_write"] is False
    lifted = {"role": "member", "can_write": True}
    assert (await db.call("prepare_invite", **asking(channel, OWNER, "user:wim", lifted)))["power_level"] == 0
    document = await db.call("record_invite", **recording(channel, OWNER, "user:wim", lifted))
    assert (document["can_write"], document["matrix_power_level"]) == (True, 0)


async def test_who_may_invite_no_more_is_refused_whoever_comes_first(world: World, db: Database) -> None:
    # What the homeserver tells before the API records: nothing, the invitation, and that the bot has undone it.
    for told in ([], ["invite"], ["invite", "leave"]):
        channel = await world.channel(visibility="private")
        await world.member(channel, "user:ina", can_invite=True)
        await db.call("prepare_invite", **asking(channel, "user:ina", "user:bob"))
        sql = "UPDATE public.channel_members SET can_invite = false WHERE channel_id = $1 AND member_id = 'user:ina'"
        await db.execute(sql, channel.id)
        for kind in told:
            await db.call(
                "record_membership", **membership(channel, "user:bob", kind, "user:ina", by_bot=kind == "leave")
            )
        recorded = await db.outcome("record_invite", **recording(channel, "user:ina", "user:bob", has_joined=True))
        assert recorded.refusal == "cannot_invite", told


async def test_who_is_a_member_already_is_told_so(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    document = await db.call("prepare_invite", **asking(channel, OWNER, "user:mia"))
    assert document["member"]["member_id"] == "user:mia"


async def test_a_key_is_one_invitation(world: World, db: Database) -> None:
    channel = await world.channel()
    key = {"client_key": "k"}
    await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", **key))
    member = await db.call("record_invite", **recording(channel, OWNER, "user:bob", **key))
    again = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", **key))
    assert again["member"]["id"] == member["id"]
    other = asking(channel, OWNER, "user:eve", **key, fingerprint="two")
    assert await db.refusal("prepare_invite", **other) == "idempotency_key_reused"


async def test_a_key_belongs_to_what_it_is_sent_to(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    key = {"client_key": "k"}
    await db.call("record_invite", **recording(channel, OWNER, "user:bob", **key))
    # Another channel's invitation and a new channel are no retries of it.
    assert "member" not in await db.call("prepare_invite", **asking(other, OWNER, "user:bob", fingerprint="two", **key))
    creating = {"microdao_id": DAO, "slug": "new", "is_direct": False, "fingerprint": "three", **key}
    assert (await db.call("reserve_channel", caller=OWNER, microdaos=EVERY, **creating))["channel_id"]


async def test_a_key_of_an_earlier_version_still_counts(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    key = {"client_key": "k"}
    member = await db.call("record_invite", **recording(channel, OWNER, "user:bob", **key))
    await db.execute("UPDATE messaging.idempotency_keys SET key = 'k'")
    again = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", **key))
    assert again["member"]["id"] == member["id"]
    reused = asking(channel, OWNER, "user:eve", fingerprint="two", **key)
    assert await db.refusal("prepare_invite", **reused) == "idempotency_key_reused"
    assert "member" not in await db.call("prepare_invite", **asking(other, OWNER, "user:bob", fingerprint="two", **key))


async def test_a_key_that_found_a_member_is_used(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    key = {"client_key": "k"}
    assert (await db.call("prepare_invite", **asking(channel, OWNER, "user:mia", **key)))["is_member"]
    other = asking(channel, OWNER, "user:eve", fingerprint="two", **key)
    assert await db.refusal("prepare_invite", **other) == "idempotency_key_reused"


async def test_the_push_of_an_invitation_carries_out_what_was_asked_for(world: World, db: Database) -> None:
    """The homeserver tells of the invitation before the API records it, and only once is one event."""
    channel = await world.channel()
    details = {"role": "admin", "can_kick": False}
    await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", details))
    await db.call("record_membership", **membership(channel, "user:bob", "invite", "@bot:localhost", by_bot=True))
    row = await world.row(channel, "user:bob")
    assert row and (row["role"], row["can_invite"], row["can_kick"], row["invited_by"]) == ("admin", True, False, OWNER)
    await db.call("record_invite", **recording(channel, OWNER, "user:bob", details))
    assert await db.subjects(channel.id) == ["channel.created", "member.invited"]


async def test_the_same_invitation_twice_at_once_is_one_event(world: World, db: Database) -> None:
    channel = await world.channel()
    sessions = await db.sessions(4)
    arguments = recording(channel, OWNER, "user:bob", has_joined=True)
    await asyncio.gather(*(session.call("record_invite", **arguments) for session in sessions))
    assert await db.subjects(channel.id) == ["channel.created", "member.invited", "member.joined"]


async def test_a_key_serves_one_invitation_from_its_beginning(world: World, db: Database) -> None:
    channel, key = await world.channel(), {"client_key": "k"}
    await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", **key))
    other = asking(channel, OWNER, "user:eve", **key, fingerprint="two")
    assert await db.refusal("prepare_invite", **other) == "idempotency_key_reused"
    # The homeserver tells of it before it is recorded: the retry is the same invitation, and no second one of a member.
    for kind, sender in (("invite", OWNER), ("join", "user:bob")):
        await db.call("record_membership", **membership(channel, "user:bob", kind, sender))
    for _ in range(2):
        again = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", **key))
        assert (again["member"]["member_id"], again["is_member"]) == ("user:bob", False)
    # Of who was a member before, each time.
    for _ in range(2):
        again = await db.call("prepare_invite", **asking(channel, OWNER, "user:bob", client_key="later"))
        assert again["is_member"] is True
