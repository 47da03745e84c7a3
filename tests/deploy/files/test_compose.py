"""The compose file, as Docker Compose itself reads it, and what `prepare` makes for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.places import DEPLOY, ROOT

FILLED = {"MESSAGING_HOST": "chat.example.org", "MATRIX_HOST": "matrix.example.org"}
COMPOSE = str(Path(sys.executable).with_name("docker-compose"))

Prepare = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", ".env"))
    return tmp_path / "deploy/compose"


@pytest.fixture
def prepare(folder: Path) -> Prepare:
    def run(**settings: str) -> subprocess.CompletedProcess[str]:
        text = (folder / "settings.example").read_text()
        for name, value in settings.items():
            text, found = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
            assert found == 1, name
        (folder / ".env").write_text(text)
        return subprocess.run([str(folder / "prepare")], capture_output=True, text=True, check=False)

    return run


def config(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [COMPOSE, "-f", str(folder / "compose.yaml"), "config", "--format", "json"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"HOME": str(folder)})


@pytest.fixture
def services(folder: Path, prepare: Prepare) -> dict[str, Any]:
    assert prepare(**FILLED).returncode == 0
    read = config(folder)
    assert read.returncode == 0, read.stderr
    return json.loads(read.stdout)["services"]


def secrets(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def test_without_settings_nothing_is_valid(folder: Path, prepare: Prepare) -> None:
    assert config(folder).returncode != 0
    assert prepare().returncode != 0
    for wrong in ("Chat.example.org", "a b", "$(id)", "a'b"):
        assert prepare(**{**FILLED, "MATRIX_HOST": wrong}).returncode != 0, wrong
    assert not (folder / "secrets").exists()


def test_no_file_of_the_repository_has_a_secret() -> None:
    assert not (DEPLOY / "compose/.env").exists() or "/.env" in (DEPLOY / "compose/.gitignore").read_text()
    for path in (DEPLOY / "compose").glob("*"):
        if path.is_file():
            assert not re.search(r"\b[0-9a-f]{32,}\b", path.read_text()), path


def test_secrets_are_made_once_and_differ(folder: Path, prepare: Prepare) -> None:
    assert prepare(**FILLED).returncode == 0
    first = secrets(folder)
    assert prepare(**FILLED).returncode == 0
    assert secrets(folder) == first
    made = [text for text in first.values() if re.fullmatch(r"[0-9a-f]{64}", text)]
    # relay_jwt_secret is jwt_secret again.
    assert len(made) == 15 and len(set(made)) == 14
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700


def test_what_prepare_writes_fits_together(folder: Path, prepare: Prepare) -> None:
    assert prepare(**FILLED).returncode == 0
    made = secrets(folder)
    variables = tomllib.loads(made["app_variables.toml"])
    declared = tomllib.loads((ROOT / "spin.toml").read_text())["variables"]
    assert variables.keys() <= declared.keys()
    assert {name for name in variables if declared[name].get("secret")} == variables.keys()
    registration = yaml.safe_load(made["registration.yaml"])
    assert (registration["as_token"], registration["hs_token"]) == (
        variables["matrix_as_token"],
        variables["matrix_hs_token"],
    )
    [alias] = registration["namespaces"]["aliases"]
    assert alias == {"exclusive": True, "regex": r"#.*-.*:matrix\.example\.org"}
    homeserver = yaml.safe_load(made["homeserver.yaml"])
    assert homeserver["server_name"] == "matrix.example.org" and not homeserver["enable_registration"]
    assert homeserver["database"]["args"]["password"] == made["postgres_synapse"]
    assert made["postgres_components"] in variables["database_url"]
    assert re.fullmatch(r"ed25519 a_[0-9a-f]{6} [A-Za-z0-9+/]{43}\n", made["signing_key"])


def test_with_a_key_set_there_is_no_shared_secret(folder: Path, prepare: Prepare) -> None:
    assert prepare(**FILLED, JWT_JWKS_URL="https://id.example.org/keys").returncode == 0
    made = secrets(folder)
    assert made["relay_jwt_secret"] == tomllib.loads(made["app_variables.toml"])["jwt_secret"] == ""


def test_only_the_proxy_is_reachable(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert "inside" not in services["proxy"]["networks"]
    public = {name for name, service in services.items() if "public" in (service.get("networks") or {})}
    assert public == {"proxy", "app", "relay", "synapse"}


def test_every_service_is_bounded_and_watched(services: dict[str, Any]) -> None:
    once = {"migrate", "synapse-folder"}
    for name, service in services.items():
        assert "no-new-privileges:true" in service["security_opt"], name
        # What is built here has its check in the Dockerfile.
        assert name in once or "build" in service or "test" in service["healthcheck"], name
        if name not in ("postgres", "synapse-folder"):
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    assert services["app"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["relay"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_settings_are_those_that_there_are(services: dict[str, Any]) -> None:
    declared = tomllib.loads((ROOT / "spin.toml").read_text())["variables"]
    for name in services["app"]["environment"]:
        assert name.removeprefix("SPIN_VARIABLE_").lower() in declared, name
    help_text = (ROOT / "ws-relay/src/settings.rs").read_text()
    for name in (*services["relay"]["environment"], *services["migrate"]["environment"]):
        assert re.search(rf"\b{name.removesuffix('_FILE')}\b", help_text), name


def test_postgresql_takes_all_connections_that_may_come(services: dict[str, Any]) -> None:
    components = tomllib.loads((ROOT / "spin.toml").read_text())["component"]
    using = sum("database_url" in component.get("variables", {}) for component in components.values())
    [limit] = [int(word.split("=")[1]) for word in services["postgres"]["command"] if "max_connections" in word]
    assert limit >= using * 64 + 10 + 10 + 20
