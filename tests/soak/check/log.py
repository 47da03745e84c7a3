"""The channel's events against the index: read one after the other, they tell what the tables hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from soak.check.evidence import Channel, Row
from soak.check.finding import DIFFERS, DISORDER, DOUBLED, Finding, in_order, once_each

WHERE = "outbox and index"
# What a message's events say of it.
SHOWN = ("content_preview", "reply_to", "thread_id")


@dataclass
class Told:
    """What somebody knows who has read every event."""

    messages: dict[str, Row] = field(default_factory=dict)
    reactions: set[tuple[str, str, str]] = field(default_factory=set)
    pinned: set[str] = field(default_factory=set)
    joined: dict[str, str] = field(default_factory=dict)
    invited: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    topic: str | None = None
    findings: list[Finding] = field(default_factory=list)


def check(channel: Channel) -> list[Finding]:
    numbers = [row["seq"] for row in channel.outbox]
    findings = in_order(WHERE, channel.id, numbers, channel.row["last_seq"], "of the outbox")
    unpublished = [row["seq"] for row in channel.outbox if not row["published"]]
    if unpublished:
        what = f"{len(unpublished)} events wait to be published"
        findings.append(Finding("missing", "outbox and NATS", channel.id, what, {"seq": unpublished[:20]}))
    told = Told()
    for row in channel.outbox:
        _read(told, channel.id, row)
    return findings + told.findings + _compare(channel, told)


def _read(told: Told, channel: str, row: Row) -> None:
    payload, kind = row["payload"], row["subject"].removeprefix("messaging.")
    ids = {"seq": row["seq"], "event_id": row["event_id"]}

    def wrong(sort: str, what: str, **more: Any) -> None:
        told.findings.append(Finding(sort, "outbox", channel, f"{kind}: {what}", ids | more))

    match kind.split("."):
        case ["channel", _]:
            told.name, told.topic = payload["channel"]["name"], payload["channel"]["topic"]
            if kind == "channel.created":
                told.joined[payload["created_by"]] = "owner"
        case ["message", "created"]:
            if payload["message_id"] in told.messages:
                wrong(DOUBLED, "a message was created before", message=payload["message_id"])
            told.messages[payload["message_id"]] = payload["message"] | {"deleted": False, "seq": row["seq"]}
        case ["message", "pinned" | "unpinned" as change]:
            message = payload["message_id"]
            if message not in told.messages:
                wrong(DISORDER, "the message has not been created", message=message)
            if (message in told.pinned) == (change == "pinned"):
                wrong(DOUBLED, "the pin was so before", message=message)
            (told.pinned.add if change == "pinned" else told.pinned.discard)(message)
        case ["message", change]:
            message = told.messages.get(payload["message_id"])
            if message is None:
                wrong(DISORDER, "the message has not been created", message=payload["message_id"])
            elif message["deleted"]:
                wrong(DOUBLED, "the message was deleted before", message=payload["message_id"])
            else:
                for field_ in SHOWN:
                    message[field_] = payload["message"][field_]
                message["deleted"] = change == "deleted"
        case ["reaction", change]:
            reaction = (payload["message_id"], payload["reactor_id"], payload["emoji"])
            if (reaction in told.reactions) == (change == "added"):
                wrong(DOUBLED, "the reaction was so before", reaction=reaction)
            (told.reactions.add if change == "added" else told.reactions.discard)(reaction)
        case ["member", change]:
            _member(told, change, payload, wrong)


def _member(told: Told, change: str, payload: Row, wrong: Any) -> None:
    member, role = payload["member_id"], payload["role"]
    if change == "invited":
        (told.joined if member in told.joined else told.invited)[member] = role
    elif change == "joined":
        if member in told.joined:
            wrong(DOUBLED, "they were a member before", member=member)
        told.invited.pop(member, None)
        told.joined[member] = role
    elif change == "role_changed":
        (told.invited if member in told.invited else told.joined)[member] = role
    else:
        if told.joined.pop(member, None) is None and told.invited.pop(member, None) is None:
            wrong(DOUBLED, "they were no member before", member=member)
        told.invited.pop(member, None)
    if payload.get("actor_id", "").startswith("@daarion:"):
        wrong(DIFFERS, "the bot is named instead of the person for whom it acted", member=member)


def _compare(channel: Channel, told: Told) -> list[Finding]:
    findings = once_each(WHERE, channel.id, told.messages, [row["id"] for row in channel.messages], "message")
    for row in channel.messages:
        message = told.messages.get(row["id"])
        ids = {"message": row["id"], "matrix_event_id": row["matrix_event_id"]}
        if message is None:
            continue
        if message["deleted"] != row["deleted"] or message["seq"] != row["seq"]:
            findings.append(Finding(DIFFERS, WHERE, channel.id, "a message is deleted in one of them only", ids))
        elif not row["deleted"] and any(message[field_] != row[field_] for field_ in SHOWN):
            findings.append(Finding(DIFFERS, WHERE, channel.id, "the text of a message, or what it belongs to", ids))
    findings += _threads(channel)
    reactions = [
        str((row["message_id"], row["reactor_id"], row["emoji"])) for row in channel.reactions if not row["removed"]
    ]
    findings += once_each(WHERE, channel.id, map(str, told.reactions), reactions, "reaction")
    joined = {row["member_id"]: row["role"] for row in channel.members if row["joined"]}
    invited = {row["member_id"]: row["role"] for row in channel.members if not row["joined"]}
    for what, one, other in (("member", told.joined, joined), ("invited person", told.invited, invited)):
        for member in sorted(one.keys() | other.keys()):
            if one.get(member) != other.get(member):
                ids = {"member": member, "told": one.get(member), "index": other.get(member)}
                findings.append(Finding(DIFFERS, WHERE, channel.id, f"a {what}", ids))
    for field_ in ("name", "topic"):
        if getattr(told, field_) != channel.row[field_]:
            ids = {"told": getattr(told, field_), "index": channel.row[field_]}
            findings.append(Finding(DIFFERS, WHERE, channel.id, f"the channel's {field_}", ids))
    return findings


def _threads(channel: Channel) -> list[Finding]:
    """What the roots show of their threads, against the messages."""
    replies: dict[str, list[str]] = {}
    for row in channel.messages:
        if row["thread_id"]:
            replies.setdefault(row["thread_id"], []).extend([] if row["deleted"] else [row["id"]])
    counted = {root: (len(living), living[-1] if living else None) for root, living in replies.items()}
    kept = {row["root_id"]: (row["reply_count"], row["last_reply_id"]) for row in channel.threads}
    return [
        Finding(
            DIFFERS,
            "index",
            channel.id,
            "a thread",
            {"root": root, "counted": counted.get(root), "kept": kept.get(root)},
        )
        for root in sorted(counted.keys() | kept.keys())
        if counted.get(root) != kept.get(root)
    ]
