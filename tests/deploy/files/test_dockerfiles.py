"""The Dockerfiles and the scripts in the images."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from harness.places import DEPLOY, ROOT
from harness.proxy import free_port
from harness.upstream import Upstream

DOCKER = DEPLOY / "docker"
FILES = sorted(DOCKER.glob("*.Dockerfile"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_hadolint_finds_nothing(path: Path) -> None:
    program = str(Path(sys.executable).with_name("hadolint"))
    checked = subprocess.run(
        [program, "--config", str(DOCKER / "hadolint.yaml"), str(path)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_image_has_a_health_check(path: Path) -> None:
    [check] = re.findall(r'^HEALTHCHECK .* CMD \["healthy", "(\d+)", "/health"\]$', path.read_text(), re.MULTILINE)
    assert re.search(rf"^EXPOSE .*\b{check}\b", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_image_runs_as_a_number_that_is_not_root(path: Path) -> None:
    assert re.findall(r"^USER (.*)$", path.read_text(), re.MULTILINE)[-1] == "10001:10001"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_copied_is_there_and_the_toolchain_is_the_pinned_one(path: Path) -> None:
    text = path.read_text()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    channel = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    assert f"rust:{channel}-" in text and f"RUSTUP_TOOLCHAIN={channel}" in text


def test_components_are_built_as_spin_builds_them() -> None:
    manifest = tomllib.loads((ROOT / "spin.toml").read_text())
    components, dockerfile = manifest["component"], (DOCKER / "app.Dockerfile").read_text()
    page = components["web"].pop("build")
    [command] = {component["build"]["command"] for component in components.values() if "build" in component}
    assert command.replace("cargo build", "cargo build --locked") in dockerfile
    assert " && ".join(page["command"]) in dockerfile and f"WORKDIR /src/{page['workdir']}" in dockerfile
    [mount] = components["web"]["files"]
    assert f"COPY --from=page /src/{mount['source']} /out/{mount['source']}" in dockerfile


async def healthy(port: int, path: str = "/health") -> bool:
    process = await asyncio.create_subprocess_exec(str(DOCKER / "healthy"), str(port), path, stderr=subprocess.DEVNULL)
    return await asyncio.wait_for(process.wait(), 20) == 0


async def test_healthy_is_a_200_alone() -> None:
    upstream = Upstream()
    await upstream.start()
    assert await healthy(upstream.port)
    assert not await healthy(upstream.port, "/dies")
    await upstream.stop()
    assert not await healthy(free_port())


PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
print("up", flush=True)
time.sleep(float(sys.argv[1]))
sys.exit(7)
"""


def drained(lives: float, seconds: int) -> subprocess.Popen[str]:
    command = [str(DOCKER / "drain"), sys.executable, "-c", PROGRAM, str(lives)]
    # A shell cannot catch what it was started to ignore, as what runs behind a shell's `&` is.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command, env={**os.environ, "DRAIN_SECONDS": str(seconds)}, stdout=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None and process.stdout.readline() == "up\n"
    return process


def test_a_program_that_ends_by_itself_ends_the_container() -> None:
    with drained(0, 60) as process:
        assert process.wait(20) == 7


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_program_serves_on_and_is_then_told(name: str) -> None:
    with drained(600, 2) as process:
        began = time.monotonic()
        process.send_signal(signal.Signals[name])
        assert process.wait(20) == 5
        # The promise is that it is not sooner.
        assert time.monotonic() - began >= 1.9


def test_it_is_not_waited_for_when_it_has_ended() -> None:
    with drained(0.5, 600) as process:
        process.terminate()
        assert process.wait(20) == 7


def started(folder: Path, version: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What becomes of a Spin that calls itself so; it prints what else it was told."""
    spin = folder / "spin"
    spin.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit {code}\necho "runs $*"\n')
    spin.chmod(0o755)
    command = [str(DOCKER / "new-enough"), str(spin), "up", "--from", "a b"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


@pytest.mark.parametrize(
    "version", ["spin 4.1.0-pre0 (94a8fc8 2026-07-01)", "spin 4.1.2 (abc1234 2026-08-01)", "spin 4.10.0", "spin 5.0.0"]
)
def test_a_spin_that_is_new_enough_runs(tmp_path: Path, version: str) -> None:
    ran = started(tmp_path, version)
    assert (ran.returncode, ran.stdout) == (0, "runs up --from a b\n"), ran.stderr


@pytest.mark.parametrize("version", ["spin 4.0.9 (abc1234 2026-05-01)", "spin 3.6.2", "spin 0.10.1"])
def test_a_spin_that_is_too_old_says_what_is_needed(tmp_path: Path, version: str) -> None:
    ran = started(tmp_path, version)
    assert ran.returncode == 1 and not ran.stdout
    assert f"this is {version}, but the components need Spin 4.1 or later" in ran.stderr


def test_what_is_no_spin_does_not_run(tmp_path: Path) -> None:
    assert "names no version of Spin" in started(tmp_path, "something").stderr
    assert "--version fails" in started(tmp_path, "broken", code=3).stderr


def test_the_image_s_entry_point_looks_at_the_version() -> None:
    text = (DOCKER / "app.Dockerfile").read_text()
    assert 'ENTRYPOINT ["drain", "new-enough", "spin"]' in text
    assert re.search(r"^COPY .*\bdeploy/docker/new-enough\b.* /usr/local/bin/$", text, re.MULTILINE)
