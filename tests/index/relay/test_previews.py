"""Links from the message to what they show, with relays, pages and an app that stores pictures."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from harness.database import Database
from harness.previews import linked, shown, waiting
from harness.world import World
from relay.conftest import NewRelay
from support.waiting import eventually

PAGE = b"""<!doctype html><head><meta charset=windows-1251><title>\xcf\xf0\xe8\xe2\xb3\xf2</title>
<meta property=og:description content="What&#x202e; it is"><meta property=og:image content=/picture></head>"""


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class Site:
    """A server on this machine: what it answers by path, and what it was asked."""

    answers: dict[str, tuple[str, bytes]]
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Site]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        method, path, _ = head.split(" ", 2)
        self.asked.append(f"{method} {path}")
        head_of_answer, answer = self.answers.get(path, ("404 Not Found", b""))
        if path == "/internal/messaging/preview-images":
            assert "x-internal-service-token: secret" in lines and "content-type: image/png" in lines and body
        text = f"HTTP/1.1 {head_of_answer}\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
        writer.write(text.encode() + answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    answers = {
        "/": ("200 OK\r\nContent-Type: text/html", PAGE),
        "/picture": ("200 OK\r\nContent-Type: application/octet-stream", png(3, 2)),
        "/inside": ("302 Found\r\nLocation: http://127.0.0.1/", b""),
        "/away": ("302 Found\r\nLocation: http://other.test.example/page", b""),
        "/page": ("200 OK\r\nContent-Type: text/html", b"<title>Away</title></head>"),
        "/plain": ("200 OK\r\nContent-Type: text/plain", b"<title>x</title>"),
        "/internal/messaging/preview-images": ("200 OK", b'{"content_uri": "mxc://localhost/stored"}'),
    }
    async with Site(answers).open() as opened:
        yield opened


def settings(site: Site) -> dict[str, str]:
    hosts = ",".join(f"{name}.test.example=127.0.0.1:{site.port}" for name in ("site", "other"))
    app = {"MESSAGING_URL": f"http://127.0.0.1:{site.port}", "INTERNAL_SECRET": "secret"}
    return {
        "AUTH_MODE": "development",
        "JWT_SECRET": "x" * 32,
        "PREVIEW_TEST_HOSTS": hosts,
        "RECONCILE_SECONDS": "0",
        **app,
    }


async def nothing_waits(db: Database) -> None:
    async def done() -> bool:
        return await waiting(db) == []

    await eventually("every link has found what it shows", done, deadline=60)


async def test_relays_find_what_links_show_once_and_reach_nothing_inside(
    db: Database, world: World, new_relay: NewRelay, site: Site
) -> None:
    channel, second = await world.channel(), await world.channel()
    url = "http://site.test.example/"
    hostile = [
        "http://other.test.example/inside",
        "http://localhost/",
        "http://127.0.0.1/",
        f"http://127.0.0.1:{site.port}/",
        f"http://site.test.example:{site.port}/",
        "http://[::ffff:7f00:1]/",
        "http://2130706433/",
        "http://nowhere.invalid/",
        "http://other.test.example/plain",
    ]
    messages = [(where, await linked(world, where, url)) for where in (channel, second)]
    for link in hostile:
        await linked(world, channel, link)
    relays = [new_relay(**settings(site)) for _ in range(2)]
    for relay in relays:
        await relay.start()
        await relay.publishes() if relay is relays[0] else None
    await nothing_waits(db)
    for where, message in messages:
        [preview] = await shown(db, where, message)
        assert (preview["url"], preview["title"], preview["description"]) == (url, "Привіт", "What it is")
        assert preview["image"] == {
            "content_uri": "mxc://localhost/stored",
            "content_type": "image/png",
            "width": 3,
            "height": 2,
        }
    assert (await db.subjects(channel.id)).count("message.preview") == 1
    asked = [line for line in site.asked if "internal" not in line]
    assert sorted(asked) == ["GET /", "GET /inside", "GET /picture", "GET /plain"], "each once, and nothing inside"
    assert site.asked.count("POST /internal/messaging/preview-images") == 1
    # What is known is shown without another look.
    late = await linked(world, second, url)
    await nothing_waits(db)
    assert len(await shown(db, second, late)) == 1 and site.asked.count("GET /") == 1
    numbers = [await relay.metrics() for relay in relays]
    counted = {
        outcome: sum(each.get(f'link_pages_total{{outcome="{outcome}"}}', 0) for each in numbers)
        for outcome in ("found", "failed")
    }
    assert counted == {"found": 1, "failed": len(hostile)}
    assert sum(each["previews_shown_total"] for each in numbers) == 3
    for relay in relays:
        assert "127.0.0.1/" not in relay.output() and "test.example" not in relay.output()


async def test_a_host_that_a_page_leads_to_is_asked_in_its_turn(
    db: Database, world: World, new_relay: NewRelay, site: Site
) -> None:
    channel = await world.channel()
    relay = new_relay(**settings(site))
    await relay.start()
    await relay.publishes()
    sql = """INSERT INTO messaging.rate_limits (class, key, theoretical_arrival_at)
             VALUES ('preview_host', 'other.test.example', now() + interval '8 seconds')"""
    await db.execute(sql)
    message = await linked(world, channel, "http://site.test.example/away")
    await nothing_waits(db)
    assert [preview["title"] for preview in await shown(db, channel, message)] == ["Away"]
    # The page was looked at and given back until the other host's turn came, which then was asked once.
    assert site.asked.count("GET /away") > 1 and site.asked.count("GET /page") == 1
    assert site.asked[-1] == "GET /page"


async def test_networks_that_cannot_be_read_are_told(new_relay: NewRelay, site: Site) -> None:
    relay = new_relay(**settings(site), PREVIEW_FORBIDDEN_NETWORKS="10.0.0.0/8, office")
    await relay.start()
    assert relay.process and await asyncio.wait_for(relay.process.wait(), 30) != 0
    assert 'PREVIEW_FORBIDDEN_NETWORKS: "office" is no network in CIDR notation' in relay.output()


async def test_a_relay_without_the_app_shows_no_picture_and_one_that_is_off_nothing(
    db: Database, world: World, new_relay: NewRelay, site: Site
) -> None:
    channel = await world.channel()
    message = await linked(world, channel, "http://site.test.example/")
    off = new_relay(**settings(site), LINK_PREVIEWS="off")
    await off.start()
    await off.publishes()
    relay = new_relay(**{**settings(site), "MESSAGING_URL": ""})
    await relay.start()
    await nothing_waits(db)
    [preview] = await shown(db, channel, message)
    assert (preview["title"], preview["image"]) == ("Привіт", None)
    assert (await off.metrics())['link_pages_total{outcome="found"}'] == 0


async def test_hosts_of_tests_are_refused_where_people_are(new_relay: NewRelay, site: Site) -> None:
    relay = new_relay(**{**settings(site), "AUTH_MODE": "token"})
    await relay.start()
    assert relay.process and await asyncio.wait_for(relay.process.wait(), 30) != 0
    assert "PREVIEW_TEST_HOSTS is for development mode alone" in relay.output()
