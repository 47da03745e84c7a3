"""prepare_reopening and record_reopening, and a direct channel that its pair opens again by asking for it."""

import asyncio
from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, OWNER, Channel, World, at, matrix_id, sent

ADAM, MIA = "user:adam", "user:mia"
BOT = {"sender_id": "@bot:localhost", "by_bot": True}
ALICE, BOB = "user:alice", "user:bob"


def levels(channel: Channel, is_read_only: bool, **changes: Any) -> dict[str, Any]:
    by_user = {matrix_id(channel.owner): 100, matrix_id(ADAM): 50}
    state = {"room_id": channel.room_id, "levels": by_user, "default": 0, "changed_at": at(), **BOT}
    return {**state, "is_read_only": is_read_only, **changes}


async def archived(world: World, **fields: Any) -> Channel:
    channel = await world.channel(**fields)
    await world.archive(channel)
    return channel


async def is_archived(db: Database, channel: Channel) -> bool:
    return await db.value("SELECT archived_at IS NOT NULL FROM public.channels WHERE id = $1", channel.id)


async def age_intents(db: Database) -> None:
    await db.execute("UPDATE messaging.intents SET created_at = created_at - interval '2 minutes'")


async def test_a_channel_is_opened_once_and_takes_messages_again(world: World, db: Database) -> None:
    channel = await archived(world)
    there = {"room_id": channel.room_id}
    assert await db.call("prepare_reopening", **channel.by(OWNER)) == {**there, "is_archived": True}
    sessions = await db.sessions(4)
    arguments = {"channel_id": channel.id, "caller": OWNER}
    documents = [(await s.outcome("record_reopening", **arguments)).document for s in sessions]
    assert [document["archived_at"] for document in documents] == [None] * 4
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived", "channel.updated"]
    [updated] = await db.events(channel.id, "messaging.channel.updated")
    assert (updated["actor_id"], updated["channel"]) == (OWNER, documents[0])
    assert (await db.audit(channel.id))[2:] == [("channel.updated", OWNER, None)]
    metadata = "SELECT metadata::text FROM public.channel_events WHERE event_type = 'channel.updated'"
    assert await db.value(metadata) == '{"archived": false}'
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0
    assert await db.call("prepare_reopening", **channel.by(OWNER)) == {**there, "is_archived": False}
    assert (await db.call("record_message", **sent(channel)))["inserted"]
    arguments = {"microdao_id": None, "limit": 9, "before_time": None, "before_id": None}
    listed = await db.call("list_channels", caller="user:sam", microdaos=EVERY, **arguments)
    assert [item["id"] for item in listed["items"]] == [channel.id]


async def test_refusals_of_a_reopening(world: World, db: Database) -> None:
    for visibility, stranger in (("public", "cannot_manage"), ("microdao", "cannot_manage"), ("private", None)):
        channel = await archived(world, visibility=visibility)
        await world.member(channel, MIA)
        await world.member(channel, ADAM, role="admin", state="left")
        await world.member(channel, "agent:ada")
        refusals = {
            MIA: "cannot_manage",
            "agent:ada": "cannot_manage",
            ADAM: stranger or "channel_not_found",
            "user:none": stranger or "channel_not_found",
        }
        for who, refusal in refusals.items():
            assert await db.refusal("prepare_reopening", **channel.by(who)) == refusal, (visibility, who)
        elsewhere = channel.by("user:none", ["microdao:other"])
        expected = "cannot_manage" if visibility == "public" else "channel_not_found"
        assert await db.refusal("prepare_reopening", **elsewhere) == expected
        # Nobody was about to: nothing is opened.
        arguments = {"channel_id": channel.id, "caller": MIA}
        assert await db.refusal("record_reopening", **arguments) == "channel_archived"


@pytest.mark.parametrize("late", [False, True])
async def test_a_reopening_that_was_cut_off_is_carried_out_by_the_push(world: World, db: Database, late: bool) -> None:
    channel = await archived(world)
    await world.member(channel, ADAM, role="admin")
    await db.call("prepare_reopening", **channel.by(ADAM))
    if late:
        await age_intents(db)
    await db.call("record_power_levels", **levels(channel, False))
    assert not await is_archived(db, channel)
    # The request comes to its end after all.
    document = await db.call("record_reopening", channel_id=channel.id, caller=ADAM)
    assert document["archived_at"] is None
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived", "channel.updated"]
    assert (await db.audit(channel.id))[2:] == [("channel.updated", ADAM, None)]


