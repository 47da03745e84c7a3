"""A room with many members: what is asked for at every push is not looked for among all of them."""

from harness.database import Database
from harness.world import World

MANY = """INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, matrix_event_id, matrix_changed_at)
          SELECT $1, 'user:m' || n, 'human', '@m' || n || ':localhost', '$' || n, now() - n * interval '1 second'
          FROM generate_series(1, 3000) n"""


async def test_neither_the_owners_nor_those_who_changed_last_take_a_look_at_all(world: World, db: Database) -> None:
    channel = await world.channel()
    await db.execute(MANY, channel.id)
    await db.execute("VACUUM ANALYZE public.channel_members")
    async with db.reading("channel_members") as owners:
        await db.value("SELECT messaging.powerless_owners($1)::text", channel.id)
    async with db.reading("channel_members") as followed:
        parts = (await db.call("list_followed_state", room_id=channel.room_id))["parts"]
    assert [part["event_id"] for part in parts] == [f"${n}" for n in range(1, 26)]
    assert 0 < owners.rows < 10
    assert 0 < followed.rows < 100
