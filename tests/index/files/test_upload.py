"""Uploads: who may, how many bytes in a time, and what is kept of them."""

from __future__ import annotations

from typing import Any

from harness.database import Database
from harness.limits import later, limits
from harness.world import DAO, OWNER, Channel, World

MIB = 1024 * 1024
FILE = {"server_name": "localhost", "media_id": "abc", "filename": "a.png", "content_type": "image/png", "size": 5}
FILE["sha256"] = "0" * 64


def quotas(caller: list[int] | None = None, microdao: list[int] | None = None) -> dict[str, Any]:
    given = {"caller": caller, "microdao": microdao}
    sizes = {"scope": "person", **{scope: quota for scope, quota in given.items() if quota}}
    return {"limits": {**limits("upload"), "bytes": sizes}}


def upload(channel: Channel, by: str = OWNER, size: int = MIB, **more: Any) -> dict[str, Any]:
    return {**channel.by(by), "size": size, **more}


async def test_who_may_write_may_upload(world: World, db: Database) -> None:
    private, public = await world.channel(visibility="private"), await world.channel(visibility="public")
    await world.member(private, "user:bob")
    await world.member(private, "user:mute", can_write=False)
    for channel, who, refusal in (
        (private, OWNER, None),
        (private, "user:bob", None),
        (private, "user:mute", "cannot_write"),
        (private, "user:eve", "channel_not_found"),
        (public, "user:eve", None),
    ):
        assert (await db.outcome("prepare_upload", **upload(channel, who))).refusal == refusal, who
    await world.archive(private)
    assert await db.refusal("prepare_upload", **upload(private)) == "channel_archived"


async def test_bytes_are_counted_by_caller_and_by_microdao(world: World, db: Database) -> None:
    channel = await world.channel()
    for who in ("user:ann", "user:ben"):
        await world.member(channel, who)
    both = quotas([2048, 3600], [3072, 3600])
    async with db.transaction():
        for _ in range(2):
            await db.call("prepare_upload", **upload(channel, **both))
        outcome = await db.outcome("prepare_upload", **upload(channel, **both))
        assert (outcome.refusal, outcome.document["policy"]) == ("upload_quota_exceeded", "upload-kib-person")
        assert (outcome.document["quota"], outcome.document["seconds"]) == (2048, 3600)
        assert 1 <= outcome.document["more_in"] <= 1800
        await db.call("prepare_upload", **upload(channel, "user:ann", **both))
        before = await db.contents()
        outcome = await db.outcome("prepare_upload", **upload(channel, "user:ben", **both))
        assert (outcome.refusal, outcome.document["policy"]) == ("upload_quota_exceeded", "upload-kib-microdao")
        ben = "SELECT theoretical_arrival_at <= clock_timestamp() FROM messaging.rate_limits WHERE key = 'user:ben'"
        assert await db.value(ben), "who was refused for others has used up nothing"
        assert (await db.contents())["messaging.uploads"] == before["messaging.uploads"]
        await later(db, 1200)
        await db.call("prepare_upload", **upload(channel, "user:ben", **both))


async def test_a_file_larger_than_the_quota_is_never_taken(world: World, db: Database) -> None:
    channel = await world.channel()
    for given in (quotas([1024, 60]), quotas(None, [1024, 60])):
        assert await db.refusal("prepare_upload", **upload(channel, size=MIB + 1, **given)) == "upload_quota_exceeded"
        huge = upload(channel, size=2**63 - 1, **given)
        assert await db.refusal("prepare_upload", **huge) == "upload_quota_exceeded"
        await db.call("prepare_upload", **upload(channel, **given))


async def test_what_comes_to_nothing_does_not_count(world: World, db: Database) -> None:
    channel = await world.channel()
    given = quotas([1024, 86400], [1024, 86400])
    for _ in range(3):
        await db.call("prepare_upload", **upload(channel, **given))
        assert await db.refusal("prepare_upload", **upload(channel, size=1, **given)) == "upload_quota_exceeded"
        await db.call("cancel_upload", caller=OWNER, channel_id=channel.id, size=MIB, **given)


async def test_what_time_has_given_back_is_not_given_back_again(world: World, db: Database) -> None:
    channel = await world.channel()
    given = quotas([2048, 2048], [2048, 2048])
    cancelled = {"caller": OWNER, "channel_id": channel.id, "size": MIB, **given}
    # A slow upload of 1 MiB, and when time has given it back, another of 2 MiB. What the first is given back would be the other's.
    await db.call("prepare_upload", **upload(channel, **given))
    await later(db, 1100)
    await db.call("prepare_upload", **upload(channel, size=2 * MIB, **given))
    await db.call("cancel_upload", **cancelled, seconds=1100)
    assert await db.refusal("prepare_upload", **upload(channel, size=MIB // 2, **given)) == "upload_quota_exceeded"
    # One of which time has given back half gets the other half.
    await later(db, 2048)
    await db.call("prepare_upload", **upload(channel, **given))
    await later(db, 512)
    await db.call("prepare_upload", **upload(channel, **given))
    await db.call("cancel_upload", **cancelled, seconds=512)
    await db.call("prepare_upload", **upload(channel, **given))
    assert await db.refusal("prepare_upload", **upload(channel, size=MIB // 2, **given)) == "upload_quota_exceeded"


async def test_one_too_many_uploads_takes_no_bytes(world: World, db: Database) -> None:
    channel = await world.channel()
    given = quotas([2048, 86400])
    given["limits"]["caller"] = [1, 3600]
    await db.call("prepare_upload", **upload(channel, **given))
    for _ in range(3):
        assert await db.refusal("prepare_upload", **upload(channel, **given)) == "rate_limited"
    await db.call("prepare_upload", **upload(channel, **quotas([2048, 86400])))


async def test_an_upload_is_kept_once_with_its_microdao(world: World, db: Database) -> None:
    channel = await world.channel()
    record = {"caller": OWNER, "channel_id": channel.id, **FILE}
    for _ in range(2):
        document = await db.call("record_upload", **record)
        expected = {name: FILE[name] for name in ("filename", "content_type", "size", "sha256")}
        assert document == {"content_uri": "mxc://localhost/abc", **expected}
    row = (await db.rows("SELECT uploader_id, microdao_id, channel_id::text FROM messaging.uploads"))[0]
    assert tuple(row) == (OWNER, DAO, channel.id)
    await db.execute("DELETE FROM public.channels WHERE id = $1", channel.id)
    assert await db.value("SELECT count(*) FROM messaging.uploads") == 0
    assert await db.refusal("record_upload", **record) == "channel_not_found"
