"""What a channel shows besides its row: to whom, and how many are in it whatever happens at once."""

import asyncio
import random
from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, OWNER, Channel, World, at, matrix_id, membership, type_of

SAM, ADA = "user:sam", "agent:ada"
CAPABILITIES = {"can_read": True, "can_write": True, "can_invite": False, "can_kick": False, "can_create_tasks": False}


async def shown(db: Database, channel: Channel, caller: str | None, microdaos: list[str] | None = None) -> Any:
    """The channel as GET and as the list have it."""
    document = await db.call("get_channel", **channel.by(caller, microdaos))
    arguments = {"microdao_id": None, "limit": 1000, "before_time": None, "before_id": None}
    listed = await db.call("list_channels", caller=caller, microdaos=microdaos, **arguments)
    if document["archived_at"] is None:
        assert document in listed["items"]
    return document


async def test_a_reader_sees_how_many_are_in_it_and_what_was_said_last(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.call("record_membership", **membership(channel, "@bob:elsewhere", "join"))
    first, second = await world.message(channel), await world.message(channel)
    document = await shown(db, channel, SAM)
    assert (document["member_count"], document["last_seq"], document["membership"]) == (2, 4, None)
    assert (document["last_message"]["id"], document["last_message"]["seq"]) == (second.id, 4)
    [created] = [e for e in await db.events(channel.id) if e.get("message_id") == second.id]
    assert document["last_message"] == created["message"]
    await world.delete(channel, second)
    assert (await shown(db, channel, SAM))["last_message"]["id"] == first.id
    await world.delete(channel, first)
    assert (await shown(db, channel, SAM))["last_message"] is None
    assert (await shown(db, channel, OWNER))["membership"]["role"] == "owner"


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_who_may_not_read_is_told_nothing_of_what_happens(
    world: World, db: Database, visibility: str, is_encrypted: bool
) -> None:
    channel = await world.channel(visibility=visibility, is_encrypted=is_encrypted)
    message = await world.message(channel, matrix_type="m.room.encrypted" if is_encrypted else "m.room.message")
    invited = {"state": "invited", "invited_by": OWNER}
    await world.member(channel, "user:in")
    await world.member(channel, "user:invited", **invited)
    await world.member(channel, "user:blind", can_read=False)
    await world.member(channel, "user:blind-invited", can_read=False, **invited)
    await world.member(channel, "user:gone", state="left")
    await world.member(channel, "user:claim", via_microdao=True)
    await world.member(channel, ADA)
    await world.member(channel, "user:banned", state="left")
    await db.execute("UPDATE public.channel_members SET banned_at = now() WHERE member_id = 'user:banned'")
    everybody: list[tuple[str | None, list[str]]] = [
        *((who, [DAO]) for who in ("user:in", "user:invited", "user:blind", "user:blind-invited", "user:gone")),
        *((who, [DAO]) for who in (ADA, "agent:none", "user:banned", "user:claim", OWNER, "user:none")),
        *((who, ["microdao:other"]) for who in ("user:in", "user:blind", "user:claim", "user:none")),
        (None, []),
        ("service:internal", []),
    ]
    levels = set()
    for who, claims in everybody:
        sql = "SELECT messaging.access(ch, $1, $2) FROM public.channels ch WHERE id = $3"
        access = await db.value(sql, who, claims, channel.id)
        levels.add(access)
        if access == "none":
            assert await db.refusal("get_channel", **channel.by(who, claims)) == "channel_not_found"
            continue
        document = await db.call("get_channel", **channel.by(who, claims))
        told = [
            document["member_count"],
            document["last_seq"],
            document["last_message"] and document["last_message"]["id"],
        ]
        await db.execute("UPDATE public.channels SET member_count = NULL")
        if access == "reads":
            assert (await db.call("get_channel", **channel.by(who, claims)))["member_count"] == 5, who
            assert told[1:] == [2, message.id], who
            assert document["last_message"]["is_encrypted"] == is_encrypted
        else:
            assert told == [None, None, None], who
    assert "reads" in levels and (len(levels) > 1 or (visibility, is_encrypted) == ("public", False))


async def test_the_caller_is_told_what_they_are(world: World, db: Database) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, SAM, can_write=False)
    mine = (await shown(db, channel, SAM))["membership"]
    assert mine.pop("joined_at").endswith("Z")
    plain = {"role": "member", **CAPABILITIES, "invited_by": None, "invited_at": None}
    assert mine == {**plain, "can_write": False}
    details = {"role": "guest"}
    arguments = {"member_type": "human", "matrix_user_id": matrix_id("@bob:elsewhere"), "details": details}
    await db.call(
        "record_invite",
        channel_id=channel.id,
        caller=OWNER,
        member_id="@bob:elsewhere",
        has_joined=False,
        asked_at=at(),
        client_key=None,
        fingerprint="f",
        **arguments,
    )
    invitation = (await shown(db, channel, "@bob:elsewhere"))["membership"]
    assert invitation.pop("invited_at").endswith("Z")
    assert invitation == {"role": "guest", **CAPABILITIES, "invited_by": OWNER, "joined_at": None}
    # A membership that came about through the microDAO is none without its claim.
    await db.execute("UPDATE public.channels SET visibility = 'public'")
    await world.member(channel, "user:claim", via_microdao=True)
    assert (await shown(db, channel, "user:claim", [DAO]))["membership"]
    assert (await shown(db, channel, "user:claim", []))["membership"] is None


