"""A real nginx and a real Caddy with the files of deploy/, of which only names, addresses and certificates are replaced."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from asyncio.subprocess import Process
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.places import DEPLOY
from harness.upstream import Upstream

HOST = "messaging.localhost"
MATRIX_HOST = "matrix.localhost"


@dataclass
class Upstreams:
    app: Upstream
    relay: Upstream
    homeserver: Upstream

    def __iter__(self) -> Iterator[Upstream]:
        return iter((self.app, self.relay, self.homeserver))


@dataclass
class Proxy:
    name: str
    port: int
    upstreams: Upstreams
    # Everything that it writes.
    logs: list[Path]
    process: Process

    def logged(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.logs if path.exists())

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), 20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


def trusting(protocols: list[str]) -> ssl.SSLContext:
    """Whatever the certificate is: these tests are about what goes through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context


def replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        assert old in text, f"{old!r} is not in the file any more"
        text = text.replace(old, new)
    return text


async def start(name: str, folder: Path, upstreams: Upstreams) -> Proxy:
    port = free_port()
    process, logs = await (_nginx if name == "nginx" else _caddy)(folder, port, upstreams)
    proxy = Proxy(name, port, upstreams, logs, process)
    async with asyncio.timeout(30):
        while not await _answers(port):
            assert process.returncode is None, f"{name} ended: {proxy.logged()}"
            await asyncio.sleep(0.05)
    return proxy


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting(["http/1.1"]), server_hostname=HOST)
    except (OSError, ssl.SSLError):
        return False
    writer.close()
    return True


async def _nginx(folder: Path, port: int, upstreams: Upstreams) -> tuple[Process, list[Path]]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    await _run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
               "-keyout", str(key), "-out", str(certificate))  # fmt: skip
    shutil.copytree(DEPLOY / "nginx/messaging", folder / "messaging")
    (folder / "conf.d").mkdir()
    shutil.copy(DEPLOY / "nginx/messaging.conf", folder / "conf.d")
    site, addresses = folder / "messaging/site.conf", folder / "messaging/upstreams.conf"
    access, errors = folder / "access.log", folder / "site-error.log"
    site.write_text(
        replaced(
            site.read_text(),
            {
                "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
                "listen [::]:443 ssl http2;\n": "",
                "messaging.example.org": HOST,
                "/etc/nginx/messaging/certificate.pem": str(certificate),
                "/etc/nginx/messaging/key.pem": str(key),
                "/var/log/nginx/messaging.log": str(access),
                "/var/log/nginx/messaging-error.log": str(errors),
            },
        )
    )
    app, relay = upstreams.app.port, upstreams.relay.port
    addresses.write_text(
        replaced(addresses.read_text(), {"app:3000": f"127.0.0.1:{app}", "relay:3001": f"127.0.0.1:{relay}"})
    )
    error = folder / "error.log"
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {error};\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}include conf.d/*.conf;\n}}\n"
    )
    nginx = program("nginx") or "nginx"
    process = await asyncio.create_subprocess_exec(nginx, "-p", str(folder), "-e", str(error), "-c", str(main))
    return process, [access, errors, error]


async def _caddy(folder: Path, port: int, upstreams: Upstreams) -> tuple[Process, list[Path]]:
    app, relay, homeserver = (f"127.0.0.1:{upstream.port}" for upstream in upstreams)
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "HTTP_PORT": str(free_port()),
        "HTTPS_PORT": str(port),
        "MESSAGING_HOST": HOST,
        "MATRIX_HOST": MATRIX_HOST,
        "APP": app,
        "RELAY": relay,
        "SYNAPSE": homeserver,
    }
    log = folder / "caddy.log"
    command = [
        program("caddy") or "caddy",
        "run",
        "--config",
        str(DEPLOY / "caddy/Caddyfile"),
        "--adapter",
        "caddyfile",
    ]
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=output, stderr=output)
    return process, [log]


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
