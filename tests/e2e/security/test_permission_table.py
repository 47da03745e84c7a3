"""The permission table, cell by cell: every visibility, everybody who may come, everything they may try.

The outcomes are not listed but follow from `Who` and from the few rules in `expected`, which are the table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from security.stage import Stage, Who, responses_to
from support.api import World
from support.problems import problem
from support.stack import Stack

EVERYBODY = {
    "owner": Who("owner", in_microdao=True),
    "admin": Who("admin", in_microdao=True),
    "admin who may not read": Who("admin", can_read=False, in_microdao=True),
    "member": Who("member", in_microdao=True),
    "member who may not read": Who("member", can_read=False, in_microdao=True),
    "member who may not write": Who("member", can_write=False, in_microdao=True),
    "member who may invite": Who("member", can_invite=True, in_microdao=True),
    "guest from another microDAO": Who("guest", in_another=True),
    "guest who may not read": Who("guest", can_read=False, in_another=True),
    "member of the microDAO only": Who(in_microdao=True),
    "member of another microDAO": Who(in_another=True),
    "member of no microDAO": Who(),
    "agent": Who("agent", agent=True),
    "agent who may not write": Who("agent", can_write=False, agent=True),
    "agent who is no member": Who(agent=True, in_microdao=True),
    "agent from another microDAO": Who(agent=True, in_another=True),
    "departed member": Who("member", in_microdao=True, gone="left"),
    "kicked member": Who("member", in_microdao=True, gone="kicked"),
    "banned member": Who("member", in_microdao=True, gone="banned"),
    "former member of the microDAO": Who("member", lost_microdao=True),
    "former member of the microDAO, in another": Who("member", lost_microdao=True, in_another=True),
    "departed guest": Who("guest", in_another=True, gone="left"),
}


def expected(visibility: str, who: Who) -> dict[str, int]:
    """The table of who may do what, as status codes."""
    open_to_them = visibility == "public" or (visibility == "microdao" and who.in_microdao)
    member = who.counts_in(visibility)
    banned = who.gone == "banned"
    reads = (open_to_them and (not banned or visibility == "public")) or (member and who.can_read)
    writes = who.can_write and (member or (open_to_them and not who.agent and not banned))
    actions = {
        "see the channel": True,
        "find it in the list": True,
        "list the members": True,
        "page messages": reads,
        "search the channel": reads,
        "find its messages": reads,
        "get a message": reads,
        "page replies": reads,
        "list threads": reads,
        "follow a thread": reads,
        "follow it no more": reads,
        "list reactions": reads,
        "see who has read": reads,
        "mark as read": reads,
        "mark as unread": reads,
        "mute": reads,
        "list pins": reads,
        "type": writes,
        "post": writes,
        "react": writes,
        "remove a reaction": True,
        # Agents never join by themselves.
        "join": member or not (who.agent or banned),
        "edit another's": False,
        "delete another's": who.manages and reads,
        "invite": who.manages or (who.member and who.can_invite),
        "change a role": who.manages,
        "kick": who.manages,
        "pin": who.manages and reads,
        "unpin": who.manages and reads,
        "change the channel": who.manages,
        "archive": who.manages,
        "open it again": who.manages,
    }
    if who.role:
        # Members and former members have sent a message. To change it they have to be in the room, not to delete it.
        actions |= {"edit own": member and who.can_write, "delete own": True}
    if not (open_to_them or member):
        return dict.fromkeys(actions, 404) | ({"delete own": 204} if who.role else {})
    return {action: SUCCESS[action] if may else 403 for action, may in actions.items()}


SUCCESS = {
    "post": 201,
    "invite": 201,
    "react": 204,
    "follow a thread": 204,
    "follow it no more": 204,
    "type": 204,
    "pin": 204,
    "unpin": 204,
    "remove a reaction": 204,
    "delete own": 204,
    "delete another's": 204,
    "kick": 204,
    "archive": 204,
} | dict.fromkeys(
    [
        "see the channel",
        "find it in the list",
        "list the members",
        "page messages",
        "search the channel",
        "find its messages",
        "get a message",
        "page replies",
        "list threads",
        "list reactions",
        "see who has read",
        "mark as read",
        "mark as unread",
        "mute",
        "list pins",
        "join",
        "edit own",
        "edit another's",
        "change a role",
        "change the channel",
        "open it again",
    ],
    200,
)


@pytest.fixture(scope="module", params=["public", "microdao", "private"])
async def stage(
    request: pytest.FixtureRequest, http: httpx.AsyncClient, stack: Stack, development: bool
) -> AsyncIterator[Stage]:
    yield await Stage(World(http, stack, development)).open(request.param)


@pytest.mark.parametrize("name", list(EVERYBODY))
async def test_everybody_may_do_exactly_what_the_table_says(stage: Stage, name: str) -> None:
    who = EVERYBODY[name]
    got = await responses_to(stage, who)
    for response in got.values():
        if isinstance(response, httpx.Response) and not response.is_success:
            problem(response, response.status_code)
    codes = {action: r if isinstance(r, int) else r.status_code for action, r in got.items()}
    assert codes == expected(stage.channel["visibility"], who)
