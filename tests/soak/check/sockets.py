"""What readers of WebSockets saw against the outbox: every number once, in order, and under it the same event."""

from __future__ import annotations

from soak.check.evidence import Channel
from soak.check.finding import DIFFERS, MISSING, Finding, in_order
from soak.readers import Reader, Seen

WHERE = "WebSocket"


def check(channel: Channel, reader: Reader, entitled: bool) -> list[Finding]:
    """`entitled`: whether they may read the channel now, and so have to have all of it. Others have its beginning."""
    seen = reader.seen.get(channel.id)
    if seen is None:
        return []
    where = f"{WHERE} of {reader.name}"
    findings = in_order(where, channel.id, seen.numbers, seen.last, "that the reader saw")
    findings += _same_events(channel, seen, where)
    if seen.reloads:
        ids = {"seq": seen.reloads[:20]}
        findings.append(Finding(MISSING, where, channel.id, "told to reload although the log is complete", ids))
    if entitled and seen.last < channel.row["last_seq"]:
        ids = {"seen": seen.last, "last": channel.row["last_seq"], "ends": dict(reader.ends)}
        findings.append(Finding(MISSING, where, channel.id, "the end of the channel", ids))
    return findings


def _same_events(channel: Channel, seen: Seen, where: str) -> list[Finding]:
    rows = {row["seq"]: (row["subject"].removeprefix("messaging."), row["event_id"]) for row in channel.outbox}
    return [
        Finding(
            DIFFERS, where, channel.id, "another event under a number", {"seq": seq, "saw": event, "is": rows.get(seq)}
        )
        for seq, event in seen.events.items()
        if rows.get(seq) != event
    ]
