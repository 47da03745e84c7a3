"""A real browser's WebSocket learns why it is refused."""

from __future__ import annotations

from typing import Any

from selenium import webdriver

from support.api import UNKNOWN_ID, World
from support.stack import Stack
from support.tokens import token

OPEN = """
const [address, protocols, done] = arguments;
const socket = protocols ? new WebSocket(address, protocols) : new WebSocket(address);
let opened = false;
socket.onopen = () => { opened = true; socket.send("ping"); };
socket.onmessage = (message) => { if (message.data === "pong") socket.close(1000); };
socket.onclose = (event) => done([opened, event.code, event.reason]);
"""


async def test_a_browser_is_told_why_it_is_refused(driver: webdriver.Chrome, world: World, stack: Stack) -> None:
    stack.need("ws_url", "jwt_secret")
    base = f"{stack.ws_url}/ws/messaging"
    # A page of this machine, as that of a developer's front end.
    driver.get(f"{base.replace('ws', 'http', 1).removesuffix('/ws/messaging')}/health")
    driver.set_script_timeout(20)

    def closed(address: str, *protocols: str) -> Any:
        return driver.execute_async_script(OPEN, address, list(protocols))

    owner = world.member_of("owner", world.microdao)
    blind = world.member_of("blind", world.microdao)
    secret = await owner.create(**world.fields(visibility="private"))
    await owner.invite(secret["id"], blind.id, can_read=False)
    good, bad, expired, blinds = (
        token(owner.id, world.secret(), [world.microdao]),
        token(owner.id, "x" * 64),
        token(owner.id, world.secret(), lifetime=-3600),
        token(blind.id, world.secret(), [world.microdao]),
    )
    for address in (base, f"{base}/{secret['id']}"):
        assert closed(address, "bearer", good) == [True, 1000, ""]
        for wrong in (bad, expired):
            assert closed(address, "bearer", wrong) == [True, 4401, "no valid token"]
            assert closed(f"{address}?token={wrong}") == [True, 4401, "no valid token"]
    assert closed(f"{base}/{UNKNOWN_ID}", "bearer", good) == [True, 4404, "channel not found"]
    assert closed(f"{base}/general", "bearer", good) == [True, 4404, "channel not found"]
    assert closed(f"{base}/{secret['id']}", "bearer", blinds) == [True, 4403, "no access"]
    assert closed(f"{base}/{secret['id']}?since_seq=x", "bearer", good) == [True, 4400, "bad request"]
