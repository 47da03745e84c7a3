"""A stack that is started again on its data has everything: after Ctrl-C, and after kill -9 of all of it."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from support.api import Caller, path_to, unique
from support.index import Index
from support.own_stack import OwnStack, world
from support.stack import Stack

pytestmark = pytest.mark.faults

SENDERS = 4


async def index_is_whole(stack: Stack, channel: str) -> None:
    """The channel's events have every number from 1 on."""
    index = Index(stack)
    try:
        numbers = [row["seq"] for row in await index.outbox(channel)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert await index.last_seq(channel) == len(numbers)
    finally:
        await index.close()


async def test_everything_is_there_after_a_stop_and_a_start(own: OwnStack) -> None:
    corner = world(Stack.read(own.file))
    alice, bob = corner.user("alice"), corner.user("bob")
    channel = (await alice.create(slug="general", name="General", microdao_id=corner.microdao))["id"]
    written = [await alice.send(channel, "first"), await bob.send(channel, "second", key=(key := unique("key")))]
    await own.stop()
    stack = await own.start()
    assert "nothing to apply" in (own.data / "logs/migrate.log").read_text()
    # The same people, by their ids; a client knows nothing of the start.
    assert await bob.history(channel) == written
    whole = (await alice.get(path_to(channel, written[0]["id"]))).json()
    assert whole["text"] == "first", "the full text is in Matrix"
    assert await bob.send(channel, "second", key=key) == written[1]
    third = await bob.send(channel, "third")
    assert await alice.history(channel) == [*written, third]
    await index_is_whole(stack, channel)


async def test_everything_that_was_accepted_is_there_after_a_crash_of_everything(own: OwnStack) -> None:
    corner = world(Stack.read(own.file))
    people = [corner.user(f"sender{i}") for i in range(SENDERS)]
    channel = (await people[0].create(slug="general", name="General", microdao_id=corner.microdao))["id"]
    accepted: list[dict[str, Any]] = []
    unanswered: list[tuple[Caller, str]] = []
    enough = asyncio.Event()

    async def send_on(who: Caller) -> None:
        while True:
            text = unique("text")
            try:
                response = await who.try_send(channel, text, key=text)
            except httpx.TransportError:
                response = None
            if response is None or response.status_code >= 500:
                # The parts of the stack do not die in one instant: some answers say that another part is away.
                unanswered.append((who, text))
                return
            assert response.status_code == 201, response.text
            accepted.append(response.json())
            if len(accepted) >= 5 * SENDERS:
                enough.set()

    senders = [asyncio.create_task(send_on(who)) for who in people]
    await asyncio.wait_for(enough.wait(), 60)
    await own.kill()
    await asyncio.gather(*senders)
    stack = await own.start()
    found = {message["id"]: message for message in await people[0].history(channel)}
    for message in accepted:
        assert found.get(message["id"]) == message
    # Whatever became of the others, the same request again makes each of them one message.
    assert len(unanswered) == SENDERS
    retried = [await who.send(channel, text, key=text) for who, text in unanswered]
    ids = {message["id"] for message in [*accepted, *retried]}
    assert {message["id"] for message in await people[0].history(channel)} == ids
    assert len(ids) == len(accepted) + SENDERS
    await index_is_whole(stack, channel)


async def test_data_of_a_version_with_one_role_for_everything_go_on_with_roles_of_their_own(own: OwnStack) -> None:
    stack = Stack.read(own.file)
    corner = world(stack)
    alice = corner.user("alice")
    channel = (await alice.create(slug="general", name="General", microdao_id=corner.microdao))["id"]
    written = await alice.send(channel, "first")
    secrets_file = own.data / "secrets.json"
    secrets = json.loads(secrets_file.read_text())
    await forget_roles(stack, secrets["postgres_admin"])
    await own.stop()
    for name in ("postgres_components", "postgres_relay"):
        del secrets[name]
    secrets_file.write_text(json.dumps(secrets))
    stack = await own.start()
    assert await alice.history(channel) == [written]
    await alice.send(channel, "second")
    await index_is_whole(stack, channel)
    for part, setting in (("app", "SPIN_VARIABLE_DATABASE_URL"), ("ws-relay", "DATABASE_URL")):
        assert urlsplit(stack.services[part]["env"][setting]).username.startswith("messaging_")


async def forget_roles(stack: Stack, admin_password: str) -> None:
    """Makes the cluster what it was when one role owned and did everything."""
    parts = urlsplit(stack.database_url or "")
    admin = f"postgres://postgres:{admin_password}@{parts.hostname}:{parts.port}{parts.path}"
    connection = await asyncpg.connect(admin, timeout=10, command_timeout=20)
    try:
        functions = await connection.fetch(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'messaging'::regnamespace"
        )
        for (name,) in functions:
            await connection.execute(f"ALTER FUNCTION {name} SECURITY INVOKER RESET search_path")
            await connection.execute(f"GRANT EXECUTE ON FUNCTION {name} TO PUBLIC")
        await connection.execute(
            "ALTER ROLE messaging NOCREATEROLE; GRANT CONNECT, TEMPORARY ON DATABASE messaging TO PUBLIC;"
            "DROP OWNED BY messaging_components, messaging_relay; DROP ROLE messaging_components, messaging_relay"
        )
    finally:
        await connection.close()
