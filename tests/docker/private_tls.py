"""A TLS server whose certificate no public authority has signed."""

from __future__ import annotations

import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import TYPE_CHECKING

from tests.docker.early_server import EarlyServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "tls.corp.example"


@dataclass(frozen=True, kw_only=True)
class PrivateServer:
    """The address of the server, its unresolvable name, and the CA of its certificate."""

    url: str
    authority: Path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


@contextmanager
def serve(address: str, folder: Path) -> Iterator[PrivateServer]:
    """Serve on a free port of an address as long as the block lasts."""
    _make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with EarlyServer((address, 0), _Handler) as server:
        # The handshake belongs into the connection's own thread: a client that refuses ends only that.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"https://{HOST}:{server.server_port}/"
            yield PrivateServer(url=url, authority=folder / "ca.pem")
        finally:
            server.shutdown()


def _make_certificates(folder: Path) -> None:
    (folder / "extensions").write_text(f"subjectAltName=DNS:{HOST}\n")
    key = ("-newkey", "rsa:2048", "-nodes")
    _openssl(
        folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Corp",
        "-addext", "keyUsage=critical,keyCertSign",
    )  # fmt: skip
    _openssl(
        folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={HOST}"
    )
    _openssl(
        folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-extfile", "extensions", "-out", "server.pem",
    )  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
