"""`ws-relay migrate`, the roles: which there are, and that their rights are the program's, whatever was there."""

from __future__ import annotations

from typing import Any

import pytest

from harness.database import Session
from harness.databases import Databases, execute, fetch
from harness.roles import COMPONENTS, DENIED, RELAY, RIGHTS, as_role, connected_as
from harness.server import migrate, run_migrate
from harness.world import DAO, OWNER


async def test_rights_are_those_of_the_program_whatever_was_there(databases: Databases) -> None:
    url = await databases.new("rights")
    await migrate(url)
    before = {role: await fetch(url, f"SELECT array_agg(r) FROM ({RIGHTS}) x(r)", role) for role in (COMPONENTS, RELAY)}
    assert all(before.values())
    assert "nothing to apply" in await migrate(url)
    strays = [
        f"GRANT SELECT ON public.messages TO {COMPONENTS}",
        f"GRANT UPDATE ON public.outbox TO {RELAY}",
        f"GRANT UPDATE (role) ON public.channel_members TO {RELAY}",
        f"REVOKE SELECT ON public.channels FROM {RELAY}",
        f"GRANT CREATE ON SCHEMA messaging TO {COMPONENTS}",
        "GRANT EXECUTE ON FUNCTION messaging.take_seq(uuid, integer, timestamptz, boolean) TO PUBLIC",
        f"REVOKE EXECUTE ON FUNCTION messaging.delete_old_rows(integer) FROM {RELAY}",
        # Other functions than the program's, all of them dropped and made again, and one of another signature.
        "UPDATE messaging.applied_functions SET hash = 'other'",
        "DROP FUNCTION messaging.give_up_channel(uuid)",
        """CREATE FUNCTION messaging.give_up_channel(p_channel uuid, OUT refusal messaging.refusal, OUT document json)
           LANGUAGE sql AS 'SELECT NULL::messaging.refusal, NULL::json'""",
    ]
    for count in (len(strays), 7):
        await execute(url, "; ".join(strays[:count]))
        await migrate(url)
        for role, rights in before.items():
            assert await fetch(url, f"SELECT array_agg(r) FROM ({RIGHTS}) x(r)", role) == rights
        everybody = "SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'messaging'::regnamespace AND a.grantee = 0"
        assert await fetch(url, everybody) == 0
        assert not await fetch(url, f"SELECT has_schema_privilege('{COMPONENTS}', 'messaging', 'CREATE')")


async def test_an_owner_who_may_makes_the_roles_and_keeps_what_an_operator_has_set(databases: Databases) -> None:
    await databases.role("maker")
    await databases.run("ALTER ROLE maker CREATEROLE")
    url = await databases.new("made", "maker")
    names = {"COMPONENTS_ROLE": "made components", "RELAY_ROLE": "made-relay"}
    said = await migrate(url, **names)
    assert said.count("give it a password") == 2
    assert "superuser" not in said
    for role, limit in (("made components", "10s"), ("made-relay", "30s")):
        async with connected_as(url, role) as connection:
            assert await connection.fetchval("SHOW statement_timeout") == limit
            assert await connection.fetchval("SHOW jit") == "off"
    await databases.run("ALTER ROLE \"made-relay\" IN DATABASE made SET statement_timeout = '5s'")
    assert "nothing to apply" in await migrate(url, **names)
    async with connected_as(url, "made components") as connection:
        session = Session(connection)
        new = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
        assert await session.call("reserve_channel", **new, client_key=None, fingerprint="f")
    async with connected_as(url, "made-relay") as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "5s"


async def test_a_database_of_one_role_gets_roles_of_their_own(databases: Databases) -> None:
    await databases.role("alone")
    url = await databases.new("of_one", "alone")
    await migrate(url, COMPONENTS_ROLE="later components", RELAY_ROLE="later relay")
    new = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
    async with connected_as(url, "alone") as before:
        reserved = await Session(before).call("reserve_channel", **new, client_key=None, fingerprint="f")
        await databases.run("ALTER ROLE alone CREATEROLE")
        await migrate(url, COMPONENTS_ROLE="later components", RELAY_ROLE="later relay")
        # What is connected as the owner goes on, and the components under their own name find the same.
        assert await Session(before).call("reserve_channel", **new, client_key=None, fingerprint="f") == reserved
    async with connected_as(url, "later components") as connection:
        assert await Session(connection).call("reserve_channel", **new, client_key=None, fingerprint="f") == reserved
        with pytest.raises(DENIED):
            await connection.fetch("SELECT FROM messaging.channel_reservations")


@pytest.mark.parametrize("role", ["nobody-made-it", "single"])
async def test_one_role_for_everything_goes_on(databases: Databases, role: str) -> None:
    """Roles that are not there and may not be made, and roles that are the owner itself."""
    await databases.role("single")
    url = await databases.new(f"single_{role}", "single")
    names = {"COMPONENTS_ROLE": role, "RELAY_ROLE": role}
    for _ in range(2):
        code, said = await run_migrate(url, **names)
        assert code == 0, said
        assert ("there is no role nobody-made-it" in said) == (role != "single")
    async with connected_as(url, "single") as connection:
        session = Session(connection)
        new: dict[str, Any] = {"caller": OWNER, "microdaos": None, "microdao_id": DAO, "slug": "s", "is_direct": False}
        assert await session.call("reserve_channel", **new, client_key=None, fingerprint="f")
        assert await session.value("SELECT count(*) FROM public.outbox") == 0


async def test_one_role_beside_the_owner_has_the_rights_of_both(databases: Databases) -> None:
    await databases.role("both")
    url = await databases.new("of_both")
    for _ in range(2):
        said = await migrate(url, COMPONENTS_ROLE="both", RELAY_ROLE="both")
    assert "nothing to apply" in said
    async with connected_as(url, "both") as connection:
        await Session(connection).call("delete_old_rows", limit=1)
        await Session(connection).call("give_up_channel", channel_id="00000000-0000-4000-8000-000000000000")
        await connection.fetch("SELECT FROM public.outbox")


async def test_an_owner_who_may_not_limit_statements_is_told_how(databases: Databases) -> None:
    await databases.role("owner_of_little")
    await databases.role("given")
    url = await databases.new("little", "owner_of_little")
    said = await migrate(url, COMPONENTS_ROLE="given", RELAY_ROLE="given")
    assert 'ALTER ROLE "given" IN DATABASE "little" SET statement_timeout = \'10s\'' in said
    async with connected_as(url, "given") as connection:
        assert await connection.fetchval("SELECT messaging.may_read(NULL, NULL, NULL)") is False


async def test_the_owner_migrates_by_an_address_of_its_own(databases: Databases) -> None:
    url = await databases.new("by_owner")
    await migrate(as_role(url, COMPONENTS), MIGRATION_DATABASE_URL=url)
    assert await fetch(url, "SELECT count(*) FROM messaging.schema_history") > 0