async def test_a_room_that_is_opened_for_other_reasons_opens_no_channel(world: World, db: Database) -> None:
    channel, other = await archived(world), await archived(world)
    await db.call("record_power_levels", **levels(channel, False))
    await db.call("prepare_reopening", **other.by(OWNER))
    await db.call("record_power_levels", **levels(other, False, sender_id="@bob:elsewhere", by_bot=False))
    assert await is_archived(db, channel) and await is_archived(db, other)
    # What was told is over: the next one is nobody's wish.
    await db.call("record_power_levels", **levels(other, False))
    await db.call("record_reopening", channel_id=other.id, caller=OWNER)
    await db.call("prepare_archive", **other.by(OWNER))
    await db.call("record_archive", channel_id=other.id, caller=OWNER)
    await db.call("record_power_levels", **levels(other, False))
    assert await is_archived(db, other)


async def test_a_room_that_refuses_leaves_the_channel_archived(world: World, db: Database) -> None:
    channel = await archived(world)
    await db.call("prepare_reopening", **channel.by(OWNER))
    note = {"channel_id": channel.id, "caller": OWNER, "act": "reopen", "target_id": "channel"}
    await db.call("drop_intent", **note)
    await db.call("record_power_levels", **levels(channel, False))
    assert await is_archived(db, channel)


@pytest.mark.parametrize("push_first", [False, True])
async def test_archiving_and_opening_wait_for_each_other(world: World, db: Database, push_first: bool) -> None:
    channel = await world.channel()
    await world.member(channel, ADAM, role="admin")
    for prepare, record, opposite in (
        ("prepare_archive", "record_archive", "prepare_reopening"),
        ("prepare_reopening", "record_reopening", "prepare_archive"),
    ):
        await db.call(prepare, **channel.by(OWNER))
        if push_first:
            await db.call("record_power_levels", **levels(channel, prepare == "prepare_archive"))
        assert await db.refusal(opposite, **channel.by(ADAM)) == "channel_being_changed"
        await db.call(record, channel_id=channel.id, caller=OWNER)
    assert not await is_archived(db, channel)
    # One that was cut off holds nobody up for ever, and what is left of it comes to nothing.
    await db.call("prepare_archive", **channel.by(OWNER))
    await db.call("record_power_levels", **levels(channel, True))
    await age_intents(db)
    await db.call("prepare_reopening", **channel.by(ADAM))
    await db.call("record_reopening", channel_id=channel.id, caller=ADAM)
    await db.call("record_power_levels", **levels(channel, True))
    assert not await is_archived(db, channel)
    assert await db.value("SELECT count(*) FROM messaging.intents") == 0


async def test_the_slower_of_two_who_archive_does_not_undo_an_opening(world: World, db: Database) -> None:
    channel = await world.channel()
    await world.member(channel, ADAM, role="admin")
    for who in (OWNER, ADAM):
        await db.call("prepare_archive", **channel.by(who))
    await db.call("record_archive", channel_id=channel.id, caller=ADAM)
    for who in (OWNER, ADAM):
        await db.call("prepare_reopening", **channel.by(who))
    await db.call("record_reopening", channel_id=channel.id, caller=ADAM)
    await db.call("record_archive", channel_id=channel.id, caller=OWNER)
    assert not await is_archived(db, channel)
    # Nor the slower of two who open an archive that came since.
    await db.call("prepare_archive", **channel.by(ADAM))
    await db.call("record_archive", channel_id=channel.id, caller=ADAM)
    refusal = await db.refusal("record_reopening", channel_id=channel.id, caller=OWNER)
    assert refusal == "channel_archived"


async def test_many_at_once_end_with_one_event_each(world: World, db: Database) -> None:
    channel = await archived(world)
    sessions = await db.sessions(4)
    await asyncio.gather(*(s.call("prepare_reopening", **channel.by(OWNER)) for s in sessions))
    outcomes = await asyncio.gather(
        *(s.outcome("record_reopening", channel_id=channel.id, caller=OWNER) for s in sessions)
    )
    assert [outcome.refusal for outcome in outcomes] == [None] * 4
    assert await db.subjects(channel.id) == ["channel.created", "channel.archived", "channel.updated"]


