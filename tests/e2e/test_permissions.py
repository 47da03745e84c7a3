"""Who may do what: the table of the contract, cell by cell, with signed tokens."""

import uuid
from typing import Any

import pytest

from support.api import CHANNELS, Agent, Caller, World
from support.problems import problem, same_problem
from support.unchanged import Unchanged

NOBODY = str(uuid.uuid4())

# What each caller is answered when they ask for the channel, look for it in the list, read its messages and
# members, send, and invite. None: it depends on nothing but the request, and is 401.
OPEN = {"channel": 200, "listed": True, "messages": 200, "members": 200, "send": 201, "invite": 403}
HIDDEN = {"channel": 404, "listed": False, "messages": 404, "members": 404, "send": 404, "invite": 404}
OWNER = OPEN | {"invite": 201}
TABLE: dict[str, dict[str, dict[str, Any]]] = {
    "public": {
        "owner": OWNER,
        "member": OPEN,
        "inviter": OWNER,
        "muted member": OPEN | {"send": 403},
        "member of the microDAO": OPEN,
        "stranger from another microDAO": OPEN,
        "stranger from nowhere": OPEN,
    },
    "microdao": {
        "owner": OWNER,
        "member": OPEN,
        "inviter": OWNER,
        "muted member": OPEN | {"send": 403},
        "guest from another microDAO": OPEN,
        "member of the microDAO": OPEN,
        "stranger from another microDAO": HIDDEN,
        "stranger from nowhere": HIDDEN,
    },
    "private": {
        "owner": OWNER,
        "member": OPEN,
        "inviter": OWNER,
        "muted member": OPEN | {"send": 403},
        "blind member": OPEN | {"messages": 403},
        "guest from another microDAO": OPEN,
        "member of the microDAO": HIDDEN,
        "stranger from another microDAO": HIDDEN,
        "stranger from nowhere": HIDDEN,
    },
}
INVITED: dict[str, dict[str, Any]] = {
    "member": {},
    "inviter": {"can_invite": True},
    "muted member": {"can_write": False},
    "blind member": {"can_read": False},
    "guest from another microDAO": {"role": "guest"},
}


async def answers(caller: Caller, channel: dict[str, Any], guest: str) -> dict[str, Any]:
    """What a caller is answered; sending comes late, because the first post joins."""
    path = f"{CHANNELS}/{channel['id']}"
    listed = await caller.get(CHANNELS, microdao_id=channel["microdao_id"])
    responses = {
        "channel": await caller.get(path),
        "messages": await caller.get(f"{path}/messages"),
        "members": await caller.get(f"{path}/members"),
        "invite": await caller.try_invite(channel["id"], guest),
        "send": await caller.try_send(channel["id"], "May I?"),
    }
    for response in responses.values():
        if response.status_code >= 400:
            problem(response, response.status_code)
    seen = channel["id"] in [one["id"] for one in listed.json()]
    return {action: response.status_code for action, response in responses.items()} | {"listed": seen}


@pytest.mark.parametrize("visibility", list(TABLE))
async def test_everybody_may_do_what_the_table_says(world: World, visibility: str) -> None:
    elsewhere = world.other_microdao("elsewhere")
    owner = world.member_of("owner", world.microdao)
    channel = await owner.create(**world.fields(visibility=visibility))
    callers = {"owner": owner}
    for name in TABLE[visibility]:
        if name == "owner":
            continue
        microdaos = [elsewhere] if "another" in name else [] if "nowhere" in name else [world.microdao, elsewhere]
        callers[name] = world.member_of("caller", *microdaos)
        if name in INVITED:
            await owner.invite(channel["id"], callers[name].id, **INVITED[name])
    actual = {name: await answers(caller, channel, world.user("new").id) for name, caller in callers.items()}
    assert actual == TABLE[visibility]
    # Who could send has joined by it, everybody else has not.
    members = await owner.members(channel["id"])
    assert {name for name, caller in callers.items() if caller.id in members} == {
        name for name, cells in actual.items() if cells["send"] == 201 or name in INVITED
    }


