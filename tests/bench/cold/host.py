"""The two hosts, with components from a folder, started for a few requests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cold.requests import INTERNAL, MATRIX
from harness.server import ROOT
from support.ports import free_port

BUILT = "target/wasm32-wasip2/release"
# Far more than a start takes.
START = 120.0


@dataclass(frozen=True)
class Host:
    """A program that runs components."""

    name: str
    program: Path

    def words(self, manifest: Path, port: int, scratch: Path) -> list[str]:
        listen = ["--listen", f"127.0.0.1:{port}", "--log-dir", str(scratch / "logs")]
        if self.name == "local host":
            cache = str(ROOT / "target/dev/wasm-cache")
            return [str(self.program), "--manifest", str(manifest), "--cache-dir", cache, *listen]
        config = ["--runtime-config-file", str(ROOT / "runtime-config.toml"), "--state-dir", str(scratch / "state")]
        return [str(self.program), "up", "--from", str(manifest), *config, *listen]

    def version(self) -> str:
        said = subprocess.run([str(self.program), "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"\d[\w.-]*", said)
        return found[0] if found else "of this repository"


def hosts(spin: str | None) -> list[Host]:
    """The local host, and Spin where there is one."""
    found = [Host("local host", Path(os.environ.get("LOCAL_HOST", ROOT / "target/native/local-host")))]
    program = spin or shutil.which("spin")
    return [*found, Host("spin", Path(program))] if program else found


def components(folder: Path) -> dict[str, Path]:
    """Each component's file, by its id in the manifest."""
    manifest: dict[str, Any] = tomllib.loads((ROOT / "spin.toml").read_text())
    sources = {name: component["source"] for name, component in manifest["component"].items()}
    return {name: folder / Path(source).name for name, source in sources.items()}


def whole(folder: Path, to: Path) -> Path:
    """The manifest with the components of a folder, and without files, whose paths would be another folder's."""
    text = (ROOT / "spin.toml").read_text().replace(f'"{BUILT}/', f'"{folder}/')
    to.write_text(re.sub(r"^files = .*\n", "", text, flags=re.MULTILINE))
    return to


EMPTY = """spin_manifest_version = 2
[application]
name = "empty"
[[trigger.http]]
route = "/..."
component = "empty"
[component.empty]
source = "{source}"
"""


def alone(wasm: Path, to: Path) -> Path:
    """A manifest with one component that needs nothing."""
    to.write_text(EMPTY.format(source=wasm))
    return to


SYSTEM = [
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
]


def one_authority(to: Path) -> Path | None:
    """A file with the first certificate that the system trusts; None where it is not known which it trusts."""
    bundle = next((path for path in SYSTEM if path.is_file()), None)
    if bundle is None:
        return None
    end = "-----END CERTIFICATE-----"
    to.write_text(bundle.read_text().split(end)[0] + end + "\n")
    return to


class Process:
    """A host that runs."""

    def __init__(self, child: subprocess.Popen[bytes], port: int):
        self.child, self.port = child, port

    def memory(self) -> float:
        """What it holds in memory, and the processes that it has started, in MB."""
        return sum(map(resident, family(self.child.pid))) / 1e6


@contextmanager
def running(
    host: Host, manifest: Path, scratch: Path, database: str, authority: Path | None = None
) -> Iterator[Process]:
    """Starts it, and waits until it listens: no request has come before the caller's first. `authority`: the file with the
    certificates that it trusts, instead of all that the system has."""
    port = free_port()
    logs = scratch / "logs"
    logs.mkdir(exist_ok=True)
    settings = {
        "database_url": database,
        "auth_mode": "development",
        "internal_secret": INTERNAL,
        "matrix_gateway_secret": "bench-gateway-secret",
        "matrix_as_token": "bench-as-token",
        "matrix_hs_token": MATRIX,
        "rate_limit_read": "0",
    }
    env = os.environ | {f"SPIN_VARIABLE_{name.upper()}": value for name, value in settings.items()}
    if authority:
        env |= {"SSL_CERT_FILE": str(authority), "SSL_CERT_DIR": str(authority.parent / "none")}
    with (scratch / "host.log").open("wb") as log:
        child = subprocess.Popen(
            host.words(manifest, port, scratch), env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        ends = time.monotonic() + START
        while not listens(port):
            assert child.poll() is None, (scratch / "host.log").read_text()[-2000:]
            assert time.monotonic() < ends, f"{host.name} does not listen"
            time.sleep(0.05)
        yield Process(child, port)
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def resident(pid: int) -> int:
    """Bytes of a process that are in memory; none of one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
