"""Who may see, read and write what: the table of DESIGN.md, section 4, for every kind of caller and of channel."""

import pytest

from harness.database import Database
from harness.world import DAO, EVERY, NOWHERE, OWNER, Channel, World

# Who asks, with the microDAOs of their token.
CALLERS: dict[str, tuple[str | None, list[str] | None]] = {
    "nobody": (None, []),
    "stranger": ("user:sam", []),
    "of the microDAO": ("user:dana", [DAO]),
    "of another microDAO": ("user:otto", ["microdao:other"]),
    "in development mode": ("user:devi", EVERY),
    "member": ("user:mia", []),
    "invited": ("user:ivo", []),
    "former member": ("user:lea", []),
    "member through the microDAO": ("user:tom", [DAO]),
    "former member of the microDAO": ("user:tom", []),
    "former member of the microDAO, in another": ("user:tom", ["microdao:other"]),
    "member without can_read": ("user:rob", []),
    "member without can_write": ("user:wim", []),
    "agent": ("agent:ada", []),
    "agent that is a member": ("agent:max", []),
    "the platform": ("service:internal", []),
    "owner": (OWNER, []),
}
EVERYBODY = set(CALLERS)
MEMBERS = {
    "member",
    "invited",
    "member through the microDAO",
    "member without can_write",
    "agent that is a member",
    "owner",
}
# Their row is one of a member, and does not count where the channel is not public.
WITHOUT_THE_CLAIM = {"former member of the microDAO", "former member of the microDAO, in another"}
OF_THE_MICRODAO = {"of the microDAO", "in development mode"}

# Who may know of the channel, and who may read it.
KNOW = {
    "public": EVERYBODY,
    "microdao": MEMBERS | OF_THE_MICRODAO | {"member without can_read", "the platform"},
    "private": MEMBERS | {"member without can_read", "the platform"},
    "direct": MEMBERS | {"member without can_read", "the platform"},
}
READ = {kind: who - ({"member without can_read"} if kind != "public" else set()) for kind, who in KNOW.items()}
# Who may write; the others' refusal, where they may know of the channel.
WRITE_REFUSALS = {"member without can_write": "cannot_write", "agent": "not_a_member"}

KINDS = sorted(KNOW)


async def channel_of(world: World, kind: str) -> Channel:
    direct = kind == "direct"
    channel = await world.channel(visibility="private" if direct else kind, is_direct=direct)
    await world.member(channel, "user:mia")
    await world.member(channel, "user:ivo", state="invited")
    await world.member(channel, "user:lea", state="left")
    await world.member(channel, "user:tom", via_microdao=True)
    await world.member(channel, "user:rob", can_read=False)
    await world.member(channel, "user:wim", can_write=False)
    await world.member(channel, "agent:max")
    return channel


@pytest.mark.parametrize("kind", KINDS)
async def test_a_channel_is_seen_by_who_may_know_of_it(world: World, db: Database, kind: str) -> None:
    channel = await channel_of(world, kind)
    got, listed = set(), set()
    for name, (caller, microdaos) in CALLERS.items():
        outcome = await db.outcome("get_channel", **channel.by(caller, microdaos))
        assert outcome.refusal in (None, "channel_not_found")
        got |= {name} if outcome.document else set()
        page = await db.call(
            "list_channels",
            caller=caller,
            microdaos=microdaos,
            microdao_id=None,
            limit=10,
            before_time=None,
            before_id=None,
        )
        listed |= {name} if page["items"] else set()
    assert got == KNOW[kind]
    # The platform's own service asks for channels by their ids.
    assert listed == KNOW[kind] - ({"the platform"} if kind != "public" else set())


@pytest.mark.parametrize("kind", KINDS)
async def test_messages_are_read_by_who_may_read(world: World, db: Database, kind: str) -> None:
    channel = await channel_of(world, kind)
    message = await world.message(channel)
    page = {"limit": 10, "before": None, "after": None, "thread_id": None}
    for name, (caller, microdaos) in CALLERS.items():
        expected = None if name in READ[kind] else "cannot_read" if name in KNOW[kind] else "channel_not_found"
        by = channel.by(caller, microdaos)
        assert (await db.outcome("list_messages", **by, **page)).refusal == expected, name
        assert (await db.outcome("get_message", **by, message_id=message.id)).refusal == expected, name
        assert (await db.outcome("list_reactions", **by, message_id=message.id)).refusal == expected, name
        assert await db.may_read(**by) == (expected is None), name


@pytest.mark.parametrize("kind", KINDS)
async def test_messages_are_written_by_who_may_write(world: World, db: Database, kind: str) -> None:
    channel = await channel_of(world, kind)
    message = await world.message(channel)
    send = {"reply_to": None, "client_key": None, "fingerprint": "f", "is_encrypted": False}
    for name, (caller, microdaos) in CALLERS.items():
        if caller is None or name == "the platform":
            # Neither is a sender: the routes that write take a signed-in caller.
            continue
        expected = WRITE_REFUSALS.get(name) if name in KNOW[kind] else "channel_not_found"
        by = channel.by(caller, microdaos)
        sending = await db.outcome("prepare_send", **by, **send)
        assert sending.refusal == expected, name
        reacting = await db.outcome("prepare_reaction", **by, message_id=message.id, emoji="👍")
        assert reacting.refusal == expected, name
        if expected is None:
            joined = name in MEMBERS - {"invited"} | {"member without can_read"} | WITHOUT_THE_CLAIM
            assert sending.document["must_join"] == reacting.document["must_join"] == (not joined), name


async def test_agents_know_of_an_encrypted_channel_and_read_nothing(world: World, db: Database) -> None:
    channel = await world.channel(is_encrypted=True)
    await world.member(channel, "agent:max")
    assert await db.outcome("get_channel", **channel.by("agent:max"))
    page = {"limit": 10, "before": None, "after": None, "thread_id": None}
    assert await db.refusal("list_messages", **channel.by("agent:max"), **page) == "cannot_read"
    assert await db.may_read(**channel.by("agent:max")) is False
    assert await db.may_read(**channel.by("user:sam")) is True


async def test_a_channel_that_is_not_there_is_read_by_nobody(db: Database) -> None:
    assert await db.may_read(caller="service:internal", microdaos=EVERY, channel_id=NOWHERE) is False
