"""A second homeserver, which federates with the one of the stack: over loopback, with a certificate of their own."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.api import unique
from support.link import Link
from support.matrix_client import MatrixClient
from support.person import register
from support.ports import free_port
from support.rooms import Rooms
from support.stack import Stack
from support.waiting import eventually

# A first start makes the database.
DEADLINE = 120
LAUNCHER = Path(__file__).parent / "lenient_synapse.py"
# Milliseconds since 1970: a time in the year 284000, which is near the greatest number of canonical JSON.
LAST_TIME = 8_900_000_000_000_000


class Neighbour:
    """The other homeserver and the link to it."""

    def __init__(self, ours: Stack, http: httpx.AsyncClient):
        ours.need("federation", "data", "server_name", "homeserver_url")
        ours.need_service("synapse")
        assert ours.federation and ours.data
        self.ours = ours
        self.http = http
        self.name: str = ours.federation["neighbour"]
        self.link = Link(ours.federation["certificate"])
        self.folder = Path(ours.data) / "neighbour"
        self.log = Path(ours.data) / "logs/neighbour.log"
        self.python: str = ours.services["synapse"]["command"][0]
        self.as_token = secrets.token_hex(16)
        self.process: asyncio.subprocess.Process | None = None
        self.clock = 0

    async def start(self) -> None:
        """Makes a server with nothing in it, and the way to it and from it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        port = free_port()
        await self.link.add_end(port, int(self.name.rsplit(":", 1)[1]))
        server_name = (self.ours.server_name or "").split(":")[0]
        self.link.ends[server_name] = await self.link.add_end(int((self.ours.homeserver_url or "").rsplit(":", 1)[1]))
        # Beside the first server's settings, which hold whatever federation needs.
        config = json.loads((Path(self.ours.data or "") / "synapse/homeserver.yaml").read_text())
        config |= self._settings(port, await self.link.add_proxy())
        self._write("homeserver.yaml", json.dumps(config))
        self._write("appservice.yaml", json.dumps(self._appservice()))
        # Ours remembers keys by their ids.
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self._write("signing.key", f"ed25519 a_{secrets.token_hex(4)} {key}\n")
        self.stack = replace(
            self.ours,
            homeserver_url=f"http://127.0.0.1:{port}",
            server_name=self.name,
            matrix_as_token=self.as_token,
        )
        self.rooms = Rooms(self.stack, self.http)
        await self.run()

    async def run(self, clock: int = 0) -> None:
        """Starts the program, with a clock that is so many seconds ahead."""
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        if clock:
            environment["SECONDS_AHEAD"] = str(clock)
        # Whatever ends the tests ends it too.
        command = ["setpriv", "--pdeathsig", "KILL", "--", self.python, str(LAUNCHER), "-c", "homeserver.yaml"]
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.clock = clock

        async def ready() -> bool:
            assert self.process
            if self.process.returncode is not None:
                pytest.fail(f"the other homeserver ended; see {self.log}")
            response = await self.http.get(f"{self.stack.homeserver_url}/_matrix/client/versions")
            return response.status_code == 200

        await eventually("the other homeserver is ready", ready, deadline=DEADLINE, retry=(httpx.HTTPError,))

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 20)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    async def set_clock(self, seconds: int) -> None:
        """Restarts it with a clock that is so many seconds ahead, or behind."""
        if seconds != self.clock:
            await self.stop()
            await self.run(seconds)

    async def close(self) -> None:
        await self.stop()
        await self.link.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def person(self, name: str) -> MatrixClient:
        """Somebody with an account there, and their client."""
        made = await register(self.stack, self.http, name)
        token = made.client.access_token
        await made.close()
        return MatrixClient(self.rooms, made.id, token)

    async def puppet(self, localpart: str) -> Puppet:
        """An account of this very name that their server does with as it likes."""
        body = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
        response = await self.http.post(f"{self.rooms.base}/register", headers=self.rooms.headers, json=body)
        assert response.status_code == 200, response.text
        return Puppet(self.rooms, response.json()["user_id"], self.as_token)

    async def any_puppet(self, name: str) -> Puppet:
        return await self.puppet(unique(name))

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)

    def _settings(self, port: int, proxy: int) -> dict[str, Any]:
        listener = {"port": port, "type": "http", "tls": False, "bind_addresses": ["127.0.0.1"]}
        return {
            "server_name": self.name,
            "public_baseurl": f"http://127.0.0.1:{port}/",
            "listeners": [listener | {"resources": [{"names": ["client", "federation"], "compress": False}]}],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "app_service_config_files": [str(self.folder / "appservice.yaml")],
            "federation_domain_whitelist": [self.ours.server_name],
            # Its key is good for all the times that it will name.
            "key_refresh_interval": LAST_TIME - int(time.time() * 1000) + 3_600_000,
            # To port 443 of the other one's name, which is no port of this machine.
            "https_proxy": f"http://127.0.0.1:{proxy}",
        }

    def _appservice(self) -> dict[str, Any]:
        namespaces = {"users": [{"exclusive": False, "regex": "@.*"}], "aliases": [], "rooms": []}
        return {
            "id": "puppets",
            "url": None,
            "as_token": self.as_token,
            "hs_token": secrets.token_hex(16),
            "sender_localpart": "puppeteer",
            "rate_limited": False,
            "namespaces": namespaces,
        }


class Puppet(MatrixClient):
    """Somebody whose server says whatever it likes of them."""

    # Milliseconds since 1970 at which they do what they do, as their server says; None: it tells the truth.
    time: int | None = None

    async def try_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        params = {"user_id": self.id} | ({} if self.time is None else {"ts": str(self.time)})
        return await self.http.request(method, f"{self.base}/{path}", headers=self.headers, params=params, json=body)

    async def set_membership(self, room: str, membership: str) -> None:
        """Their own membership, as an event of the state: at the time that their server says."""
        path = f"rooms/{quote(room, safe='')}/state/m.room.member/{quote(self.id, safe='')}"

        async def is_set() -> bool:
            # For a moment after the first of its people has come, their server believes that it is not in the room.
            response = await self.try_call("PUT", path, {"membership": membership})
            assert response.status_code == 200, response.text
            return True

        await eventually(f"the {membership} of {self.id}", is_set)
