"""WebSockets over HTTP/2 (RFC 8441): several on one connection, as browsers open them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

# The length of a frame's head, in bytes, and a kind of frame (RFC 9113, sections 4.1 and 6.8).
FRAME_HEAD, GOAWAY = 9, 7
# What the connection takes beyond the 64 KiB of each stream, in bytes.
WINDOW = 1 << 20


class Socket:
    """One WebSocket: a stream of the connection."""

    def __init__(self, connection: Connection, stream: int, is_plain: bool = False):
        self.connection = connection
        self.stream = stream
        # A request without a socket: what comes is its response.
        self.is_plain = is_plain
        self.status = 0
        self.headers: dict[str, str] = {}
        self.protocol = Protocol(CLIENT, state=OPEN)
        self.frames: asyncio.Queue[dict[str, Any] | str | None] = asyncio.Queue()
        self.body = b""
        # Does not take what comes, so that the other side may send no more.
        self.slow = False

    def took(self, data: bytes) -> None:
        if self.is_plain or self.status != 200:
            self.body += data
            return
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                text = event.data.decode()
                self.frames.put_nowait(json.loads(text) if text.startswith("{") else text)
        self.flush()

    def flush(self) -> None:
        """Sends what the protocol has to say by itself: pongs, and the answer to a close."""
        for data in self.protocol.data_to_send():
            if data:
                self.connection.h2.send_data(self.stream, data)
        self.connection.flush()

    def send(self, text: str) -> None:
        self.protocol.send_text(text.encode())
        self.flush()

    async def receive(self, deadline: float = 10) -> dict[str, Any] | str | None:
        """The next frame of text; None when the stream has ended."""
        frame = await asyncio.wait_for(self.frames.get(), deadline)
        if frame is None and self.connection.failure:
            raise self.connection.failure
        return frame

    async def closed(self, deadline: float = 10) -> int | None:
        """The code with which it is closed, whatever comes before."""
        while await self.receive(deadline) is not None:
            pass
        received = self.protocol.close_rcvd
        return received.code if received else None


class Connection:
    """A connection with HTTP/2 inside TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str):
        self.reader, self.writer, self.authority = reader, writer, authority
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.sockets: dict[int, Socket] = {}
        self.answered: dict[int, asyncio.Event] = {}
        self.has_settings = asyncio.Event()
        # The server has said that it takes no more requests; and it is gone.
        self.leaving = asyncio.Event()
        self.terminated = asyncio.Event()
        self.failure: Exception | None = None
        self.unread = b""
        self.reading: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, host: str, port: int, tls: ssl.SSLContext) -> Connection:
        tls.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        connection = cls(reader, writer, f"{host}:{port}")
        connection.h2.initiate_connection()
        # As browsers do: one stream that nobody reads leaves room for the others.
        connection.h2.increment_flow_control_window(WINDOW)
        connection.flush()
        connection.reading = asyncio.create_task(connection._read())
        await asyncio.wait_for(connection.has_settings.wait(), 10)
        return connection

    @property
    def takes_sockets(self) -> bool:
        """Whether the server has said that it knows RFC 8441."""
        return self.h2.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL) == 1

    def flush(self) -> None:
        with suppress(ConnectionError):
            self.writer.write(self.h2.data_to_send())

    async def request(self, path: str, *extra: tuple[str, str], method: str = "GET", protocol: str = "") -> Socket:
        """Sends a request; returns its stream when its head has been answered."""
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path)]
        head += [(":protocol", protocol)] if protocol else []
        socket = self.sockets[stream] = Socket(self, stream, is_plain=not protocol)
        self.answered[stream] = asyncio.Event()
        self.h2.send_headers(stream, [*head, *extra], end_stream=not protocol)
        self.flush()
        await asyncio.wait_for(self.answered[stream].wait(), 10)
        return socket

    async def websocket(self, path: str, *extra: tuple[str, str]) -> Socket:
        version = ("sec-websocket-version", "13")
        return await self.request(path, version, *extra, method="CONNECT", protocol="websocket")

    async def close(self) -> None:
        if self.reading:
            self.reading.cancel()
        self.writer.transport.abort()

    async def _read(self) -> None:
        try:
            while data := await self.reader.read(65536):
                for frame in self._frames(data):
                    for event in self.h2.receive_data(frame):
                        self._handle(event)
                self.flush()
        except ConnectionError:
            pass
        except Exception as failure:  # noqa: BLE001, for whoever waits for a frame
            self.failure = failure
        self.terminated.set()
        for socket in self.sockets.values():
            socket.frames.put_nowait(None)

    def _frames(self, data: bytes) -> Iterator[bytes]:
        """Whole frames but GOAWAY, behind which the library takes no other, although streams that are open go on (RFC 9113,
        section 6.8)."""
        self.unread += data
        while len(self.unread) >= FRAME_HEAD:
            end = FRAME_HEAD + int.from_bytes(self.unread[:3], "big")
            if len(self.unread) < end:
                return
            frame, self.unread = self.unread[:end], self.unread[end:]
            if frame[3] == GOAWAY:
                self.leaving.set()
            else:
                yield frame

    def _handle(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                self.has_settings.set()
            case ResponseReceived(stream_id=stream, headers=headers):
                socket = self.sockets[stream]
                socket.headers = {str(name): str(value) for name, value in headers}
                socket.status = int(socket.headers[":status"])
                self.answered[stream].set()
            case DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                socket = self.sockets[stream]
                if not socket.slow:
                    self.h2.acknowledge_received_data(length, stream)
                    socket.took(data)
            case StreamEnded(stream_id=stream) | StreamReset(stream_id=stream):
                self.answered[stream].set()
                self.sockets[stream].frames.put_nowait(None)
