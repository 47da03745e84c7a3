"""JetStream and its consumer against the outbox: every event, and a repetition only under the same Nats-Msg-Id."""

from __future__ import annotations

from collections.abc import Sequence

from soak.check.evidence import Channel
from soak.check.finding import DIFFERS, Finding, in_order
from soak.consumer import Delivered


def check(channel: Channel, events: Sequence[Delivered], where: str) -> list[Finding]:
    """Checks what the stream holds or a consumer was given, in that order."""
    ours = [event for event in events if event.channel == channel.id]
    rows = {row["event_id"]: row for row in channel.outbox}
    findings: list[Finding] = []
    first: list[int] = []
    seen: dict[str, str] = {}
    for event in ours:
        row = rows.get(event.event_id)
        ids = {"event_id": event.event_id, "seq": event.seq, "place": event.place, "Nats-Msg-Id": event.message_id}
        if row is None:
            findings.append(Finding(DIFFERS, where, channel.id, "an event that the outbox does not have", ids))
            continue
        if (row["seq"], row["subject"], str(row["id"])) != (event.seq, event.subject, event.message_id):
            ids["outbox"] = row["id"]
            findings.append(Finding(DIFFERS, where, channel.id, "number, subject or Nats-Msg-Id of an event", ids))
        if event.event_id not in seen:
            seen[event.event_id] = event.message_id
            first.append(event.seq)
    return findings + in_order(where, channel.id, first, channel.row["last_seq"], "of the channel's events")


def repeated(events: Sequence[Delivered]) -> int:
    """How many of the events had come before."""
    return len(events) - len({event.event_id for event in events})
