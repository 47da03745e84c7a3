"""get_channel."""

from harness.database import Database
from harness.world import NOWHERE, OWNER, World


async def test_a_channel_is_its_row(world: World, db: Database) -> None:
    channel = await world.channel(slug="general", name="General", topic="Talk", visibility="microdao")
    document = await db.call("get_channel", **channel.by(OWNER))
    assert {name: value for name, value in document.items() if not name.endswith("_at")} == {
        "id": channel.id,
        "slug": "general",
        "name": "General",
        "description": None,
        "microdao_id": "microdao:daarion",
        "matrix_room_id": channel.room_id,
        "visibility": "microdao",
        "is_direct": False,
        "is_encrypted": False,
        "topic": "Talk",
        "avatar_url": None,
        "created_by": OWNER,
        "read_seq": 0,
        "unread_count": 0,
        "mention_count": 0,
        "marked_unread": False,
        "muted": False,
        "member_count": 1,
        "last_message": None,
        "last_seq": 1,
        "membership": document["membership"],
        "direct_member_id": None,
        "link_previews": None,
        "retention_days": None,
        "kept_days": None,
    }
    assert document["created_at"].endswith("Z") and document["archived_at"] is None


async def test_an_archived_channel_can_still_be_looked_at(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.archive(channel)
    assert (await db.call("get_channel", **channel.by("user:sam")))["archived_at"] is not None


async def test_no_channel_is_not_found(db: Database) -> None:
    refusal = await db.refusal("get_channel", caller=OWNER, microdaos=None, channel_id=NOWHERE)
    assert refusal == "channel_not_found"
