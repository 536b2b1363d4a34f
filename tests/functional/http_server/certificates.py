"""Certificates for tests, made with the `openssl` command."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Certificate(NamedTuple):
    """A certificate that signs itself, and its key, as PEM files."""

    cert: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate for `localhost` and 127.0.0.1."""
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout", str(made.key), "-out", str(made.cert),
    )  # fmt: skip
    return made


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
