"""What is to be reached, and what it is reached with."""

from __future__ import annotations

import asyncio

import httpx

from bench.http.filled import CHANNELS, MEMBERS
from bench.http.programs import Programs
from bench.results import Results
from harness.database import Database

READS = ("page of 50", f"list of {CHANNELS}", "channel", f"{MEMBERS} members")
# Of the service of Python.
READ_RATIO = {"local host": 1.6, "Spin": 1.3}
# What a send adds to the homeserver's own time, in milliseconds, by the connections.
ADDED = {1: 2.0, 8: 5.0}


def say(results: Results, hosts: list[str]) -> None:
    for host in hosts:
        for work in READS:
            text = f"{host} beside Python"
            results.goal(f"{work}, 32 conn.", text, ratio=(host, "Python"), at_least=READ_RATIO[host])
        for work, least in (("send, many channels", 5.0), ("send, one channel", 3.0)):
            text = f"{host} beside Python, tuned"
            results.goal(f"{work}, 32 conn.", text, ratio=(host, "Python, tuned"), at_least=least)
        for connections, most in ADDED.items():
            name = f"send over Synapse, {connections} conn."
            results.goal(name, f"added by {host}", of=f"{host}, added", at_most=most)


async def versions(programs: Programs, db: Database, http: httpx.AsyncClient) -> dict[str, str]:
    """Of all that has a part in the figures."""
    stack = programs.stack
    found = {"PostgreSQL": await db.value("SELECT split_part(current_setting('server_version'), ' ', 1)")}
    health = await http.get(f"{stack.api_url}/health")
    found["messaging"] = health.json()["version"]
    federation = await http.get(f"{stack.homeserver_url}/_matrix/federation/v1/version")
    found["Synapse"] = federation.json()["server"]["version"]
    if programs.spin:
        said = await output(programs.hosts()["Spin"]["command"][0], "--version")
        found["Spin"] = said.removeprefix("spin ").split(" (")[0]
    script = "import fastapi, asyncpg, sys; print(sys.version.split()[0], fastapi.__version__, asyncpg.__version__)"
    python, fastapi, asyncpg = (await output(str(programs.peer), "-c", script)).split()
    return found | {"Python": python, "FastAPI": fastapi, "asyncpg": asyncpg}


async def output(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    text, _ = await process.communicate()
    return text.decode().strip()
