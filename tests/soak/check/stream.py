"""JetStream and its consumer against the outbox: every event, in order, and a repetition only where one is announced."""

from __future__ import annotations

from collections.abc import Sequence

from soak.check.evidence import Channel
from soak.check.finding import DIFFERS, DISORDER, Finding, in_order
from soak.consumer import Delivered


def check(channel: Channel, events: Sequence[Delivered], where: str) -> list[Finding]:
    """Checks what the stream holds or a consumer was given, in that order."""
    ours = [event for event in events if event.channel == channel.id]
    rows = {row["event_id"]: row for row in channel.outbox}
    findings: list[Finding] = []
    # What somebody has who lets an event that is published again take the place of those from its number on.
    told: list[int] = []
    ids_of: dict[str, set[str]] = {}
    for event in ours:
        row = rows.get(event.event_id)
        ids = {"event_id": event.event_id, "seq": event.seq, "place": event.place, "Nats-Msg-Id": event.message_id}
        if row is None:
            findings.append(Finding(DIFFERS, where, channel.id, "an event that the outbox does not have", ids))
            continue
        message_id = str(row["id"]) if event.refill is None else f"{row['id']}.{event.refill}"
        if (row["seq"], row["subject"], message_id) != (event.seq, event.subject, event.message_id):
            ids["outbox"] = row["id"]
            findings.append(Finding(DIFFERS, where, channel.id, "number, subject or Nats-Msg-Id of an event", ids))
        known = ids_of.setdefault(event.event_id, set())
        if event.message_id in known:
            # The same message: a consumer knows it by its id.
            continue
        known.add(event.message_id)
        if event.refill is not None:
            told = [seq for seq in told if seq < event.seq]
        elif told and event.seq <= told[-1]:
            findings.append(Finding(DISORDER, where, channel.id, "an event behind a later one", ids))
        told.append(event.seq)
    return findings + in_order(where, channel.id, told, channel.row["last_seq"], "of the channel's events")


def repeated(events: Sequence[Delivered]) -> int:
    """How many of the events had come before."""
    return len(events) - len({event.event_id for event in events})
