"""What a run has found, for people and for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from soak.check.finding import DIFFERS, DISORDER, DOUBLED, MISSING
from soak.check.stream import repeated
from soak.run import Result

# Findings that are printed; the file has all of them.
SHOWN = 25


def counts(result: Result) -> dict[str, Any]:
    evidence, acts = result.evidence, result.ledger.acts
    channels = evidence.channels
    findings = Counter(finding.kind for finding in result.findings)
    readers = [*result.readers, *result.faults.storms]
    slow = [answer for act in acts for answer in act.answers[:1] if answer[0] > 12.0]
    return {
        "acts": len(acts),
        "acts that answered 2xx": sum(act.done for act in acts),
        "acts that were refused": sum(not act.done and act.status is not None for act in acts),
        "acts without an answer": sum(act.status is None for act in acts),
        "acts that needed retries": sum(act.was_retried for act in acts),
        "first answers after more than 12 s": len(slow),
        "channels": len(channels),
        "events in Matrix": sum(len(channel.timeline) for channel in channels),
        "messages in the index": sum(len(channel.messages) for channel in channels),
        "events in the outbox": sum(len(channel.outbox) for channel in channels),
        "events in JetStream": len(evidence.stream),
        "of them repeated": repeated(evidence.stream),
        "events given to the consumer": len(result.consumer.events),
        "of those repeated": repeated(result.consumer.events),
        "frames that readers saw": sum(len(seen.numbers) for reader in readers for seen in reader.seen.values()),
        "sockets opened": sum(
            sum(n for end, n in reader.ends.items() if end.startswith("closed")) for reader in readers
        ),
        "seconds until all was whole": round(result.rest),
        "events set aside": len(evidence.set_aside),
        "relations that wait": evidence.waiting_relations,
        "pushed events that were dropped": len(result.faults.appservice.dropped),
        "repaired at the end": sum(n for note, n in result.notes.items() if note.startswith("repaired")),
        "missing": findings[MISSING],
        "doubled": findings[DOUBLED],
        "out of order": findings[DISORDER],
        "differs": findings[DIFFERS],
    }


def as_json(result: Result, seed: int, seconds: float) -> dict[str, Any]:
    ends: Counter[str] = Counter()
    for reader in result.readers:
        ends.update(reader.ends)
    homeserver, appservice = result.faults.homeserver, result.faults.appservice
    return {
        "seed": seed,
        "seconds": seconds,
        "counts": counts(result),
        "acts": _by_kind(result),
        "refusals of retries": _refused_retries(result),
        "faults": dict(sorted(result.faults.done.items())),
        "faults in time": result.faults.log,
        "requests to the homeserver that met a fault": dict(homeserver.hits),
        "transactions that met a fault": dict(appservice.hits),
        "pushed events that were dropped": appservice.dropped,
        "ends of sockets": dict(ends),
        "notes": result.notes,
        "findings": [finding.as_json() for finding in result.findings],
    }


def _by_kind(result: Result) -> dict[str, dict[str, int]]:
    kinds: dict[str, Counter[str]] = {}
    for act in result.ledger.acts:
        answers = kinds.setdefault(act.kind, Counter())
        answers[str(act.status or "none")] += 1
    return {kind: dict(sorted(answers.items())) for kind, answers in sorted(kinds.items())}


def _refused_retries(result: Result) -> dict[str, int]:
    """Refusals of a retry whose first try may have been carried out."""
    refused: Counter[str] = Counter()
    for act in result.ledger.acts:
        if act.was_retried and act.status is not None and not act.done:
            code = act.body.get("code") or act.body.get("errcode") if isinstance(act.body, dict) else None
            refused[f"{act.kind}: {act.status} {code}"] += 1
    return dict(sorted(refused.items()))


def table(report: dict[str, Any]) -> str:
    """The counts, then the faults, then the first findings."""
    lines = ["", f"seed {report['seed']}, {report['seconds']:.0f} seconds"]
    lines += [f"  {name:<40} {value:>8}" for name, value in report["counts"].items()]
    lines += ["", "faults"] + [f"  {name:<40} {value:>8}" for name, value in report["faults"].items()]
    for name in (
        "refusals of retries",
        "requests to the homeserver that met a fault",
        "transactions that met a fault",
        "ends of sockets",
    ):
        lines += ["", name] + [f"  {kind:<40} {value:>8}" for kind, value in sorted(report[name].items())]
    findings = report["findings"]
    if findings:
        lines += ["", f"{len(findings)} findings, the first of them:"]
        for finding in findings[:SHOWN]:
            ids = " ".join(f"{name}={value}" for name, value in finding["ids"].items())
            lines.append(f"  {finding['kind']}, {finding['where']}, {finding['channel']}: {finding['what']} [{ids}]")
    else:
        lines += ["", "zero missing, zero doubled, zero out of order, nothing differs"]
    return "\n".join(lines)
