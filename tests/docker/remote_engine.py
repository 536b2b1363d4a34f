"""A real engine in a separate network namespace, which is like another machine for samlocal.

Its bridge has the address that the machine's own has, its containers reach nothing here, and it is reached over
TCP with TLS, at the other end of a virtual cable.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.docker.own_engine import OwnEngine, clear
from tests.docker.own_number import own_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Remote:
    """The engine, its address in the network, and the folder of client certificates."""

    engine: OwnEngine
    address: str
    certificates: Path

    @property
    def variables(self) -> dict[str, str]:
        """What a user of this engine sets."""
        return {
            "DOCKER_HOST": self.address,
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(self.certificates),
        }


@contextmanager
def serve(folder: Path) -> Iterator[Remote]:
    """An engine with all it owns in `folder`, at 10.214.NUMBER.2, as long as the block lasts."""
    with own_number() as number, _serve_at(number, folder) as remote:
        yield remote


@contextmanager
def _serve_at(number: int, folder: Path) -> Iterator[Remote]:
    host = f"10.214.{number}.2"
    certificates = folder / "certificates"
    certificates.mkdir()
    _make_certificates(certificates, host)
    with _namespace(f"samlocal-r{number}", f"10.214.{number}.1", host) as namespace:
        options = (
            f"--host=tcp://{host}:2376",
            "--tlsverify",
            f"--tlscacert={certificates}/ca.pem",
            f"--tlscert={certificates}/engine.pem",
            f"--tlskey={certificates}/engine-key.pem",
        )
        # Its bridge is the usual one, with the usual address: that of this machine's own.
        prefix = ("nsenter", f"--net=/run/netns/{namespace}")
        engine = OwnEngine(folder, "", options, prefix=prefix)
        try:
            engine.start()
            try:
                yield Remote(engine=engine, address=f"tcp://{host}:2376", certificates=certificates)
            finally:
                engine.stop()
        finally:
            clear(folder)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _namespace(name: str, ours: str, theirs: str) -> Iterator[str]:
    """Create a network namespace with a virtual cable to this machine's; its ends have these addresses."""
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "address", "add", f"{ours}/30", "dev", name)
        _run("ip", "link", "set", name, "up")
        for command in (
            ("address", "add", f"{theirs}/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-netns", name, *command)
        yield name
    finally:
        _run("ip", "netns", "delete", name)  # the cable goes with it


def _make_certificates(folder: Path, host: str) -> None:
    """Create a CA and certificates for the engine and its client."""
    request = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-batch")
    _run(
        *request,
        "-x509",
        "-subj",
        "/CN=authority",
        "-keyout",
        "ca-key.pem",
        "-out",
        "ca.pem",
        at=folder,
    )
    (folder / "engine.ext").write_text(f"subjectAltName=IP:{host}\n")
    (folder / "client.ext").write_text("extendedKeyUsage=clientAuth\n")
    for who, certificate, key in (
        ("engine", "engine.pem", "engine-key.pem"),
        ("client", "cert.pem", "key.pem"),
    ):
        _run(*request, "-subj", f"/CN={who}", "-keyout", key, "-out", f"{who}.csr", at=folder)
        signed = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial")
        extensions = ("-extfile", f"{who}.ext", "-out", certificate)
        _run("openssl", "x509", "-req", "-in", f"{who}.csr", *signed, *extensions, at=folder)


def _run(*command: str, at: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=at, capture_output=True, timeout=_SECONDS)
