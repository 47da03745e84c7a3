"""Certificates for servers on this machine."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def certify(folder: Path, name: str) -> None:
    """A key and a certificate for this machine, signed by itself; put in place as one does it: the key first."""
    made = folder / "made"
    made.mkdir(exist_ok=True)
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    words += ["-keyout", str(made / "key.pem"), "-out", str(made / "certificate.pem")]
    subprocess.run(words, check=True, capture_output=True)
    for file in ("key.pem", "certificate.pem"):
        (made / file).rename(folder / file)


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "certificate.pem")