async def test_a_direct_channel_names_the_other_one(world: World, db: Database) -> None:
    channel = await world.channel("user:alice", visibility="private", is_direct=True)
    bob = "user:bob"
    # Before the other one is in it.
    assert (await shown(db, channel, "user:alice"))["direct_member_id"] is None
    await world.member(channel, bob, state="invited", invited_by="user:alice", role="owner")
    assert (await shown(db, channel, "user:alice"))["direct_member_id"] == bob
    assert (await shown(db, channel, bob))["direct_member_id"] == "user:alice"
    # Somebody whom the room refused is none of the two.
    await world.member(channel, "@ann:elsewhere", state="left", joined_at=None)
    await db.execute("UPDATE public.channel_members SET joined_at = now(), left_at = now() WHERE member_id = $1", bob)
    assert (await shown(db, channel, "user:alice"))["direct_member_id"] == bob
    assert (await db.call("get_channel", **channel.by("service:internal")))["direct_member_id"] is None
    other = await world.channel("user:alice", visibility="private")
    await world.member(other, bob)
    assert (await shown(db, other, "user:alice"))["direct_member_id"] is None


COUNTED = """SELECT member_count, (SELECT count(*) FROM public.channel_members
             WHERE channel_id = ch.id AND left_at IS NULL AND joined_at IS NOT NULL) FROM public.channels ch WHERE id = $1"""


@pytest.mark.parametrize("seed", range(4))
async def test_the_count_is_that_of_the_members_whatever_happens_at_once(world: World, db: Database, seed: int) -> None:
    chance = random.Random(seed)
    channel = await world.channel()
    # As a version before this one has left it, every second time.
    if seed % 2:
        await db.execute("UPDATE public.channels SET member_count = NULL")
    people = [f"user:p{n}" for n in range(4)] + ["@bob:elsewhere", ADA]
    sessions = await db.sessions(5)

    def act() -> tuple[str, dict[str, Any]]:
        who = chance.choice(people)
        identity = {"member_type": type_of(who), "matrix_user_id": matrix_id(who)}
        removed = {"channel_id": channel.id, "caller": chance.choice([OWNER, who]), "member_id": who}
        return chance.choice(
            [
                ("record_join", {**channel.by(who), **identity, "asked_at": at()}),
                ("record_membership", membership(channel, who, "join")),
                ("record_membership", membership(channel, who, "invite", OWNER)),
                ("record_membership", membership(channel, who, chance.choice(["leave", "ban"]), OWNER)),
                ("record_removal", removed),
                ("record_removal", {**removed, "caller": OWNER, "ban": True, **identity}),
                (
                    "record_invite",
                    {
                        "channel_id": channel.id,
                        "caller": OWNER,
                        "member_id": who,
                        "details": {"role": "agent" if who == ADA else "member"},
                        "has_joined": chance.random() < 0.5,
                        "asked_at": at(),
                        "client_key": None,
                        "fingerprint": "f",
                        **identity,
                    },
                ),
                (
                    "record_ended_membership",
                    {"channel_id": channel.id, "member_id": who, "actor_id": OWNER, "successor_id": None},
                ),
            ]
        )

    counts = set()
    for _ in range(30):
        await asyncio.gather(
            *(
                session.outcome(name, **arguments)
                for session, (name, arguments) in ((session, act()) for session in sessions)
            )
        )
        [(kept, counted)] = await db.rows(COUNTED, channel.id)
        assert kept is None or kept == counted
        counts.add(counted)
    assert kept is not None and len(counts) > 2


async def test_channels_of_earlier_versions_are_counted_by_and_by(world: World, db: Database) -> None:
    channels = [await world.old_channel() for _ in range(3)]
    await world.member(channels[0], SAM)
    await world.message(channels[1], sent_at=at(-50))
    before = await db.value("SELECT active_at FROM public.channels WHERE id = $1", channels[1].id)
    await db.execute("UPDATE public.channels SET member_count = NULL, active_at = NULL, indexed_active_at = NULL")
    busy = await db.session()
    async with busy.transaction():
        await busy.execute("SELECT FROM public.channels WHERE id = $1 FOR NO KEY UPDATE", channels[2].id)
        # It does not wait for who writes.
        await db.call("delete_old_rows", limit=10)
    sql = "SELECT member_count, active_at IS NOT NULL AND active_at = coalesce($2, created_at) FROM public.channels WHERE id = $1"
    at_first = [tuple((await db.rows(sql, one.id, before if one is channels[1] else None))[0]) for one in channels]
    assert at_first == [(2, True), (1, True), (None, False)]
    await db.call("delete_old_rows", limit=10)
    assert tuple((await db.rows(sql, channels[2].id, None))[0]) == (1, True)


async def test_more_than_a_hundred_of_them_are_counted_at_once(db: Database) -> None:
    await db.execute(
        """INSERT INTO public.channels (slug, name, microdao_id, matrix_room_id, created_by)
           SELECT 'c' || n, 'c', 'microdao:m', '!old-' || n, 'user:olga' FROM generate_series(1, 150) n"""
    )
    assert await db.call("delete_old_rows", limit=10) == {"deleted": 0, "must_count": True}
    assert await db.call("delete_old_rows", limit=10) == {"deleted": 0}
    assert await db.value("SELECT count(*) FROM public.channels WHERE member_count IS NULL") == 0
