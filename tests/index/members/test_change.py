"""prepare_member_change and record_member_change."""

from typing import Any

from harness.database import Database
from harness.world import OWNER, Channel, World


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
        ("member_not_found", channel.by(OWNER), "user:lea", {"role": "admin"}),
        ("role_does_not_fit", channel.by(OWNER), "user:mia", {"role": "agent"}),
        ("role_does_not_fit", channel.by(OWNER), "agent:ada", {"role": "admin"}),
        ("cannot_grant", channel.by("user:adam"), "user:abel", {"role": "member"}),
        ("cannot_grant", channel.by("user:adam"), OWNER, {"role": "member"}),
        ("cannot_grant", channel.by("user:adam"), "user:mia", {"role": "owner"}),
        ("cannot_grant", channel.by("user:abel"), "user:mia", {"can_kick": True}),
        ("cannot_grant", channel.by("user:abel"), "user:mia", {"role": "admin"}),
        ("last_owner", channel.by(OWNER), OWNER, {"role": "admin"}),
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
    document = await db.call("record_member_change", **recording(channel, OWNER, OWNER, {"role": "member"}))
    assert document["role"] == "owner"
    await world.member(channel, "user:bob", role="owner")
    document = await db.call("record_member_change", **recording(channel, OWNER, OWNER, {"role": "member"}))
    assert document["role"] == "member"
