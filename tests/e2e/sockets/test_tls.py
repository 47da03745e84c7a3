"""A relay with a certificate of its own, and one that gets another while sockets are open."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from support.api import World
from support.certificate import certify, trusting
from support.second_relay import second_relay
from support.stack import Stack


async def test_the_relay_speaks_tls_itself_and_follows_a_new_certificate(
    world: World, stack: Stack, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certify(tmp_path, "first")
    first = trusting(tmp_path)
    files = {f"ws_tls_{name}": str(tmp_path / f"{name}.pem") for name in ("key", "certificate")}
    channel = await world.channel()
    token = world.member_of("alice", world.microdao).headers["Authorization"].split()[1]
    async with second_relay(stack, tmp_path_factory.mktemp("relay"), tls=first, **files) as url:
        address = f"{url}/ws/messaging/{channel['id']}?token={token}"
        async with connect(address, ssl=first) as open_before:
            await open_before.send("ping")
            assert await open_before.recv() == "pong"

            # What is no certificate changes nothing.
            good = (tmp_path / "certificate.pem").read_text()
            (tmp_path / "certificate.pem").write_text("nonsense")
            await asyncio.sleep(6)
            async with connect(address, ssl=first):
                pass
            (tmp_path / "certificate.pem").write_text(good)

            certify(tmp_path, "second")
            second, until = trusting(tmp_path), time.monotonic() + 30
            while True:
                try:
                    async with connect(address, ssl=second):
                        break
                except ssl.SSLCertVerificationError:
                    assert time.monotonic() < until
                    await asyncio.sleep(1)
            # A socket that was open goes on.
            await open_before.send("ping")
            assert await open_before.recv() == "pong"

        # Who speaks no TLS is not answered in the clear.
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 15)
        writer.close()
