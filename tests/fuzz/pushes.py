"""Events as the homeserver pushes them, with anything in any place: each transaction is answered, and none breaks another."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

import httpx

from fuzz.setting import Setting
from support.stack import Stack

TRANSACTION = 20
# What stands in place of something: a text that is none, numbers at every edge, depth, the ids of others.
ANYTHING: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 2**31, 2**53, 2**63, -(2**63), "", "\0", "\ud83d", "x" * 300, "x" * 70_000),
    *(
        "\u202e\u200b",
        "@a:b",
        "@:",
        "!x",
        "$x",
        "#x:y",
        "user:alice",
        "m.replace",
        [],
        {},
        [[]],
        ["x"],
        [None],
        {"": ""},
    ),
    *({"users": {"@a:b": "100"}}, {"m.relates_to": {"m.in_reply_to": {"event_id": 5}}}, "[" * 1000),
]


def templates(room: str, sender: str, other: str, target: str) -> list[dict[str, Any]]:
    """One good event of each kind that is followed."""

    def message(**content: Any) -> dict[str, Any]:
        return {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "Hello"} | content}

    def related(kind: str, **more: Any) -> dict[str, Any]:
        return {"m.relates_to": {"rel_type": kind, "event_id": target} | more}

    def state(kind: str, key: str = "", **content: Any) -> dict[str, Any]:
        return {"type": kind, "state_key": key, "content": content}

    kinds = [
        message(),
        message(format="org.matrix.custom.html", formatted_body="<b>Hello</b>"),
        message(**related("m.thread")),
        message(**{"m.new_content": {"msgtype": "m.text", "body": "new"}}, **related("m.replace")),
        {"type": "m.room.encrypted", "content": {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}},
        {"type": "m.reaction", "content": related("m.annotation", key="👍")},
        {"type": "m.room.redaction", "redacts": target, "content": {"redacts": target}},
        state("m.room.member", other, membership="join", displayname="x"),
        state("m.room.member", other, membership="ban", reason="x"),
        state("m.room.power_levels", users={other: 50}, users_default=0, events={}),
        state("m.room.join_rules", join_rule="invite"),
        state("m.room.name", name="x"),
        state("m.room.topic", topic="x"),
        state("m.room.avatar", url="mxc://a/b"),
        state("m.room.encryption", algorithm="m.megolm.v1.aes-sha2"),
        state("m.room.tombstone", replacement_room="!y:localhost", body="x"),
        state("m.room.history_visibility", history_visibility="shared"),
    ]
    common = {"room_id": room, "sender": sender, "origin_server_ts": 1_700_000_000_000, "unsigned": {"age": 1}}
    return [common | kind for kind in kinds]


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a document that may have another value."""
    found = [(node, key) for key in (node if isinstance(node, dict) else range(len(node)))]
    for holder, key in list(found):
        if isinstance(holder[key], (dict, list)):
            found += places(holder[key])
    return found


async def push(stack: Stack, http: httpx.AsyncClient, setting: Setting, rooms: list[str], count: int) -> list[str]:
    """Pushes about so many events; returns what was found."""
    chosen, found = Random(setting.seed), []
    headers = {"Authorization": f"Bearer {stack.matrix_hs_token}", "Content-Type": "application/json"}
    people = [f"@{entity.replace(':', '-', 1)}:{stack.server_name}" for entity in setting.members]
    people += ["@carol:elsewhere.example", f"@carol:{stack.server_name}"]
    for number in range(count // TRANSACTION):
        events = []
        for index in range(TRANSACTION):
            good = templates(chosen.choice(rooms), chosen.choice(people), chosen.choice(people), f"$target-{index}")
            event = deepcopy(chosen.choice(good)) | {"event_id": f"$fuzz-{setting.seed}-{number}-{index}"}
            for _ in range(chosen.choice([0, 1, 1, 2, 3])):
                holder, key = chosen.choice(places(event))
                holder[key] = chosen.choice(ANYTHING)
            events.append(event)
        body = {"events": events, "ephemeral": [chosen.choice(events)]}
        path = f"/_matrix/app/v1/transactions/fuzz-{setting.seed}-{number}"
        try:
            # As ASCII: half of a pair of surrogates has no other form.
            response = await http.put(path, content=json.dumps(body).encode(), headers=headers)
        except httpx.HTTPError as error:
            found.append(f"{path}: {error!r} after {body}")
            continue
        if (response.status_code, response.text) != (200, "{}"):
            found.append(f"{path}: {response.status_code} {response.text} after {body}")
    return found
