"""Requests over sockets of their own, so that what is measured is the host."""

from __future__ import annotations

import asyncio
import json
import socket
import time

from bench.cold.requests import Ask

# A first request that takes longer has failed.
PATIENCE = 20.0


def head(ask: Ask, *, named: bool, keep: bool) -> bytes:
    body = b"" if ask.body is None else json.dumps(ask.body).encode()
    fields = {"Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body))}
    fields |= {"Connection": "keep-alive" if keep else "close"} | (ask.who if named else {})
    lines = [f"{ask.method} {ask.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def once(port: int, ask: Ask, *, named: bool) -> tuple[float, int]:
    """How long an answer takes on a new connection, in milliseconds, and its status."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(head(ask, named=named, keep=False))
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    took = (time.perf_counter() - began) * 1000
    status = answer.split(b" ", 2)[1:2]
    return took, int(status[0]) if status else 0


async def load(port: int, ask: Ask, connections: int, seconds: float) -> tuple[int, int]:
    """Asks over and over; how often it was answered, and how often with a failure."""
    request, ends = head(ask, named=True, keep=True), time.monotonic() + seconds

    async def one() -> tuple[int, int]:
        done = failed = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < ends:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-l")
            )
            await reader.readexactly(length)
            done += 1
            failed += answer.split(b" ", 2)[1][:1] == b"5"
        writer.close()
        return done, failed

    each = await asyncio.gather(*(one() for _ in range(connections)))
    return sum(done for done, _ in each), sum(failed for _, failed in each)
