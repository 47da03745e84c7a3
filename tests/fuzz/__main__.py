"""`python -m fuzz`: draws requests from the OpenAPI document of a stack, sends them, and judges every response."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from fuzz.pushes import push
from fuzz.setting import Hidden, prepare
from support.stack import Stack

HERE = Path(__file__).resolve().parent
# In a log: a component has trapped, or a program has panicked.
TRAPS = re.compile(r"panicked at|wasm trap|wasm backtrace")
# How many events are pushed.
PUSHED = 600
# For a run whose length is a time.
ENDLESS = 1_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--stack", type=Path, default=os.environ.get("STACK_JSON"), help="the stack file [STACK_JSON]")
    parser.add_argument("--seed", type=int, required=True, help="draws the same requests again")
    parser.add_argument("--out", type=Path, required=True, help="where the report goes")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--cases", type=int, default=6000, help="about how many random requests [6000]")
    length.add_argument("--minutes", type=float, help="for how long, instead")
    return parser.parse_args()


async def main() -> int:
    args = arguments()
    stack = Stack.read(args.stack)
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60, trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
        operations = sum(len(item) for item in document["paths"].values())
        setting, hidden = await prepare(stack, http, args.seed)
        args.out.mkdir(parents=True, exist_ok=True)
        setting.write(args.out / "setting.json")
        before = await hidden.state()
        print(f"{PUSHED} events as the homeserver pushes them", flush=True)
        found = await push(stack, http, setting, setting.rooms, PUSHED)
        code = await asyncio.to_thread(draw, stack, args, math.ceil(args.cases / operations))
        found += await afterwards(stack, http, hidden, before)
    print(*found, sep="\n")
    print(f"seed {args.seed}; report: {args.out}", flush=True)
    return 1 if code or found else 0


def draw(stack: Stack, args: argparse.Namespace, examples: int) -> int:
    """Runs Schemathesis; its exit code says whether it has found anything."""
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
    words += [f"{stack.api_url}/openapi.json", "--seed", str(args.seed), "--no-color"]
    words += ["--report", "ndjson,junit", "--report-dir", str(args.out)]
    if args.minutes is None:
        words += ["--max-examples", str(examples)]
    else:
        words += ["--max-examples", str(ENDLESS), "--max-time", str(max(1, round(args.minutes * 60)))]
    env = os.environ | {"FUZZ_SETTING": str(args.out / "setting.json")}
    return subprocess.run(words, env=env, cwd=args.out, check=False).returncode


async def afterwards(stack: Stack, http: httpx.AsyncClient, hidden: Hidden, before: list) -> list[str]:
    """What shows only at the end."""
    found = []
    if (await hidden.state()) != before:
        found.append(f"the hidden channel has changed: {json.dumps(before)} is now {json.dumps(await hidden.state())}")
    if (await http.get("/health/ready")).status_code != 200:
        found.append("the service is not ready any more")
    for service in ("app", "ws-relay"):
        log = Path(stack.services[service]["log"])
        for file in [log, *log.parent.glob("components/*")]:
            if match := TRAPS.search(file.read_text(errors="replace")):
                found.append(f"{file}: {match[0]}")
    return sorted(set(found))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
