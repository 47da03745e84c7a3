"""Every write of the API, retried in every way: one effect in index, room, stream and socket, and the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from support.api import World
from support.contract import Contract
from support.crash import Crash
from support.faulty_homeserver import FaultyHomeserver
from support.index import Index
from support.problems import problem
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness
from support.writes import WITHOUT_KEY, WRITES, Ask, Stage, Write

every_write = pytest.mark.parametrize("name", list(WRITES))
in_matrix = pytest.mark.parametrize("name", [name for name, write in WRITES.items() if write.call])
# Without a key a POST is another request each time.
RETRIED_WITHOUT = ("change", "archive", "edit", "delete", "add", "remove", "join", "end", "mark", "mute")


async def test_every_write_of_the_document_is_listed_here(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    writes = {n: at for n, at in Contract(document).operations().items() if at[0] != "get"}
    assert writes.keys() == WRITES.keys() | WITHOUT_KEY.keys(), "a new write goes into the table"
    for name in WRITES:
        method, path = writes[name]
        operation = document["paths"][path][method]
        assert {"$ref": "#/components/parameters/idempotency_key"} in operation.get("parameters", []), name
        assert "422" in operation["responses"], name


class Watched:
    """A write on its stage, and what it must come to."""

    def __init__(self, write: Write, stage: Stage, rooms: Rooms, index: Index, witness: Witness):
        self.write = write
        self.stage = stage
        self.rooms = rooms
        self.index = index
        self.witness = witness
        self.ask: Ask = write.ask(stage)

    async def _sent(self) -> list[str]:
        events = await self.rooms.events(self.stage.channel["matrix_room_id"])
        return [event["event_id"] for event in events if event["type"] == self.write.sends]

    @asynccontextmanager
    async def once(self) -> AsyncIterator[None]:
        """Checks that the block causes it exactly once."""
        before = await self._sent()
        async with self.witness.watch(self.stage.channel, self.stage.world.user("reader")) as observed:
            yield
        assert observed.kinds == self.write.kinds
        assert len(await self._sent()) - len(before) == (self.write.sends is not None)
        actors = {self.ask.caller.id} | self.write.actors(self.stage)
        assert {e.payload.get("actor_id", self.ask.caller.id) for e in observed.events} <= actors
        assert {actor for _, actor, _ in observed.audit} <= actors
        if self.write.ask is WRITES["createChannel"].ask:
            sql = "SELECT count(*) FROM public.channels WHERE slug = $1"
            assert await self.index.value(sql, self.ask.body["slug"]) == 1

    async def finished(self, key: str | None) -> httpx.Response:
        """A retry's answer, with the key after the first request no longer counts as running; and the same once more."""
        response = await self.ask.send(key)
        if response.status_code == 409:
            is_running(response)
            await self.index.rows(
                "UPDATE messaging.idempotency_keys SET held_until = now() WHERE caller = $1 AND status IS NULL",
                self.ask.caller.id,
            )
            response = await self.ask.send(key)
        assert response.is_success, response.text
        if key:
            same(response, await self.ask.send(key))
        return response


def is_running(response: httpx.Response) -> None:
    """Checks that a response says that the first request is under way, and when to come back."""
    assert problem(response, 409)["code"] in ("request_running", "being_created")
    assert int(response.headers["retry-after"]) >= 1


def same(one: httpx.Response, other: httpx.Response) -> None:
    assert (one.status_code, one.content) == (other.status_code, other.content)


@pytest.fixture
async def watched(name: str, world: World, rooms: Rooms, index: Index, witness: Witness) -> Watched:
    return Watched(WRITES[name], await Stage(world).build(), rooms, index, witness)


@every_write
async def test_two_at_once_are_one_and_a_key_belongs_to_its_request(watched: Watched, key: str) -> None:
    ask = watched.ask
    async with watched.once():
        responses = await asyncio.gather(ask.send(key), ask.send(key))
        for response in responses:
            if not response.is_success:
                is_running(response)
        done = [response for response in responses if response.is_success]
        assert done, [response.text for response in responses]
        for again in [*done[1:], await ask.send(key)]:
            same(done[0], again)
        for other in ask.others:
            problem(await ask.send_other(other, key), 422, "idempotency_key_reused")
    if ask.elsewhere:
        elsewhere = await ask.send_elsewhere(key)
        assert elsewhere.is_success, elsewhere.text
        same(elsewhere, await ask.send_elsewhere(key))


@in_matrix
async def test_an_answer_lost_after_the_homeserver_took_it_is_made_up_for(
    watched: Watched, app: httpx.AsyncClient, faulty: FaultyHomeserver, crash: Crash, key: str
) -> None:
    assert watched.write.call
    async with watched.once():
        faulty.fail(*watched.write.call, faulty.loses_the_response)
        lost = await watched.ask.send(key, app)
        assert faulty.hit and lost.status_code in (502, 504), lost.text
        faulty.heal()
        await watched.finished(key)


@in_matrix
@pytest.mark.parametrize("with_key", [True, False], ids=["with-key", "without-key"])
async def test_what_was_not_recorded_is_recorded_once_in_the_name_of_its_actor(
    watched: Watched, app: httpx.AsyncClient, crash: Crash, witness: Witness, key: str, name: str, with_key: bool
) -> None:
    assert watched.write.call
    if not with_key and not name.startswith(RETRIED_WITHOUT):
        pytest.skip("without a key it is another request")
    async with watched.once():
        crash.after(*watched.write.call)
        problem(await watched.ask.send(key if with_key else None, app), 503)
        crash.recover()
        await witness.settle()
        await watched.finished(key if with_key else None)


@in_matrix
async def test_a_retry_while_the_first_hangs_does_not_do_it_twice(
    watched: Watched, app: httpx.AsyncClient, faulty: FaultyHomeserver, crash: Crash, key: str
) -> None:
    assert watched.write.call
    released, is_first = asyncio.Event(), True

    async def hangs_once(request: web.Request, body: bytes) -> web.Response:
        nonlocal is_first
        if is_first:
            is_first = False
            await released.wait()
        return await faulty.forward(request, body)

    async def hit() -> bool:
        return bool(faulty.hit)

    async with watched.once():
        faulty.fail(*watched.write.call, hangs_once)
        first = asyncio.create_task(watched.ask.send(key, app))
        await eventually("the first one hangs", hit)
        second = await watched.ask.send(key, app)
        if not second.is_success:
            is_running(second)
        released.set()
        responses = [response for response in (await first, second) if response.is_success]
        assert responses, (await first).text
        for again in [*responses[1:], await watched.finished(key)]:
            same(responses[0], again)
