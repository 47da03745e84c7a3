"""Room aliases: no two channels have the same, and only those that everybody may know of have one."""

import asyncio
from typing import Any

import pytest

from harness.database import Database, Session
from harness.world import NOWHERE, OWNER, Channel, World, matrix_id, number

MALLORY = "user:mallory"
# Slug and microDAO of two channels that compose one alias.
GENERAL = ("general", "microdao:dao-city")
GENERAL_DAO = ("general-dao", "microdao:city")


def reserving(of: tuple[str, str] = GENERAL_DAO, caller: str = MALLORY, **changes: Any) -> dict[str, Any]:
    slug, microdao = of
    return {
        "caller": caller,
        "microdaos": [microdao],
        "microdao_id": microdao,
        "slug": slug,
        "is_direct": False,
        "client_key": None,
        "fingerprint": "one",
        "visibility": "public",
        **changes,
    }


async def record(session: Session, channel_id: str, of: tuple[str, str] = GENERAL_DAO, **changes: Any) -> Channel:
    fields = {"slug": of[0], "name": "x", "microdao_id": of[1], "visibility": changes.pop("visibility", "public")}
    arguments = {
        "channel_id": channel_id,
        "caller": MALLORY,
        "caller_type": "human",
        "caller_matrix_id": matrix_id(MALLORY),
        "room_id": f"!room-{number()}:localhost",
        "fields": fields,
        "client_key": None,
        "fingerprint": "one",
    }
    made = await session.call("record_channel", **arguments, **changes)
    return Channel(made["id"], made["matrix_room_id"], MALLORY)


async def victim(world: World, **fields: Any) -> Channel:
    return await world.channel(slug=GENERAL[0], microdao_id=GENERAL[1], **fields)


async def alias(db: Database, channel: Channel) -> str | None:
    return await db.value("SELECT alias_name FROM public.channels WHERE id = $1", channel.id)


async def change_visibility(db: Database, channel: Channel, visibility: str, **arguments: Any) -> str | None:
    """Changes it; returns the alias that the room was to get."""
    changes = {"visibility": visibility}
    prepared = await db.call("prepare_channel_change", **channel.by(channel.owner), changes=changes)
    await db.call("record_channel_change", channel_id=channel.id, caller=channel.owner, changes=changes, **arguments)
    return prepared["alias_name"]


@pytest.mark.parametrize("visibility", ["public", "microdao"])
@pytest.mark.parametrize("archived", [False, True], ids=["living", "archived"])
async def test_an_alias_belongs_to_one_channel(world: World, db: Database, visibility: str, archived: bool) -> None:
    channel = await victim(world, visibility=visibility)
    assert await alias(db, channel) == "general-dao-city"
    if archived:
        await world.archive(channel)
    for wanted in ("public", "microdao"):
        assert await db.refusal("reserve_channel", **reserving(visibility=wanted)) == "alias_taken"
    # An old component names no visibility.
    old = reserving()
    del old["visibility"]
    assert await db.refusal("reserve_channel", **old) == "alias_taken"
    assert await alias(db, channel) == "general-dao-city"


async def test_a_private_channel_has_no_alias_and_its_name_tells_nobody(world: World, db: Database) -> None:
    channel = await victim(world, visibility="private")
    assert await alias(db, channel) is None
    other = await record(db, (await db.call("reserve_channel", **reserving()))["channel_id"])
    assert await alias(db, other) == "general-dao-city"
    # Nor does it ask for one.
    hidden = await db.call("reserve_channel", **reserving(GENERAL_DAO, slug="private", visibility="private"))
    made = await record(db, hidden["channel_id"], ("private", GENERAL_DAO[1]), visibility="private")
    assert await alias(db, made) is None


async def test_a_direct_channel_has_no_alias(world: World, db: Database) -> None:
    slug = "direct-0123456789abcdef0123456789abcdef"
    channel = await world.channel(slug=slug, visibility="private", is_direct=True)
    assert await alias(db, channel) is None
    look_alike = ("direct", "microdao:0123456789abcdef0123456789abcdef-daarion")
    other = await record(db, (await db.call("reserve_channel", **reserving(look_alike)))["channel_id"], look_alike)
    assert await alias(db, other) == f"{slug}-daarion"


