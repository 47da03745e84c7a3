"""A large file goes through with little memory: each instance of each component has 16 MiB, several files at once included."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path

from support.api import World, api_client
from support.media import download, files_path, try_upload
from support.second_app import second_app
from support.stack import Stack

MIB = 1024 * 1024


async def test_forty_mebibytes_go_up_and_down_in_sixteen(world: World, stack: Stack, tmp_path: Path) -> None:
    little = {"SPIN_MAX_INSTANCE_MEMORY": str(16 * MIB)}
    async with second_app(stack, tmp_path, environment=little) as address, api_client(address) as http:
        alice = world.user("alice").through(http)
        channel = await world.channel(world.user("alice"))
        content = secrets.token_bytes(40 * MIB)
        response = await try_upload(alice, channel, content, filename="large.bin")
        assert response.status_code == 201, response.text
        told = response.json()
        assert (told["size"], told["sha256"]) == (40 * MIB, hashlib.sha256(content).hexdigest())
        down = await download(alice, told["content_uri"])
        assert down.status_code == 200 and hashlib.sha256(down.content).digest() == hashlib.sha256(content).digest()
        form = await alice.request("POST", files_path(channel), files={"file": ("large.bin", content)})
        assert form.status_code == 201 and form.json()["sha256"] == told["sha256"], form.text

        async def tail(n: int) -> bool:
            first = 39 * MIB + n * 1000
            part = await download(alice, told["content_uri"], range=f"bytes={first}-{first + 999}")
            return part.content == content[first : first + 1000]

        assert all(await asyncio.gather(*(tail(n) for n in range(20))))
