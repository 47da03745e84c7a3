"""An app that loses its database at one of the homeserver's calls: what it has done in Matrix is not recorded."""

from __future__ import annotations

from aiohttp import web

from support.database_proxy import DatabaseProxy
from support.faulty_homeserver import FaultyHomeserver


class Crash:
    """Takes the app's database away at one of the homeserver's calls, and gives it back."""

    def __init__(self, faulty: FaultyHomeserver, database: DatabaseProxy):
        self.faulty = faulty
        self.database = database

    def after(self, method: str, part: str) -> None:
        """Cuts the database once the homeserver has done what such a request asks: this method, this part of a path."""

        async def fault(request: web.Request, body: bytes) -> web.Response:
            response = await self.faulty.forward(request, body)
            # A new user is refused at first, and then registered.
            if response.status == 200:
                self.database.cut()
            return response

        self.faulty.fail(method, part, fault)

    def recover(self) -> None:
        """Ends the crash, which must have happened."""
        assert self.faulty.hit, "the fault was met"
        self.repair()

    def repair(self) -> None:
        """Ends the crash, whether it has happened or not."""
        self.faulty.heal()
        self.database.restore()
