"""What the measurement reads, and where it writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.database import Database, connect
from harness.world import Channel, World
from support.waiting import eventually

READER = "user:olga"
READ_MICRODAO = "microdao:read"
SENT_MICRODAO = "microdao:sent"
CHANNELS = 200
MEMBERS = 50
MESSAGES = 120
# For each program that sends: many channels, and one.
MANY = 50

# As the homeserver's push of it would, so that all that belongs to a message is there.
MESSAGE = """
SELECT count(messaging.record_message(
    p_room_id => $1, p_message_id => gen_random_uuid(), p_event_id => '$' || $1 || n, p_matrix_type => 'm.room.message',
    p_sender_id => 'user:member' || n % $3, p_sender_type => 'human', p_sender_matrix_id => '@user-member' || n % $3 || ':localhost',
    p_content_preview => 'Message ' || n || ' of a conversation that goes on for a while, about what is to be done next.',
    p_content_type => 'text', p_reply_to_event_id => NULL, p_client_key => NULL, p_fingerprint => NULL, p_sent_at => (now() - ($2 - n) * interval '1 second')::text,
    p_joined_at => NULL, p_pushed_content => NULL, p_is_pushed => true, p_search => '{"analysis": 1, "lexemes": ""}'))
FROM generate_series(1, $2::integer) n
"""
MEMBER = """
INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, matrix_power_level, joined_at)
SELECT $1::uuid, 'user:member' || n, 'human', '@user-member' || n || ':localhost', 'member', 0, now()
FROM generate_series(0, $2::integer - 1) n
"""


@dataclass
class Filled:
    """The channels that are read, a message of each, and those that each program sends to."""

    db: Database
    read: list[Channel]
    messages: list[str]
    sent: dict[str, list[Channel]] = field(default_factory=dict)

    async def settle(self) -> None:
        """Waits until what one has written is published, so that it costs the next one nothing."""

        async def is_published() -> bool:
            return not await self.db.value("SELECT EXISTS (SELECT FROM public.outbox WHERE published_at IS NULL)")

        await eventually("the outbox is published", is_published, deadline=120)

    async def arrive(self) -> None:
        """Waits until the homeserver's pushes have come: nothing has been written between two looks."""
        seen: list[int] = []

        async def is_over() -> bool:
            seen.append(await self.db.value("SELECT coalesce(max(id), 0) FROM public.outbox"))
            return len(seen) > 1 and seen[-1] == seen[-2]

        await eventually("the homeserver has pushed everything", is_over, deadline=120, interval=0.3)

    async def channels_of(self, who: str) -> list[Channel]:
        """The channels that a program sends to; nobody else does, so that none waits for another's rows."""
        if who not in self.sent:
            world = World(self.db)
            made = [
                await world.channel(READER, microdao_id=SENT_MICRODAO, visibility="microdao") for _ in range(MANY + 1)
            ]
            for channel in made:
                await enter(self.db, channel)
            self.sent[who] = made
        return self.sent[who]

    async def without_gaps(self) -> bool:
        """Whether the numbers of what was sent to a channel follow each other; those that Python makes are far away."""
        sql = """SELECT NOT EXISTS (SELECT FROM public.messages m JOIN public.channels ch ON ch.id = m.channel_id
                 WHERE ch.microdao_id = $1 AND m.seq < 1000000000
                 GROUP BY m.channel_id HAVING max(m.seq) - min(m.seq) + 1 <> count(*))"""
        return await self.db.value(sql, SENT_MICRODAO)


async def enter(db: Database, channel: Channel) -> None:
    """Makes everybody a member, besides the owner."""
    await db.execute(MEMBER, channel.id, MEMBERS - 1)
    await db.execute("UPDATE public.channels SET member_count = $2 WHERE id = $1", channel.id, MEMBERS)


async def fill(url: str) -> Filled:
    """Fills an empty index."""
    db = Database(url, await connect(url))
    world = World(db)
    # For the service that knows no numbers; far from those that there are.
    await db.execute("CREATE SEQUENCE public.bench_numbers START 1000000000")
    channels = [
        await world.old_channel(microdao_id=READ_MICRODAO, visibility="microdao", description="What it is about")
        for _ in range(CHANNELS)
    ]
    for channel in channels:
        await enter(db, channel)
        await db.execute(MESSAGE, channel.room_id, MESSAGES, MEMBERS - 1)
    sql = "SELECT id::text FROM public.messages WHERE channel_id = $1 ORDER BY seq DESC LIMIT 1"
    newest = [await db.value(sql, channel.id) for channel in channels]
    filled = Filled(db, channels, newest)
    await filled.settle()
    await db.connection.execute("VACUUM ANALYZE", timeout=600)
    return filled
