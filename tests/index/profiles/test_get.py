"""get_profile, and names in the rows of members and messages: who may know whom."""

from typing import Any

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, OWNER, World, membership

EVE = "user:eve"
OTHER_DAO = "microdao:other"


async def name(db: Database, who: str, text: str | None) -> None:
    changes = {"display_name": text, "avatar_url": f"mxc://localhost/{text}"}
    await db.call("prepare_profile_change", caller=who, changes=changes)
    await db.call("record_profile_change", caller=who, wanted=changes, changes=changes, is_whole=True)


async def known(db: Database, who: str, by: str = EVE, microdaos: list[str] | None = EVERY) -> bool:
    asked: dict[str, Any] = {"caller": by, "microdaos": microdaos, "member_id": who}
    outcome = await db.outcome("get_profile", **asked)
    assert outcome.refusal in (None, "member_not_found")
    return outcome.refusal is None


async def test_one_knows_oneself_and_no_stranger(db: Database, world: World) -> None:
    await name(db, "user:ann", "Ann")
    assert await known(db, EVE)
    assert await db.refusal("get_profile", caller=EVE, microdaos=[], member_id="user:ann") == "member_not_found"
    assert not await known(db, "user:nobody")


@pytest.mark.parametrize(
    ("visibility", "microdaos", "knows"),
    [
        ("public", [], True),
        ("microdao", [], False),
        ("microdao", [OTHER_DAO], False),
        ("microdao", [DAO], True),
        ("private", [DAO], False),
    ],
)
async def test_who_may_see_a_channel_knows_who_is_or_was_in_it(
    db: Database, world: World, visibility: str, microdaos: list[str], knows: bool
) -> None:
    channel = await world.channel(visibility=visibility)
    await world.member(channel, "user:ann")
    await world.member(channel, "user:lea", state="left")
    await world.member(channel, "user:ivo", state="invited")
    await world.member(channel, "user:ban", state="left", joined_at=None)
    await world.member(channel, "@bob:elsewhere")
    await world.member(channel, "agent:sofia")
    for who in ("user:ann", "user:lea", "@bob:elsewhere", "agent:sofia", OWNER):
        assert await known(db, who, microdaos=microdaos) == knows, who
        assert await known(db, who, "service:internal")
    # Anybody could have brought that about.
    for who in ("user:ivo", "user:ban", "service:internal"):
        assert not await known(db, who, microdaos=microdaos), who
        assert not await known(db, who, "service:internal"), who


async def test_members_know_each_other_as_long_as_their_membership_counts(db: Database, world: World) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, "user:ann")
    for state, columns, knows in [
        ("joined", {}, True),
        ("invited", {}, True),
        ("joined", {"can_read": False}, True),
        ("left", {}, False),
        ("joined", {"via_microdao": True}, False),
    ]:
        await db.execute("DELETE FROM public.channel_members WHERE member_id = $1", EVE)
        await world.member(channel, EVE, state=state, **columns)
        assert await known(db, "user:ann", microdaos=[]) == knows, (state, columns)
    assert await known(db, "user:ann", microdaos=[DAO])


async def test_a_direct_channel_is_nobody_elses(db: Database, world: World) -> None:
    channel = await world.channel(visibility="private", is_direct=True)
    await world.member(channel, "user:ann")
    assert not await known(db, "user:ann", microdaos=[DAO]) and await known(db, "user:ann", OWNER, [])


