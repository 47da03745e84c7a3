"""prepare_channel_change and record_channel_change."""

import json

import pytest

from harness.database import Database
from harness.world import NOWHERE, OWNER, World, at


async def test_a_change_is_one_event_and_one_line_of_the_audit_log(world: World, db: Database) -> None:
    channel = await world.channel(name="Old")
    changes = {"name": "New", "topic": "Talk"}
    prepared = await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    assert prepared.pop("intent") == await db.value("SELECT target_id FROM messaging.intents")
    assert prepared == {"room_id": channel.room_id, "changes": changes}
    document = await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes=changes)
    assert (document["name"], document["topic"]) == ("New", "Talk")
    assert await db.subjects(channel.id) == ["channel.created", "channel.updated"]
    assert (await db.audit(channel.id))[1:] == [("channel.updated", OWNER, None)]
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_what_is_so_already_is_no_change(world: World, db: Database) -> None:
    channel = await world.channel(name="Same", topic=None)
    before = await db.contents()
    prepared = await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "Same", "topic": None})
    assert prepared["changes"] == {} and await db.contents() == before
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes={"name": "Same"})
    assert await db.subjects(channel.id) == ["channel.created"]


async def test_a_value_can_be_taken_away(world: World, db: Database) -> None:
    channel = await world.channel(topic="Talk", description="About")
    document = await db.call(
        "record_channel_change", channel_id=channel.id, caller=OWNER, changes={"topic": None, "description": None}
    )
    assert (document["topic"], document["description"]) == (None, None)


async def test_an_admin_changes_a_channel_and_nobody_below(world: World, db: Database) -> None:
    channel = await world.channel()
    for who, columns in {
        "user:adam": {"role": "admin"},
        "user:mia": {"can_kick": True},
        "user:ivo": {"role": "admin", "state": "invited"},
        "user:lea": {"role": "admin", "state": "left"},
    }.items():
        await world.member(channel, who, **columns)
    change = {"changes": {"name": "New"}}
    assert await db.call("prepare_channel_change", **channel.by("user:adam"), **change)
    for who in ("user:mia", "user:ivo", "user:lea", "user:sam"):
        assert await db.refusal("prepare_channel_change", **channel.by(who), **change) == "cannot_manage", who


async def test_refusals_of_a_change(world: World, db: Database) -> None:
    change = {"changes": {"name": "New"}}
    private = await world.channel(visibility="private")
    assert await db.refusal("prepare_channel_change", **private.by("user:sam"), **change) == "channel_not_found"
    nowhere = {"caller": OWNER, "microdaos": None, "channel_id": NOWHERE}
    assert await db.refusal("prepare_channel_change", **nowhere, **change) == "channel_not_found"
    await world.archive(private)
    assert await db.refusal("prepare_channel_change", **private.by(OWNER), **change) == "channel_archived"


async def test_a_direct_channel_stays_private(world: World, db: Database) -> None:
    direct = await world.channel(visibility="private", is_direct=True)
    public = {"changes": {"visibility": "public"}}
    assert await db.refusal("prepare_channel_change", **direct.by(OWNER), **public) == "direct_stays_private"
    assert await db.call("prepare_channel_change", **direct.by(OWNER), changes={"visibility": "private"})


async def test_encryption_is_never_taken_away(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    arguments = {"channel_id": channel.id, "caller": OWNER, "changes": {"is_encrypted": False}}
    assert (await db.call("record_channel_change", **arguments))["is_encrypted"] is True


async def test_an_older_push_does_not_undo_a_change(world: World, db: Database) -> None:
    channel = await world.channel(name="Old")
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"name": "New"})
    await db.call("record_channel_change", channel_id=channel.id, caller=OWNER, changes={"name": "New"})
    await db.call(
        "record_room_state",
        room_id=channel.room_id,
        event_type="m.room.name",
        field="name",
        value="Old",
        sender_id="user:mia",
        by_bot=False,
        changed_at=at(-60),
    )
    assert (await db.call("get_channel", **channel.by(OWNER)))["name"] == "New"


