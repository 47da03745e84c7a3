"""Puts a test's own programs between the parts of a stack that it has for itself."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.stack import Stack


def change_services(stack: Stack, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes how services are started from their next start on."""
    assert stack.path
    with stack.path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = json.loads(stack.path.read_text())
        change(content["services"])
        _write(stack.path, content)


def lead_pushes(stack: Stack, address: str) -> None:
    """From its next start on the homeserver pushes to this address."""
    command = stack.services["synapse"]["command"]
    configuration = json.loads(Path(command[command.index("-c") + 1]).read_text())
    (registration,) = configuration["app_service_config_files"]
    content = json.loads(Path(registration).read_text())
    content["url"] = address
    _write(Path(registration), content)


def _write(path: Path, content: Any) -> None:
    """Writes a file that only we may read, whole or not at all."""
    new = path.with_suffix(".rewired")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    new.rename(path)
