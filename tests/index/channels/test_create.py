"""reserve_channel and record_channel: one channel for one request, one holder of a slug."""

import asyncio
from typing import Any

from harness.database import Database
from harness.world import DAO, EVERY, NOWHERE, OWNER, World, matrix_id, number

ALICE, BOB = "user:alice", "user:bob"


def reserving(caller: str = ALICE, **changes: Any) -> dict[str, Any]:
    return {
        "caller": caller,
        "microdaos": EVERY,
        "microdao_id": DAO,
        "slug": "general",
        "is_direct": False,
        "client_key": None,
        "fingerprint": "one",
        **changes,
    }


def recording(channel_id: str, caller: str = ALICE, **changes: Any) -> dict[str, Any]:
    fields = {"slug": "general", "name": "General", "microdao_id": DAO, "visibility": "microdao"}
    return {
        "channel_id": channel_id,
        "caller": caller,
        "caller_type": "human",
        "caller_matrix_id": matrix_id(caller),
        "room_id": f"!room-{number()}:localhost",
        "fields": fields,
        "client_key": None,
        "fingerprint": "one",
        **changes,
    }


async def test_a_channel_begins_with_its_owner_its_audit_and_its_event(db: Database) -> None:
    reserved = await db.call("reserve_channel", **reserving())
    channel = await db.call("record_channel", **recording(reserved["channel_id"]))
    assert channel["id"] == reserved["channel_id"] and channel["created_by"] == ALICE
    owner = await db.rows("SELECT * FROM public.channel_members")
    assert [(m["member_id"], m["role"], m["can_kick"], m["matrix_power_level"]) for m in owner] == [
        (ALICE, "owner", True, 100)
    ]
    assert await db.audit(channel["id"]) == [("channel.created", ALICE, None)]
    assert await db.subjects(channel["id"]) == ["channel.created"]
    room = await db.events(channel["id"], "integration.%")
    assert [(e["subject"], e["seq"], e["room_id"]) for e in room] == [
        ("integration.matrix.room.created", 1, channel["matrix_room_id"])
    ]
    assert await db.value("SELECT count(*) FROM messaging.channel_reservations") == 0


async def test_only_members_of_the_microdao_create_channels(db: Database) -> None:
    assert await db.refusal("reserve_channel", **reserving(microdaos=["microdao:other"])) == "not_in_microdao"
    assert await db.refusal("reserve_channel", **reserving(microdaos=[])) == "not_in_microdao"
    assert (await db.call("reserve_channel", **reserving(microdaos=[DAO])))["channel_id"]


async def test_a_slug_is_taken_once_in_a_microdao_and_free_in_another(world: World, db: Database) -> None:
    channel = await world.channel(slug="general")
    assert await db.refusal("reserve_channel", **reserving()) == "slug_taken"
    await world.archive(channel)
    assert await db.refusal("reserve_channel", **reserving()) == "slug_taken"
    assert (await db.call("reserve_channel", **reserving(microdao_id="microdao:other")))["channel_id"]


async def test_the_same_request_again_goes_on_with_the_same_channel(db: Database) -> None:
    first = await db.call("reserve_channel", **reserving())
    assert await db.call("reserve_channel", **reserving()) == first
    # Another one, the caller's own too, waits until it has or must have given up.
    assert await db.refusal("reserve_channel", **reserving(fingerprint="two")) == "being_created"
    await db.call("give_up_channel", channel_id=first["channel_id"])
    assert await db.call("reserve_channel", **reserving()) == first
    await db.call("give_up_channel", channel_id=first["channel_id"])
    assert await db.call("reserve_channel", **reserving(fingerprint="two")) != first


async def test_of_different_requests_of_one_caller_at_once_one_wins(db: Database) -> None:
    sessions = await db.sessions(10)
    outcomes = await asyncio.gather(
        *(s.outcome("reserve_channel", **reserving(fingerprint=f"f{i}")) for i, s in enumerate(sessions))
    )
    [winner] = [(i, o.document["channel_id"]) for i, o in enumerate(outcomes) if o.document]
    assert sorted(o.refusal or "reserved" for o in outcomes) == ["being_created"] * 9 + ["reserved"]
    assert (await db.call("record_channel", **recording(winner[1], fingerprint=f"f{winner[0]}")))["id"] == winner[1]


async def test_who_opens_a_direct_channel_at_the_same_time_waits_to_be_brought_in(world: World, db: Database) -> None:
    direct = {"slug": "direct-alice-bob", "is_direct": True}
    channel = await world.channel(ALICE, visibility="private", **direct)
    assert await db.refusal("reserve_channel", **reserving(BOB, **direct)) == "being_created"
    await world.member(channel, BOB, role="owner")
    assert (await db.call("reserve_channel", **reserving(BOB, **direct)))["channel"]["id"] == channel.id


async def test_a_key_that_found_a_direct_channel_is_used(world: World, db: Database) -> None:
    direct = {"slug": "direct-alice-bob", "is_direct": True, "client_key": "k"}
    channel = await world.channel(ALICE, visibility="private", slug=direct["slug"], is_direct=True)
    for _ in range(2):
        assert (await db.call("reserve_channel", **reserving(**direct)))["channel"]["id"] == channel.id
    other = reserving(client_key="k", fingerprint="two", slug="other")
    assert await db.refusal("reserve_channel", **other) == "idempotency_key_reused"