@pytest.mark.parametrize("push_first", [False, True])
async def test_two_visibilities_wait_for_each_other(world: World, db: Database, push_first: bool) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:adam", role="admin")
    opened, closed = {"visibility": "public"}, {"visibility": "microdao"}
    prepared = await db.call("prepare_channel_change", **channel.by(OWNER), changes=opened)
    if push_first:
        rule = {"room_id": channel.room_id, "is_open": True, "sender_id": OWNER, "by_bot": True, "changed_at": at(0)}
        await db.call("record_join_rule", **rule, event_id="$opened", order="told")
    change = {**channel.by("user:adam"), "changes": closed}
    assert await db.refusal("prepare_channel_change", **change) == "channel_being_changed"
    assert await db.refusal("prepare_channel_change", **change | {"changes": {"visibility": "private"}}) == (
        "channel_being_changed"
    )
    assert await db.refusal("prepare_archive", **channel.by("user:adam")) == "channel_being_changed"
    # What has nothing to do with it, even where the room refuses that.
    topic = await db.call("prepare_channel_change", **change | {"changes": {"topic": "new"}})
    note = {"channel_id": channel.id, "act": "update"}
    await db.call("drop_intent", **note, caller="user:adam", target_id=topic["intent"])
    assert await db.refusal("prepare_channel_change", **change) == "channel_being_changed"
    # The same of somebody else, who is not done when the first one is.
    await db.call("prepare_channel_change", **change | {"changes": opened})
    recorded = {"channel_id": channel.id, "changes": opened}
    await db.call("record_channel_change", **recorded, caller=OWNER)
    assert prepared["alias_name"] is not None
    if not push_first:
        assert await db.refusal("prepare_channel_change", **change) == "channel_being_changed"
    await db.call("record_channel_change", **recorded, caller="user:adam")
    # What the room has refused, also after it was told, and what was cut off, holds nobody up.
    refused = await db.call("prepare_channel_change", **change)
    rule = {"room_id": channel.room_id, "is_open": False, "sender_id": OWNER, "by_bot": True, "changed_at": at(1)}
    await db.call("record_join_rule", **rule, event_id="$closed", order="told")
    await db.call("drop_intent", **note, caller="user:adam", target_id=refused["intent"])
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"visibility": "private"})
    await db.execute("UPDATE messaging.intents SET created_at = created_at - interval '2 minutes'")
    await db.call("prepare_channel_change", **change)


async def test_a_visibility_and_an_archive_wait_for_each_other(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    opened = {"visibility": "public"}
    await db.call("prepare_archive", **channel.by(OWNER))
    assert await db.refusal("prepare_channel_change", **channel.by(OWNER), changes=opened) == "channel_being_changed"
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"topic": "new"})
    await db.call("record_archive", channel_id=channel.id, caller=OWNER)
    # As a component of an earlier version, which asked before.
    recorded = {"channel_id": channel.id, "caller": OWNER, "changes": opened}
    assert await db.refusal("record_channel_change", **recorded) == "channel_archived"


async def test_a_change_of_the_visibility_that_was_cut_off_is_taken_up_once(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    here = {"channel_id": channel.id}
    assert (await db.call("resume_visibility", **here))["actor_id"] is None
    await db.call("prepare_channel_change", **channel.by(OWNER), changes={"visibility": "public"})
    # It may still be under way.
    assert (await db.call("resume_visibility", **here))["actor_id"] is None
    late = "UPDATE messaging.intents SET created_at = now() - interval '2 minutes'"
    await db.execute(late)
    assert await db.call("resume_visibility", **here) == {"actor_id": OWNER, "visibility": "private"}
    # Now that is under way: nobody opens the channel beside it, and no other comparison does the same.
    assert (await db.call("resume_visibility", **here))["actor_id"] is None
    opened = {**channel.by(OWNER), "changes": {"visibility": "public"}}
    assert await db.refusal("prepare_channel_change", **opened) == "channel_being_changed"
    await db.call("drop_intent", **here, caller=OWNER, act="visibility", target_id="channel")
    await db.call("prepare_channel_change", **opened)
    # To an open room nothing leads too much.
    public = await world.channel()
    await db.call("prepare_channel_change", **public.by(OWNER), changes={"visibility": "private"})
    await db.execute(late)
    assert (await db.call("resume_visibility", channel_id=public.id))["actor_id"] is None
    left = "SELECT count(*) FROM messaging.intents WHERE channel_id = $1 AND act = 'visibility'"
    assert await db.value(left, public.id) == 0
    assert await db.refusal("resume_visibility", channel_id=NOWHERE) == "channel_not_found"


async def test_of_a_change_that_fails_half_way_only_what_failed_may_still_come(world: World, db: Database) -> None:
    channel = await world.channel()
    changes = {"name": "New", "topic": "Talk", "visibility": "microdao"}
    await db.call("prepare_channel_change", **channel.by(OWNER), changes=changes)
    done = {"channel_id": channel.id, "caller": OWNER, "changes": {"name": "New"}}
    await db.call("record_channel_change", **done, failed="topic")
    noted = "SELECT details FROM messaging.intents WHERE channel_id = $1 AND act = 'update'"
    assert json.loads(await db.value(noted, channel.id)) == {"topic": "Talk"}
    # Their own closing in Matrix is not taken for the part that was never asked for.
    rule = {"room_id": channel.room_id, "is_open": False, "sender_id": OWNER, "by_bot": False, "changed_at": at()}
    await db.call("record_join_rule", **rule, event_id="$closed", order="told")
    assert (await db.call("get_channel", **channel.by(OWNER)))["visibility"] == "private"