async def test_an_alias_is_reserved_together_with_its_slug(db: Database) -> None:
    first = await db.call("reserve_channel", **reserving(GENERAL, "user:alice"))
    assert await db.refusal("reserve_channel", **reserving()) == "being_created"
    await db.execute("UPDATE messaging.channel_reservations SET reserved_at = now() - interval '3 minutes'")
    second = await db.call("reserve_channel", **reserving())
    assert second["channel_id"] != first["channel_id"]
    # The first one comes back too late.
    late = await db.outcome(
        "record_channel",
        channel_id=first["channel_id"],
        caller="user:alice",
        caller_type="human",
        caller_matrix_id=matrix_id("user:alice"),
        room_id="!late:localhost",
        fields={"slug": GENERAL[0], "name": "x", "microdao_id": GENERAL[1], "visibility": "public"},
        client_key=None,
        fingerprint="one",
    )
    assert late.refusal == "being_created"
    assert await alias(db, await record(db, second["channel_id"])) == "general-dao-city"
    assert await db.refusal("reserve_channel", **reserving(GENERAL, "user:alice")) == "alias_taken"


async def test_of_concurrent_creates_one_gets_the_alias(db: Database) -> None:
    pairs = [("a", "microdao:b-c-d"), ("a-b", "microdao:c-d"), ("a-b-c", "microdao:d")]
    sessions = await db.sessions(9)
    outcomes = await asyncio.gather(
        *(
            session.outcome("reserve_channel", **reserving(pairs[i % 3], f"user:u{i}"))
            for i, session in enumerate(sessions)
        )
    )
    assert sorted(outcome.refusal or "reserved" for outcome in outcomes) == ["being_created"] * 8 + ["reserved"]
    assert await db.value("SELECT count(*) FROM messaging.channel_reservations") == 1


async def test_a_create_waits_for_the_one_that_reserves_the_same_alias(db: Database) -> None:
    first, second = await db.sessions(2)
    async with first.transaction():
        await first.call("reserve_channel", **reserving(GENERAL, "user:alice"))
        waiting = asyncio.create_task(second.outcome("reserve_channel", **reserving()))
        await db.waiting(second)
    assert (await waiting).refusal == "being_created"


async def test_a_room_that_did_not_get_the_alias_is_a_channel_without_one(db: Database) -> None:
    reserved = await db.call("reserve_channel", **reserving())
    channel = await record(db, reserved["channel_id"], has_alias=False)
    assert await alias(db, channel) is None


async def test_the_alias_goes_and_comes_with_the_visibility(world: World, db: Database) -> None:
    channel = await victim(world)
    assert await change_visibility(db, channel, "private", has_alias=False) is None
    assert await alias(db, channel) is None
    assert await change_visibility(db, channel, "microdao", has_alias=True) == "general-dao-city"
    assert await change_visibility(db, channel, "public", has_alias=True) == "general-dao-city"
    assert await alias(db, channel) == "general-dao-city"
    # An old component says nothing of aliases.
    await change_visibility(db, channel, "private")
    assert await alias(db, channel) is None


async def test_a_channel_is_opened_without_an_alias_that_another_one_has(world: World, db: Database) -> None:
    channel = await victim(world, visibility="private")
    other = await db.call("reserve_channel", **reserving())
    assert await change_visibility(db, channel, "microdao", has_alias=False) is None
    await change_visibility(db, channel, "private", has_alias=False)
    await record(db, other["channel_id"])
    assert await change_visibility(db, channel, "public", has_alias=False) is None
    assert await alias(db, channel) is None
    # Nor when a stranger's room turns out to have it.
    alone = await world.channel(slug="alone", visibility="private")
    assert await change_visibility(db, alone, "public", has_alias=False) == "alone-daarion"
    assert await alias(db, alone) is None


async def test_the_gateway_asks_whose_room_it_is(world: World, db: Database) -> None:
    channel = await world.channel()
    reserved = await db.call("reserve_channel", **reserving())
    known = [channel.id, reserved["channel_id"], NOWHERE]
    answers = [await db.call("is_channel", channel_id=one) for one in known]
    assert [answer["is_channel"] for answer in answers] == [True, True, False]
    await world.archive(channel)
    assert await db.call("is_channel", channel_id=channel.id) == {"is_channel": True}
    assert (await db.call("get_channel", **channel.by(OWNER))).keys().isdisjoint({"alias_name"})
