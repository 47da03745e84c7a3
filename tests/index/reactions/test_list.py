"""list_reactions."""

from harness.database import Database
from harness.world import NOWHERE, OWNER, World, reaction


async def test_reactions_are_grouped_by_what_people_see(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    # With and without the variation selector: one picture.
    for who, emoji in (("user:ann", "❤️"), ("user:bea", "❤"), ("user:ann", "👍")):
        await db.call("record_reaction", **reaction(channel, message.event_id, who, emoji))
    listed = await db.call("list_reactions", **channel.by("user:bea"), message_id=message.id)
    assert [(r["count"], r["reacted"], r["reactors"]) for r in listed["reactions"]] == [
        (2, True, ["user:ann", "user:bea"]),
        (1, False, ["user:ann"]),
    ]


async def test_at_most_a_hundred_reactors_are_named(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    for i in range(101):
        await db.call("record_reaction", **reaction(channel, message.event_id, f"user:u{i}"))
    [listed] = (await db.call("list_reactions", **channel.by(OWNER), message_id=message.id))["reactions"]
    assert (listed["count"], len(listed["reactors"])) == (101, 100)


async def test_a_message_without_reactions_has_none(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    assert await db.call("list_reactions", **channel.by(OWNER), message_id=message.id) == {"reactions": []}


async def test_a_deleted_message_shows_no_reactions(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.call("record_reaction", **reaction(channel, message.event_id, "user:ann"))
    await world.delete(channel, message)
    assert await db.call("list_reactions", **channel.by(OWNER), message_id=message.id) == {"reactions": []}


async def test_refusals_of_a_list(world: World, db: Database) -> None:
    channel, private = await world.channel(), await world.channel(visibility="private")
    await world.member(private, "user:rob", can_read=False)
    secret = await world.message(private)
    assert await db.refusal("list_reactions", **private.by("user:sam"), message_id=secret.id) == "channel_not_found"
    assert await db.refusal("list_reactions", **private.by("user:rob"), message_id=secret.id) == "cannot_read"
    assert await db.refusal("list_reactions", **channel.by(OWNER), message_id=secret.id) == "message_not_found"
    assert await db.refusal("list_reactions", **channel.by(OWNER), message_id=NOWHERE) == "message_not_found"


async def test_a_person_with_two_variants_counts_once(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    for emoji in ("❤️", "❤"):
        await db.call("record_reaction", **reaction(channel, message.event_id, "user:ann", emoji))
    [listed] = (await db.call("list_reactions", **channel.by("user:ann"), message_id=message.id))["reactions"]
    assert (listed["count"], listed["reactors"]) == (1, ["user:ann"])


async def test_a_list_has_at_most_a_hundred_emoji_whatever_is_there(world: World, db: Database) -> None:
    channel = await world.channel()
    message = await world.message(channel)
    await db.execute(
        """INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
           SELECT $1, 'user:sam', 'human', 'e' || n, '$e' || n FROM generate_series(1, 20000) n""",
        message.id,
    )
    await db.execute("VACUUM ANALYZE public.message_reactions")
    async with db.reading("message_reactions") as read:
        listed = await db.call("list_reactions", **channel.by(OWNER), message_id=message.id)
    assert len(listed["reactions"]) == 100
    assert read.rows < 1000
