"""A server that answers HTTP as no server should: byte by byte, because no library would send it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

# Writes an answer to a request that was read; the connection ends with it.
Answer = Callable[["Garbage", asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


class Garbage:
    """Gives the answer of the moment to whatever it is asked."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.asked = 0
        self.url = ""
        # Another server, to which nobody may be led.
        self.elsewhere = ""
        self.tasks: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        try:
            # Cancelled at the end of a test, when the other side still waits.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                if self.answer:
                    await self.answer(self, writer)
                    await writer.drain()
        finally:
            self.tasks.discard(task)
            writer.close()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Garbage]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()


def body(text: bytes, status: str = "200 OK", kind: str = "application/json") -> Answer:
    """A whole response."""

    async def answer(_: Garbage, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + text)

    return answer


def raw(data: bytes) -> Answer:
    """These bytes, whatever they are."""

    async def answer(_: Garbage, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


def endless(begin: bytes, again: bytes, pause: float = 0) -> Answer:
    """A beginning, and then the same again and again, until the other side has had enough."""

    async def answer(_: Garbage, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """The first request gets the first answer, the second one the second, and so on."""
    turn = itertools.cycle(answers)

    async def answer(garbage: Garbage, writer: asyncio.StreamWriter) -> None:
        await next(turn)(garbage, writer)

    return answer


async def leads_elsewhere(garbage: Garbage, writer: asyncio.StreamWriter) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {garbage.elsewhere}/internal/matrix/send\r\nContent-Length: 0\r\n\r\n"
    writer.write(head.encode())


async def says_nothing(_: Garbage, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


ANSWERS: dict[str, Answer] = {
    "nothing at all": raw(b""),
    "no HTTP": raw(b"\x16\x03\x01\x02\x00\x01" * 100),
    "an impossible status": raw(b"HTTP/1.1 999999 Yes\r\n\r\n"),
    "two lengths": raw(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
    "a negative length": raw(OK + b"Content-Length: -1\r\n\r\n{}"),
    "half of a body": raw(OK + b'Content-Length: 100\r\n\r\n{"event_id": "$x'),
    "a broken chunk": raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "HTML": body(b"<html>Sign in to this network</html>", kind="text/html"),
    "no JSON": body(b"{'event_id': '$x'}"),
    "another type": body(b"[1, 2, 3]"),
    "null": body(b"null"),
    "a deep one": body(b"[" * 200_000 + b"]" * 200_000),
    "a compressed one": raw(OK + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\0"),
    "204": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "204 with a body": raw(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"),
    "101": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    "a redirect": leads_elsewhere,
    "304": raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "gigabytes in chunks": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "gigabytes with a length": endless(OK + b"Content-Length: 1000000000000\r\n\r\n", b" " * 65536),
    "headers without an end": endless(OK, b"X-More: " + b"x" * 4000 + b"\r\n"),
    "a status line without an end": endless(b"HTTP/1.1 200 ", b"O" * 65536),
}
# Objects, in which only what is read of them is wrong.
MISTAKEN: dict[str, Answer] = {
    "no UTF-8": body(b'{"event_id": "\xff\xfe", "room_id": "\xff", "content": {"body": "\xff"}}'),
    "wrong types": body(b'{"event_id": {}, "room_id": 7, "status": [], "body": null, "content": 1, "chunk": "x"}'),
    "an object without anything": body(b"{}"),
}
# These take as long as the service is ready to wait.
SLOW: dict[str, Answer] = {
    "silence": says_nothing,
    "a letter at a time": endless(OK + b"Content-Length: 100000\r\n\r\n{", b" ", 1),
    "one 102 after the other": endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.05),
}
