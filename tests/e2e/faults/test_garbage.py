"""A homeserver or a gateway that answers garbage, leads elsewhere, or sends gigabytes, harms nobody: the caller learns in
bounded time that it failed, memory stays bounded, and others are served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api import CHANNELS, Caller, World, api_client, member_path, path_to, reaction_path, rows, unique
from support.garbage import ANSWERS, MISTAKEN, SLOW, Answer, Garbage, in_turn
from support.problems import problem
from support.second_app import second_app
from support.stack import Stack

pytestmark = pytest.mark.faults

# The service gives up after 25 seconds; all that is beyond is for a busy machine.
PATIENCE = 50
# What a few responses of the largest size may take, and no more.
MOST_BYTES = 768 * 1024 * 1024


@dataclass
class Beside:
    """An app of whose parts one is garbage."""

    http: httpx.AsyncClient
    garbage: Garbage
    elsewhere: Garbage
    channel: dict[str, Any]
    message: dict[str, Any]
    alice: Caller
    address: str

    def memory(self) -> int:
        """The most bytes that its processes have had so far."""
        most = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.address in (folder / "cmdline").read_text():
                    lines = (folder / "status").read_text().splitlines()
                    most += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
            except (OSError, UnicodeDecodeError):
                continue
        return most


@pytest.fixture(scope="module", params=["matrix_homeserver_url", "matrix_gateway_url"])
async def beside(
    request: pytest.FixtureRequest,
    http: httpx.AsyncClient,
    stack: Stack,
    development: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Beside]:
    world = World(http, stack, development)
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "Hello")
    folder = tmp_path_factory.mktemp("beside")
    async with (
        Garbage().listen() as garbage,
        Garbage().listen() as elsewhere,
        second_app(stack, folder, **{request.param: garbage.url}) as url,
        api_client(url) as client,
    ):
        garbage.elsewhere = elsewhere.url
        address = url.removeprefix("http://")
        yield Beside(client, garbage, elsewhere, channel, message, alice.through(client), address)


async def served(beside: Beside, ended: asyncio.Event) -> None:
    """Others are served for as long as it takes: what needs no homeserver."""
    while not ended.is_set():
        async with asyncio.timeout(PATIENCE):
            assert rows(await beside.alice.get(f"{path_to(beside.channel['id'])}/messages")) == [beside.message]
        await asyncio.sleep(0.2)


async def everything(beside: Beside, *names: str) -> dict[str, httpx.Response]:
    """A request of each kind that needs the homeserver, or of these kinds, all at once."""
    alice, channel, new = beside.alice, beside.channel["id"], unique("new")
    create = {"slug": new, "name": new, "microdao_id": beside.channel["microdao_id"]}
    requests = {
        "read": alice.get(path_to(channel, beside.message["id"])),
        "send": alice.try_send(channel, "lost"),
        "edit": alice.patch(path_to(channel, beside.message["id"]), {"text": "lost"}),
        "delete": alice.delete(path_to(channel, beside.message["id"])),
        "react": alice.put(reaction_path(beside.message, "y")),
        "rename": alice.patch(path_to(channel), {"name": new}),
        "invite": alice.try_invite(channel, f"user:{new}"),
        "ban": alice.delete(member_path(channel, f"user:banned-{new}") + "?ban=true"),
        "create": alice.post(CHANNELS, create),
    }
    for name in requests.keys() - names if names else ():
        requests.pop(name).close()
    async with asyncio.timeout(PATIENCE):
        return dict(zip(requests, await asyncio.gather(*requests.values()), strict=True))


async def harms_nobody(beside: Beside, answer: Answer, *names: str) -> None:
    beside.garbage.answer, beside.garbage.asked = answer, 0
    before, ended = beside.memory(), asyncio.Event()
    others = asyncio.create_task(served(beside, ended))
    responses = await everything(beside, *names)
    ended.set()
    await others
    assert beside.garbage.asked, "it was asked"
    for name, response in responses.items():
        if name == "read" and response.status_code == 200:
            # What the index has of a message is shown without Matrix.
            assert (response.json()["source"], response.json()["content"]) == ("index", None)
        else:
            assert response.status_code in (502, 504), f"{name}: {response.status_code} {response.text}"
            problem(response, response.status_code)
        assert beside.garbage.url not in response.text and "$x" not in response.text
    assert beside.elsewhere.asked == 0, "nobody follows a redirect, and no secret goes there"
    assert beside.memory() - before < MOST_BYTES


@pytest.mark.parametrize("name", ANSWERS)
async def test_garbage_is_a_failure_of_the_homeserver(beside: Beside, name: str) -> None:
    await harms_nobody(beside, ANSWERS[name])


@pytest.mark.parametrize("name", MISTAKEN)
async def test_an_object_with_something_else_in_it_is_one_too(beside: Beside, name: str) -> None:
    """Where something in the answer is needed."""
    await harms_nobody(beside, MISTAKEN[name], "send", "react", "create")


async def test_what_never_ends_is_waited_for_only_so_long(beside: Beside) -> None:
    """All kinds at once: each takes as long as the service is ready to wait."""
    await harms_nobody(beside, in_turn(*SLOW.values()))
