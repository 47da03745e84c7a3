"""`cargo dev up` keeps its services running: one that dies is started again, one that dies all the time is left alone."""

import asyncio
import os
import signal

import httpx
import pytest

from support.own_stack import OwnStack, world
from support.sockets import listener
from support.stack import Stack
from support.waiting import eventually

pytestmark = pytest.mark.faults

# A homeserver needs some seconds to start, on a busy machine many.
PATIENCE = 90.0


def pid(own: OwnStack, name: str) -> int:
    return own.content()["services"][name]["pid"]


async def kill(own: OwnStack, name: str) -> int:
    """kill -9 of a service and of what it has started; returns its process id."""
    killed = pid(own, name)
    os.killpg(killed, signal.SIGKILL)
    return killed


async def control(stack: Stack, own: OwnStack, *words: str) -> None:
    """`cargo dev start` or `stop`."""
    assert stack.dev
    process = await asyncio.create_subprocess_exec(stack.dev, *words, "--stack", str(own.file))
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def new_pid(own: OwnStack, name: str, old: int) -> int:
    async def changed() -> int | None:
        now = pid(own, name)
        return now if now != old else None

    return await eventually(f"{name} runs again", changed, deadline=PATIENCE)


async def ready(stack: Stack) -> None:
    """Both front doors say that every part is there. What they say may be a second old."""
    await asyncio.sleep(1)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        urls = [f"{stack.api_url}/health/ready", f"{stack.ws_url}/health".replace("ws:", "http:", 1)]

        async def all_well() -> bool:
            return all([(await http.get(url)).status_code == 200 for url in urls])

        await eventually("everything is ready", all_well, deadline=PATIENCE, retry=(httpx.TransportError,))


@pytest.mark.parametrize("name", ["ws-relay", "nats", "app", "synapse", "postgres"])
async def test_a_service_that_dies_runs_again_and_nothing_is_lost(own: OwnStack, name: str) -> None:
    stack = Stack.read(own.file)
    corner = world(stack)
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    before = await alice.send(channel["id"], "before")
    others = {other: pid(own, other) for other in own.content()["services"] if other != name}
    killed = await kill(own, name)
    process = await new_pid(own, name, killed)
    await ready(stack)
    assert {other: pid(own, other) for other in others} == others, "the other services go on"
    url = f"{stack.ws_url}/ws/messaging/{channel['id']}?user_id={alice.id}"
    async with listener(url) as reader:
        after = await alice.send(channel["id"], "after")
        await reader.message(after["id"])
    assert await alice.history(channel["id"]) == [before, after]
    await own.said(f"{name} ended; starting it again")
    await own.said(f"{name} runs again as process {process}")


async def test_a_service_that_is_being_started_by_hand_keeps_no_other_from_being_started_again(own: OwnStack) -> None:
    stack = Stack.read(own.file)
    await control(stack, own, "stop", "app")
    # The app is ready only with the homeserver.
    killed = await kill(own, "synapse")
    await control(stack, own, "start", "app")
    await new_pid(own, "synapse", killed)
    await ready(stack)


async def test_a_service_that_dies_all_the_time_is_left_alone_until_it_is_asked_for(own: OwnStack) -> None:
    stack = Stack.read(own.file)
    corner = world(stack)
    alice = corner.user("alice")
    channel = await corner.channel(alice)
    killed, kills, left_alone = 0, 0, "ws-relay ended 5 times within a minute"

    async def decided() -> bool:
        return pid(own, "ws-relay") != killed or left_alone in own.output

    # The deaths of the tests before may count.
    while left_alone not in own.output:
        killed = await kill(own, "ws-relay")
        kills += 1
        await eventually("ws-relay runs again or is left alone", decided)
    assert kills <= 5
    await own.said("ws-relay.log:")
    await own.said("`cargo dev start ws-relay` starts it again")
    assert pid(own, "ws-relay") == killed
    message = await alice.send(channel["id"], "without the relay")
    await control(stack, own, "start", "ws-relay")
    async with listener(f"{stack.ws_url}/ws/messaging/{channel['id']}?since_seq=0&user_id={alice.id}") as reader:
        await reader.message(message["id"])
    # From now on it is watched over as before.
    killed = await kill(own, "ws-relay")
    await new_pid(own, "ws-relay", killed)
    await ready(stack)