def asking(caller: str, **changes: Any) -> dict[str, Any]:
    """The pair's direct channel, asked for as the API asks."""
    who = {"caller": caller, "microdaos": EVERY, "microdao_id": DAO, "slug": "direct-alice-bob", "is_direct": True}
    return {**who, "client_key": None, "fingerprint": "f", "visibility": "private", **changes}


async def pair(world: World, **bob: Any) -> Channel:
    channel = await world.channel(ALICE, slug="direct-alice-bob", is_direct=True, visibility="private")
    await world.member(channel, BOB, **{"role": "owner", **bob})
    await world.archive(channel)
    return channel


@pytest.mark.parametrize("who", [ALICE, BOB])
async def test_each_of_a_pair_opens_their_archived_direct_channel(world: World, db: Database, who: str) -> None:
    channel = await pair(world)
    found = await db.call("reserve_channel", **asking(who))
    assert (found["is_archived"], found["must_reopen"], found["must_return"]) == (True, True, False)
    document = await db.call("record_reopening", channel_id=channel.id, caller=who)
    assert (document["id"], document["archived_at"]) == (channel.id, None)
    assert (await db.audit(channel.id))[2:] == [("channel.updated", who, None)]


async def test_who_has_left_comes_back_into_the_opened_channel(world: World, db: Database) -> None:
    channel = await pair(world, state="left", left_by=BOB)
    found = await db.call("reserve_channel", **asking(BOB))
    assert (found["must_reopen"], found["must_return"], found["power_level"]) == (True, True, 100)
    await db.call("record_reopening", channel_id=channel.id, caller=BOB)
    identity = {"member_type": "human", "matrix_user_id": matrix_id(BOB), "asked_at": at()}
    await db.call("record_return", channel_id=channel.id, member_id=BOB, **identity)
    assert await world.is_member(channel, BOB)


@pytest.mark.parametrize(
    "bob",
    [
        {"state": "left", "left_by": ALICE},
        {"state": "left", "left_by": BOB, "can_write": False},
        {"role": "member"},
        {"can_read": False},
        {"state": "invited", "invited_by": ALICE},
    ],
)
async def test_who_does_not_own_a_direct_channel_opens_none(world: World, db: Database, bob: dict[str, Any]) -> None:
    channel = await pair(world, **bob)
    found = await db.call("reserve_channel", **asking(BOB))
    assert (found["is_archived"], found["must_reopen"]) == (True, False)
    assert await db.value("SELECT count(*) FROM messaging.intents WHERE act = 'reopen'") == 0
    assert await is_archived(db, channel)


async def test_an_agent_opens_no_archived_direct_channel(world: World, db: Database) -> None:
    sofia = "agent:sofia"
    channel = await world.channel(ALICE, slug="direct-alice-bob", is_direct=True, visibility="private")
    await world.member(channel, sofia)
    await world.archive(channel)
    assert not (await db.call("reserve_channel", **asking(sofia)))["must_reopen"]
    assert (await db.call("reserve_channel", **asking(ALICE)))["must_reopen"]


async def test_a_late_retry_opens_nothing_that_was_archived_since(world: World, db: Database) -> None:
    channel = await pair(world)
    keyed = asking(ALICE, client_key="k")
    assert (await db.call("reserve_channel", **keyed))["must_reopen"]
    # It was cut off, and goes on.
    assert (await db.call("reserve_channel", **keyed))["must_reopen"]
    await db.call("record_reopening", channel_id=channel.id, caller=ALICE)
    assert not (await db.call("reserve_channel", **keyed))["must_reopen"]
    await db.call("prepare_archive", **channel.by(BOB))
    await db.call("record_archive", channel_id=channel.id, caller=BOB)
    found = await db.call("reserve_channel", **keyed)
    assert (found["is_archived"], found["must_reopen"]) == (True, False)
    assert (await db.call("reserve_channel", **asking(ALICE, client_key="l")))["must_reopen"]


async def test_a_direct_channel_that_is_being_archived_is_opened_a_moment_later(world: World, db: Database) -> None:
    channel = await pair(world)
    await db.call("prepare_reopening", **channel.by(ALICE))
    await db.call("record_reopening", channel_id=channel.id, caller=ALICE)
    await db.call("prepare_archive", **channel.by(BOB))
    await db.call("record_power_levels", **levels(channel, True))
    assert await db.refusal("reserve_channel", **asking(ALICE)) == "channel_being_changed"
