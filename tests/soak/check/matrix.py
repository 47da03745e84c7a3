"""The room against the index: everything that the homeserver has accepted, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

from soak.check.evidence import Channel, Evidence, Row
from soak.check.finding import DIFFERS, DOUBLED, MISSING, Finding

WHERE = "Matrix and index"
# What the index keeps of a text, in characters.
PREVIEW = 500


def check(evidence: Evidence, channel: Channel) -> list[Finding]:
    return [
        *_messages(evidence, channel),
        *_doubled(channel),
        *_reactions(evidence, channel),
        *_members(evidence, channel),
        *_fields(channel),
    ]


def check_set_aside(evidence: Evidence) -> list[Finding]:
    """Nothing was wrong with any event of the load."""
    rows = evidence.set_aside
    return [Finding(MISSING, WHERE, row["room_id"], "an event was set aside", row, row["event_id"]) for row in rows]


def relation(event: Row, kind: str) -> str | None:
    """The event to which this one relates so."""
    related = event["content"].get("m.relates_to") or {}
    return related.get("event_id") if related.get("rel_type") == kind else None


def _messages(evidence: Evidence, channel: Channel) -> list[Finding]:
    events = {event["event_id"]: event for event in channel.timeline if event["type"] == "m.room.message"}
    said = {key: event for key, event in events.items() if relation(event, "m.replace") is None}
    edits = _edits(events, said)
    rows = {row["matrix_event_id"]: row for row in channel.messages}
    findings = [
        Finding(DIFFERS, WHERE, channel.id, "a message that Matrix does not have", {"matrix_event_id": key})
        for key in rows.keys() - said.keys()
    ]
    for key, event in said.items():
        row = rows.get(key)
        redaction = _redaction(event)
        ids: dict[str, Any] = {"matrix_event_id": key, "sender": event["sender"]} | _of(row)
        if redaction is not None:
            # An edit that was redacted has no relation left and looks as a message; no row has its id.
            if row is not None and not row["deleted"]:
                findings.append(Finding(MISSING, WHERE, channel.id, "the deletion of a message", ids, redaction))
        elif row is None or row["deleted"]:
            findings.append(Finding(MISSING, WHERE, channel.id, "a message", ids, key))
        else:
            findings += _content(evidence, channel, event, row, ids, edits.get(key))
    return findings


def _content(
    evidence: Evidence, channel: Channel, event: Row, row: Row, ids: dict[str, Any], edit: tuple[str, str] | None
) -> list[Finding]:
    """Checks a message that both have."""
    findings = []
    if row["sender_id"] != evidence.entity(event["sender"]):
        findings.append(Finding(DIFFERS, WHERE, channel.id, "the sender", ids | {"index": row["sender_id"]}))
    last, text = edit or (event["event_id"], event["content"]["body"])
    if row["content_preview"] != text[:PREVIEW]:
        ids |= {"edit": last, "matrix": text[:80], "index": row["content_preview"][:80]}
        findings.append(Finding(DIFFERS, WHERE, channel.id, "the text of a message", ids, last))
    return findings


def _redaction(event: Row) -> str | None:
    """The event that has redacted this one."""
    return event.get("unsigned", {}).get("redacted_because", {}).get("event_id")


def _of(row: Row | None) -> dict[str, Any]:
    return {"message": row["id"], "seq": row["seq"]} if row else {}


def _edits(events: dict[str, Row], said: dict[str, Row]) -> dict[str, tuple[str, str]]:
    """The newest edit, and its text, of each message that its sender has edited."""
    newest: dict[str, tuple[int, str, str]] = {}
    for key, event in events.items():
        target = relation(event, "m.replace")
        if target in said and said[target]["sender"] == event["sender"]:
            edit = (event["origin_server_ts"], key, event["content"].get("m.new_content", {}).get("body", ""))
            newest[target] = max(newest.get(target, edit), edit)
    return {target: (key, text) for target, (_, key, text) in newest.items()}


def _doubled(channel: Channel) -> list[Finding]:
    """Every text of the load is said once, and every edit made once."""
    texts = Counter(
        (event["sender"], event["content"]["body"])
        for event in channel.timeline
        if event["type"] == "m.room.message" and "body" in event["content"]
    )
    return [
        Finding(DOUBLED, "Matrix", channel.id, f"{count} events of one act", {"sender": sender, "text": text[:80]})
        for (sender, text), count in texts.items()
        if count > 1
    ]


def _reactions(evidence: Evidence, channel: Channel) -> list[Finding]:
    living = {row["matrix_event_id"]: row["id"] for row in channel.messages if not row["deleted"]}
    found = {(row["message_id"], row["reactor_id"], row["emoji"]) for row in channel.reactions if not row["removed"]}
    expected: dict[tuple[str, str, str], str] = {}
    redacted: dict[str, str] = {}
    for event in channel.timeline:
        if event["type"] != "m.reaction":
            continue
        target = relation(event, "m.annotation")
        if target in living:
            key = event["content"]["m.relates_to"]["key"]
            expected[(living[target], evidence.entity(event["sender"]), key)] = event["event_id"]
        elif redaction := _redaction(event):
            redacted[event["event_id"]] = redaction
    findings = [
        Finding(MISSING, WHERE, channel.id, "a reaction", {"reaction": reaction, "matrix_event_id": event}, event)
        for reaction, event in expected.items()
        if reaction not in found
    ]
    for row in channel.reactions:
        reaction = (row["message_id"], row["reactor_id"], row["emoji"])
        if not row["removed"] and row["message_id"] in living.values() and reaction not in expected:
            ids = {"reaction": reaction, "matrix_event_id": row["matrix_event_id"]}
            cause = redacted.get(row["matrix_event_id"])
            findings.append(Finding(DIFFERS, WHERE, channel.id, "a reaction that Matrix does not have", ids, cause))
    return findings


def _members(evidence: Evidence, channel: Channel) -> list[Finding]:
    power = channel.state[("m.room.power_levels", "")]
    levels = power["content"]
    findings = []
    rooms: dict[str, tuple[str, int]] = {}
    causes: dict[str, str] = {}
    for (kind, user), event in channel.state.items():
        membership = event["content"].get("membership")
        if kind == "m.room.member":
            causes[evidence.entity(user)] = event["event_id"]
        if kind == "m.room.member" and membership in ("join", "invite") and user != evidence.bot:
            level = levels.get("users", {}).get(user, levels.get("users_default", 0))
            rooms[evidence.entity(user)] = (membership, level)
    index = {
        row["member_id"]: ("join" if row["joined"] else "invite", row["matrix_power_level"]) for row in channel.members
    }
    for member in sorted(rooms.keys() | index.keys()):
        one, other = rooms.get(member), index.get(member)
        ids: dict[str, Any] = {"member": member, "matrix": one, "index": other}
        if one is None or other is None or one[0] != other[0]:
            sort = MISSING if other is None else DIFFERS
            findings.append(Finding(sort, WHERE, channel.id, "a membership", ids, causes.get(member)))
        elif one[1] != other[1]:
            findings.append(Finding(DIFFERS, WHERE, channel.id, "a power level", ids, power["event_id"]))
    for row in channel.members:
        level = row["matrix_power_level"]
        role = "owner" if level >= 100 else "admin" if level >= 50 else None
        if row["role"] in ("owner", "admin") and role != row["role"] or role and role != row["role"]:
            ids = {"member": row["member_id"], "role": row["role"], "level": level}
            findings.append(Finding(DIFFERS, "index", channel.id, "a role and its power level", ids))
    return findings


def _fields(channel: Channel) -> list[Finding]:
    findings = []
    for field, kind in (("name", "m.room.name"), ("topic", "m.room.topic")):
        event = channel.state.get((kind, ""))
        value = event["content"].get(field) if event else None
        if (value or None) != channel.row[field]:
            ids = {"matrix": value, "index": channel.row[field]}
            cause = event["event_id"] if event else None
            findings.append(Finding(DIFFERS, WHERE, channel.id, f"the channel's {field}", ids, cause))
    return findings
