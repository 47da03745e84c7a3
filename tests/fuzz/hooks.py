"""Schemathesis's hooks: who sends a drawn request, and which real ids stand in it."""

from __future__ import annotations

from random import Random
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode

# Its checks are known to Schemathesis once it is imported.
from fuzz.judge import SETTING

# What was made meanwhile is drawn as well, up to this many.
MOST = 400


def chance(case: schemathesis.Case) -> Random:
    """The same for the same drawn request, however many are under way at once."""
    parts = (case.method, case.path, case.path_parameters, case.query, case.headers, case.body)
    return Random(f"{SETTING.seed} {parts!r}")


def is_valid(case: schemathesis.Case, location: ParameterLocation) -> bool:
    """Whether this part was drawn to fit the document; the others stay as they were drawn."""
    info = case.meta and case.meta.components.get(location)
    return info is None or info.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Takes the patterns out that look ahead: to draw a text for one takes seconds. What is drawn instead is any text."""

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if "(?=" in str(node.get("pattern", "")):
                del node["pattern"]
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            visit(child)

    visit(raw_schema)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    chosen = chance(case)
    for name in ("Authorization", "X-User-Id", "X-Internal-Service-Token"):
        case.headers.pop(name, None)
    # As UTF-8: to another header Spin itself answers 500, before any component runs.
    for name, value in case.headers.items():
        if isinstance(value, str) and not value.isascii():
            case.headers[name] = value.encode().decode("latin-1")
    case.headers.update(identity(case, chosen))
    if case.path_parameters and is_valid(case, ParameterLocation.PATH):
        case.path_parameters.update(names(case, chosen))
    if case.query and is_valid(case, ParameterLocation.QUERY):
        for name in ("before", "after"):
            if name in case.query and chosen.random() < 0.4:
                case.query[name] = chosen.choice(SETTING.messages)[1]
        if "channel_id" in case.query and chosen.random() < 0.7:
            case.query["channel_id"] = chosen.choice([*SETTING.channels, SETTING.hidden[0]])
        if "microdao_id" in case.query and chosen.random() < 0.7:
            case.query["microdao_id"] = chosen.choice(SETTING.microdaos)
    if isinstance(case.body, dict) and is_valid(case, ParameterLocation.BODY):
        case.body.update(within(case, case.body, chosen))


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    if response.status_code != 201:
        return
    name, made = operation(case), response.json()
    if name == "createChannel" and len(SETTING.channels) < MOST:
        SETTING.channels.append(made["id"])
    elif name == "sendMessage" and len(SETTING.messages) < MOST:
        SETTING.messages.append((made["channel_id"], made["id"]))


def operation(case: schemathesis.Case) -> str:
    return case.operation.definition.raw["operationId"]


def identity(case: schemathesis.Case, chosen: Random) -> dict[str, str]:
    """Mostly somebody who may: a request that is refused at the door tests the door alone."""
    allowed = [name for way in case.operation.definition.raw.get("security", []) for name in way]
    if "gatewayToken" in allowed and chosen.random() < 0.9:
        return SETTING.gateway
    if "internalToken" in allowed and chosen.random() < (0.1 if "bearerAuth" in allowed else 0.9):
        return SETTING.service
    if chosen.random() < 0.7:
        return SETTING.identities[chosen.choice(["owner", "owner", "member", "owner by token"])]
    return SETTING.identities[chosen.choice(list(SETTING.identities))]


def names(case: schemathesis.Case, chosen: Random) -> dict[str, str]:
    """Ids for the path; now and then those of the hidden channel, of two channels at once, or of nothing."""
    if (luck := chosen.random()) < 0.05:
        return {}
    channel, message = SETTING.hidden if luck < 0.15 else chosen.choice(SETTING.messages)
    if "message_id" not in case.path_parameters and luck >= 0.15:
        channel = chosen.choice(SETTING.doomed if operation(case) == "archiveChannel" else SETTING.channels)
    if luck > 0.95:
        channel = chosen.choice(SETTING.channels)
    agents = [member for member in SETTING.members if member.startswith("agent:")]
    real = {
        "channel_id": channel,
        "message_id": message,
        "member_id": chosen.choice(["me", *SETTING.members]),
        "agent_id": chosen.choice(agents),
        "emoji": chosen.choice(["x", "👍🏽", case.path_parameters.get("emoji", "x")]),
    }
    # Whoever was erased could not do anything more.
    if operation(case) == "erasePerson":
        del real["member_id"]
    if operation(case) != "endMemberships":
        real["microdao_id"] = chosen.choice(SETTING.microdaos)
    return {name: value for name, value in real.items() if name in case.path_parameters}


def within(case: schemathesis.Case, body: dict[str, Any], chosen: Random) -> dict[str, Any]:
    """Ids for the body, where it has a place for them."""
    real: dict[str, Any] = {
        "channel_id": chosen.choice([*SETTING.channels, SETTING.hidden[0]]),
        "reply_to": chosen.choice([*SETTING.messages, SETTING.hidden])[1],
        "thread_id": chosen.choice([*SETTING.messages, SETTING.hidden])[1],
        "member_id": chosen.choice(SETTING.members),
        "microdao_id": chosen.choice(SETTING.microdaos),
        "members": [chosen.choice(SETTING.members)],
    }
    return {name: real[name] for name in real.keys() & body.keys() if body[name] and chosen.random() < 0.7}
