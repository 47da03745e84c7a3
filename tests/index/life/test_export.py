"""What is kept of a channel or of a person, page by page."""

from __future__ import annotations

from typing import Any

from harness.database import Database
from harness.pins import pin
from harness.world import NOWHERE, OWNER, World, reaction

MIA = "user:mia"


async def all_pages(db: Database, function: str, part: str, **more: Any) -> list[Any]:
    items: list[Any] = []
    after = None
    for _ in range(100):
        page = await db.call(function, part=part, after=after, **more)
        assert len(page["items"]) <= more["limit"] or part in ("pins", "uploads", "reactions")
        items += page["items"]
        after = page["next"]
        if after is None:
            return items
    raise AssertionError("it does not end")


async def test_a_channel_is_exported_whole_and_in_order(world: World, db: Database) -> None:
    channel, other = await world.channel(), await world.channel()
    await world.member(channel, MIA)
    messages = [await world.message(channel, sender) for sender in (OWNER, MIA) * 4]
    await world.message(other, MIA)
    file = {"content_uri": "mxc://localhost/abc", "thumbnail_uri": None, "filename": "a.txt"}
    shown = await world.message(channel, MIA, content_type="file", file=file)
    thumb = reaction(channel, messages[0].event_id, MIA)
    await db.call("record_reaction", **thumb)
    await pin(db, channel, messages[1])
    await world.delete(channel, messages[2])

    async def part(name: str, limit: int = 3) -> list[Any]:
        return await all_pages(db, "export_channel", name, channel_id=channel.id, limit=limit)

    assert [one["id"] for one in await part("channel")] == [channel.id]
    assert sorted(one["member_id"] for one in await part("members", 1)) == sorted([OWNER, MIA])
    exported = await part("messages")
    assert [one["message"]["id"] for one in exported] == [message.id for message in [*messages, shown]]
    assert {one["room_id"] for one in exported} == {channel.room_id}
    assert [one["emoji"] for one in exported[0]["reactions"]] == ["👍"] and exported[1]["reactions"] == []
    assert exported[2]["message"]["deleted_at"], "that somebody was there is told, and not what they said"
    assert [one["matrix_event_id"] for one in await part("pins")] == [messages[1].event_id]
    [one] = await part("files")
    assert (one["message_id"], one["content_uri"]) == (shown.id, "mxc://localhost/abc")
    audit = await part("audit", 100)
    assert {"channel.created", "message.pinned"} <= {one["event_type"] for one in audit}
    for limit in (1, 2, 3):
        assert await part("audit", limit) == audit, "each once, in an order that stays"
    refusal = await db.refusal("export_channel", channel_id=NOWHERE, part="channel", after=None, limit=1)
    assert refusal == "channel_not_found"


async def test_a_person_is_exported_from_every_channel(world: World, db: Database) -> None:
    channels = [await world.channel() for _ in range(3)]
    said: set[str] = set()
    for channel in channels:
        await world.member(channel, MIA)
        for sender in (MIA, OWNER, MIA, MIA, OWNER):
            message = await world.message(channel, sender)
            said |= {message.id} if sender == MIA else set()
        await db.call("record_reaction", **reaction(channel, message.event_id, MIA))
    file = {"content_uri": "mxc://localhost/abc", "thumbnail_uri": None, "filename": "a.txt"}
    shown = await world.message(channels[0], MIA, content_type="file", file=file)
    await db.call(
        "record_upload", caller=MIA, channel_id=channels[0].id, server_name="localhost", media_id="abc",
        filename="a.txt", content_type="text/plain", size=1, sha256="00",
    )  # fmt: skip

    async def part(name: str, limit: int = 2, scan: int = 4) -> list[Any]:
        return await all_pages(db, "export_person", name, member_id=MIA, limit=limit, scan=scan)

    for limit, scan in ((2, 4), (1, 1), (50, 2000), (2, 2)):
        exported = [one["message"]["id"] for one in await part("messages", limit, scan)]
        assert len(exported) == len(said) + 1 and set(exported) == said | {shown.id}
    assert {one["channel_id"] for one in await part("memberships")} == {channel.id for channel in channels}
    assert len(await part("reactions")) == 3
    assert [one["message_id"] for one in await part("files")] == [shown.id]
    assert [one["sha256"] for one in await part("uploads")] == ["00"]
    assert await part("profile") == []
    nobody = await all_pages(db, "export_person", "messages", member_id="user:nobody", limit=2, scan=4)
    assert nobody == []
