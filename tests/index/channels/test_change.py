"""prepare_channel_change and record_channel_change."""

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
