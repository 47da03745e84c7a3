"""A gateway with the platform's calls and no others, over the real homeserver: what a deployment has that brings its own."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx
from aiohttp import web

from support.stack import Stack

Body = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, body: Body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class PlatformGateway:
    """Knows no fields but those of the specification, and says of any other call that there is none."""

    def __init__(self, stack: Stack):
        stack.need("homeserver_url", "matrix_as_token", "server_name")
        self.homeserver = httpx.AsyncClient(
            base_url=f"{stack.homeserver_url}/_matrix/client/v3",
            headers={"Authorization": f"Bearer {stack.matrix_as_token}"},
            timeout=60,
            trust_env=False,
        )
        self.registered: set[str] = set()
        # Calls that it does not have, as "METHOD path".
        self.lacked: list[str] = []
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        calls: dict[str, Callable[[Body], Awaitable[Body]]] = {
            "create-room": self.create_room,
            "send": self.send,
            "send-reaction": self.send_reaction,
            "redact": self.redact,
            "invite": self.invite,
            "join": self.join,
            "leave": self.leave,
            "kick": self.kick,
        }
        for name, call in calls.items():
            app.router.add_post(f"/internal/matrix/{name}", self._handler(call))
        app.router.add_put("/internal/matrix/rooms/{room}/name", self._name)
        app.router.add_get("/internal/matrix/rooms/{room}", self._room)
        app.router.add_get("/internal/matrix/rooms/{room}/messages", self._messages)
        # One path is there with other methods only: a 405.
        app.router.add_get("/internal/matrix/rooms/{room}/topic", self._messages)
        app.middlewares.append(self._lack)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        await self.runner.cleanup()
        await self.homeserver.aclose()

    @web.middleware
    async def _lack(self, request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
        try:
            return await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
            self.lacked.append(f"{request.method} {request.path.rsplit('/', 1)[-1]}")
            return web.json_response({"detail": error.reason}, status=error.status)

    @staticmethod
    def _handler(call: Callable[[Body], Awaitable[Body]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return web.json_response(await call(await request.json()))
            except KeyError as missing:
                return web.json_response({"detail": f"{missing} is required"}, status=422)
            except Refused as refused:
                return web.json_response(refused.body, status=refused.status)

        return handle

    async def _name(self, request: web.Request) -> web.Response:
        async def call(body: Body) -> Body:
            room = request.match_info["room"]
            return await self.act(None, "PUT", f"rooms/{esc(room)}/state/m.room.name", {"name": body["name"]})

        return await self._handler(call)(request)

    async def _room(self, request: web.Request) -> web.Response:
        async def content(kind: str, field: str) -> str | None:
            room = esc(request.match_info["room"])
            try:
                return (await self.act(None, "GET", f"rooms/{room}/state/{kind}/")).get(field)
            except Refused:
                return None

        room = {
            "room_id": request.match_info["room"],
            "name": await content("m.room.name", "name"),
            "topic": await content("m.room.topic", "topic"),
            "avatar_url": await content("m.room.avatar", "url"),
            "canonical_alias": None,
            "member_count": 1,
            "joined_members": 1,
            "encryption": await content("m.room.encryption", "algorithm"),
        }
        return web.json_response(room)

    async def _messages(self, request: web.Request) -> web.Response:
        room = esc(request.match_info["room"])
        return web.json_response(await self.act(None, "GET", f"rooms/{room}/messages?{request.query_string}"))

    async def act(self, user: str | None, method: str, path: str, body: Body | None = None) -> Body:
        """Calls the homeserver as a user, who is registered first, or as the bot."""
        if user and user not in self.registered:
            localpart = user[1:].split(":")[0]
            register = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
            await self.homeserver.post("register", json=register)
            self.registered.add(user)
        url = httpx.URL(path) if user is None else httpx.URL(path).copy_merge_params({"user_id": user})
        response = await self.homeserver.request(method, url, json=body)
        if response.status_code != 200:
            error = response.json()
            raise Refused(response.status_code, {"error": error["errcode"], "message": error["error"]})
        return response.json()

    async def create_room(self, body: Body) -> Body:
        fields = ("name", "topic", "visibility", "room_alias_name", "preset", "initial_state", "creation_content")
        room = {name: body[name] for name in fields if body.get(name)}
        creator = body["creator_matrix_id"]
        levels = body.get("power_level_content_override") or {}
        levels["users"] = {**levels.get("users", {}), creator: 100}
        made = await self.act(None, "POST", "createRoom", {**room, "power_level_content_override": levels})
        await self.join({"room_id": made["room_id"], "user_id": creator})
        return {"room_id": made["room_id"], "room_alias": None}

    async def send(self, body: Body) -> Body:
        content = {"msgtype": body["msgtype"], "body": body["body"]}
        content |= {name: body[name] for name in ("format", "formatted_body") if body.get(name)}
        if relation := body.get("relates_to"):
            if relation.get("rel_type") == "m.replace":
                content = {**content, "m.new_content": dict(content)}
            content["m.relates_to"] = relation
        txn = body.get("txn_id") or str(uuid.uuid4())
        path = f"rooms/{esc(body['room_id'])}/send/m.room.message/{esc(txn)}"
        return await self.act(body["sender_matrix_id"], "PUT", path, content)

    async def send_reaction(self, body: Body) -> Body:
        relation = {"rel_type": "m.annotation", "event_id": body["event_id"], "key": body["emoji"]}
        path = f"rooms/{esc(body['room_id'])}/send/m.reaction/{uuid.uuid4()}"
        return await self.act(body["reactor_matrix_id"], "PUT", path, {"m.relates_to": relation})

    async def redact(self, body: Body) -> Body:
        path = f"rooms/{esc(body['room_id'])}/redact/{esc(body['event_id'])}/{uuid.uuid4()}"
        return await self.act(body["sender_matrix_id"], "PUT", path, {})

    async def invite(self, body: Body) -> Body:
        await self.act(None, "POST", f"rooms/{esc(body['room_id'])}/invite", {"user_id": body["user_id"]})
        return {"status": "invited"}

    async def join(self, body: Body) -> Body:
        path = f"rooms/{esc(body['room_id'])}/join"
        try:
            await self.act(body["user_id"], "POST", path, {})
        except Refused:
            await self.invite(body)
            await self.act(body["user_id"], "POST", path, {})
        return {"status": "joined"}

    async def leave(self, body: Body) -> Body:
        await self.act(body["user_id"], "POST", f"rooms/{esc(body['room_id'])}/leave", {})
        return {"status": "left"}

    async def kick(self, body: Body) -> Body:
        await self.act(None, "POST", f"rooms/{esc(body['room_id'])}/kick", {"user_id": body["user_id"]})
        return {"status": "kicked"}


def esc(part: str) -> str:
    return quote(part, safe="")
