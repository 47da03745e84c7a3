"""Whoever uploads too much is told when to go on; what has come to nothing does not count."""

from __future__ import annotations

from pathlib import Path

import httpx

from support.api import Caller, World, api_client, unique
from support.index import Index
from support.media import cut_off, files_path, try_upload, upload
from support.problems import problem
from support.second_app import second_app
from support.stack import Stack
from support.waiting import eventually

KIB = 1024
MIB = 1024 * KIB


def refused(response: httpx.Response, policy: str, kib: int, whose: str) -> int:
    """Checks that a quota is used up, and that the answer says which; returns the wait in seconds."""
    wait = int(response.headers["retry-after"])
    body = problem(response, 429, "upload_quota_exceeded")
    assert body["detail"] == f"{whose} may upload {kib // KIB} MiB in 3600 seconds. Retry in {wait} seconds."
    assert response.headers["ratelimit-policy"] == f'"{policy}";q={kib};w=3600'
    assert response.headers["ratelimit"] == f'"{policy}";r=0;t={wait}'
    return wait


async def test_bytes_are_counted_for_each_person_and_each_microdao(
    world: World, stack: Stack, index: Index, tmp_path: Path
) -> None:
    quota = "person=1MiB/1h, microdao=2MiB/1h"
    async with second_app(stack, tmp_path, upload_quota=quota) as address, api_client(address) as http:
        people = [world.user(name) for name in ("alice", "bob", "carol")]
        alice, bob, carol = (person.through(http) for person in people)
        channel, key = await world.channel(people[0]), unique("key")

        async def uploads(caller: Caller) -> int:
            sql = "SELECT count(*) FROM messaging.uploads WHERE uploader_id = $1"
            return await index.value(sql, caller.id)

        await upload(alice, channel, bytes(700 * KIB))
        # She is 376 KiB short, of 1024 in an hour.
        much = await try_upload(alice, channel, bytes(700 * KIB), key=key)
        assert 1250 <= refused(much, "upload-kib-person", 1024, "You") <= 1322
        assert await uploads(alice) == 1
        await upload(alice, channel, bytes(300 * KIB))
        await upload(bob, channel, bytes(700 * KIB))
        refused(
            await try_upload(carol, channel, bytes(700 * KIB)),
            "upload-kib-microdao",
            2048,
            "Everybody in the microDAO together",
        )
        # What the microDAO has no room for she has not used up, and a microDAO is not another one.
        await upload(carol, channel, bytes(300 * KIB))
        elsewhere = await world.channel(people[2], microdao_id=world.other_microdao("other"))
        await upload(carol, elsewhere, bytes(700 * KIB))
        assert await uploads(carol) == 2
        # The same upload goes on where there is room for it.
        later = await try_upload(people[0], channel, bytes(700 * KIB), key=key)
        assert later.status_code == 201, later.text


async def test_what_broke_off_or_was_too_much_does_not_count(
    world: World, stack: Stack, index: Index, tmp_path: Path
) -> None:
    person = world.user("alice")
    channel = await world.channel(person)
    sql = "SELECT count(*) FROM messaging.idempotency_keys WHERE caller = $1 AND status IS NULL"

    async def runs() -> bool:
        return await index.value(sql, person.id) == 1

    async def is_over() -> bool:
        return not await runs()

    async with second_app(stack, tmp_path, upload_quota="person=60MiB/1h") as address, api_client(address) as http:
        alice = person.through(http)
        for n in range(3):
            # More than the homeserver takes, and less than the quota.
            answered = await cut_off(alice, files_path(channel), 55 * MIB, b"")
            assert b" 413 " in answered.split(b"\r\n")[0], answered
            await cut_off(alice, files_path(channel), 45 * MIB, bytes(MIB), unique(f"key-{n}"), runs)
            await eventually("the upload is given up", is_over)
        await upload(alice, channel, bytes(40 * MIB))
        answered = await cut_off(alice, files_path(channel), 40 * MIB, b"")
        assert b" 429 " in answered.split(b"\r\n")[0] and b'"upload-kib-person";r=0' in answered, answered


async def test_uploads_are_counted_as_acts_too(world: World, stack: Stack, tmp_path: Path) -> None:
    person = world.user("alice")
    channel = await world.channel(person)
    async with second_app(stack, tmp_path, rate_limit_upload="person=2/1h") as address, api_client(address) as http:
        alice = person.through(http)
        for left in (1, 0):
            response = await try_upload(alice, channel, b"small")
            assert response.status_code == 201, response.text
            assert response.headers["ratelimit"].startswith(f'"upload-person";r={left};t=')
        response = await try_upload(alice, channel, b"small")
        problem(response, 429, "rate_limited")
        assert response.headers["ratelimit-policy"] == '"upload-person";q=2;w=3600'
        assert response.headers["ratelimit"] == f'"upload-person";r=0;t={response.headers["retry-after"]}'
