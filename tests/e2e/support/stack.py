"""What runs where: the stack file, or single addresses from the environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Stack:
    """A deployment under test; what is None, it does not offer."""

    api_url: str
    ws_url: str | None = None
    nats_url: str | None = None
    database_url: str | None = None
    homeserver_url: str | None = None
    server_name: str | None = None
    internal_secret: str | None = None
    registration_shared_secret: str | None = None
    matrix_as_token: str | None = None
    matrix_hs_token: str | None = None
    matrix_gateway_secret: str | None = None
    jwt_secret: str | None = None
    # The host that webhooks may point to; nobody listens there but tests.
    webhook_allowed_host: str | None = None
    host: str | None = None
    # The program that stops and starts the services.
    dev: str | None = None
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    path: Path | None = None

    @classmethod
    def load(cls) -> Stack:
        """Reads the file named by STACK_JSON, else MESSAGING_API_URL, MESSAGING_WS_URL and so on."""
        if path := os.environ.get("STACK_JSON"):
            return cls.read(Path(path))
        known = {f.name for f in fields(cls)} - {"path"}
        named = {name: os.environ.get(f"MESSAGING_{name.upper()}") for name in known - {"services"}}
        if not named["api_url"]:
            pytest.exit("name a stack with STACK_JSON, or a deployment with MESSAGING_API_URL", returncode=2)
        return cls(**{k: v.rstrip("/") if k.endswith("_url") else v for k, v in named.items() if v})

    @classmethod
    def read(cls, path: Path) -> Stack:
        """The stack of this file."""
        known = {f.name for f in fields(cls)} - {"path"}
        content = json.loads(path.read_text())
        return cls(**{k: v for k, v in content.items() if k in known}, path=path.resolve())

    def need(self, *names: str) -> None:
        """Skips the test when the deployment lacks something; our own stack has to have it."""
        missing = [name for name in names if not getattr(self, name)]
        if missing and self.services:
            pytest.fail(f"the stack file lacks {', '.join(missing)}")
        if missing:
            pytest.skip(f"this deployment does not offer {', '.join(missing)}")

    def need_service(self, *names: str) -> None:
        """Skips the test when these services cannot be controlled from here."""
        if not self.services:
            pytest.skip("the services of this deployment cannot be controlled from here")
        missing = [name for name in names if name not in self.services]
        assert not missing, f"the stack file lacks the services {missing}"

    def reload(self) -> Stack:
        """The file as it is now: a restarted service has another process."""
        return Stack.load() if self.path else self
