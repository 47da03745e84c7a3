"""What is measured: the app on each host, its native twin, the service of Python, and the gateway that answers at once."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.ports import free_port
from support.second_process import second_process
from support.stack import Stack

# As `cargo dev` names the issuer of the stack's tokens.
ISSUER = "daarion-auth"
HERE = Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Programs:
    """How everything is started."""

    stack: Stack
    folder: Path
    twin: Path
    peer: Path
    spin: Path | None

    def hosts(self) -> dict[str, dict[str, Any]]:
        """The app as a service, by the name of its host."""
        found = {"local host": self.stack.services["app"]}
        if self.spin:
            found["Spin"] = json.loads(self.spin.read_text())
        return found

    def versions(self) -> dict[str, str]:
        """What the components run on."""
        return {"app": " and ".join(self.hosts())}

    @asynccontextmanager
    async def app(self, host: str, port: int = 0, gateway: str = "") -> AsyncIterator[str]:
        """The app, at this port, with another gateway than its own where one is named."""
        service, address = self.hosts()[host], f"127.0.0.1:{port or free_port()}"
        own, words = self.folder / f"{host} {address}", list(service["command"])
        own.mkdir(exist_ok=True)
        for option, value in (("--listen", address), ("--log-dir", own / "logs"), ("--state-dir", own / "state")):
            if option in words:
                words[words.index(option) + 1] = str(value)
        env = service["env"] | ({"SPIN_VARIABLE_MATRIX_GATEWAY_URL": gateway} if gateway else {})
        async with second_process(service, words, env, own / "log", f"http://{address}/health", deadline=120):
            yield f"http://{address}"

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[str]:
        async with self._native("gateway", {}) as url:
            yield url

    @asynccontextmanager
    async def native_twin(self, gateway: str) -> AsyncIterator[str]:
        async with self._native("serve", self._settings(gateway)) as url:
            yield url

    @asynccontextmanager
    async def python(self, gateway: str, *, tuned: bool) -> AsyncIterator[str]:
        """One worker, as its image runs it; tuned, without a line for each request."""
        port = free_port()
        words = [str(self.peer), "-m", "uvicorn", "service:app", "--port", str(port), "--app-dir", str(HERE)]
        # It reads the tables themselves, which the components' role may not.
        env = (
            self._settings(gateway)
            | {"DATABASE_URL": self.stack.database_url or ""}
            | ({"TUNED": "yes"} if tuned else {})
        )
        name = "python, tuned" if tuned else "python"
        async with self._process(name, words + (["--no-access-log"] if tuned else []), env, port) as url:
            yield url

    def _settings(self, gateway: str) -> dict[str, str]:
        stack, app = self.stack, self.stack.services["app"]["env"]
        return {
            "DATABASE_URL": app["SPIN_VARIABLE_DATABASE_URL"],
            "MATRIX_GATEWAY_URL": gateway,
            "MATRIX_GATEWAY_SECRET": stack.matrix_gateway_secret or "",
            "MATRIX_SERVER_NAME": stack.server_name or "",
            "JWT_SECRET": stack.jwt_secret or "",
            "JWT_ISSUER": ISSUER,
            "RATE_LIMIT_SEND": app["SPIN_VARIABLE_RATE_LIMIT_SEND"],
        }

    @asynccontextmanager
    async def _native(self, part: str, settings: Mapping[str, str]) -> AsyncIterator[str]:
        port = free_port()
        env = {**settings, "LISTEN": f"127.0.0.1:{port}"}
        async with self._process(f"twin {part}", [str(self.twin), part], env, port) as url:
            yield url

    @asynccontextmanager
    async def _process(self, name: str, words: list[str], env: Mapping[str, str], port: int) -> AsyncIterator[str]:
        url, log = f"http://127.0.0.1:{port}", self.folder / f"{name}.log"
        service = {"cwd": str(self.folder)}
        async with second_process(service, words, {"PATH": os.environ["PATH"], **env}, log, f"{url}/health", 60):
            yield url


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port, url
    return port
