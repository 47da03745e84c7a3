"""prepare_member_change and record_member_change."""

import asyncio
from typing import Any

import pytest

from harness.database import Database
from harness.world import OWNER, Channel, World, membership


def recording(channel: Channel, caller: str, who: str, details: dict[str, Any]) -> dict[str, Any]:
    return {"channel_id": channel.id, "caller": caller, "member_id": who, "details": details}


async def test_a_new_role_brings_its_capabilities_and_its_level(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    change = {"member_id": "user:mia", "details": {"role": "admin", "can_kick": False}}
    prepared = await db.call("prepare_member_change", **channel.by(OWNER), **change)
    details = {"role": "admin", "can_invite": True, "can_kick": False, "can_create_tasks": True}
    assert prepared == {
        "room_id": channel.room_id,
        "matrix_user_id": "@user-mia:localhost",
        "details": details,
        "power_level": 50,
    }
    document = await db.call("record_member_change", **recording(channel, OWNER, "user:mia", details))
    assert {name: document[name] for name in details} == details and document["matrix_power_level"] == 50
    assert await db.subjects(channel.id) == ["channel.created", "member.role_changed"]
    assert (await db.audit(channel.id))[1:] == [("member.role_changed", OWNER, "user:mia")]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_a_change_to_what_is_so_already_is_no_event(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    prepared = await db.call(
        "prepare_member_change", **channel.by(OWNER), member_id="user:mia", details={"role": "member"}
    )
    assert prepared["power_level"] is None
    await db.call("record_member_change", **recording(channel, OWNER, "user:mia", {"role": "member"}))
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_who_may_not_write_is_below_the_level_of_writing(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia")
    change = {"member_id": "user:mia", "details": {"can_write": False}}
    assert (await db.call("prepare_member_change", **channel.by(OWNER), **change))["power_level"] == -1
    document = await db.call("record_member_change", **recording(channel, OWNER, "user:mia", {"can_write": False}))
    assert (document["can_write"], document["matrix_power_level"]) == (False, -1)


async def test_refusals_of_a_change(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    for who, columns in {
        "user:mia": {},
        "user:adam": {"role": "admin"},
        "user:abel": {"role": "admin", "can_kick": False},
        "user:lea": {"state": "left"},
        "agent:ada": {},
    }.items():
        await world.member(channel, who, **columns)
    cases = [
        ("channel_not_found", private.by("user:sam"), OWNER, {"role": "member"}),
        ("cannot_manage", channel.by("user:mia"), "user:mia", {"role": "admin"}),
        ("member_not_found", channel.by(OWNER), "user:sam", {"role": "admin"}),
        ("member_not_found", channel.by(OWNER), "user:sam", {"can_write": False, "can_kick": True}),
        ("member_not_found", channel.by(OWNER), "user:sam", {}),
        ("member_not_found", channel.by(OWNER), "user:lea", {"role": "admin"}),
        ("role_does_not_fit", channel.by(OWNER), "user:mia", {"role": "agent"}),
        ("role_does_not_fit", channel.by(OWNER), "agent:ada", {"role": "admin"}),
        ("cannot_grant", channel.by("user:adam"), "user:abel", {"role": "member"}),
        ("cannot_grant", channel.by("user:adam"), OWNER, {"role": "member"}),
        ("cannot_grant", channel.by("user:adam"), "user:mia", {"role": "owner"}),
        ("cannot_grant", channel.by("user:abel"), "user:mia", {"can_kick": True}),
        ("cannot_grant", channel.by("user:abel"), "user:mia", {"role": "admin"}),
        ("last_owner", channel.by(OWNER), OWNER, {"role": "admin"}),
        ("owners_have_every_right", channel.by(OWNER), OWNER, {"can_write": False}),
        ("owners_have_every_right", channel.by(OWNER), "user:mia", {"role": "owner", "can_read": False}),
    ]
    for expected, by, member_id, details in cases:
        arguments = {**by, "member_id": member_id, "details": details}
        assert await db.refusal("prepare_member_change", **arguments) == expected, arguments
    gone = recording(channel, OWNER, "user:sam", {"role": "admin"})
    assert await db.refusal("record_member_change", **gone) == "member_not_found"
    await world.archive(channel)
    arguments = {**channel.by(OWNER), "member_id": "user:mia", "details": {"role": "admin"}}
    assert await db.refusal("prepare_member_change", **arguments) == "channel_archived"


async def test_the_last_owner_stays_one_whatever_is_recorded(world: World, db: Database) -> None:
    channel = await world.channel()
    refused = await db.refusal("record_member_change", **recording(channel, OWNER, OWNER, {"role": "member"}))
    assert refused == "last_owner"
    await world.member(channel, "user:bob", role="owner")
    document = await db.call("record_member_change", **recording(channel, OWNER, OWNER, {"role": "member"}))
    assert document["role"] == "member"


RIGHTS = ("can_read", "can_write", "can_invite", "can_kick", "can_create_tasks")


@pytest.mark.parametrize("right", RIGHTS)
async def test_nobody_gives_themselves_or_others_what_was_taken_from_them(
    world: World, db: Database, right: str
) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin", **{right: False})
    await world.member(channel, "user:mia", **{right: False})
    for who in ("user:adam", "user:mia"):
        change = {"member_id": who, "details": {right: True}}
        assert await db.refusal("prepare_member_change", **channel.by("user:adam"), **change) == "cannot_grant"
        assert await db.call("prepare_member_change", **channel.by(OWNER), **change)
        await db.call("drop_intent", channel_id=channel.id, caller=OWNER, act="role", target_id=who)
    # What they have left they may give up.
    assert await db.call(
        "prepare_member_change",
        **channel.by("user:adam"),
        member_id="user:adam",
        details={other: False for other in RIGHTS},
    )


@pytest.mark.parametrize("right", ["can_read", "can_write"])
async def test_an_admin_without_a_right_does_not_give_it_back_by_inviting(
    world: World, db: Database, right: str
) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin", **{right: False})
    await world.member(channel, "user:lea", state="left", **{right: False})
    arguments = {
        "member_id": "user:lea",
        "details": {"role": "member", right: True},
        "client_key": None,
        "fingerprint": "f",
    }
    assert await db.refusal("prepare_invite", **channel.by("user:adam"), **arguments) == "cannot_grant"
    assert await db.call("prepare_invite", **channel.by(OWNER), **arguments)
    owner = {
        "member_id": "user:sam",
        "details": {"role": "owner", right: False},
        "client_key": None,
        "fingerprint": "f",
    }
    assert await db.refusal("prepare_invite", **channel.by(OWNER), **owner) == "owners_have_every_right"


async def test_a_muted_admin_is_below_the_level_of_writing(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:adam", role="admin")
    for details, level in (({"can_write": False}, -1), ({"can_write": True}, 50)):
        change = {"member_id": "user:adam", "details": details}
        prepared = await db.call("prepare_member_change", **channel.by(OWNER), **change)
        assert prepared["power_level"] == level
        document = await db.call("record_member_change", **recording(channel, OWNER, "user:adam", prepared["details"]))
        assert (document["role"], document["matrix_power_level"]) == ("admin", level)


async def test_a_muted_member_stays_so_as_an_admin_and_not_as_an_owner(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia", can_write=False)
    for role, level, can_write in (("admin", -1, False), ("owner", 100, True)):
        change = {"member_id": "user:mia", "details": {"role": role}}
        prepared = await db.call("prepare_member_change", **channel.by(OWNER), **change)
        document = await db.call("record_member_change", **recording(channel, OWNER, "user:mia", prepared["details"]))
        assert (document["matrix_power_level"], document["can_write"]) == (level, can_write)


@pytest.mark.parametrize("other", ["steps down", "leaves"])
async def test_of_two_owners_who_go_at_once_one_stays(world: World, db: Database, other: str) -> None:
    for _ in range(5):
        channel = await world.channel()
        await world.member(channel, "user:bob", role="owner")
        sessions = await db.sessions(2)
        step_down = {"member_id": OWNER, "details": {"role": "member"}}
        first = ("prepare_member_change", {**channel.by(OWNER), **step_down})
        second = ("prepare_removal", {**channel.by("user:bob"), "member_id": "user:bob"})
        if other == "steps down":
            second = ("prepare_member_change", {**channel.by("user:bob"), **step_down, "member_id": "user:bob"})
        outcomes = await asyncio.gather(
            *(
                session.outcome(function, **arguments)
                for session, (function, arguments) in zip(sessions, (first, second))
            )
        )
        assert sorted(str(outcome.refusal) for outcome in outcomes) == ["None", "last_owner"]


async def test_who_became_the_last_owner_meanwhile_stays_one(world: World, db: Database) -> None:
    """The other one was gone before the change was recorded: the room has to get the level back."""
    channel = await world.channel()
    await world.member(channel, "user:bob", role="owner")
    change = {"member_id": OWNER, "details": {"role": "member"}}
    details = (await db.call("prepare_member_change", **channel.by(OWNER), **change))["details"]
    await db.call("record_removal", channel_id=channel.id, caller="user:bob", member_id="user:bob")
    outcome = await db.outcome("record_member_change", **recording(channel, OWNER, OWNER, details))
    assert outcome.refusal == "last_owner"
    row = await world.row(channel, OWNER)
    assert row and (row["role"], row["matrix_power_level"]) == ("owner", 100)


@pytest.mark.parametrize("state", ["left", "never here"])
async def test_who_is_not_here_is_muted_for_when_they_come(world: World, db: Database, state: str) -> None:
    """Otherwise whoever posts, leaves and posts again could be stopped by nobody."""
    channel = await world.channel()
    if state == "left":
        await world.member(channel, "user:spam", state="left", role="admin", matrix_power_level=0)
    for can_write, level in ((False, -1), (True, 0), (False, -1)):
        change = {"member_id": "user:spam", "details": {"can_write": can_write}}
        prepared = await db.call("prepare_member_change", **channel.by(OWNER), **change)
        changes_level = not (can_write and state == "never here" and not await world.row(channel, "user:spam"))
        assert prepared["power_level"] == (level if changes_level else None)
        record = recording(channel, OWNER, "user:spam", prepared["details"]) | {
            "matrix_user_id": "@user-spam:localhost"
        }
        document = await db.call("record_member_change", **record)
        assert (document["can_write"], document["matrix_power_level"]) == (can_write, level)
        assert document["left_at"] is not None
    send = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}
    assert await db.refusal("prepare_send", **channel.by("user:spam"), **send) == "cannot_write"
    await db.call("record_membership", **membership(channel, "user:spam", "join"))
    assert await db.refusal("prepare_send", **channel.by("user:spam"), **send) == "cannot_write"
    assert (await db.audit(channel.id))[1:4] == [("member.role_changed", OWNER, "user:spam")] * 3
    assert await db.subjects(channel.id) == ["channel.created", "member.joined"]


async def test_an_absent_one_is_restricted_and_gets_no_role(world: World, db: Database) -> None:
    direct, channel = await world.channel(visibility="private", is_direct=True), await world.channel()
    await world.member(channel, "user:adam", role="admin", can_write=False)
    mute = {"member_id": "user:spam", "details": {"can_write": False}}
    assert await db.refusal("prepare_member_change", **direct.by(OWNER), **mute) == "member_not_found"
    unmute = {"member_id": "user:spam", "details": {"can_write": True}}
    assert await db.refusal("prepare_member_change", **channel.by("user:adam"), **unmute) == "cannot_grant"
    # A member who leaves while they are muted comes back muted.
    record = recording(channel, OWNER, "user:gone", {"role": "member", "can_write": False})
    await db.call("record_member_change", **record, matrix_user_id="@user-gone:localhost")
    row = await world.row(channel, "user:gone")
    assert row and (row["role"], row["can_write"], row["matrix_power_level"]) == ("member", False, -1)


async def test_muted_members_leave_the_room_a_place_for_roles(world: World, db: Database) -> None:
    """The room's power levels are one event of at most 64 KiB."""
    channel = await world.channel()
    await world.member(channel, "user:mia")
    await db.execute(
        """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, can_write, matrix_power_level)
           SELECT $1, '@' || repeat('x', 240) || n || ':elsewhere', 'human', '@' || repeat('x', 240) || n || ':elsewhere', false, -1
           FROM generate_series(1, 125) n""",
        channel.id,
    )
    by = channel.by(OWNER)
    mute, promote = {"can_write": False}, {"role": "admin"}
    for who in ("user:mia", "user:not-here"):
        assert await db.refusal("prepare_member_change", **by, member_id=who, details=mute) == "too_many_levels"
    assert (await db.call("prepare_member_change", **by, member_id="user:mia", details=promote))["power_level"] == 50
    invitation = {"client_key": None, "fingerprint": "f"}
    guest = {"member_id": "user:gus", "details": {"role": "guest", **mute}, **invitation}
    assert await db.refusal("prepare_invite", **by, **guest) == "too_many_levels"
    admin = {"member_id": "user:ada", "details": promote, **invitation}
    assert (await db.call("prepare_invite", **by, **admin))["power_level"] == 50
    # One who may write again makes room.
    muted = await db.value("SELECT member_id FROM public.channel_members WHERE matrix_power_level < 0 LIMIT 1")
    unmute = {"member_id": muted, "details": {"can_write": True}}
    assert (await db.call("prepare_member_change", **by, **unmute))["power_level"] == 0


async def test_who_has_the_rooms_default_level_takes_up_no_place(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, "user:mia", can_write=False)
    await world.member(channel, "user:mel")
    level = "INSERT INTO messaging.room_levels (channel_id, levels, default_level) VALUES ($1, '{}', -1)"
    await db.execute(level, channel.id)
    many = """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, matrix_power_level)
              SELECT $1, '@' || repeat('x', 240) || n || ':elsewhere', 'human', '@' || repeat('x', 240) || n || ':elsewhere', $2
              FROM generate_series($3::integer, $4) n"""
    by, mute, promote = channel.by(OWNER), {"can_write": False}, {"role": "admin", "can_write": True}
    # Those who are muted by the default have no entry.
    await db.execute(many, channel.id, -1, 1, 250)
    assert (await db.call("prepare_member_change", **by, member_id="user:mel", details=mute))["power_level"] == -1
    assert (await db.call("prepare_member_change", **by, member_id="user:mia", details=promote))["power_level"] == 50
    # Those who write have one.
    await db.execute(many, channel.id, 0, 251, 500)
    assert await db.refusal("prepare_member_change", **by, member_id="user:mia", details=promote) == "too_many_levels"
    admin = {"member_id": "user:ada", "details": promote, "client_key": None, "fingerprint": "f"}
    assert await db.refusal("prepare_invite", **by, **admin) == "too_many_levels"