async def test_rows_carry_names_and_pictures_as_they_are_now(db: Database, world: World) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ann")
    await world.member(channel, "user:ivo", state="invited")
    await name(db, "user:ann", "Ann")
    await name(db, "user:ivo", "Ivo")
    keyed = await world.message(channel, "user:ann", client_key="k")
    plain = await world.message(channel, "user:ann")
    await world.message(channel)
    [created, *_] = await db.events(channel.id, "messaging.message.created")
    assert (created["message"]["sender_name"], created["message"]["sender_avatar_url"]) == (
        "Ann",
        "mxc://localhost/Ann",
    )
    await name(db, "user:ann", "Anna")
    # Who has gone keeps the name on what they said.
    await db.call("record_membership", **membership(channel, "user:ann", "leave"))
    page = (await db.call("list_messages", **channel.by(OWNER), limit=10, before=None, after=None, thread_id=None))[
        "items"
    ]
    assert [(m["sender_name"], m["sender_avatar_url"]) for m in page] == [(None, None)] + [
        ("Anna", "mxc://localhost/Anna")
    ] * 2
    assert [m["seq"] for m in page] == sorted((m["seq"] for m in page), reverse=True)
    for message in (keyed, plain):
        row = (await db.call("get_message", **channel.by(OWNER), message_id=message.id))["message"]
        assert row["sender_name"] == "Anna" and row in page
    members = (await db.call("list_members", **channel.by(OWNER), limit=10, after=None))["items"]
    assert {m["member_id"]: m["display_name"] for m in members} == {OWNER: None, "user:ivo": None}
    await db.call("record_membership", **membership(channel, "user:ivo", "join"))
    [joined] = [e for e in await db.events(channel.id, "messaging.member.joined") if e["member_id"] == "user:ivo"]
    assert (joined["member"]["display_name"], joined["member"]["avatar_url"]) == ("Ivo", "mxc://localhost/Ivo")


async def test_who_was_in_stays_known_when_they_are_invited_again(db: Database, world: World) -> None:
    channel = await world.channel(visibility="private")
    await world.member(channel, EVE)
    await name(db, "user:lea", "Lea")
    await db.call("record_membership", **membership(channel, "user:lea", "join"))
    await db.call("record_membership", **membership(channel, "user:lea", "leave"))
    assert await known(db, "user:lea", microdaos=[])
    for kind in ("invite", "leave", "invite"):
        await db.call("record_membership", **membership(channel, "user:lea", kind, OWNER))
        assert await known(db, "user:lea", microdaos=[]) and await known(db, "user:lea", "service:internal"), kind
    members = (await db.call("list_members", **channel.by(OWNER), limit=10, after=None))["items"]
    assert {m["member_id"]: m["display_name"] for m in members}["user:lea"] == "Lea"
    # Who was never in is not known by any number of invitations.
    for kind in ("invite", "leave", "invite"):
        await db.call("record_membership", **membership(channel, "user:ivo", kind, OWNER))
        assert not await known(db, "user:ivo", microdaos=[]), kind


async def test_who_wrote_in_a_thread_and_who_has_read_have_names(db: Database, world: World) -> None:
    channel = await world.channel()
    await world.member(channel, "user:ann")
    await world.member(channel, "agent:sofia")
    await name(db, "user:ann", "Ann")
    root = await world.message(channel)
    for who in ("user:ann", "agent:sofia"):
        await world.message(channel, who, thread_event_id=root.event_id)
        await world.message(channel, who)
    row = (await db.call("get_message", **channel.by(OWNER), message_id=root.id))["message"]
    ann = {"display_name": "Ann", "avatar_url": "mxc://localhost/Ann"}
    nothing = {"display_name": None, "avatar_url": None}
    assert row["thread"]["participants"] == [
        {"member_id": "user:ann", "member_type": "human", **ann},
        {"member_id": "agent:sofia", "member_type": "agent", **nothing},
    ]
    receipts = (await db.call("list_receipts", **channel.by(OWNER)))["receipts"]
    names = {r.pop("member_id"): r for r in receipts if r.pop("read_seq")}
    assert names == {"user:ann": ann, "agent:sofia": nothing, OWNER: nothing}
    # A frame has none: it is for many, and of a bounded length.
    told = (await db.call("get_reading", **channel.by(OWNER)))["receipts"]
    assert [receipt.keys() for receipt in told] == [{"member_id", "read_seq"}] * 3
