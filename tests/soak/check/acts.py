"""What callers were told against what there is: each act that answered 2xx is there, once."""

from __future__ import annotations

from collections import Counter

from soak.check.evidence import Channel, Evidence
from soak.check.finding import DIFFERS, DOUBLED, MISSING, Finding
from soak.ledger import Act, Ledger

WHERE = "answers and index"


def check(evidence: Evidence, ledger: Ledger) -> list[Finding]:
    channels = {channel.id: channel for channel in evidence.channels}
    findings: list[Finding] = []
    for act in ledger.acts:
        if act.status is None:
            findings.append(_finding(MISSING, act, "no answer at all, however often it was retried"))
        elif act.done and act.channel in channels:
            findings.extend(_found(act, channels[act.channel]))
        elif act.done and act.kind == "create":
            findings.append(_finding(MISSING, act, "the channel"))
        for _, answer in act.answers:
            if answer.startswith("500"):
                findings.append(_finding(DIFFERS, act, "answered 500, which tells of a mistake"))
    return findings


def _finding(kind: str, act: Act, what: str) -> Finding:
    about = act.about | {
        "act": act.number,
        "who": act.who,
        "did": act.kind,
        "began": act.began,
        "answers": act.answers[-6:],
    }
    return Finding(kind, WHERE, act.channel, what, about)


def _found(act: Act, channel: Channel) -> list[Finding]:
    match act.kind:
        case "send" | "post":
            return _sent(act, channel)
        case "edit":
            return _edited(act, channel)
        case "delete":
            row = _row(channel, act.about["message"])
            if row is None or not row["deleted"]:
                return [_finding(MISSING, act, "the deletion")]
            return _events(act, channel, "messaging.message.deleted", act.about["message"], 1)
        case "rename" | "topic":
            return _changed(act, channel)
        case "create":
            return [] if channel.outbox and channel.row["slug"] == act.about["slug"] else [_finding(MISSING, act, "it")]
    return []


def _row(channel: Channel, message: str) -> dict | None:
    return next((row for row in channel.messages if row["id"] == message), None)


def _sent(act: Act, channel: Channel) -> list[Finding]:
    message = act.body["message_id"] if act.kind == "post" else act.body["id"]
    row = _row(channel, message)
    if row is None:
        return [_finding(MISSING, act, "the message")]
    if "seq" in act.body and act.body["seq"] != row["seq"]:
        return [_finding(DIFFERS, act, "the message's number")]
    return _events(act, channel, "messaging.message.created", message, 1)


def _edited(act: Act, channel: Channel) -> list[Finding]:
    row = _row(channel, act.about["message"])
    if row is None:
        return [_finding(MISSING, act, "the edited message")]
    if row["deleted"]:
        # The log keeps no text of a deleted message.
        return []
    texts = Counter(
        event["payload"]["content_preview"]
        for event in channel.outbox
        if event["subject"] == "messaging.message.updated"
    )
    count = texts[act.about["text"][:500]]
    return [] if count == 1 else [_finding(MISSING if count == 0 else DOUBLED, act, f"{count} events of the edit")]


def _changed(act: Act, channel: Channel) -> list[Finding]:
    field = "name" if act.kind == "rename" else "topic"
    before, count = None, 0
    for event in channel.outbox:
        if event["subject"].startswith("messaging.channel."):
            value = event["payload"]["channel"][field]
            count += value == act.about[field] != before
            before = value
    return [] if count == 1 else [_finding(MISSING if count == 0 else DOUBLED, act, f"{count} changes of the {field}")]


def _events(act: Act, channel: Channel, subject: str, message: str, expected: int) -> list[Finding]:
    count = sum(event["subject"] == subject and event["payload"]["message_id"] == message for event in channel.outbox)
    if count == expected:
        return []
    return [_finding(MISSING if count < expected else DOUBLED, act, f"{count} events {subject}")]