async def test_another_caller_waits_until_the_holder_must_have_given_up(db: Database) -> None:
    first = await db.call("reserve_channel", **reserving())
    assert await db.refusal("reserve_channel", **reserving(BOB)) == "being_created"
    await db.execute("UPDATE messaging.channel_reservations SET reserved_at = now() - interval '3 minutes'")
    second = await db.call("reserve_channel", **reserving(BOB))
    assert second["channel_id"] != first["channel_id"]
    # The first one comes back too late: the reservation, and so the room's alias, is the second one's.
    assert await db.refusal("record_channel", **recording(first["channel_id"])) == "being_created"
    assert (await db.call("record_channel", **recording(second["channel_id"], BOB)))["created_by"] == BOB


async def test_callers_at_once_get_one_reservation(db: Database) -> None:
    sessions = await db.sessions(8)
    outcomes = await asyncio.gather(
        *(session.outcome("reserve_channel", **reserving(f"user:u{i}")) for i, session in enumerate(sessions))
    )
    assert sorted(outcome.refusal or "reserved" for outcome in outcomes) == ["being_created"] * 7 + ["reserved"]


async def test_the_same_request_twice_at_once_is_one_channel(db: Database) -> None:
    key = {"client_key": "k"}
    reserved = await db.call("reserve_channel", **reserving(**key))
    sessions = await db.sessions(4)
    arguments = recording(reserved["channel_id"], **key)
    documents = await asyncio.gather(*(session.call("record_channel", **arguments) for session in sessions))
    assert {document["id"] for document in documents} == {reserved["channel_id"]}
    assert await db.subjects(reserved["channel_id"]) == ["channel.created"]
    assert (await db.call("reserve_channel", **reserving(**key)))["channel"]["id"] == reserved["channel_id"]


async def test_a_retry_says_nothing_to_who_was_removed_since(db: Database) -> None:
    fields = {"slug": "general", "name": "General", "microdao_id": DAO, "visibility": "private"}
    reserved = await db.call("reserve_channel", **reserving(client_key="k"))
    await db.call("record_channel", **recording(reserved["channel_id"], client_key="k", fields=fields))
    assert (await db.call("reserve_channel", **reserving(client_key="k")))["channel"]
    await db.call("record_removal", channel_id=reserved["channel_id"], caller="user:bob", member_id=ALICE)
    assert await db.refusal("reserve_channel", **reserving(client_key="k")) == "channel_not_found"


async def test_a_key_is_one_request(db: Database) -> None:
    key = {"client_key": "k"}
    reserved = await db.call("reserve_channel", **reserving(**key))
    await db.call("record_channel", **recording(reserved["channel_id"], **key))
    other = {**key, "fingerprint": "two", "slug": "other"}
    assert await db.refusal("reserve_channel", **reserving(**other)) == "idempotency_key_reused"
    # Both were reserved before either was recorded.
    await db.execute("UPDATE messaging.idempotency_keys SET key = 'later'")
    second = await db.call("reserve_channel", **reserving(**other))
    await db.execute("UPDATE messaging.idempotency_keys SET key = 'k'")
    fields = {"slug": "other", "name": "Other", "microdao_id": DAO, "visibility": "microdao"}
    late = recording(second["channel_id"], **key, fingerprint="two") | {"fields": fields}
    assert (await db.outcome("record_channel", **late)).refusal == "idempotency_key_reused"
    assert await db.value("SELECT count(*) FROM public.channels") == 1


async def test_a_room_is_one_channels(world: World, db: Database) -> None:
    taken = await world.channel()
    reserved = await db.call("reserve_channel", **reserving())
    arguments = recording(reserved["channel_id"], room_id=taken.room_id)
    assert (await db.outcome("record_channel", **arguments)).refusal == "slug_taken"
    assert await db.value("SELECT count(*) FROM public.channels") == 1


async def test_nothing_is_recorded_without_a_reservation(db: Database) -> None:
    assert await db.refusal("record_channel", **recording(NOWHERE)) == "being_created"


async def test_a_direct_channel_is_found_again(world: World, db: Database) -> None:
    direct = {"slug": "direct-alice-bob", "is_direct": True}
    channel = await world.channel(ALICE, visibility="private", **direct)
    found = await db.call("reserve_channel", **reserving(**direct))
    assert (found["channel"]["id"], found["is_archived"], found["must_return"]) == (channel.id, False, False)
    await world.member(channel, BOB, state="left")
    await world.archive(channel)
    found = await db.call("reserve_channel", **reserving(BOB, **direct))
    assert (found["is_archived"], found["must_return"]) == (True, True)
    # A channel that is no direct one cannot take the place of one.
    assert await db.refusal("reserve_channel", **reserving(slug="direct-alice-bob")) == "slug_taken"


async def test_an_agent_opens_direct_channels_only_and_owns_none(world: World, db: Database) -> None:
    sofia = "agent:sofia"
    assert await db.refusal("reserve_channel", **reserving(sofia)) == "agents_make_no_channels"
    channel = await world.channel(sofia, visibility="private", is_direct=True)
    row = await world.row(channel, sofia)
    assert row and (row["role"], row["can_kick"], row["can_create_tasks"], row["matrix_power_level"]) == (
        "agent",
        False,
        False,
        0,
    )
    invitation = {"member_id": BOB, "details": {"role": "owner"}, "client_key": None, "fingerprint": "f"}
    assert (await db.call("prepare_invite", **channel.by(sofia), **invitation))["power_level"] == 100
    await world.member(channel, BOB, role="owner")
    other = invitation | {"member_id": "user:eve", "details": {"role": "member"}}
    assert await db.refusal("prepare_invite", **channel.by(sofia), **other) == "direct_is_of_two"


async def test_nobody_else_is_in_a_new_channel(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    assert await db.refusal("get_channel", **channel.by(BOB)) == "channel_not_found"
    assert await world.is_member(channel, OWNER)
