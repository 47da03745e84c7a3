"""prepare_profile_change and record_profile_change: one's own name and picture."""

import asyncio
from typing import Any

from harness.database import Database, Session
from harness.world import EVERY, World

ANN = "user:ann"
PICTURE = "mxc://localhost/ann"
BOTH = {"display_name": "Ann", "avatar_url": PICTURE}


async def prepare(db: Session, **changes: Any) -> dict[str, Any]:
    return (await db.call("prepare_profile_change", caller=ANN, changes=changes))["changes"]


async def record(db: Session, wanted: dict[str, Any], done: dict[str, Any] | None = None) -> dict[str, Any]:
    """Records what is done of a change; all of it, when nothing else is said."""
    done = wanted if done is None else done
    return await db.call("record_profile_change", caller=ANN, wanted=wanted, changes=done, is_whole=done == wanted)


async def change(db: Session, **changes: Any) -> None:
    await prepare(db, **changes)
    await record(db, changes)


async def own(db: Database) -> tuple[str | None, str | None]:
    """What Ann is called, and her picture, as she sees them."""
    document = await db.call("get_profile", caller=ANN, microdaos=EVERY, member_id=ANN)
    assert (document["member_id"], document["member_type"]) == (ANN, "human")
    return document["display_name"], document["avatar_url"]


async def test_what_is_absent_stays_and_null_takes_away(db: Database, world: World) -> None:
    assert await own(db) == (None, None)
    await change(db, **BOTH)
    assert await own(db) == ("Ann", PICTURE)
    await change(db, display_name="Anna")
    assert await own(db) == ("Anna", PICTURE)
    await change(db, avatar_url=None)
    assert await own(db) == ("Anna", None)
    await change(db, display_name=None)
    assert await own(db) == (None, None)


async def test_only_what_differs_is_told_and_the_same_again_costs_nothing(db: Database, world: World) -> None:
    assert await prepare(db) == await prepare(db, display_name=None, avatar_url=None) == {}
    assert await db.value("SELECT count(*) FROM messaging.profiles") == 0
    await change(db, **BOTH)
    before = await db.contents()
    assert await prepare(db, **BOTH) == await prepare(db, display_name="Ann") == {}
    assert await db.contents() == before
    assert await prepare(db, **BOTH | {"display_name": "Anna"}) == {"display_name": "Anna"}


async def test_another_change_waits_and_the_same_goes_on(db: Database, world: World) -> None:
    await prepare(db, display_name="Ann")
    assert await db.refusal("prepare_profile_change", caller=ANN, changes=BOTH) == "profile_being_changed"
    assert await prepare(db, display_name="Ann") == {"display_name": "Ann"}
    await record(db, {"display_name": "Ann"})
    # Its twin has recorded it, and the next one is on its way.
    await prepare(db, display_name="Anna")
    assert (await record(db, {"display_name": "Ann"}))["display_name"] == "Ann"
    assert (await record(db, {"display_name": "Anna"}))["display_name"] == "Anna"
    assert (await record(db, {"display_name": "Ann"}))["display_name"] == "Anna"


async def test_of_two_first_changes_at_once_one_waits(db: Database, world: World) -> None:
    first, second = await db.sessions(2)
    async with first.transaction():
        await prepare(first, display_name="Ann")
        other = asyncio.create_task(
            second.outcome("prepare_profile_change", caller=ANN, changes={"display_name": "Bea"})
        )
        await db.waiting(second)
    assert (await other).refusal == "profile_being_changed"
    assert (await record(db, {"display_name": "Ann"}))["display_name"] == "Ann"


async def test_half_a_change_is_known_and_its_retry_tells_all_of_it(db: Database, world: World) -> None:
    await change(db, display_name="Old", avatar_url=None)
    await prepare(db, **BOTH)
    await record(db, BOTH, {"display_name": "Ann"})
    assert await own(db) == ("Ann", None)
    # Nobody knows whether the homeserver has taken the rest.
    assert await prepare(db, avatar_url=None) == {"avatar_url": None}
    await record(db, {"avatar_url": None}, {})
    assert await prepare(db, **BOTH) == BOTH
    await record(db, BOTH)
    assert await own(db) == ("Ann", PICTURE) and await prepare(db, **BOTH) == {}


async def test_a_change_that_was_cut_off_is_in_the_way_for_a_minute(db: Database, world: World) -> None:
    await prepare(db, display_name="Ann")
    assert await db.refusal("prepare_profile_change", caller=ANN, changes={}) == "profile_being_changed"
    await db.execute("UPDATE messaging.profiles SET wanted_at = wanted_at - interval '61 seconds'")
    # What the homeserver has is not known: it is told, although nothing differs here.
    assert await prepare(db, display_name=None) == {"display_name": None}
    await record(db, {"display_name": None})
    assert await own(db) == (None, None) and await prepare(db, display_name=None) == {}
