"""`python -m soak`: a run against a supervised stack, which afterwards is good for nothing else."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from soak import report
from soak.run import Soak
from soak.schedule import KINDS, draw
from support.stack import Stack


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--stack", type=Path, default=os.environ.get("STACK_JSON"), help="the stack file [STACK_JSON]")
    parser.add_argument("--seed", type=int, required=True, help="repeats a run's schedule and acts")
    parser.add_argument("--minutes", type=float, default=20.0, help="how long load and faults go on [20]")
    parser.add_argument("--out", type=Path, help="where schedule, acts and report go [beside the stack file]")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=sorted({kind.name for kind in KINDS}),
        help="kinds of faults, instead of all",
    )
    parser.add_argument("--window", type=float, default=15.0, help="NATS's duplicate window, in seconds [15]")
    parser.add_argument("--schedule", action="store_true", help="print the schedule and do nothing")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    seconds = args.minutes * 60
    schedule = draw(args.seed, seconds, args.only)
    print(f"seed {args.seed}: {len(schedule)} faults in {seconds:.0f} s", *schedule, sep="\n", flush=True)
    if args.schedule:
        return 0
    if args.stack is None:
        sys.exit("name a stack with --stack or STACK_JSON")
    stack = Stack.read(args.stack)
    folder = args.out or args.stack.resolve().parent / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedule.json").write_text(json.dumps([step.as_json() for step in schedule], indent=2))
    return asyncio.run(run(stack, args, folder, seconds, schedule))


async def run(stack: Stack, args: argparse.Namespace, folder: Path, seconds: float, schedule: list) -> int:
    soak = Soak(stack, args.seed, folder, args.window)
    try:
        async with soak.around():
            result = await soak.run(schedule, seconds)
    finally:
        soak.ledger.write(folder / "acts.jsonl")
        lines = [json.dumps(delivery) + "\n" for delivery in soak.appservice.log]
        (folder / "transactions.jsonl").write_text("".join(lines))
    found = report.as_json(result, args.seed, seconds)
    (folder / "report.json").write_text(json.dumps(found, indent=2))
    print(report.table(found), flush=True)
    logs = Path(stack.services["app"]["log"]).parent
    print(f"\nreport and acts: {folder}\nlogs: {logs}", flush=True)
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
