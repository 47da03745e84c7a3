"""prepare_reaction and record_reaction."""

import asyncio

from harness.database import Database
from harness.world import NOWHERE, OWNER, World, at, reaction, redaction

THUMB = {"emoji": "👍"}


async def test_a_reaction_is_prepared_with_what_matrix_needs(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    by = {**channel.by("user:sam"), "message_id": message.id, **THUMB}
    nothing = {"has_reacted": False, "last_event_id": None}
    there = {"room_id": channel.room_id, "event_id": message.event_id}
    assert await db.call("prepare_reaction", **by) == {**there, "must_join": True, **nothing}
    arguments = reaction(channel, message.event_id, "user:sam", joined_at=at())
    await db.call("record_reaction", **arguments)
    reacted = {"has_reacted": True, "last_event_id": arguments["event_id"]}
    assert await db.call("prepare_reaction", **by) == {**there, "must_join": False, **reacted}
    await db.call("record_redaction", **redaction(channel, arguments["event_id"], "user:sam"))
    # The next one is an act of its own, and needs to be told from the last.
    taken_back = {"has_reacted": False, "last_event_id": arguments["event_id"]}
    assert await db.call("prepare_reaction", **by) == {**there, "must_join": False, **taken_back}
    assert await db.subjects(channel.id) == [
        "channel.created",
        "message.created",
        "member.joined",
        "reaction.added",
        "reaction.removed",
    ]


async def test_refusals_of_a_reaction(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(channel, "user:wim", can_write=False)
    message, secret, deleted = await world.message(channel), await world.message(private), await world.message(channel)
    await world.delete(channel, deleted)
    cases = [
        ("channel_not_found", private.by("user:sam"), secret.id),
        ("cannot_write", channel.by("user:wim"), message.id),
        ("not_a_member", channel.by("agent:ada"), message.id),
        ("message_not_found", channel.by(OWNER), secret.id),
        ("message_not_found", channel.by(OWNER), NOWHERE),
        ("message_deleted", channel.by(OWNER), deleted.id),
    ]
    for expected, by, message_id in cases:
        assert await db.refusal("prepare_reaction", **by, message_id=message_id, **THUMB) == expected
    await world.archive(channel)
    assert (
        await db.refusal("prepare_reaction", **channel.by(OWNER), message_id=message.id, **THUMB) == "channel_archived"
    )
    unknown = reaction(channel, message.event_id) | {"room_id": "!unknown:localhost"}
    assert await db.refusal("record_reaction", **unknown) == "channel_not_found"
    assert (await db.outcome("record_reaction", **reaction(channel, "$later"))).refusal == "message_not_found"


async def test_what_matrix_has_is_indexed_once(world: World, db: Database) -> None:
    """Matrix tells a picture with a variation selector from the one without."""
    channel = await world.channel()
    message = await world.message(channel)
    sessions = await db.sessions(4)
    arguments = [reaction(channel, message.event_id, "user:sam", emoji) for emoji in ("❤️", "❤", "❤️", "❤")]
    await asyncio.gather(*(s.call("record_reaction", **a) for s, a in zip(sessions, arguments, strict=True)))
    assert await db.subjects(channel.id) == ["channel.created", "message.created", "reaction.added", "reaction.added"]


async def test_taking_one_variant_back_leaves_the_other(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    first, second = (reaction(channel, message.event_id, "user:sam", emoji) for emoji in ("❤️", "❤"))
    for arguments in (first, second):
        await db.call("record_reaction", **arguments)
    await db.call("record_redaction", **redaction(channel, first["event_id"], "user:sam"))
    by = {**channel.by("user:sam"), "message_id": message.id, "emoji": "❤️"}
    assert (await db.call("prepare_reaction", **by))["has_reacted"]
    [left] = (await db.call("list_reactions", **channel.by(OWNER), message_id=message.id))["reactions"]
    assert (left["emoji"], left["reactors"]) == ("❤", ["user:sam"])
    assert (await db.call("prepare_reaction_removal", **by))["event_id"] == second["event_id"]


async def test_reactions_of_one_person_and_emoji_of_a_message_are_bounded(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)

    async def react(who: str, emoji: str) -> None:
        await db.call("record_reaction", **reaction(channel, message.event_id, who, emoji))

    async def refusal(who: str, emoji: str) -> str | None:
        by = {**channel.by(who), "message_id": message.id, "emoji": emoji}
        return (await db.outcome("prepare_reaction", **by)).refusal

    for n in range(100):
        assert await refusal(f"user:u{n // 20}", f"e{n}") is None
        await react(f"user:u{n // 20}", f"e{n}")
    assert await refusal("user:u0", "e99") == "too_many_reactions"
    assert await refusal("user:new", "another") == "too_many_reactions"
    assert await refusal("user:new", "e50") is None
    # What somebody has done already is no refusal.
    assert await refusal("user:u0", "e0") is None
    before = await db.subjects(channel.id)
    await react("user:u0", "e99")
    await react("@bob:elsewhere", "another")
    assert await db.subjects(channel.id) == before
    await react("@bob:elsewhere", "e50")
    assert len(await db.subjects(channel.id)) == len(before) + 1


async def test_a_late_copy_does_not_bring_a_reaction_back(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    first, second = (reaction(channel, message.event_id, "user:sam") for _ in range(2))
    await db.call("record_reaction", **first)
    await db.call("record_redaction", **redaction(channel, first["event_id"], "user:sam"))
    await db.call("record_reaction", **first)
    assert (await db.subjects(channel.id))[2:] == ["reaction.added", "reaction.removed"]
    # A new event does, and then the first one is still gone.
    await db.call("record_reaction", **second)
    await db.call("record_redaction", **redaction(channel, first["event_id"], "user:sam"))
    await db.call("record_reaction", **first)
    assert (await db.subjects(channel.id))[2:] == ["reaction.added", "reaction.removed", "reaction.added"]


async def test_a_deleted_message_and_an_archived_channel_take_no_reaction(world: World, db: Database) -> None:
    channel = await world.channel()
    message, deleted = await world.message(channel), await world.message(channel)
    await world.delete(channel, deleted)
    await db.call("record_reaction", **reaction(channel, deleted.event_id))
    await world.archive(channel)
    await db.call("record_reaction", **reaction(channel, message.event_id))
    assert await db.value("SELECT count(*) FROM public.message_reactions") == 0


async def test_what_the_api_sent_too_late_is_refused_and_leaves_no_trace_of_itself(world: World, db: Database) -> None:
    channel = await world.channel()
    message, full = await world.message(channel), await world.message(channel)
    for n in range(20):
        await db.call("record_reaction", **reaction(channel, full.event_id, emoji=f"e{n}"))
    late = reaction(channel, full.event_id, is_pushed=False)
    assert await db.call("record_reaction", **late) == {"left_out": "too_many_reactions"}
    # The homeserver's copy of it is none, also when there is a place again; the next time is another act.
    await db.execute("UPDATE public.message_reactions SET removed_at = now() WHERE emoji = 'e0'")
    assert await db.call("record_reaction", **late | {"is_pushed": True}) is None
    prepared = await db.call("prepare_reaction", **channel.by(OWNER), message_id=full.id, **THUMB)
    assert (prepared["has_reacted"], prepared["last_event_id"]) == (False, late["event_id"])
    again = reaction(channel, full.event_id, is_pushed=False)
    assert await db.call("record_reaction", **again) is None
    assert (await db.call("prepare_reaction", **channel.by(OWNER), message_id=full.id, **THUMB))["has_reacted"] is True
    await world.delete(channel, message)
    gone = reaction(channel, message.event_id, is_pushed=False)
    assert await db.call("record_reaction", **gone) == {"left_out": "message_deleted"}
    await world.archive(channel)
    closed = reaction(channel, full.event_id, emoji="x", is_pushed=False)
    assert await db.call("record_reaction", **closed) == {"left_out": "channel_archived"}
