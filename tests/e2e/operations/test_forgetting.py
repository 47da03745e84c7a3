"""NATS and the database forget what they had: the stream is filled again, and readers are told where to go on."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from nats.aio.client import Client

from support import received
from support.api import Caller
from support.journal import STREAM
from support.own_stack import OwnStack, world
from support.services import Services
from support.sockets import listener
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults


class Told:
    """What a consumer of the stream finds, and what it is told of it."""

    def __init__(self, client: Client):
        self.client = client
        self.jetstream = client.jetstream(timeout=5)
        self.advisories: list[dict[str, Any]] = []

    async def hear(self, message: Any) -> None:
        advisory = json.loads(message.data)
        received.keep(advisory["type"], advisory)
        self.advisories.append(advisory)

    async def events(self, channel: str) -> list[tuple[dict[str, Any], str | None]]:
        """The channel's events in the stream's order, each with its generation if it was published again."""
        found, place = [], 1
        while True:
            try:
                message = await self.jetstream.get_msg(STREAM, seq=place, subject="messaging.>", next=True)
            except nats.js.errors.NotFoundError:
                return found
            assert message.seq and message.data
            payload, place = json.loads(message.data), message.seq + 1
            if payload.get("channel_id") == channel:
                found.append((payload, (message.headers or {}).get("Daarion-Refill")))


async def consumer(stack: Stack) -> Told:
    assert stack.nats_url
    told = Told(await nats.connect(stack.nats_url, max_reconnect_attempts=-1))
    await told.client.subscribe("advisory.messaging", cb=told.hear)
    await told.client.flush()
    return told


def socket_of(stack: Stack, channel: str, reader: Caller, since: int) -> str:
    return f"{stack.ws_url}/ws/messaging/{channel}?user_id={reader.id}&since_seq={since}"


async def filled(told: Told, channel: str, events: list[str]) -> list[str | None]:
    """The generations of these events, once they are what the stream has of the channel."""

    async def there() -> list[str | None]:
        found = await told.events(channel)
        assert [payload["event_id"] for payload, _ in found] == events
        return [refill for _, refill in found]

    return await eventually("the stream has every event once", there, deadline=60, retry=(nats.errors.Error,))


@pytest.mark.parametrize("how", ["purge", "delete"])
async def test_a_stream_that_was_emptied_is_filled_again_at_once(own: OwnStack, how: str) -> None:
    stack = Stack.read(own.file)
    corner = world(stack)
    alice = corner.user("alice")
    channel = (await alice.create(slug=f"after-{how}", name="General", microdao_id=corner.microdao))["id"]
    sent = [await alice.send(channel, f"message {n}") for n in range(5)]
    told = await consumer(stack)

    async def published() -> list[str]:
        found = await told.events(channel)
        return [payload["event_id"] for payload, _ in found] if len(found) == sent[-1]["seq"] else []

    events = await eventually("everything is in the stream", published, retry=(nats.errors.Error,))
    async with listener(socket_of(stack, channel, alice, 0)) as socket:
        await socket.until(sent[-1]["seq"])
        # NATS remembers for half an hour which messages it had.
        await (told.jetstream.purge_stream if how == "purge" else told.jetstream.delete_stream)(STREAM)
        [generation] = set(await filled(told, channel, events))
        assert generation, "each says that it comes again"

        async def announced() -> bool:
            ended = {"type": "refill.ended", "generation": int(generation)}
            return any(ended.items() <= advisory.items() for advisory in told.advisories)

        await eventually("it is announced", announced)
        last = await alice.send(channel, "and on")
        await socket.until(last["seq"])
        assert socket.seqs == list(range(1, last["seq"] + 1)), "readers notice nothing"
    await told.client.close()


async def test_readers_and_consumers_go_on_with_a_database_that_was_restored_from_a_copy(
    own: OwnStack, tmp_path: Path
) -> None:
    stack = Stack.read(own.file)
    corner = world(stack)
    alice = corner.user("alice")
    channel = (await alice.create(slug="restored", name="General", microdao_id=corner.microdao))["id"]
    kept = [await alice.send(channel, f"kept {n}") for n in range(3)]
    command = stack.services["postgres"]["command"]
    data, copy = Path(command[command.index("-D") + 1]), tmp_path / "copy"
    async with httpx.AsyncClient(timeout=60, trust_env=False) as web:
        services = Services(stack, web)
        async with services.without("postgres"):
            await asyncio.to_thread(subprocess.run, ["cp", "-a", data, copy], check=True)
        await services.all_well()
        told = await consumer(stack)
        async with listener(socket_of(stack, channel, alice, 0)) as socket:
            lost = [await alice.send(channel, f"lost {n}") for n in range(4)]
            await socket.until(lost[-1]["seq"])

            async def published() -> bool:
                return any(payload.get("message_id") == lost[-1]["id"] for payload, _ in await told.events(channel))

            # A reader may hear of it sooner, from the index.
            await eventually("what will be lost is in the stream", published)
            async with services.without("postgres", kill=True):
                await asyncio.to_thread(subprocess.run, ["rm", "-r", data], check=True)
                await asyncio.to_thread(subprocess.run, ["cp", "-a", copy, data], check=True)
            await services.all_well()
            new = [await alice.send(channel, f"new {n}") for n in range(2)]
            assert [m["seq"] for m in new] == [m["seq"] for m in lost[:2]], "the numbers are the database's"

            async def reloads() -> list[int]:
                return [notice["seq"] for notice in socket.notices if notice["type"] == "reload"]

            [seq] = await eventually("the reader is told to reload", reloads, deadline=60)
            assert kept[-1]["seq"] <= seq <= new[-1]["seq"]
            new += [await alice.send(channel, f"new {n}") for n in range(2, 4)]
            after = [m["id"] for m in new if m["seq"] > seq]

            async def arrived() -> bool:
                return [m["id"] for m in socket.messages][-len(after) :] == after

            await eventually("every new message behind that", arrived)
        async with listener(socket_of(stack, channel, alice, new[-1]["seq"] + 5)) as ahead:

            async def told_to_reload() -> bool:
                return any((n["type"], n.get("seq")) == ("reload", new[-1]["seq"]) for n in ahead.notices)

            await eventually("who is ahead of the channel reloads", told_to_reload)

        async def streamed() -> list[str]:
            found = [payload["message_id"] for payload, _ in await told.events(channel) if "message_id" in payload]
            return found if found[-1] == new[-1]["id"] else []

        found = await eventually("the last message is in the stream", streamed)
        assert found == [m["id"] for m in kept + lost + new], "each once, whatever ids the outbox gave"
        assert any(advisory["type"] == "database.restored" for advisory in told.advisories)
        await told.client.close()
