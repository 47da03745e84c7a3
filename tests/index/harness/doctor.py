"""`ws-relay check` as an operator runs it, with a homeserver and an app that answer as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from time import time
from typing import Any

from aiohttp import web

from harness.server import WS_RELAY

AS_TOKEN, SECRET = "3c1f0b7a9d5e4f2b8a6c1d0e", "8f2e6a1c5b9d3f7e0a4c2b6d"
JWT_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SERVER = "example.org"


@dataclass
class Report:
    """What it said."""

    code: int
    status: str
    checks: list[dict[str, str]]

    def level(self, check: str) -> str:
        """How a check has turned out, the worst of its lines; `none` when it was not made."""
        levels = [line["level"] for line in self.checks if line["check"] == check]
        return max(levels, key=["none", "ok", "warning", "fault"].index, default="none")

    def said(self, check: str) -> str:
        lines = [line for line in self.checks if line["check"] == check]
        return " | ".join(f"{line['text']} -> {line.get('advice', '')}" for line in lines)


async def check(settings: dict[str, str], *arguments: str, deadline: float = 60) -> Report:
    """Runs it with these settings alone."""
    process = await asyncio.create_subprocess_exec(
        WS_RELAY,
        "check",
        "--json",
        *arguments,
        env=settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), deadline)
    assert process.returncode is not None and not errors, errors.decode()
    document = json.loads(output)
    assert {0: "ok", 1: "warning", 2: "fault"}[process.returncode] == document["status"]
    for line in document["checks"]:
        # Whatever is wrong, somebody is told what to do about it.
        assert line["level"] == "ok" or line["advice"], line
        assert SECRET not in str(line) and AS_TOKEN not in str(line)
    return Report(process.returncode, document["status"], document["checks"])


@dataclass
class Answers:
    """What the two say; a test changes it."""

    user_id: str = f"@daarion:{SERVER}"
    outside: tuple[str, ...] = ()
    ping: tuple[int, dict[str, Any]] = (200, {"duration_ms": 3})
    version: str = ""
    parts: dict[str, str] = field(
        default_factory=lambda: {"postgresql": "ok", "matrix_gateway": "ok", "homeserver": "ok"}
    )
    auth_mode: str = "token"
    ahead: dict[str, float] = field(default_factory=dict)
    keys: str = '{"keys": []}'
    # Paths that are not answered at all.
    hangs: tuple[str, ...] = ()
    # Everything that was asked for.
    asked: list[tuple[str, str]] = field(default_factory=list)


def error(status: int, code: str, text: str = "no") -> web.Response:
    return web.json_response({"errcode": code, "error": text}, status=status)


class Others:
    """A homeserver that answers as Synapse does, and an app, at one address: no path is that of both."""

    def __init__(self, answers: Answers):
        self.answers = answers
        self.url = ""

    async def respond(self, request: web.Request) -> web.Response:
        answers, path = self.answers, request.path
        answers.asked.append((request.method, path))
        if path.startswith(answers.hangs):
            await asyncio.sleep(60)
        whose = "homeserver" if path.startswith("/_matrix") else "app"
        response = self.matrix(request) if whose == "homeserver" else self.app(request)
        response.headers["Date"] = formatdate(time() + answers.ahead.get(whose, 0), usegmt=True)
        return response

    def matrix(self, request: web.Request) -> web.Response:
        answers, path = self.answers, request.path
        if path == "/_matrix/client/versions":
            return web.json_response({"versions": ["v1.1", "v1.12"]})
        if path == "/_matrix/federation/v1/version":
            return web.json_response({"server": {"name": "Synapse", "version": "1.163.0"}})
        if request.headers.get("Authorization") != f"Bearer {AS_TOKEN}":
            return error(401, "M_UNKNOWN_TOKEN")
        if path == "/_matrix/client/v3/account/whoami":
            acting = request.query.get("user_id")
            if acting is None:
                return web.json_response({"user_id": answers.user_id})
            if acting.startswith(answers.outside):
                return error(403, "M_FORBIDDEN", f"Application service cannot masquerade as this user ({acting}).")
            return error(403, "M_FORBIDDEN", f"Application service has not registered this user ({acting})")
        if path.startswith("/_matrix/client/v3/directory/room/#"):
            return error(400, "M_EXCLUSIVE") if "#" in answers.outside else web.json_response({})
        if path == "/_matrix/client/v1/appservice/daarion-messaging/ping":
            return web.json_response(answers.ping[1], status=answers.ping[0])
        return error(403, "M_FORBIDDEN", "Mismatching application service ID in path")

    def app(self, request: web.Request) -> web.Response:
        answers, path = self.answers, request.path
        if path == "/jwks":
            return web.Response(text=answers.keys)
        if path == "/health":
            health = {"status": "healthy", "service": "daarion-messaging", "version": answers.version}
            return web.json_response(health)
        if path == "/health/ready":
            failed = "failed" in answers.parts.values()
            ready = {"status": "not_ready" if failed else "ready", "parts": answers.parts}
            return web.json_response(ready | {"auth_mode": answers.auth_mode}, status=503 if failed else 200)
        if path == "/internal/messaging/set-aside-events":
            allowed = request.headers.get("X-Internal-Service-Token") == SECRET
            return web.json_response([] if allowed else {"code": "unauthenticated"}, status=200 if allowed else 401)
        return web.json_response({"code": "not_found"}, status=404)


@asynccontextmanager
async def others(answers: Answers) -> AsyncIterator[str]:
    """Starts them; gives their address."""
    here = Others(answers)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", here.respond)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