async def test_without_an_identity_nothing_is_answered(world: World, unchanged: Unchanged) -> None:
    channel = await world.channel()
    nobody = world.stranger()
    path = f"{CHANNELS}/{channel['id']}"
    async with unchanged(channel):
        for method, address in [
            ("GET", CHANNELS),
            ("POST", CHANNELS),
            ("GET", path),
            ("GET", f"{path}/messages"),
            ("POST", f"{path}/messages"),
            ("GET", f"{path}/members"),
            ("POST", f"{path}/members"),
            ("POST", "/internal/agents/agent:sofia/post-to-channel"),
        ]:
            options = {"json": {}} if method == "POST" else {}
            response = await nobody.request(method, address, **options)
            problem(response, 401, "unauthenticated")
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_a_hidden_channel_looks_like_one_that_does_not_exist(world: World) -> None:
    owner = world.member_of("owner", world.microdao)
    stranger = world.member_of("stranger", world.other_microdao("elsewhere"))
    hidden = await owner.create(**world.fields(visibility="private"))
    sent = await owner.send(hidden["id"], "secret")

    async def both(method: str, path: str, **options: Any) -> None:
        responses = [
            await stranger.request(method, f"{CHANNELS}/{channel}{path}", **options)
            for channel in (hidden["id"], NOBODY)
        ]
        assert [response.status_code for response in responses] == [404, 404]
        same_problem(*responses)

    await both("GET", "")
    await both("GET", "/messages")
    await both("GET", f"/messages?before={sent['id']}")
    await both("GET", "/members")
    await both("POST", "/messages", json={"text": "x"})
    await both("POST", "/messages", json={"text": "x", "reply_to": sent["id"]})
    await both("POST", "/members", json={"member_id": "user:mallory"})


async def test_two_microdaos_cannot_reach_each_other_by_id(world: World, unchanged: Unchanged) -> None:
    homes = [world.microdao, world.other_microdao("other")]
    owners = [world.member_of("owner", home) for home in homes]
    channels = [
        await owner.create(**world.fields(microdao_id=home, visibility="microdao"))
        for owner, home in zip(owners, homes, strict=True)
    ]
    sent = [await owner.send(channel["id"], "ours") for owner, channel in zip(owners, channels, strict=True)]
    for me, other in ((0, 1), (1, 0)):
        caller, theirs, mine = owners[me], f"{CHANNELS}/{channels[other]['id']}", f"{CHANNELS}/{channels[me]['id']}"
        async with unchanged(channels[other]), unchanged(channels[me]):
            for path in (theirs, f"{theirs}/messages", f"{theirs}/members"):
                problem(await caller.get(path), 404, "not_found")
            problem(await caller.post(f"{theirs}/messages", {"text": "x"}), 404, "not_found")
            problem(await caller.post(f"{theirs}/members", {"member_id": caller.id}), 404, "not_found")
            # Their message in my channel is no place and no parent, whatever I may see.
            problem(await caller.get(f"{mine}/messages", before=sent[other]["id"]), 422)
            problem(await caller.post(f"{mine}/messages", {"text": "x", "reply_to": sent[other]["id"]}), 422)
            body = world.fields(microdao_id=homes[other])
            problem(await caller.post(CHANNELS, body), 403, "not_in_microdao")
        assert [c["id"] for c in (await caller.get(CHANNELS)).json() if c["microdao_id"] == homes[other]] == []
        assert (await caller.get(CHANNELS, microdao_id=homes[other])).json() == []


async def test_nobody_gives_away_more_than_they_have(world: World, unchanged: Unchanged) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    inviter = world.user("inviter")
    await owner.invite(channel["id"], inviter.id, can_invite=True)
    guest = world.user("guest").id
    async with unchanged(channel):
        for more in ({"role": "owner"}, {"role": "admin"}, {"can_kick": True}, {"can_create_tasks": True}):
            problem(await inviter.try_invite(channel["id"], guest, **more), 403, "cannot_grant")
    assert (await inviter.invite(channel["id"], guest, can_invite=True))["can_invite"]


@pytest.mark.parametrize("visibility", ["public", "microdao", "private"])
async def test_an_agent_never_joins_by_itself(world: World, unchanged: Unchanged, visibility: str) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, visibility=visibility)
    agent: Agent = world.agent("sofia")
    async with unchanged(channel):
        response = await agent.try_say(channel["id"], "Let me in")
        # Whether an agent may know of a closed channel is nowhere said; that it stays outside is.
        problem(response, response.status_code)
        assert response.status_code in ((403,) if visibility == "public" else (403, 404))


async def test_an_agent_with_a_token_is_no_freer_than_through_the_internal_route(
    world: World, unchanged: Unchanged
) -> None:
    from support.tokens import token

    owner = world.user("owner")
    channel = await world.channel(owner)
    entity = world.agent("sofia").id
    agent = world.bearer(entity, token(entity, world.secret(), [world.microdao]))
    async with unchanged(channel):
        problem(await agent.try_send(channel["id"], "Let me in"), 403, "not_a_member")
    await owner.invite(channel["id"], entity)
    assert (await agent.send(channel["id"], "Thank you"))["sender_type"] == "agent"
