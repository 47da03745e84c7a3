"""Counts of random histories against brute force. A history is what one person lives through in one channel: five people share
the acts of a channel, and each is looked at in its middle and at its end."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.database import Database, Session

SEED = 10
PEOPLE = [f"user:p{n}" for n in range(5)]
CHANNELS = 2_000
ACTS = 22
SESSIONS = 2


@dataclass
class Sent:
    id: str
    sender: str
    root: str | None
    mentions: list[str]
    seq: int = 0
    deleted: bool = False


@dataclass
class Marks:
    read: int
    shown: int = 0
    marked: bool = False
    threads: dict[str, int] = field(default_factory=dict)


def acts(pick: random.Random) -> list[dict[str, Any]]:
    """Anything that may happen, in any order; names of what does not exist among it."""
    told: list[dict[str, Any]] = [{"do": "join", "who": who} for who in PEOPLE[:3]]
    inside, roots, ids = set(PEOPLE[:3]), [], [str(uuid.UUID(int=pick.getrandbits(128)))]
    for _ in range(ACTS):
        who, id = pick.choice(PEOPLE), pick.choice(ids)
        what = pick.choices(
            ["send", "read", "receipt", "delete", "edit", "react", "mark", "move"], [9, 5, 2, 2, 1, 1, 1, 3]
        )
        act: dict[str, Any] = {"do": what[0], "who": who, "id": id, "event": f"$e{pick.getrandbits(64)}"}
        root = pick.choice(roots) if roots and pick.random() < 0.4 else None
        if act["do"] == "send":
            if who not in inside:
                continue
            new = str(uuid.UUID(int=pick.getrandbits(128)))
            mentions = pick.sample([*PEOPLE, "room"], pick.choice([0, 0, 1, 2]))
            act |= {"id": new, "root": root, "mentions": mentions}
            ids.append(new)
            if root is None:
                roots.append(new)
        elif act["do"] == "move":
            act["do"] = "leave" if who in inside else "join"
            inside ^= {who}
        elif act["do"] == "read":
            place = (
                {"id": id, "seq": None}
                if pick.random() < 0.6
                else {"id": None, "seq": pick.choice([0, 5, 9, 14, 10**6])}
            )
            act |= place | {"root": root, "private": pick.random() < 0.3}
        elif act["do"] == "receipt":
            act |= {"root": root, "private": pick.random() < 0.3}
        told.append(act)
        if pick.random() < 0.15:
            told.append({"do": "look", "who": pick.choice(PEOPLE)})
    return told + [{"do": "look", "who": who} for who in PEOPLE]


class Model:
    """The same, kept simply: every message, and what each person has read of it."""

    def __init__(self) -> None:
        self.sent: dict[str, Sent] = {}
        self.inside: set[str] = set()
        self.marks: dict[str, Marks] = {}
        # The roots of threads.
        self.threads: set[str] = set()
        self.last = 0

    def apply(self, act: dict[str, Any], outcome: dict[str, Any]) -> None:
        who, mine = act["who"], self.marks.get(act["who"])
        match act["do"]:
            case "join":
                # The join has a number itself, and everything before it is read.
                before = mine or Marks(0)
                before.read, before.marked = max(before.read, outcome["last"] - 1), False
                before.threads = {root: max(seq, before.read) for root, seq in before.threads.items()}
                self.marks[who] = before
                self.inside.add(who)
            case "leave":
                self.inside.discard(who)
            case "send":
                message = Sent(act["id"], who, outcome["thread_id"], act["mentions"], outcome["seq"])
                self.sent[message.id] = message
                if message.root:
                    self.reply(message, message.root, mine)
                else:
                    mine.read, mine.shown, mine.marked = message.seq, message.seq, False
            case "delete":
                if act["id"] in self.sent:
                    self.sent[act["id"]].deleted = True
            case "mark":
                mine = self.marks.setdefault(who, Marks(self.last))
                mine.marked = True
            case "read" | "receipt":
                self.read(act, outcome)
        self.last = outcome["last"]

    def reply(self, message: Sent, root: str, mine: Marks) -> None:
        """Who wrote in a thread follows it, who sent its root from the first reply on, and who is meant by a reply."""
        followers = {who for who in message.mentions if who in self.inside}
        if root not in self.threads:
            self.threads.add(root)
            followers.add(self.sent[root].sender)
        for who in followers:
            self.marks[who].threads.setdefault(root, message.seq - 1)
        mine.threads[root] = max(mine.threads.get(root, 0), message.seq)

    def read(self, act: dict[str, Any], outcome: dict[str, Any]) -> None:
        who, is_inside = act["who"], act["who"] in self.inside
        is_ours = act["do"] == "read"
        if act["id"] is not None and act["id"] not in self.sent or not (is_ours or is_inside):
            return
        place = self.sent[act["id"]].seq if act["id"] else min(act["seq"], self.last)
        if act["root"]:
            threads = self.marks[who].threads if who in self.marks else {}
            if act["root"] in threads:
                threads[act["root"]] = max(threads[act["root"]], place)
            return
        mine = self.marks.setdefault(who, Marks(place))
        before = (mine.read, mine.shown)
        mine.read = max(mine.read, place)
        if not act["private"] and is_inside:
            mine.shown = max(mine.shown, place)
        # What a Matrix client tells again ends no mark by hand.
        mine.marked = mine.marked and not is_ours and (mine.read, mine.shown) == before

    def look(self, who: str) -> dict[str, Any]:
        mine = self.marks.get(who)
        shown = {one: marks.shown for one, marks in self.marks.items() if marks.shown and one in self.inside}
        found = {"unread": 0, "mentions": 0, "marked": False, "shown": shown, "threads": {}}
        if mine:
            theirs = [m for m in self.sent.values() if m.sender != who and not m.deleted]
            unread = [m for m in theirs if m.seq > mine.read]
            mine_are = {who, "room"} if who in self.inside else {who}
            named = [m for m in unread if mine_are & set(m.mentions)]
            found |= {
                "unread": sum(m.root is None for m in unread),
                "mentions": sum(m.root is None or m.seq > mine.threads.get(m.root, 0) for m in named),
                "marked": mine.marked,
                "threads": {r: sum(m.root == r and m.seq > seq for m in theirs) for r, seq in mine.threads.items()},
            }
        return found


def seen(outcome: dict[str, Any]) -> dict[str, Any]:
    reading = outcome["reading"]
    return {
        "unread": reading["unread_count"],
        "mentions": reading["mention_count"],
        "marked": reading["marked_unread"],
        "shown": {receipt["member_id"]: receipt["read_seq"] for receipt in outcome["shown"]},
        "threads": outcome["threads"] or {},
    }


async def play(session: Session, number: int, met: Counter[str]) -> None:
    told = acts(random.Random(f"{SEED} {number}"))
    channel = str(uuid.uuid4())
    outcomes = json.loads(await session.value("SELECT pg_temp.play($1, $2)::text", channel, json.dumps(told)))
    model = Model()
    for n, (act, outcome) in enumerate(zip(told, outcomes, strict=True)):
        if act["do"] != "look":
            model.apply(act, outcome)
            continue
        expected = model.look(act["who"])
        assert seen(outcome) == expected, f"history {number}, act {n} of {told}"
        met["looks"] += 1
        for name in ("unread", "mentions", "marked", "shown", "threads"):
            met[name] += bool(expected[name])


async def test_counts_are_those_of_brute_force_in_ten_thousand_random_histories(db: Database) -> None:
    """In sessions of their own, each channel in one statement, so that the number of histories is what takes the time."""
    met: Counter[str] = Counter()
    definition = Path(__file__).with_name("play.sql").read_text()

    async def run(session: Session, first: int) -> None:
        await session.execute(definition)
        for number in range(first, CHANNELS, SESSIONS):
            await play(session, number, met)

    async with asyncio.TaskGroup() as group:
        for first, session in enumerate(await db.sessions(SESSIONS)):
            group.create_task(run(session, first))
    assert met["looks"] >= CHANNELS * len(PEOPLE) == 10_000
    # What the histories are about has happened in many of them.
    for name in ("unread", "mentions", "marked", "shown", "threads"):
        assert met[name] > 500, met
