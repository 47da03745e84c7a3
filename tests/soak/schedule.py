"""What fails, and when: drawn from a seed, so that the seed alone repeats it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

# The supervisor leaves a service alone that dies five times within a minute.
DEATHS = 3
WINDOW = 70.0
# Seconds from the end of the last fault to the end of the load, so that the last fault meets load, too.
TAIL = 4.0


@dataclass(frozen=True)
class Step:
    """One fault: when it begins, in seconds after the load, and how long it holds."""

    at: float
    fault: str
    seconds: float
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.at:7.1f} s  {self.fault:<14} {self.seconds:5.1f} s  {words}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Kind:
    """A kind of fault: how often it comes, what it needs for itself, and what is drawn for it."""

    name: str
    weight: int
    draw: Callable[[random.Random], tuple[float, dict[str, Any]]]


def _kill(random: random.Random) -> tuple[float, dict[str, Any]]:
    services = ["publisher", "ws-relay", "second-relay", "app", "app", "nats", "postgres", "synapse"]
    return 0.0, {"service": random.choice(services)}


def _away(random: random.Random) -> tuple[float, dict[str, Any]]:
    service = random.choice(["nats", "nats", "postgres", "synapse", "app", "ws-relay"])
    longest = 20.0 if service == "nats" else 8.0
    return random.uniform(2.0, longest), {"service": service, "kill": random.random() < 0.5}


def _pause(random: random.Random) -> tuple[float, dict[str, Any]]:
    service = random.choice(["publisher", "ws-relay", "app", "synapse", "nats"])
    # A publisher that stands still for longer than half a minute loses its lock to the other relay.
    long = service == "publisher" and random.random() < 0.4
    return random.uniform(31.0, 36.0) if long else random.uniform(2.0, 8.0), {"service": service}


def _homeserver(random: random.Random) -> tuple[float, dict[str, Any]]:
    mode = random.choice(["hangs", "fails", "swallows", "swallows", "breaks"])
    return random.uniform(3.0, 12.0), {"mode": mode, "share": round(random.uniform(0.2, 0.9), 2)}


def _pushes(random: random.Random) -> tuple[float, dict[str, Any]]:
    mode = random.choice(["repeats", "splits", "late", "late", "shuffles", "fails", "loses-answer"])
    return random.uniform(4.0, 15.0), {"mode": mode, "share": round(random.uniform(0.3, 1.0), 2)}


def _stream(random: random.Random) -> tuple[float, dict[str, Any]]:
    return 0.0, {"mode": random.choice(["deleted", "deleted-live", "purged", "purged-live"])}


def _forgets(random: random.Random) -> tuple[float, dict[str, Any]]:
    return random.uniform(2.0, 8.0), {}


def _nothing(random: random.Random) -> tuple[float, dict[str, Any]]:
    return 0.0, {}


def _slow(random: random.Random) -> tuple[float, dict[str, Any]]:
    return random.uniform(3.0, 10.0), {}


def _storm(random: random.Random) -> tuple[float, dict[str, Any]]:
    return random.uniform(2.0, 6.0), {"sockets": random.choice([40, 80, 150])}


def _dropped(random: random.Random) -> tuple[float, dict[str, Any]]:
    return random.uniform(2.0, 6.0), {"mode": "drops", "share": round(random.uniform(0.1, 0.5), 2)}


KINDS = (
    Kind("kill", 10, _kill),
    Kind("away", 5, _away),
    Kind("pause", 4, _pause),
    Kind("homeserver", 7, _homeserver),
    Kind("pushes", 7, _pushes),
    Kind("stream", 3, _stream),
    Kind("nats-forgets", 2, _forgets),
    Kind("sockets-cut", 3, _nothing),
    Kind("sockets-slow", 2, _slow),
    Kind("storm", 2, _storm),
    Kind("pushes", 4, _dropped),
)

# What a fault has for itself while it holds. Beside each other they would hide one another, or hurt for ever.
_RELAYS = {"publisher", "ws-relay", "second-relay"}


def _needs(fault: str, parameters: dict[str, Any]) -> set[str]:
    if fault == "stream":
        return _RELAYS | {"nats"}
    if fault == "nats-forgets":
        return {"nats"}
    service = parameters.get("service")
    if service == "publisher":
        return set(_RELAYS)
    if service is not None:
        return {service}
    return {fault}


def draw(seed: int, seconds: float, only: Iterable[str] = ()) -> list[Step]:
    """The faults of a run; `only` narrows to kinds by name."""
    source = random.Random(f"schedule {seed}")
    only = set(only)
    kinds = [k for k in KINDS if not only or k.name in only]
    steps: list[Step] = []
    busy: dict[str, float] = {}
    deaths: dict[str, list[float]] = {}
    at = 3.0
    while at < seconds - TAIL:
        kind = source.choices(kinds, [kind.weight for kind in kinds])[0]
        length, parameters = kind.draw(source)
        length = round(min(length, max(0.0, seconds - TAIL - at)), 1)
        needs = _needs(kind.name, parameters)
        dies = needs if kind.name in ("kill", "stream") else set()
        allowed = all(busy.get(need, 0.0) <= at for need in needs) and all(
            sum(at - death < WINDOW for death in deaths.get(name, [])) < DEATHS for name in dies
        )
        if allowed:
            steps.append(Step(round(at, 1), kind.name, length, parameters))
            for name in dies:
                deaths.setdefault(name, []).append(at)
            # A service that was killed needs a moment to come back.
            busy.update({need: at + length + (6.0 if dies or kind.name == "away" else 1.0) for need in needs})
        at += source.uniform(1.0, 6.0)
    return steps
