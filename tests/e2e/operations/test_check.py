"""`ws-relay check` on a service that runs, and what the real homeserver says when something is wrong."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.stack import Stack


def check(stack: Stack, *arguments: str, **settings: str) -> dict[str, Any]:
    """With the settings of the stack's relay, and these changed."""
    stack.need_service("ws-relay")
    service = stack.services["ws-relay"]
    command = [service["command"][0], "check", "--json", *arguments]
    env = service["env"] | settings
    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout)


def faults(report: dict[str, Any]) -> dict[str, str]:
    return {line["check"]: f"{line['text']} {line['advice']}" for line in report["checks"] if line["level"] == "fault"}


def test_a_service_that_runs_has_no_fault(stack: Stack) -> None:
    stack.need_service("synapse")
    registration = str(Path(stack.services["synapse"]["cwd"]) / "appservice.yaml")
    report = check(stack, "--app-connections", "10", "--registration", registration)
    assert faults(report) == {}
    well = {line["check"] for line in report["checks"] if line["level"] == "ok"}
    assert well >= {
        *("settings.names", "settings.values", "settings.secrets", "settings.listen", "registration"),
        *("database", "database.schema", "database.rights", "database.pg_trgm", "database.connections"),
        *("database.listen", "nats", "nats.frames", "nats.jetstream", "nats.stream"),
        *("homeserver", "homeserver.token", "homeserver.registration", "homeserver.ping"),
        *("app", "app.version", "app.secret", "clocks.database", "clocks.homeserver", "clocks.app"),
    }
    # Development mode is told, and nothing else is odd.
    warnings = {line["check"] for line in report["checks"] if line["level"] == "warning"}
    assert warnings == {"settings.tokens"}


@pytest.mark.parametrize(
    ("changed", "found", "words"),
    [
        ({"MATRIX_AS_TOKEN": "f00ba4f00ba4f00ba4f00ba456"}, "homeserver.token", "refuses MATRIX_AS_TOKEN"),
        ({"MATRIX_SERVER_NAME": "elsewhere.org"}, "homeserver.token", "MATRIX_SERVER_NAME"),
        ({"MATRIX_AS_ID": "other"}, "homeserver.ping", "MATRIX_AS_ID"),
        ({"INTERNAL_SECRET": "1b2c3d4e5f60718293a4b5c6d7"}, "app.secret", "the same for app and relay"),
    ],
)
def test_what_is_wrong_is_told_alone(stack: Stack, changed: dict[str, str], found: str, words: str) -> None:
    told = faults(check(stack, **changed))
    assert list(told) == [found] and words in told[found], told


def test_the_homeserver_tells_apart_who_is_no_business_of_the_application_service(stack: Stack) -> None:
    """By these words and codes `ws-relay check` knows which namespace is missing."""
    stack.need("homeserver_url", "matrix_as_token", "server_name")
    word = uuid.uuid4().hex
    headers = {"Authorization": f"Bearer {stack.matrix_as_token}"}
    with httpx.Client(base_url=str(stack.homeserver_url), headers=headers, trust_env=False, timeout=60) as client:

        def acting(local: str) -> str:
            params = {"user_id": f"@{local}:{stack.server_name}"}
            return client.get("/_matrix/client/v3/account/whoami", params=params).json()["error"]

        def removing(alias: str) -> httpx.Response:
            path = quote(f"#{alias}:{stack.server_name}", safe="")
            return client.delete(f"/_matrix/client/v3/directory/room/{path}")

        assert "masquerade" in acting(f"nobody{word}")
        assert "masquerade" not in acting(f"user-{word}")
        assert removing(word).json()["errcode"] == "M_EXCLUSIVE"
        assert removing(f"check-{word}").status_code == 200
