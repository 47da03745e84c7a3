"""A healthy service, of which a test breaks one thing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.databases import Databases
from harness.doctor import AS_TOKEN, JWT_SECRET, SECRET, SERVER, Answers, others
from harness.roles import RELAY, as_role
from harness.server import WS_RELAY, migrate
from harness.services import nats_server


@pytest.fixture(scope="session")
async def checked_database(databases: Databases) -> str:
    """Migrated, for the role of a relay."""
    url = await databases.new("checked")
    await migrate(url)
    return as_role(url, RELAY)


@pytest.fixture(scope="session")
async def checked_nats() -> AsyncIterator[str]:
    async with nats_server() as url:
        yield url


@pytest.fixture
def answers() -> Answers:
    said = subprocess.run([WS_RELAY, "--version"], check=True, capture_output=True, text=True).stdout
    return Answers(version=said.split()[1])


@pytest.fixture
async def settings(checked_database: str, checked_nats: str, answers: Answers) -> AsyncIterator[dict[str, str]]:
    async with others(answers) as url:
        yield {
            "DATABASE_URL": checked_database,
            "NATS_URL": checked_nats,
            "MATRIX_HOMESERVER_URL": url,
            "MATRIX_SERVER_NAME": SERVER,
            "MATRIX_AS_TOKEN": AS_TOKEN,
            "MESSAGING_URL": url,
            "INTERNAL_SECRET": SECRET,
            "JWT_SECRET": JWT_SECRET,
            "JWT_ISSUER": "issuer",
            "JWT_AUDIENCE": "messaging",
        }


@pytest.fixture
def registration(tmp_path: Path) -> Path:
    """As README.md says it has to be, for the healthy service."""
    path, server = tmp_path / "registration.yaml", re.escape(SERVER)
    path.write_text(f"""
id: daarion-messaging
url: http://app:3000
as_token: {AS_TOKEN}
hs_token: other
sender_localpart: daarion
rate_limited: false
receive_ephemeral: true
namespaces:
  users:
    - {{exclusive: true, regex: '@user-.*:{server}'}}
    - {{exclusive: true, regex: '@agent-.*:{server}'}}
  aliases:
    - {{exclusive: true, regex: '#.*-.*:{server}'}}
  rooms: []
""")
    return path
