"""Limits: the arguments of limited calls, and time that passes."""

from __future__ import annotations

from typing import Any

from harness.database import Session
from harness.world import OWNER, Channel

PLAIN: dict[str, Any] = {"reply_to": None, "client_key": None, "fingerprint": "one", "is_encrypted": False}


def limits(act: str = "send", caller: list[int] | None = None, channel: list[int] | None = None) -> dict[str, Any]:
    quotas = {"caller": caller, "channel": channel}
    return {"class": act, "scope": "person", **{scope: quota for scope, quota in quotas.items() if quota}}


def sending(place: Channel, by: str = OWNER, **quotas: list[int]) -> dict[str, Any]:
    return {**place.by(by), **PLAIN, "limits": limits(**quotas)}


async def later(db: Session, seconds: float) -> None:
    """What the limits are after so many seconds."""
    sql = "UPDATE messaging.rate_limits SET theoretical_arrival_at = theoretical_arrival_at - make_interval(secs => $1)"
    await db.execute(sql, seconds)
